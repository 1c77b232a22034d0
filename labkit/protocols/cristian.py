"""Reading a remote clock: Cristian's algorithm.

Flaviu Cristian, "Probabilistic Clock Synchronization", Distributed Computing 3(3), 1989, sections 3 and 4. Clocks are
taken to run at the same rate while a reading lasts (in the paper's words: the terms in rho are left out).
"""

from labkit import Message, Node, on


class TimeRequest(Message):
    """("time = ?")"""

    number: int


class TimeReply(Message):
    """("time = ", T)"""

    number: int
    time: float


class Server(Node):
    """Q, whose clock is to be read."""

    WORK = 0.0  # seconds between a request and its answer

    @on(TimeRequest)
    def time_request(self, msg, sender):
        """Q answers with what its clock shows as the answer leaves."""
        self.after(self.WORK, self.reply, sender, msg.number)

    def reply(self, sender, number):
        self.send(sender, TimeReply(number=number, time=self.now))


class Client(Node):
    """P, who reads Q's clock: `offset` is how far Q's is ahead of its own, give or take `error`; seconds, or None."""

    SERVER = "n1"
    MIN = 0.0  # seconds: no message takes less
    ENOUGH = None  # U: a reading counts if half its round trip is at most this long; None: every reading counts
    BETWEEN = 0.5  # W: seconds between two attempts

    def start(self):
        self.offset = self.error = None
        self.attempts = 0
        self._sent = {}
        self.attempt()
        self.every(self.BETWEEN, self.attempt)

    def attempt(self):
        """P sends ("time = ?") and notes when, by its own clock."""
        self.attempts += 1
        self._sent[self.attempts] = self.now
        self.send(self.SERVER, TimeRequest(number=self.attempts))

    @on(TimeReply)
    def time_reply(self, msg, sender):
        """Section 3: the round trip took 2D. The answer was under way for at least min, and for at most 2D - min; so
        Q's clock now shows something between T + min and T + 2D - min. The best guess is the middle, T + D: it is wrong
        by at most D - min, and no other guess can promise less."""
        sent = self._sent.pop(msg.number, None)
        if sent is None:
            return
        d = (self.now - sent) / 2
        if self.ENOUGH is None or d <= self.ENOUGH:
            self.rapport(msg.time + d - self.now, d - self.MIN)

    def rapport(self, offset, error):
        """Section 4: a reading that is precise enough."""
        self.offset, self.error = offset, error

    def time(self):
        """What Q's clock shows now, as far as P can tell."""
        return self.now + (self.offset or 0.0)
