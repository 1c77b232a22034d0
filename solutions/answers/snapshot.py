"""Answers to the exercise snapshot: right ones in different styles, and wrong ones that each break one rule."""

COROUTINE = '''
class Bank(Branch):
    """One loop, no handlers: a snapshot is a pair of what is recorded and who is awaited."""

    async def start(self):
        super().start()
        self._parts, self._done = {}, {}
        inbox, handled = {}, dict.fromkeys(self.peers, 0)
        while True:
            msg, sender = await self.receive()
            inbox[sender, msg.number] = msg
            while (sender, handled[sender] + 1) in inbox:
                handled[sender] += 1
                self._handle(inbox.pop((sender, handled[sender])), sender)

    def begin(self, snapshot):
        self._parts[snapshot] = (self.record(snapshot), {p: [] for p in self.peers}, list(self.peers))
        for peer in self.peers:
            self.send(peer, Marker(snapshot=snapshot, number=self.number(peer)))

    def _handle(self, msg, sender):
        match msg:
            case Transfer(amount=amount):
                for _, channels, awaited in self._parts.values():
                    if sender in awaited:
                        channels[sender] += [amount]
                self.take(msg, sender)
            case Report(snapshot=name):
                self._told(name, sender, msg)
            case Marker(snapshot=name):
                if name not in self._parts:
                    self.begin(name)
                money, channels, awaited = self._parts[name]
                awaited.remove(sender)
                if not awaited:
                    boss, _, _ = name.partition("/")
                    if boss == self.id:
                        self._told(name, self.id, Report(0, name, money, channels))
                    else:
                        self.send(boss, Report(self.number(boss), name, money, channels))

    def _told(self, name, who, report):
        done = self._done[name] = self._done.get(name, {}) | {who: report}
        if len(done) == 1 + len(self.peers):
            self.snapshots = self.snapshots | {name: done}
'''

RIGHT = {"one coroutine that receives": COROUTINE}

MUTANTS = [
    (
        "naive: records the branches only",
        [("self.channels[snapshot][sender].append(msg.amount)", "pass")],
        {"channels": "write down what comes until the channel's marker", "several": "", "overtaking": ""},
    ),
    (
        "passes no markers on",
        [
            (
                "                self.begin(msg.snapshot)\n",
                "                self.recorded[msg.snapshot] = self.record(msg.snapshot)\n"
                "                self.channels[msg.snapshot] = {peer: [] for peer in self.peers}\n"
                "                self._open[msg.snapshot] = set(self.peers)\n",
            )
        ],
        {"told": "a Report was sent by nobody"},
    ),
    (
        "records at every marker",
        [("if msg.snapshot not in self.recorded:", "if True:")],
        {"cut": "only the first marker makes a branch record"},
    ),
    (
        "sends its markers a little later",
        [
            (
                "for peer in self.peers:\n            self.send(peer, Marker(self.number(peer), snapshot))",
                "self.after(0.1, lambda: [self.send(p, Marker(self.number(p), snapshot)) for p in self.peers] and None)",
            )
        ],
        {"cut": "must send its markers at once"},
    ),
    (
        "records when all markers have come",
        [
            (
                "            if msg.snapshot not in self.recorded:\n                self.begin(msg.snapshot)\n"
                "            self._open[msg.snapshot].discard(sender)\n            if not self._open[msg.snapshot]:\n",
                "            if msg.snapshot not in self._open:\n"
                "                self._open[msg.snapshot] = set(self.peers)\n"
                "                self.channels[msg.snapshot] = {peer: [] for peer in self.peers}\n"
                "                for p in self.peers:\n"
                "                    self.send(p, Marker(self.number(p), msg.snapshot))\n"
                "            self._open[msg.snapshot].discard(sender)\n            if not self._open[msg.snapshot]:\n"
                "                if msg.snapshot not in self.recorded:\n"
                "                    self.recorded[msg.snapshot] = self.record(msg.snapshot)\n",
            )
        ],
        {"cut": "must record when the first marker comes"},
    ),
    (
        "reports what there is by now",
        [("self.recorded[snapshot], self.channels[snapshot])", "self.money, self.channels[snapshot])")],
        {"told": "report what was recorded, not what there is by now"},
    ),
    (
        "does not close a channel at its marker",
        [("if sender in senders:", "if senders:")],
        {"channels": "the channel is closed when its marker comes"},
    ),
    (
        "reports at the first marker",
        [
            (
                "            if not self._open[msg.snapshot]:\n                self.finish",
                "            if len(self._open[msg.snapshot]) == len(self.peers) - 1:\n                self.finish",
            )
        ],
        {"channels": "a channel is open until its marker comes"},
    ),
    (
        "is complete without itself",
        [("if len(reports) == len(self.peers) + 1:", "if len(reports) == len(self.peers):")],
        {"told": "complete without the report of"},
    ),
    (
        "counts what it had before",
        [("{peer: [] for peer in self.peers}", "{peer: [self.money] for peer in self.peers}")],
        {"channels": "is counted twice"},
    ),
    (
        "takes one snapshot in its life",
        [("if msg.snapshot not in self.recorded:", "if not self.recorded:")],
        {"several": "raised KeyError"},
    ),
    (
        "one list of open channels for all snapshots",
        [
            (
                "self._open[snapshot] = set(self.peers)",
                "self._open = {name: set(self.peers) for name in [*self._open, snapshot]}",
            )
        ],
        {"several": ""},
    ),
    (
        "stops taking money during a snapshot",
        [("self.take(msg, sender)\n", "any(self._open.values()) or self.take(msg, sender)\n")],
        {"cut": "the bank goes on while a snapshot is taken"},
    ),
    (
        "lets messages overtake",
        [("while (turn := self._turn[sender]) in early:", "while turn := min(early, default=0):")],
        {"overtaking": ""},
    ),
    (
        "keeps the order of markers only",
        [
            (
                "        early[msg.number] = msg\n",
                "        if isinstance(msg, Transfer):\n            self._turn[sender] += msg.number == self._turn[sender]\n"
                "            return self.handle(msg, sender)\n        early[msg.number] = msg\n",
            )
        ],
        {"overtaking": ""},
    ),
]
