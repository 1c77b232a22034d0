"""Answers to the exercise mutual-exclusion: right ones in different styles, and wrong ones that each break one rule."""

SCHEDULES = """
class Schedules(Node):
    def start(self):
        self.careless = [1, 1, 0, 0, 1, 0]
        self.hyman = [1, 1, 1, 1, 0, 0, 0, 1, 1]
"""

TWO = '''
class TwoLock(Lock):
    """Dekker's."""

    wants = Array(Register(0))
    favoured = Register("p0")

    async def acquire(self):
        mine, its = self.wants[self.me], self.wants[1 - self.me]
        await mine.write(1)
        while True:
            if not await its.read():
                return
            if await self.favoured.read() == f"p{self.me}":
                continue
            await mine.write(0)
            while True:
                if await self.favoured.read() == f"p{self.me}":
                    break
            await mine.write(1)

    async def release(self):
        await self.favoured.write(f"p{1 - self.me}")
        await self.wants[self.me].write(0)
'''

MANY = '''
class ManyLock(Lock):
    """The filter lock, in one loop."""

    level = Array(Register(-1))
    last = Array(Register())

    async def acquire(self):
        for room in range(self.n - 1):
            await self.level[self.me].write(room)
            await self.last[room].write(self.me)
            waiting = True
            while waiting:
                ahead = [other for other in range(self.n) if other != self.me]
                while ahead and await self.level[ahead[-1]].read() < room:
                    ahead.pop()
                waiting = bool(ahead) and await self.last[room].read() == self.me

    async def release(self):
        await self.level[self.me].write(-1)
'''

CONSENSUS = '''
class TwoAgree(Consensus):
    """The winner's name is in the bit; what each proposes is in one register of its own."""

    first, second = Register(), Register()
    won = TestAndSet()

    async def propose(self, value):
        mine, its = (self.first, self.second) if self.me == 0 else (self.second, self.first)
        await mine.write((value,))
        lost = await self.won.test_and_set()
        (decided,) = await (its if lost else mine).read()
        return decided
'''

REGISTER = '''
class Replica(Node):
    """No tasks: each operation is a generator that is told every answer."""

    def start(self):
        self.known = [0, "", None]
        self._operations = []

    @on(Query)
    def query(self, msg, sender):
        return Have((self.known[0], self.known[1]), self.known[2])

    @on(Update)
    def update(self, msg, sender):
        self.learn(msg.tag, msg.value)
        return Updated()

    def learn(self, tag, value):
        if tuple(tag) > (self.known[0], self.known[1]):
            self.known = [*tag, value]

    async def everybody(self, msg, use):
        enough = asyncio.get_running_loop().create_future()
        count = 1

        async def one(peer):
            nonlocal count
            use(await self.call(peer, msg, timeout=None))
            count += 1
            if count == 3:
                enough.set_result(None)

        for peer in self.peers:
            task = asyncio.ensure_future(one(peer))
            self._operations.append(task)
        await enough

    async def operate(self, new=None):
        found = {(self.known[0], self.known[1]): self.known[2]}
        await self.everybody(Query(), lambda have: found.update({have.tag: have.value}))
        tag = max(found)
        value = found[tag]
        if new is not None:
            tag, value = (max(tag[0], self.known[0]) + 1, self.id), new
        self.learn(tag, value)
        await self.everybody(Update(tag, value), lambda answer: None)
        return value

    @on(Read)
    async def read(self, msg, sender):
        return Value(await self.operate())

    @on(Write)
    async def write(self, msg, sender):
        await self.operate(msg.value)
        return Written()
'''

RIGHT = {"other styles": SCHEDULES + TWO + MANY + CONSENSUS + REGISTER}

MUTANTS = [
    ("the schedule stops short", [("[0, 1, 0, 1, 0, 1]", "[0, 1, 0, 1, 0]")], {"schedules": "does not break the lock"}),
    ("the schedule names nobody", [("[0, 1, 0, 1, 0, 1]", "[0, 1, 2]")], {"schedules": "step 3 of the schedule is 2"}),
    (
        "gives way before it says that it wants to enter",
        [
            (
                "await self.flag[me].write(True)\n        await self.turn.write(other)",
                "await self.turn.write(other)\n        await self.flag[me].write(True)",
            )
        ],
        {"two": "gave way before it said"},
    ),
    (
        "who comes last goes first",
        [("turn.write(other)", "turn.write(me)")],
        {"two": "wrote its own number where both write"},
    ),
    ("nobody gives way", [("and await self.turn.read() == other", "")], {"two": "Something must say who goes first"}),
    (
        "takes turns",
        [
            (
                "while await self.flag[other].read() and await self.turn.read() == other",
                "while await self.turn.read() == other",
            )
        ],
        {"two": "does not want to enter now"},
    ),
    (
        "looks, then writes",
        [
            (
                "await self.flag[me].write(True)\n"
                "        await self.turn.write(other)\n"
                "        while await self.flag[other].read() and await self.turn.read() == other:\n"
                "            pass",
                "while await self.flag[other].read():\n            pass\n        await self.flag[me].write(True)",
            )
        ],
        {"two": "look, then write"},
    ),
    (
        "never looks again",
        [("while await self.flag[other].read()", "if await self.flag[other].read()")],
        {"two": "Mutual exclusion"},
    ),
    (
        "keeps its flag up",
        [("await self.flag[self.me].write(False)", "pass")],
        {"two": "take back all that acquire said"},
    ),
    (
        "by another object",
        [("turn = Register(0)", "turn = Register(0)\n    bit = TestAndSet()")],
        {"two": "to be done with Register alone"},
    ),
    (
        "shares a Python variable",
        [
            (
                "me, other = self.me, 1 - self.me",
                "me, other = self.me, 1 - self.me\n"
                "        TwoLock.count = getattr(TwoLock, 'count', 0) + 1\n"
                "        if TwoLock.count % 7 == 0:\n"
                "            await self.turn.read()",
            )
        ],
        {"two": "not a function of what its steps returned"},
    ),
    (
        "never says that it is still choosing",
        [("while await self.choosing[other].read():\n                pass", "pass")],
        {"many": "Mutual exclusion"},
    ),
    ("forgets the names", [("(number, other) < (mine, self.me)", "number < mine")], {"many": "Mutual exclusion"}),
    (
        "waits for equal numbers",
        [("(number, other) < (mine, self.me)", "number <= mine and other != self.me")],
        {"many": "Something must say who goes first"},
    ),
    (
        "a lock for two only",
        [("for other in range(self.n):\n            while", "for other in range(2):\n            while")],
        {"many": "Mutual exclusion"},
    ),
    (
        "keeps its number",
        [("await self.number[self.me].write(0)", "pass")],
        {"many": "take back all that acquire said"},
    ),
    (
        "each decides for itself",
        [("return await self.proposed[1 - self.me].read()", "return value")],
        {"consensus": "each decides what it proposed itself"},
    ),
    (
        "competes, then writes",
        [
            (
                "await self.proposed[self.me].write(value)\n        if not await self.bit.test_and_set():",
                "won = not await self.bit.test_and_set()\n"
                "        await self.proposed[self.me].write(value)\n"
                "        if won:",
            )
        ],
        {"consensus": "before that was written down"},
    ),
    (
        "competes, then waits for the other",
        [
            (
                "await self.proposed[self.me].write(value)\n"
                "        if not await self.bit.test_and_set():\n"
                "            return value",
                "if not await self.bit.test_and_set():\n"
                "            await self.proposed[self.me].write(value)\n"
                "            return value\n"
                "        while await self.proposed[1 - self.me].read() is None:\n"
                "            pass",
            )
        ],
        {"consensus": "do not wait for the other"},
    ),
    (
        "reads without writing back",
        [("await self.store(tag, value)\n        return Value", "return Value")],
        {"register": "new, then old"},
    ),
    (
        "writes to itself alone",
        [("await self.store((number, self.id), msg.value)\n", "pass\n")],
        {"register": "an old value"},
    ),
    (
        "tags without a name",
        [
            ("self.take((number, self.id), msg.value)", 'self.take((number, ""), msg.value)'),
            ("await self.store((number, self.id), msg.value)", 'await self.store((number, ""), msg.value)'),
        ],
        {"register": "Linearizable register"},
    ),
    (
        "waits for all",
        [
            (
                "answers = await self.ask_majority(Query())",
                "answers = [await self.call(peer, Query(), timeout=None) for peer in self.peers]",
            )
        ],
        {"register": "must not wait for more than that"},
    ),
]
