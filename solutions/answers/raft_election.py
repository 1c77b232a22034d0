"""Answers to the exercise raft-election: right ones in different styles, and wrong ones that each break one rule."""

COROUTINE = '''
import asyncio


class Raft(Node):
    """One loop, no handlers, no timers."""

    async def start(self):
        self.role, self.term = "follower", self.disk.get("term", 0)
        self._vote, self._yes = self.disk.get("vote"), set()
        self._wait()
        while True:
            try:
                async with asyncio.timeout(max(0.0, self._deadline - self.now)):
                    msg, sender = await self.receive()
            except TimeoutError:
                self._beat() if self.role == "leader" else self._stand()
                continue
            if msg.term > self.term:
                self._enter(msg.term, None)
                if self.role == "leader":
                    self._wait()
                self.role = "follower"
            match msg:
                case RequestVote(term, candidate):
                    yes = term == self.term and self._vote in (None, candidate)
                    if yes:
                        self._enter(term, candidate)
                        self._wait()
                    self.send(sender, Vote(self.term, yes))
                case Vote(term, True) if term == self.term and self.role == "candidate":
                    self._yes.add(sender)
                    if len(self._yes) > (len(self.peers) + 1) // 2:
                        self.role = "leader"
                        self._beat()
                case AppendEntries(term, leader):
                    if term == self.term:
                        self.role = "follower"
                        self._wait()
                    self.send(sender, Appended(self.term, term == self.term))

    def _wait(self):
        self._deadline = self.now + self.random.uniform(0.150, 0.300)

    def _enter(self, term, vote):
        self.disk.update(term=term, vote=vote)
        self.term, self._vote = term, vote

    def _stand(self):
        self._enter(self.term + 1, self.id)
        self.role, self._yes = "candidate", {self.id}
        self._wait()
        self.broadcast(RequestVote(self.term, self.id))

    def _beat(self):
        self._deadline = self.now + 0.050
        self.broadcast(AppendEntries(self.term, self.id))
'''

RIGHT = {"one coroutine that receives": COROUTINE}

MUTANTS = [
    ("votes twice in a term", [("and self.voted_for in (None, msg.candidate)", "")], {"memory": "", "chaos": ""}),
    (
        "never times out",
        [("self.after(self.timeout(), self.stand)", "self.after(1e9, self.stand)")],
        {"quiet": "", "succession": ""},
    ),
    (
        "elects with a minority",
        [("if 2 * len(self.votes) > len(self.peers) + 1:", "if len(self.votes) >= 2:")],
        {"minority": "", "chaos": ""},
    ),
    (
        "forgets its term and vote in a crash",
        [('self.disk["term"], self.disk["voted_for"] = term, voted_for', "pass")],
        {"memory": "", "chaos": ""},
    ),
    (
        "forgets its vote in a crash",
        [('self.disk["voted_for"] = term, voted_for', 'self.disk["_"] = term, None')],
        {"memory": ""},
    ),
    (
        "everybody waits as long",
        [("return self.random.uniform(0.150, 0.300)", "return 0.2")],
        {"quiet": "", "succession": ""},
    ),
    ("does not step down", [('self.role = "follower"\n            if not', "if not")], {"minority": ""}),
    ("sends no heartbeats", [("self.heartbeats = self.every(0.050, self.heartbeat)", "pass")], {"quiet": ""}),
    ("counts votes of old terms", [("and msg.granted and msg.term == self.term", "and msg.granted")], {"chaos": ""}),
    ("counts refusals", [("and msg.granted and", "and")], {"chaos": ""}),
    (
        "claims to lead",
        [('self.role = "follower"\n        self.term', 'self.role = "leader"\n        self.term')],
        {"quiet": "", "minority": ""},
    ),
    (
        "stands in its old term",
        [("self.promise(self.term + 1, self.id)", "self.promise(self.term, self.id)")],
        {"succession": "", "chaos": ""},
    ),
]
