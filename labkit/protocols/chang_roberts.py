"""Election in a ring of one direction: the highest number comes home.

Ernest Chang and Rosemary Roberts, "An Improved Algorithm for Decentralized Extrema-Finding in Circular Configurations
of Processes", Communications of the ACM 22(5), 1979. The paper assumes a ring that loses nothing and of which no
process fails during the election. If all begin at once, numbers travel n·H(n) steps on average over all orders of the
ring, and n(n+1)/2 at worst; n more tell everybody who was elected.
"""

from labkit import Message, on
from labkit.protocols.ring import RingNode


class Election(Message):
    """Somebody with this number stands."""

    number: int


class Elected(Message):
    """This number was elected."""

    number: int


class ChangRoberts(RingNode):
    """A process of the ring. It knows its own number and its right neighbour, and not how many there are."""

    WAIT = 0.0  # seconds until it stands by itself; None: only when another does

    def start(self):
        super().start()
        self.participant = False
        if self.WAIT is not None:
            self.after(self.WAIT, self.stand)

    def stand(self):
        """A process that wants an election sends its own number around."""
        if not self.participant:
            self.participant, self.role = True, "candidate"
            self.send(self.right, Election(number=self.number))

    @on(Election)
    def election(self, msg, sender):
        """A higher number is passed on, a lower one is not (its sender stands in vain; but I stand); and whose own
        number comes home has the highest."""
        if msg.number > self.number:
            self.participant, self.role = True, "follower"
            self.send(self.right, msg)
        elif msg.number < self.number:
            self.stand()
        else:
            self.won()
            self.send(self.right, Elected(number=self.number))

    @on(Elected)
    def elected(self, msg, sender):
        """The news goes round once."""
        self.participant = False
        if msg.number != self.number:
            self.role, self.leader = "follower", msg.number
            self.send(self.right, msg)
