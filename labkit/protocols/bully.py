"""The bully algorithm: the node with the highest id among those that are up is the coordinator.

Hector Garcia-Molina, "Elections in a Distributed Computing System", IEEE Transactions on Computers C-31(1), 1982, in
the three messages in which textbooks tell it (Coulouris, Dollimore, Kindberg and Blair, "Distributed Systems", fifth
edition, section 15.3). What it assumes: no message is lost or altered, and a node that is up answers within a known
time T; so who has not answered after T is down. Where that is wrong there may be two leaders, and nobody finds out.

The paper's coordinator does more before it is one: it halts all others first, waits for their answers, and asks again
and again whether all are still with it. So no two nodes ever work under different coordinators, not even for the
moment in which the news is under way. Here they may.
"""

from labkit import Message, Node, on


class Election(Message):
    """To a node with a higher id: are you up? If you are, you stand for election, and not I."""


class Answer(Message):
    """I am up, and mine is the higher id: leave it to me."""


class Coordinator(Message):
    """To all nodes with lower ids: I am the coordinator."""


class AreYouUp(Message):
    """To the coordinator, now and then."""


class Up(Message):
    """The answer to it."""


def rank(id):
    """The order of ids: n9 comes before n10."""
    return len(id), id


class Bully(Node):
    """A node that knows its coordinator (`leader`), or takes part in the election of one."""

    drawn = {"label": "leader"}

    T = 0.060  # seconds within which who is up has answered: two messages of at most 25 ms, and a little
    WATCH = 0.100  # seconds between two looks at the coordinator

    def start(self):
        """On boot, and so after a crash (the paper's RECOVERY): hold an election. Maybe mine is the highest id."""
        self.role = "follower"
        self.leader = None
        self.election_timer = self.after(self.T, self.win)
        self.silence_timer = self.after(self.T, self.election)
        self.silence_timer.cancel()
        self.every(self.WATCH, self.watch)
        self.election()

    def higher(self):
        return [peer for peer in self.peers if rank(peer) > rank(self.id)]

    def lower(self):
        return [peer for peer in self.peers if rank(peer) < rank(self.id)]

    # --- the election

    def election(self):
        """Ask all with higher ids whether they are up. If none has answered after T, none is."""
        self.role, self.leader = "candidate", None
        self.silence_timer.cancel()
        for peer in self.higher():
            self.send(peer, Election())
        self.election_timer.cancel()
        self.election_timer = self.after(self.T, self.win)
        if not self.higher():
            self.win()

    @on(Election)
    def asked(self, msg, sender):
        """Somebody with a lower id stands: tell it that I am up, and stand in its place (unless I do, or lead)."""
        self.send(sender, Answer())
        if self.role == "leader":
            self.send(sender, Coordinator())
        elif self.role == "follower":
            self.election()

    @on(Answer)
    def give_up(self, msg, sender):
        """Somebody with a higher id is up, and will be the coordinator, or find one. It needs T to hear that nobody
        above it is up, and then its news must come. If it does not, it has crashed meanwhile: begin anew."""
        if self.role == "candidate":
            self.election_timer.cancel()
            self.election_timer = self.after(2 * self.T, self.election)

    def win(self):
        """Nobody above me is up: I am the coordinator, and say so to all below."""
        self.role, self.leader = "leader", self.id
        self.election_timer.cancel()
        for peer in self.lower():
            self.send(peer, Coordinator())

    @on(Coordinator)
    def obey(self, msg, sender):
        """Take the sender for the coordinator; or bully it, if mine is the higher id."""
        if rank(sender) < rank(self.id):
            self.election()
            return
        self.role, self.leader = "follower", sender
        self.election_timer.cancel()
        self.silence_timer.cancel()

    # --- is the coordinator up?

    def watch(self):
        """The paper's TIMEOUT: a node that has not heard from its coordinator for a while asks it."""
        if self.role == "follower" and not self.silence_timer.pending:
            self.send(self.leader, AreYouUp())
            self.silence_timer.cancel()
            self.silence_timer = self.after(self.T, self.election)

    @on(AreYouUp)
    def asked_whether_up(self, msg, sender):
        """Only who leads answers. The news of a node that led for a moment, until a higher one came up, may reach
        somebody later than the higher one's; who follows it finds out here."""
        return Up() if self.role == "leader" else None

    @on(Up)
    def is_up(self, msg, sender):
        if sender == self.leader:
            self.silence_timer.cancel()
