"""Raft's leader election and heartbeats: a small program whose runs the view's tests show."""

from labkit import Message, Node, on


class RequestVote(Message):
    term: int
    candidate: str


class Vote(Message):
    term: int
    granted: bool


class AppendEntries(Message):
    term: int
    entries: list[int]
    commit: int


class AppendReply(Message):
    term: int
    ok: bool


class Raft(Node):
    def start(self):
        self.role = "follower"
        self.term = self.disk.get("term", 0)
        self.voted_for = self.disk.get("voted_for")
        self.log = self.disk.get("log", [])
        self.commit = 0
        self._votes = set()
        self._timer = self.after(self._wait(), self.election_timeout)

    def _wait(self):
        return 0.15 + 0.15 * self.random.random()

    def _listen(self):
        self._timer.cancel()
        self._timer = self.after(self._wait(), self.election_timeout)

    def election_timeout(self):
        self.role = "candidate"
        self.term += 1
        self.voted_for = self.id
        self._save()
        self._votes = {self.id}
        self.broadcast(RequestVote(term=self.term, candidate=self.id))
        self._listen()

    def _save(self):
        self.disk["term"] = self.term
        self.disk["voted_for"] = self.voted_for

    def _see(self, term):
        if term > self.term:
            self.term = term
            self.role = "follower"
            self.voted_for = None
            self._save()

    @on(RequestVote)
    def request_vote(self, msg, sender):
        self._see(msg.term)
        granted = msg.term == self.term and self.voted_for in (None, sender)
        if granted:
            self.voted_for = sender
            self._save()
            self._listen()
        self.send(sender, Vote(term=self.term, granted=granted))

    @on(Vote)
    def vote(self, msg, sender):
        self._see(msg.term)
        if self.role == "candidate" and msg.granted and msg.term == self.term:
            self._votes.add(sender)
            if len(self._votes) > (len(self.peers) + 1) // 2:
                self.role = "leader"
                self.note(f"won term {self.term} with {len(self._votes)} votes")
                self._timer.cancel()
                self.heartbeat()

    def heartbeat(self):
        if self.role != "leader":
            return
        self.log = [*self.log, len(self.log)][-9:]
        self.broadcast(AppendEntries(term=self.term, entries=self.log[-1:], commit=self.commit))
        self.after(0.06, self.heartbeat)

    @on(AppendEntries)
    def append_entries(self, msg, sender):
        self._see(msg.term)
        if msg.term < self.term:
            return
        self.role = "follower"
        self._listen()
        self.log = [*self.log, *msg.entries][-9:]
        self.commit = max(self.commit, msg.commit)
        self.send(sender, AppendReply(term=self.term, ok=True))

    @on(AppendReply)
    def append_reply(self, msg, sender):
        self._see(msg.term)
        if self.role == "leader":
            self.commit = max(self.commit, len(self.log) - 1)
