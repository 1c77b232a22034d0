"""Nodes that the tests of faults break."""

from msgspec import field

from labkit import Message, Node, on


class Number(Message):
    n: int


class Letter(Message):
    """One field of every kind that can be altered, and some that cannot."""

    n: int = 7
    x: float = 0.5
    text: str = "abc"
    raw: bytes = b"xyz"
    flag: bool = True
    pair: tuple[int, str] = (1, "a")
    table: dict[str, list[int]] = field(default_factory=lambda: {"k": [1, 2]})
    nothing: None = None
    kind: frozenset[int] = frozenset({1})


class Source(Node):
    """n1 sends 0, 1, 2, ... to everybody, every `GAP` seconds; `came` tells when each came."""

    GAP = 0.1

    def start(self):
        self.sent = 0
        if self.id == "n1":
            self.every(self.GAP, self.tick)

    def tick(self):
        self.broadcast(Number(n=self.sent))
        self.sent += 1

    @on(Number)
    def number(self, msg, sender):
        pass


def came(cluster, id="n2"):
    """Which numbers came to a node, and when."""
    sends = {event.id: event.data for event in cluster.trace.select("send", "duplicate")}
    arrivals = [(sends[event.id], round(event.time, 6)) for event in cluster.trace.select("deliver", node=id)]
    return [(msg.n, time) for msg, time in arrivals if isinstance(msg, Number)]


def numbers(cluster, id="n2"):
    return [n for n, _ in came(cluster, id)]


class Keeper(Node):
    """Does everything at once: writes with and without sync, timers, calls, sleeps, coroutines."""

    def start(self):
        self.boots = 1
        self.broken = 0
        for key in ("boots", "round", "list"):
            try:
                self.disk.get(key)
            except OSError:
                self.broken += 1
        self.disk.autosync = self.id != "n1"
        self.round = 0
        self.every(0.03, self.tick)

    def tick(self):
        self.round += 1
        try:
            self.disk["round"] = self.round
            self.disk["list"] = [self.round, self.random.randrange(100)]
            if self.round % 3 == 0:
                self.disk.sync()
        except OSError:
            self.full = True
        if self.buggify("twice", probability=0.5):
            self.broadcast(Number(n=-self.round))
        self.broadcast(Number(n=self.round))

    @on(Number)
    async def number(self, msg, sender):
        await self.sleep(0.004)
        try:
            answer = await self.call(sender, Letter(n=msg.n), timeout=0.05)
            self.answered = answer.n
        except TimeoutError:
            self.missed = msg.n

    @on(Letter)
    def letter(self, msg, sender):
        self.last = msg
        return msg


class Deaf(Node):
    """Sends the same whatever it hears, so that only luck could change what becomes of its messages."""

    def start(self):
        self.every(0.01, self.tick)

    def tick(self):
        self.broadcast(Number(n=self.random.randrange(1000)))

    @on(Number)
    def number(self, msg, sender):
        pass
