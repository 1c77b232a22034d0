"""Answers to the exercise load-balancer: right ones in different styles, and wrong ones that each hold one
misconception."""

COROUTINE = '''
import asyncio
import hashlib


class Balancer(Node):
    """One loop that receives, a task for each order; rendezvous hashing; the shortest expected wait."""

    async def start(self):
        self.servers = [id for id in self.peers if id.startswith("s")]
        self.open = {id: 0 for id in self.servers}
        self.bad = {}  # server -> failures in a row
        self._until = {}  # server -> it is left out until then
        self._pace = {id: 0.1 for id in self.servers}  # seconds for an order, as far as seen
        self._tasks = set()
        while True:
            msg, sender = await self.receive()
            if isinstance(msg, Servers):
                self.servers = list(msg.ids)
            elif isinstance(msg, Order):
                task = asyncio.create_task(self.handle(msg, sender))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def handle(self, msg, sender):
        tried = []
        while True:
            server = self.choose(msg, tried)
            if server is None:
                self.send(sender, Busy(number=msg.number))
                return
            tried = [server]
            if await self.ask(server, msg):
                self.send(sender, Done(number=msg.number))
                return

    async def ask(self, server, msg):
        self.open[server] += 1
        ahead, begin = self.open[server], self.now
        try:
            reply = await self.call(server, msg, timeout=1.1)
            well = isinstance(reply, Done)
        except TimeoutError:
            well = False
        self.open[server] -= 1
        if well:
            self.bad[server] = 0
            self._pace[server] += 0.05 * ((self.now - begin) / ahead - self._pace[server])
        else:
            self.bad[server] = self.bad.get(server, 0) + 1
            if self.bad[server] >= 2:
                self._until[server] = self.now + 0.9
        return well

    def choose(self, msg, tried):
        able = [id for id in self.servers if self._until.get(id, 0.0) <= self.now and id not in tried]
        able = able or self.servers
        if msg.customer:
            limit = room(sum(self.open[id] for id in self.servers), len(self.servers))
            free = [id for id in able if self.open[id] < limit]
            return max(free, key=lambda id: hashlib.md5(f"{msg.customer} at {id}".encode()).digest(), default=None)
        best = min(able, key=lambda id: (self.open[id] + 1) * self._pace[id])
        if self.open[best] < 5:
            return best
        best = min(self.servers, key=self.open.get)
        return None if self.open[best] >= 3 else best
'''


RIGHT = {"coroutine": COROUTINE}

CHOICE = """        return self.random.choice([id for id in able if self.open[id] == fewest]) if able else None"""
TURNS = """        self._turn = getattr(self, "_turn", -1) + 1
        return able[self._turn % len(able)] if able else None"""
WALK = "walk = [id for place, id in self._circle if place >= at] + [id for _, id in self._circle]"
TABLE = """if not hasattr(self, "_homes"):
                self._homes = {}
            if self._homes.get(msg.customer) not in self.servers:
                self._homes[msg.customer] = self.random.choice(able)
            walk = [self._homes[msg.customer], *able]"""
SETTLED = """        if given is not None:
            self.answer(given[1], msg)"""
TWICE = """        self._laters = getattr(self, "_laters", {})
        if given is not None:
            self._laters[msg.number] = given[1]
        if msg.number in self._laters:
            self.answer(self._laters[msg.number], msg)"""
PROMISE = """        self.give(msg, later, server)
        return later"""
EARLY = """        self.give(msg, later, server)
        return Done(number=msg.number)"""
SEND = "        self.send(server, msg)\n"
NO_ANSWER = "    def no_answer(self, number, server):\n"

# Wrong answers: a name, the lines of the solution that go wrong and what they become, the parts that must fail, and
# words of the message that must be given in each of these.
MUTANTS = [
    ("all to the first", [(CHOICE, "        return self.servers[0]")], {"spread": "had nothing to do"}),
    ("takes turns", [(CHOICE, TURNS)], {"tail": "the slowest twentieth of the orders"}),
    (
        "asks all of them",
        [(SEND, "        for id in self.servers:\n            self.send(id, msg)\n")],
        {"spread": "Whatever is asked twice is worked on twice"},
    ),
    ("says done before it is", [(PROMISE, EARLY)], {"spread": "no server has done it"}),
    (
        "never asks another",
        [(NO_ANSWER, NO_ANSWER + "        return\n")],
        {"trouble": "ask another server after a while"},
    ),
    (
        "passes failures on",
        [
            (
                "self.give(given[0], given[1], self.choose(given[0], without=sender) or sender)",
                "self.answer(given[1], msg)",
            )
        ],
        {"trouble": "passed the failure on to the customer"},
    ),
    (
        "loves the black hole",
        [("if self._failures[server] >= self.FALL and server not in self.out:", "if False:")],
        {"trouble": "It has the fewest open orders because it fails them"},
    ),
    (
        "leaves out for ever",
        [("            self.after(self.OUT, self.try_again, server)\n", "")],
        {"trouble": "Try it again after a while"},
    ),
    ("answers twice", [(SETTLED, TWICE)], {"trouble": "a second time"}),
    ("a basket anywhere", [("if msg.customer:", "if False:")], {"sticky": "before, and gives this one to"}),
    (
        "the remainder of a division",
        [(WALK, "walk = self.servers[at % len(self.servers):] + self.servers")],
        {"sticky": "the remainder of a division moves nearly all"},
    ),
    ("a table of its own", [(WALK, TABLE)], {"sticky": "who is whose must follow from the names alone"}),
    (
        "a hash that is no hash",
        [("at = self.position(msg.customer)", "at = len(msg.customer)")],
        {"sticky": "Hash the whole name"},
    ),
    (
        "no bound",
        [("and self.open[id] < full), None)", "), None)")],
        {"sticky": "the next one on the circle has the order"},
    ),
    ("lets everybody in", [("ROOM = 5", "ROOM = 1000")], {"overload": "to ask another one makes more of it"}),
    (
        "lets everybody in, and waits",
        [("ROOM = 5", "ROOM = 1000"), ("PATIENCE = 1.0", "PATIENCE = 30.0")],
        {"overload": "orders not done in time"},
    ),
    ("refuses too early", [("ROOM = 5", "ROOM = 1")], {"spread": "refused", "overload": "which is well"}),
]
