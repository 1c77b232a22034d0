"""Election in a ring of nodes that are all alike: they throw dice until one is the highest.

Alon Itai and Michael Rodeh, "Symmetry Breaking in Distributed Networks", Information and Computation 88(1), 1990 (first
at FOCS 1981), section 4, as told by Wan Fokkink and Jun Pang, "Variations on Itai-Rodeh Leader Election for Anonymous
Rings and Their Analysis in PRISM", Journal of Universal Computer Science 12(8), 2006, section 3. Nobody has a number of
its own, but all know n. Dana Angluin ("Local and Global Properties in Networks of Processors", STOC 1980) proved that
without dice it cannot be done.
"""

from labkit import Message, on
from labkit.protocols.ring import RingNode


class Token(Message):
    """A number thrown in a round, on its way around: how many steps it has gone, and whether it is the only one."""

    round: int
    number: int
    hops: int
    alone: bool


class ItaiRodeh(RingNode):
    """A process without a name. It is active until it meets a higher throw, and passive from then on."""

    def start(self):
        super().start()
        self.size = len(self.peers) + 1
        self.round = 0
        self.after(0.0, self.throw)

    def die(self):
        return self.random.randint(1, self.size)

    def throw(self):
        """A new round: throw, and send what was thrown around."""
        self.role = "candidate"
        self.round += 1
        self.number = self.die()
        self.send(self.right, Token(round=self.round, number=self.number, hops=1, alone=True))

    @on(Token)
    def token(self, msg, sender):
        """Mine has come home if it has gone n steps. A higher one makes me passive, an equal one is not alone, a lower
        one goes no further."""
        thrown, mine = (msg.round, msg.number), (self.round, self.number)
        if self.role != "candidate":
            self.pass_on(msg)
        elif msg.hops == self.size:
            if msg.alone:
                self.won()
            else:
                self.throw()
        elif thrown == mine:
            self.pass_on(msg, alone=False)
        elif thrown > mine:
            self.role = "follower"
            self.pass_on(msg)

    def pass_on(self, msg, alone=True):
        self.send(self.right, Token(round=msg.round, number=msg.number, hops=msg.hops + 1, alone=msg.alone and alone))
