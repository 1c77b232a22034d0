"""Raft: leader election.

Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014.
Section 5.2 and Figure 2; one method for each rule. The log and its replication (5.3, and the restriction on who may be
elected, 5.4) are not part of this file.
"""

from labkit import Message, Node, on


class RequestVote(Message):
    """A candidate asks for a vote (Figure 2, RequestVote RPC, arguments)."""

    term: int
    candidate: str


class Vote(Message):
    """The answer: `granted` means that the candidate received this vote (Figure 2, RequestVote RPC, results)."""

    term: int
    granted: bool


class AppendEntries(Message):
    """From the leader to all: with no entries it is a heartbeat (Figure 2, AppendEntries RPC, arguments)."""

    term: int
    leader: str


class Appended(Message):
    """The answer to a heartbeat (Figure 2, AppendEntries RPC, results)."""

    term: int
    success: bool


class Raft(Node):
    """A server of a Raft cluster. It is a follower, a candidate or the leader of its term."""

    ELECTION_TIMEOUT = (0.150, 0.300)  # seconds: drawn anew each time, so that split votes are rare (section 5.2, 9.3)
    HEARTBEAT = 0.050  # seconds: several heartbeats fit into the shortest election timeout (section 5.6)

    def start(self):
        """On boot: every server starts as a follower, with the term and the vote that it had promised before (section
        5.1, 5.2)."""
        self.role = "follower"
        self.term = self.disk.get("term", 0)
        self.voted_for = self.disk.get("voted_for")
        self.votes = set()
        self.election_timer = self.after(self.election_timeout(), self.start_election)
        self.heartbeat_timer = None

    def election_timeout(self):
        """Section 5.2: "election timeouts are chosen randomly from a fixed interval"."""
        return self.random.uniform(*self.ELECTION_TIMEOUT)

    # --- rules for all servers

    def enter_term(self, term, voted_for=None):
        """A new term, with a new vote to give. Figure 2: both are on stable storage before any answer leaves."""
        self.term, self.voted_for = term, voted_for
        self.disk["term"], self.disk["voted_for"] = term, voted_for

    def observe_term(self, term):
        """Figure 2: "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
        follower"."""
        if term > self.term:
            self.enter_term(term)
            self.become_follower()

    def become_follower(self):
        """Give up: someone else leads, or may."""
        self.role = "follower"
        self.votes = set()
        if self.heartbeat_timer is not None:
            self.heartbeat_timer.cancel()
            self.heartbeat_timer = None
        if not self.election_timer.pending:
            self.election_timer.reset(self.election_timeout())

    # --- candidates

    def start_election(self):
        """Section 5.2: increment the term, vote for yourself, reset the election timer, ask all others for their
        votes."""
        self.enter_term(self.term + 1, voted_for=self.id)
        self.role = "candidate"
        self.votes = {self.id}
        self.election_timer.reset(self.election_timeout())
        self.broadcast(RequestVote(term=self.term, candidate=self.id))
        self.count_votes()

    @on(RequestVote)
    def request_vote(self, msg, sender):
        """Figure 2, RequestVote, receiver: grant the vote if it is still free in this term, or already this
        candidate's."""
        self.observe_term(msg.term)
        granted = msg.term == self.term and self.voted_for in (None, msg.candidate)
        if granted:
            self.enter_term(self.term, voted_for=msg.candidate)
            self.election_timer.reset(self.election_timeout())
        return Vote(term=self.term, granted=granted)

    @on(Vote)
    def vote(self, msg, sender):
        """A vote counts in the term in which it was asked for, and in no other."""
        self.observe_term(msg.term)
        if self.role == "candidate" and msg.term == self.term and msg.granted:
            self.votes = self.votes | {sender}
            self.count_votes()

    def count_votes(self):
        """Figure 2: "If votes received from majority of servers: become leader"."""
        if self.role == "candidate" and len(self.votes) > (len(self.peers) + 1) / 2:
            self.become_leader()

    # --- the leader

    def become_leader(self):
        """Section 5.2: tell the others at once, and again and again, so that no new election starts."""
        self.role = "leader"
        self.election_timer.cancel()
        self.send_heartbeats()
        self.heartbeat_timer = self.every(self.HEARTBEAT, self.send_heartbeats)

    def send_heartbeats(self):
        """Figure 2: "send initial empty AppendEntries RPCs (heartbeat) to each server; repeat during idle periods"."""
        self.broadcast(AppendEntries(term=self.term, leader=self.id))

    @on(AppendEntries)
    def append_entries(self, msg, sender):
        """Figure 2, AppendEntries, receiver: a leader of an older term is refused; the current one keeps elections
        away."""
        self.observe_term(msg.term)
        if msg.term < self.term:
            return Appended(term=self.term, success=False)
        self.become_follower()
        self.election_timer.reset(self.election_timeout())
        return Appended(term=self.term, success=True)

    @on(Appended)
    def appended(self, msg, sender):
        """The answer to a heartbeat tells a leader that its term is over."""
        self.observe_term(msg.term)
