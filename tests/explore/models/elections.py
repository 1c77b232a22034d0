"""Small elections to search: with handlers, with coroutines, and with the votes forgotten in a crash."""

from labkit import Message, Node, on


class RequestVote(Message):
    term: int


class Vote(Message):
    term: int
    granted: bool


class Election(Node):
    """Raft's leader election (Ongaro and Ousterhout 2014, section 5.2), without heartbeats."""

    def start(self):
        self.role = "follower"
        self.term = self.disk.get("term", 0)
        self.voted_for = self.disk.get("voted_for")
        self.votes = set()
        self.timer = self.after(self.random.uniform(0.15, 0.3), self.stand)

    def save(self):
        self.disk["term"], self.disk["voted_for"] = self.term, self.voted_for

    def stand(self):
        self.term, self.voted_for, self.role, self.votes = self.term + 1, self.id, "candidate", {self.id}
        self.save()
        self.timer.reset(self.random.uniform(0.15, 0.3))
        self.broadcast(RequestVote(term=self.term))

    def observe(self, term):
        if term > self.term:
            self.term, self.voted_for, self.role, self.votes = term, None, "follower", set()
            self.save()

    @on(RequestVote)
    def request(self, msg, sender):
        self.observe(msg.term)
        granted = msg.term == self.term and self.voted_for in (None, sender)
        if granted:
            self.voted_for = sender
            self.save()
        return Vote(term=self.term, granted=granted)

    @on(Vote)
    def vote(self, msg, sender):
        self.observe(msg.term)
        if self.role == "candidate" and msg.term == self.term and msg.granted:
            self.votes.add(sender)
            if len(self.votes) > (len(self.peers) + 1) / 2:
                self.role = "leader"
                self.timer.cancel()


class Forgetful(Election):
    """Votes are not on disk: a server that restarts may vote again in the same term."""

    def save(self):
        self.disk["term"] = self.term


class Waiting(Node):
    """The same election as a coroutine that asks all others at once, and a handler that answers."""

    def start(self):
        self.role, self.term, self.voted_for, self.votes = "follower", 0, None, set()
        self.timer = self.after(self.random.uniform(0.15, 0.3), self.stand)

    async def stand(self):
        self.term, self.voted_for, self.role, self.votes = self.term + 1, self.id, "candidate", {self.id}
        await self.sleep(0)
        self.broadcast(RequestVote(term=self.term))

    request, vote, observe = Election.request, Election.vote, Election.observe

    def save(self):
        pass


def one_leader(moment):
    """At most one leader in a term (Election Safety)."""
    leaders = [(node["term"], id) for id, node in moment.state.items() if node.get("role") == "leader"]
    for term, id in leaders:
        for other_term, other in leaders:
            if term == other_term and id < other:
                return f"{id} and {other} both lead term {term}"
    return None


def led(moment):
    """Somebody leads."""
    return any(node.get("role") == "leader" for node in moment.state.values())
