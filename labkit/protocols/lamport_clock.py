"""Lamport clocks: a number for each event that never contradicts "happened before".

Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", Communications of the ACM 21(7),
1978.
"""

from labkit import Message, Node, on


class Stamped(Message):
    """A message that "contains a timestamp Tm": the sender's clock as it was sent."""

    time: int
    text: str


class Process(Node):
    """A process with a logical clock, `time`. Subclass it, and say what it does in `started` and `received`."""

    def start(self):
        self.time = 0
        self.started()

    def tick(self):
        """IR1: "Each process Pi increments Ci between any two successive events"."""
        self.time += 1

    def post(self, to, text):
        """IR2 (a): "If event a is the sending of a message m by process Pi, then the message m contains a timestamp
        Tm = Ci(a)"."""
        self.tick()
        self.send(to, Stamped(time=self.time, text=text))

    @on(Stamped)
    def take(self, msg, sender):
        """IR2 (b): "Upon receiving a message m, process Pj sets Cj greater than or equal to its present value and
        greater than Tm"."""
        self.time = max(self.time, msg.time)
        self.tick()
        self.received(msg, sender)

    def stamp(self):
        """The total order of all events: by clock, and where clocks agree by an arbitrary order of the processes."""
        return self.time, self.id

    def started(self):
        """What the process does at boot."""

    def received(self, msg, sender):
        """What the process does with a message."""
