"""Answers to the exercise bully: right ones in different styles, and wrong ones that each break one rule."""

COROUTINE = '''
import asyncio


class Bully(Elector):
    """One loop: a phase, and when it is over at the latest."""

    async def start(self):
        self._stand()
        while True:
            left = None if self._until is None else max(0, self._until - self.now)
            try:
                async with asyncio.timeout(left):
                    msg, sender = await self.receive()
            except TimeoutError:
                self._late()
            else:
                self._hear(msg, sender)

    def _enter(self, phase, seconds):
        self._phase, self._until = phase, None if seconds is None else self.now + seconds

    def _stand(self):
        self.take(None)
        for peer in self.higher():
            self.send(peer, Election())
        self._enter("asking", T if self.higher() else 0)

    def _late(self):
        if self._phase == "asking":
            self.take(self.id)
            for peer in self.lower():
                self.send(peer, Coordinator())
            self._enter("leading", None)
        elif self._phase == "following":
            self.send(self.leader, Ping())
            self._enter("pinging", T)
        else:
            self._stand()

    def _hear(self, msg, sender):
        match msg:
            case Election():
                self.send(sender, Answer())
                if self._phase == "leading":
                    self.send(sender, Coordinator())
                elif self._phase in ("following", "pinging"):
                    self._stand()
            case Answer() if self._phase in ("asking", "waiting"):
                self._enter("waiting", 2 * T)
            case Coordinator() if sender < self.id:
                self._stand()
            case Coordinator():
                self.take(sender)
                self._enter("following", 0.1)
            case Ping() if self._phase == "leading":
                self.send(sender, Pong())
            case Pong() if self._phase == "pinging" and sender == self.leader:
                self._enter("following", 0.1)
'''

RIGHT = {"one loop with phases": COROUTINE}

MUTANTS = [
    (
        "leads without waiting",
        [("T if self.higher() else 0", "0")],
        {"highest": "the question and its answer may take 50 ms"},
    ),
    ("asks nobody", [("self.send(peer, Election())", "pass")], {"highest": "First send an Election to all above"}),
    (
        "does not give up when answered",
        [
            (
                "        if self.leader is None:\n            self._election.cancel()\n",
                "        if False:\n            self._election.cancel()\n",
            )
        ],
        {"highest": "answered at"},
    ),
    ("does not answer", [("self.send(sender, Answer())", "pass")], {"highest": "never sent an Answer"}),
    (
        "takes who answers for the leader",
        [("self._election = self.after(2 * T, self.election)", "self.take(sender)")],
        {"highest": "never sent it a Coordinator"},
    ),
    (
        "tells one other only",
        [
            ("for peer in self.lower():", "for peer in self.lower()[-1:]:"),
            ("            self.send(sender, Coordinator())", "            pass"),
        ],
        {"highest": "must send a Coordinator to every lower node"},
    ),
    (
        "asks everybody, the lower ones too",
        [("for peer in self.higher():", "for peer in self.peers:")],
        {"highest": "Ask only those above"},
    ),
    (
        "never looks after the leader",
        [("self.every(0.1, self.look)", "pass")],
        {"crash": "has not asked it anything since"},
    ),
    (
        "looks, and does nothing about it",
        [
            (
                "self.send(self.leader, Ping())\n            self._silence = self.after(T, self.election)",
                "self.send(self.leader, Ping())",
            )
        ],
        {"crash": "that is the moment to hold an election"},
    ),
    (
        "waits for ever after an answer",
        [("self._election = self.after(2 * T, self.election)", "pass")],
        {"during": "wait for the Coordinator, but not for ever"},
    ),
    (
        "does not stop its timer when told who leads",
        [
            (
                "        self._election.cancel()\n        self._silence.cancel()\n        self.take(sender)",
                "        self._silence.cancel()\n        self.take(sender)",
            )
        ],
        {"during": "that it leads. Is a timer of its election still running"},
    ),
    (
        "a leader stays leader",
        [
            (
                "        if sender < self.id:\n            self.election()\n            return",
                "        if self.leader == self.id:\n            return",
            )
        ],
        {"return": "told it at"},
    ),
    (
        "stands only once in its life",
        [
            (
                "        self.every(0.1, self.look)\n        self.election()",
                "        self.every(0.1, self.look)\n        boots = self.disk['boots'] = self.disk.get('boots', 0) + 1\n        if boots == 1:\n            self.election()\n        else:\n            self._election.cancel()",
            )
        ],
        {"return": "it never held an election. Hold one on boot"},
    ),
    (
        "answers whether it leads or not",
        [("return Pong() if self.leader == self.id else None", "return Pong()")],
        {"return": "Let only a leader answer"},
    ),
    (
        "begins anew at every question",
        [("elif self.leader is not None:", "else:")],
        {"messages": "times the reference's"},
    ),
]
