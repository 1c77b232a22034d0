"""Answers to the exercise mutual-exclusion: right ones in different styles, and wrong ones that each break one rule."""

from pathlib import Path
from typing import Any

import nbformat

SOLUTION = Path(__file__).parents[2] / "solutions" / "mutual-exclusion.ipynb"
PARTS = ("schedules", "two", "many", "consensus", "register")


def cells() -> dict[str, str]:
    """The sources of the solved notebook's given and solution cells, by cell id."""
    return {
        cell.id: cell.source
        for cell in nbformat.read(SOLUTION, as_version=4).cells
        if cell.id == "given" or cell.id in PARTS
    }


def made(**answers: str) -> dict[str, Any]:
    """What the notebook defines, with these cells in the place of the solved ones."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for source in (cells() | answers).values():
        exec(source, namespace)
    return namespace


OTHERS = {
    "schedules": """
class Schedules(Node):
    def start(self):
        self.careless = [1, 1, 0, 0, 1, 0]
        self.swapped = [1, 0, 0, 1, 1, 1, 0, 0, 0]
""",
    "two": '''
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
''',
    "many": '''
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
''',
    "consensus": '''
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
''',
    "register": '''
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
''',
}

TRY = "await self.flag[me].write(True)\n        await self.turn.write(other)"
# name, part, lines of the solution, what becomes of them, what is told
MUTANTS = [
    ("the schedule stops short", "schedules", "[0, 1, 0, 1, 0, 1]", "[0, 1, 0, 1, 0]", "does not break the lock"),
    ("the schedule names nobody", "schedules", "[0, 1, 0, 1, 0, 1]", "[0, 1, 2]", "step 3 of the schedule is 2"),
    ("gives way before it says that it wants to enter", "two", TRY,
     "await self.turn.write(other)\n        await self.flag[me].write(True)", "gave way before it said"),
    ("who comes last goes first", "two", "turn.write(other)", "turn.write(me)", "wrote its own number where both write"),
    ("nobody gives way", "two", "and await self.turn.read() == other", "", "Something must say who goes first"),
    ("takes turns", "two", "while await self.flag[other].read() and await self.turn.read() == other",
     "while await self.turn.read() == other", "does not want to enter now"),
    ("looks, then writes", "two", TRY + "\n        while await self.flag[other].read() and await self.turn.read() == other:"
     "\n            pass", "while await self.flag[other].read():\n            pass\n        await self.flag[me].write(True)",
     "look, then write"),
    ("never looks again", "two", "while await self.flag[other].read()", "if await self.flag[other].read()",
     "Mutual exclusion"),
    ("keeps its flag up", "two", "await self.flag[self.me].write(False)", "pass", "take back all that acquire said"),
    ("by another object", "two", "turn = Register(0)", "turn = Register(0)\n    bit = TestAndSet()",
     "to be done with Register alone"),
    ("shares a Python variable", "two", "me, other = self.me, 1 - self.me",
     "me, other = self.me, 1 - self.me\n        TwoLock.count = getattr(TwoLock, 'count', 0) + 1\n"
     "        if TwoLock.count % 7 == 0:\n            await self.turn.read()", "not a function of what its steps returned"),
    ("never says that it is still choosing", "many", "while await self.choosing[other].read():\n                pass",
     "pass", "Mutual exclusion"),
    ("forgets the names", "many", "(number, other) < (mine, self.me)", "number < mine", "Mutual exclusion"),
    ("waits for equal numbers", "many", "(number, other) < (mine, self.me)", "number <= mine and other != self.me",
     "Something must say who goes first"),
    ("a lock for two only", "many", "for other in range(self.n):\n            while", "for other in range(2):\n            while",
     "Mutual exclusion"),
    ("keeps its number", "many", "await self.number[self.me].write(0)", "pass", "take back all that acquire said"),
    ("each decides for itself", "consensus", "return await self.proposed[1 - self.me].read()", "return value",
     "each decides what it proposed itself"),
    ("competes, then writes", "consensus", "await self.proposed[self.me].write(value)\n        if not await self.bit.test_and_set():",
     "won = not await self.bit.test_and_set()\n        await self.proposed[self.me].write(value)\n        if won:",
     "before that was written down"),
    ("competes, then waits for the other", "consensus",
     "await self.proposed[self.me].write(value)\n        if not await self.bit.test_and_set():\n            return value",
     "if not await self.bit.test_and_set():\n            await self.proposed[self.me].write(value)\n            return value\n"
     "        while await self.proposed[1 - self.me].read() is None:\n            pass", "do not wait for the other"),
    ("reads without writing back", "register", "await self.store(tag, value)\n        return Value", "return Value",
     "new, then old"),
    ("writes to itself alone", "register", "await self.store((number, self.id), msg.value)\n", "pass\n", "an old value"),
    ("tags without a name", "register", "(number, self.id)", '(number, "")', "Linearizable register"),
    ("waits for all", "register", "answers = await self.ask_majority(Query())",
     "answers = [await self.call(peer, Query(), timeout=None) for peer in self.peers]", "must not wait for more than that"),
]  # fmt: skip


def mutant(part: str, lines: str, become: str) -> dict[str, Any]:
    """What the notebook defines when these lines of a part's solution are others."""
    source = cells()[part]
    assert lines in source, lines
    return made(**{part: source.replace(lines, become)})
