"""Small programs with mistakes, for searches."""

from labkit import Cluster, Message, Node, on
from labkit.check import Violation
from labkit.protocols.raft import Raft


class Forgetful(Raft):
    """Raft that forgets its vote in a crash."""

    def start(self):
        super().start()
        self.term, self.voted_for = 0, None


def elect(cluster: Cluster) -> None:
    cluster.run(2.0)


class Open(Message):
    pass


class Step(Message):
    n: int


class Close(Message):
    pass


class Late(Message):
    pass


CHAIN = 8


class Door(Node):
    """n1 opens a door at n3, closes it, and plays with n2 for a while; then n2 goes through, if it is still open.

    That takes two orders: the first message to n3 is not late (or nothing begins), the second is later than a chain.
    """

    def start(self):
        self.open = self.passed = False
        if self.id == "n1":
            self.send("n3", Open())

    @on(Open)
    def opened(self, msg, sender):
        self.open = True
        self.send("n1", Open()) if self.id == "n3" else self.begin()

    def begin(self):
        self.send("n3", Close())
        self.send("n2", Step(n=0))

    @on(Step)
    def step(self, msg, sender):
        if msg.n < CHAIN:
            self.send(sender, Step(n=msg.n + 1))
        elif self.id == "n2":
            self.send("n3", Late())
        else:
            self.send("n2", Step(n=msg.n + 1))

    @on(Close)
    def close(self, msg, sender):
        self.open = False

    @on(Late)
    def late(self, msg, sender):
        self.passed = self.open


def nobody_passes(trace):
    for event in trace.select("state"):
        if event.data.get("passed"):
            return Violation("Nobody passes", "the door was open", event.seq, event.time, (event.node,))
    return None


def play(cluster: Cluster) -> None:
    cluster.run(2.0)
