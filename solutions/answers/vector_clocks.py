"""Answers to the exercise vector-clocks: right ones in different styles, and wrong ones that each break one rule."""

COROUTINE = '''
class Member(Chatter):
    """One loop, no handlers; the clock is read off the screen, and what waits is all on disk."""

    async def start(self):
        super().start()
        while True:
            self.show_all()
            msg, _ = await self.receive()
            self.disk["inbox"] = self.disk.get("inbox", []) + [msg]

    def clock(self):
        everybody = sorted([self.id, *self.peers])
        return {p: sum(m.origin == p for m in self.shown) for p in everybody}

    def say(self, text):
        vt = self.clock()
        vt[self.id] += 1
        self.show(Said(self.id, text, vt))
        self.broadcast(self.shown[-1])

    def show_all(self):
        again = True
        while again:
            again = False
            for msg in self.disk.get("inbox", []):
                clock = self.clock()
                number = clock.pop(msg.origin) + 1
                if number == msg.vt[msg.origin] and all(clock[p] >= msg.vt[p] for p in clock):
                    self.show(msg)
                    again = True
        clock = self.clock()
        self.disk["inbox"] = [m for m in self.disk.get("inbox", []) if m.vt[m.origin] > clock[m.origin]]

    def compare(self, one, other):
        if one == other:
            return "equal"
        if all(one[p] <= other[p] for p in one):
            return "before"
        if all(one[p] >= other[p] for p in one):
            return "after"
        return "concurrent"
'''

RIGHT = {"one coroutine that receives": COROUTINE}

MUTANTS = [
    ("never ticks", [("{self.id: self.vt[self.id] + 1}", "{}")], {"stamps": "tick before you stamp"}),
    (
        "never merges",
        [("            self.merge(ready[0].vt)\n", "")],
        {"stamps": "when a message is shown, merge", "compare": ""},
    ),
    (
        "takes over the other's clock",
        [("{p: max(self.vt[p], vt[p]) for p in self.vt}", "dict(vt)")],
        {"stamps": "take the larger of both, entry by entry", "restart": ""},
    ),
    (
        "ticks when it hears something",
        [("self.merge(ready[0].vt)\n", "self.merge(ready[0].vt)\n            self.vt[self.id] += 1\n")],
        {"stamps": "hearing something is no tick"},
    ),
    (
        "merges what has only arrived",
        [
            (
                "self.waiting = [*self.waiting, msg]\n",
                "self.waiting = [*self.waiting, msg]\n            self.merge(msg.vt | {msg.origin: 0})\n",
            )
        ],
        {"causes": "must wait for all that its stamp counts"},
    ),
    (
        "compares sums",
        [
            (
                "smaller = any(one[p] < other[p] for p in one)\n        larger = any(one[p] > other[p] for p in one)",
                "smaller = sum(one.values()) < sum(other.values())\n        larger = sum(one.values()) > sum(other.values())",
            )
        ],
        {"compare": "neither can have known of the other"},
    ),
    (
        "one smaller entry is enough",
        [("if smaller and larger:", "if False:")],
        {"compare": "neither can have known of the other"},
    ),
    ("nothing is equal", [('else "equal"', 'else "concurrent"')], {"compare": "all entries are the same"}),
    (
        "shows at once",
        [
            (
                "return all(n == self.vt[p] + 1 if p == msg.origin else n <= self.vt[p] for p, n in msg.vt.items())",
                "return True",
            )
        ],
        {"causes": "a message must", "once": ""},
    ),
    (
        "keeps each author's order only",
        [("else n <= self.vt[p] for p, n in msg.vt.items()", "else True for p, n in msg.vt.items()")],
        {"causes": "a message must wait for all that its stamp counts", "once": ""},
    ),
    (
        "waits for the causes, not for the author's turn",
        [("n == self.vt[p] + 1 if p == msg.origin", "True if p == msg.origin")],
        {"causes": "must be the next one of who says it"},
    ),
    (
        "waits for the message itself",
        [("n == self.vt[p] + 1 if p == msg.origin else n <= self.vt[p]", "n <= self.vt[p]")],
        {"stamps": "which is not its cause", "causes": "", "once": ""},
    ),
    (
        "looks once",
        [
            (
                "while ready := [msg for msg in self.waiting if self.can_be_shown(msg)]:",
                "for ready in [[msg for msg in self.waiting if self.can_be_shown(msg)][:1]] * bool(self.waiting and "
                "self.can_be_shown(self.waiting[-1])):",
            )
        ],
        {"once": "look again at all that waits"},
    ),
    (
        "shows copies",
        [
            (
                "if msg.vt[msg.origin] > self.vt[msg.origin] and msg not in self.waiting:",
                "if msg.vt[msg.origin] > self.vt[msg.origin] + 1 or self.show(msg) or self.merge(msg.vt):",
            )
        ],
        {"once": "the network may deliver a copy"},
    ),
    ("forgets what waits", [('self.disk["waiting"] = self.waiting', "pass")], {"restart": "must survive it too"}),
    (
        "forgets its clock",
        [("        for message in self.shown:\n            self.merge(message.vt)\n", "")],
        {"restart": "does its clock still count what is on the screen"},
    ),
]
