"""Election in a ring of two directions, with at most 8n(1 + ceil(log2 n)) messages.

Daniel Hirschberg and James Sinclair, "Decentralized Extrema-Finding in Circular Configurations of Processors",
Communications of the ACM 23(11), 1980. The paper assumes a ring that loses nothing and in which no processor fails. A
candidate asks first its neighbours, then those at distance 2, 4, 8, and so on: who is the highest within 2^k to both
sides goes on to the next phase, and within any 2^k neighbours there is one such at most.
"""

from labkit import Message, on
from labkit.protocols.ring import RingNode


class From(Message):
    """A candidate's number on its way out: `hops` so far, of at most `furthest`."""

    number: int
    hops: int
    furthest: int


class Reply(Message):
    """On its way home: `ok`, nobody up to the furthest has a higher number; or somebody has."""

    number: int
    ok: bool


class Elected(Message):
    """This number was elected."""

    number: int


class HirschbergSinclair(RingNode):
    """A processor of the ring. It knows its own number and its two neighbours, and not how many there are."""

    def start(self):
        super().start()
        self.furthest = 1
        self.replies = []
        self.role = "candidate"
        self.after(0.0, self.run_for_election)

    def run_for_election(self):
        """ "sendboth": ask to both sides, up to the furthest."""
        self.replies = []
        for side in (self.left, self.right):
            self.send(side, From(number=self.number, hops=1, furthest=self.furthest))

    def pass_on(self, msg, sender):
        """ "sendpass": the message goes on in its direction."""
        self.send(self.left if sender == self.right else self.right, msg)

    @on(From)
    def receive_from(self, msg, sender):
        """A lower number is sent home with a "no". A higher one makes me lose, and goes on, or home with an "ok" from
        the furthest. My own has gone all around: I have won."""
        if msg.number < self.number:
            self.send(sender, Reply(number=msg.number, ok=False))
        elif msg.number > self.number:
            self.role = "follower"
            if msg.hops < msg.furthest:
                self.pass_on(From(number=msg.number, hops=msg.hops + 1, furthest=msg.furthest), sender)
            else:
                self.send(sender, Reply(number=msg.number, ok=True))
        elif self.role != "leader":  # it comes from both sides
            self.won()
            self.send(self.right, Elected(number=self.number))

    @on(Reply)
    def receive_reply(self, msg, sender):
        """Two "ok": on to the next phase, twice as far."""
        if msg.number != self.number:
            self.pass_on(msg, sender)
            return
        self.replies = [*self.replies, msg.ok]
        if not msg.ok:
            self.role = "follower"
        elif self.role == "candidate" and self.replies == [True, True]:
            self.furthest *= 2
            self.run_for_election()

    @on(Elected)
    def elected(self, msg, sender):
        """The news goes round once (the paper leaves it out)."""
        if msg.number != self.number:
            self.role, self.leader = "follower", msg.number
            self.send(self.right, msg)
