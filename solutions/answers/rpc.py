"""Answers to the exercise rpc: right ones in different styles, and wrong ones that each hold one misconception."""

COROUTINE = '''
import asyncio


class Rpc(Node):
    """One loop that receives, futures for those who wait, and a bank that is one value."""

    async def start(self):
        self.table = {}  # "branch number" -> what the account held then
        self.balances = {}
        self._done = {}
        if "image" in self.disk:
            self.balances, self.table, self._done = self.disk["image"]
        self._boot = self.disk["boots"] = self.disk.get("boots", 0) + 1
        self._last = self._floor = self._boot * 1_000_000  # every boot has numbers of its own
        self._open = {}
        while True:
            msg, sender = await self.receive()
            if isinstance(msg, Reply):
                if msg.number in self._open and not self._open[msg.number].done():
                    self._open[msg.number].set_result(msg.balance)
            else:
                self.serve(msg, sender)

    @on(Deposit)
    async def deposit(self, msg, sender):
        self._last += 1
        number = self._last
        self._open[number] = answer = asyncio.get_running_loop().create_future()
        while not answer.done():
            done = min(self._open) - 1
            self.send(BANK, Request(number=number, account=msg.account, amount=msg.amount, done=done))
            await asyncio.wait([answer], timeout=0.25)
        del self._open[number]
        return Balance(amount=answer.result())

    def serve(self, msg, branch):
        self._done[branch] = max(self._done.get(branch, 0), msg.done)
        for key in list(self.table):
            owner, number = key.split()
            if owner == branch and int(number) <= self._done[branch]:
                del self.table[key]
        if msg.number <= self._done[branch]:
            return
        key = f"{branch} {msg.number}"
        if key not in self.table:
            held = self.balances.get(msg.account, 0) + msg.amount
            self.balances = {**self.balances, msg.account: held}
            self.table[key] = held
            self.disk["image"] = [self.balances, self.table, self._done]
        self.send(branch, Reply(number=msg.number, balance=self.table[key]))
'''

CALLER = """
    @on(Deposit)
    async def deposit(self, msg, sender):
        self.number += 1
        number = self.number
        while True:
            try:
                wish = Request(number=number, account=msg.account, amount=msg.amount, done=0)
                reply = await self.call(BANK, wish, timeout=0.2)
                return Balance(amount=reply.balance)
            except TimeoutError:
                pass

    def _unused(self, msg, sender):
"""

WRITE = 'self.disk["bank"] = (self.balances, self.table, self.done)  # one write: the effect, and its memory'

READ = 'self.balances, self.table, self.done = self.disk.get("bank", ({}, {}, {}))'

CALLS = 'self.disk["calls"] = (self.table, self.done)'

BALANCES = 'self.disk["balances"] = self.balances'

READ_BOTH = """self.balances = self.disk.get("balances", {})
        self.table, self.done = self.disk.get("calls", ({}, {}))"""

RENUMBER = """
        self._calls[self.number + 1] = self._calls[number]
        self.number = number = self.number + 1"""

RIGHT = {"one coroutine that receives": COROUTINE}

MUTANTS = [
    (
        "never asks again",
        [("self.every(self.RETRY, self.ask, self.number)", "self.after(0.0, self.note, 'asked')")],
        {"asks": "asked n1 once. Requests and replies get lost", "once": ""},
    ),
    ("asks without waiting", [("RETRY = 0.2", "RETRY = 0.004")], {"asks": "wait before you ask again"}),
    (
        "asks on when it has the answer",
        [
            ("timer.cancel()", "pass"),
            ("_, later, timer = self._calls.pop(msg.number)", "_, later, timer = self._calls[msg.number]"),
            (
                "self.answer(later, Balance(amount=msg.balance))",
                "later.to and self.answer(later, Balance(amount=msg.balance)); later.to = ''",
            ),
            ("done = min(self._calls) - 1", "done = 0"),
        ],
        {"asks": "Who has the answer stops asking"},
    ),
    (
        "makes what comes twice twice",
        [("if msg.number not in answers:", "if True:")],
        {"once": "answered again, not made again", "matched": "", "forgets": "", "crash": ""},
    ),
    (
        "does not answer what comes twice",
        [("if msg.number not in answers:", "if msg.number in answers:\n            return None\n        else:")],
        {"asks": "still needs its answer", "once": "still needs its answer"},
    ),
    (
        "answers what comes twice with what is there now",
        [("balance=answers[msg.number])", "balance=self.balances[msg.account])")],
        {"matched": "the bank must keep it"},
    ),
    (
        "takes the number for the branch's alone",
        [
            ("answers = self.table[sender]", 'answers = self.table.setdefault("all", {})'),
            ("if msg.number <= self.done[sender]:", "if False:"),
        ],
        {"asks": "a call is known by branch and number together", "once": ""},
    ),
    (
        "takes lower numbers for old ones",
        [
            (
                "if msg.number not in answers:",
                "if msg.number < max(answers, default=0) and msg.number not in answers:\n"
                "            return None\n        if msg.number not in answers:",
            )
        ],
        {"matched": "a higher number that came before says nothing about a lower one"},
    ),
    (
        "gives the answer to whoever asked last",
        [
            ("_, later, timer = self._calls.pop(msg.number)", "_, later, timer = self._calls.pop(max(self._calls))"),
            ("if msg.number in self._calls:", "if self._calls:"),
        ],
        {"matched": "An answer belongs to the call whose number it carries"},
    ),
    (
        "a new number for each asking",
        [
            ("msg, _, _ = self._calls[number]", "msg, _, _ = self._calls[number]" + RENUMBER),
        ],
        {"once": "A call that is asked again keeps its number"},
    ),
    (
        "calls with a timeout shorter than the way",
        [
            ("    @on(Deposit)\n    def deposit(self, msg, sender):\n", CALLER),
            ("    @on(Reply)\n", ""),
        ],
        {"matched": "A reply that comes late, to an earlier asking"},
    ),
    (
        "never forgets",
        [("if number > self.done[branch]}", "}"), ("if msg.number <= self.done[sender]:", "if False:")],
        {"forgets": "The field done says which answers nobody will ask for again"},
    ),
    (
        "forgets that it has forgotten",
        [("if msg.number <= self.done[sender]:", "if False:")],
        {"forgets": "then a late copy came"},
    ),
    (
        "says done while others wait",
        [("done = min(self._calls) - 1", "done = number - 1")],
        {"matched": "The field done names a number only when all calls up to it are answered"},
    ),
    (
        "numbers begin at 1 after a restart",
        [('self.number = self.disk.get("number", 0)', "self.number = 0")],
        {"crash": "keep the last number on the disk"},
    ),
    (
        "remembers calls in memory only",
        [(WRITE, 'self.disk["bank"] = (self.balances, {}, {})')],
        {"crash": "the same write to the disk"},
    ),
    (
        "writes the effect, then the memory of it",
        [
            (WRITE, f"{BALANCES}\n            {CALLS}"),
            (READ, READ_BOTH),
        ],
        {"crash": "the same write to the disk"},
    ),
    (
        "writes the memory, then the effect",
        [
            (WRITE, f"{CALLS}\n            {BALANCES}"),
            (READ, READ_BOTH),
        ],
        {"crash": "belong into one write"},
    ),
    (
        "answers before it writes",
        [(WRITE, "self.send(sender, Reply(number=msg.number, balance=balance))\n            " + WRITE)],
        {"crash": "it must be on the disk before the answer leaves"},
    ),
    ("keeps nothing on the disk", [(WRITE, "pass")], {"crash": "it must be on the disk before the answer leaves"}),
]
