"""Causal broadcast with vector clocks, and a shared memory on top of it.

Kenneth Birman, André Schiper and Pat Stephenson, "Lightweight Causal and Atomic Group Multicast", ACM TOCS 9(3), 1991,
section 5.1 (the protocol CBCAST with a vector clock VT); vector clocks are Colin Fidge's and Friedemann Mattern's,
1988. The memory is that of Mustaque Ahamad, Gil Neiger, James Burns, Prince Kohli and Phillip Hutto, "Causal Memory:
Definitions, Implementation, and Programming", Distributed Computing 9(1), 1995. The paper's channels lose nothing and
its processes do not come back; here, what was delivered is on stable storage, and gaps are asked for.
"""

from labkit import Message, Node, on


class Read(Message):
    """A client reads a location of this process's memory."""

    key: str


class Write(Message):
    """A client writes a location."""

    key: str
    value: str


class Value(Message):
    """The answer to a Read."""

    value: str | None


class Written(Message):
    """The answer to a Write."""


class Multicast(Message):
    """A message to the whole group: whose, when (`vt`, the vector time of its sending), and what."""

    origin: str
    vt: dict[str, int]
    key: str
    value: str


class Have(Message):
    """How much of whom this process has delivered. Who has more sends it."""

    vt: dict[str, int]


class Process(Node):
    """A member of the group. `vt[p]` counts the messages of p that it has delivered."""

    GOSSIP = 0.1  # seconds

    def start(self):
        """On boot: all that was delivered is on stable storage."""
        self.delivered = []
        self.vt = dict.fromkeys(sorted([self.id, *self.peers]), 0)
        self.store = {}
        self.delayed = []  # received, but not to be delivered yet
        for message in self.disk.get("delivered", []):
            self.hand_over(message)
        self.every(self.GOSSIP, self.gossip)

    # --- sending (section 5.1, rule 1)

    @on(Write)
    def write(self, msg, sender):
        """Rule 1: "Before sending m, process p_i increments VT(p_i)[i] and timestamps m". Its own message a process
        delivers at once."""
        message = Multicast(origin=self.id, vt=self.timestamp(), key=msg.key, value=msg.value)
        self.deliver(message)
        self.broadcast(message)
        return Written()

    def timestamp(self):
        return self.vt | {self.id: self.vt[self.id] + 1}

    @on(Read)
    def read(self, msg, sender):
        """A read asks nobody: that is what a weaker model buys."""
        return Value(value=self.store.get(msg.key))

    # --- receiving (rule 2)

    @on(Multicast)
    def receive_multicast(self, msg, sender):
        """Rule 2: delay the message until it is the next one of its sender, and everything that its sender had
        delivered before is delivered here too. One that was delivered already is dropped."""
        if self.is_new(msg):
            self.delayed = [*self.delayed, msg]
            self.deliver_what_can_be()

    def is_new(self, message):
        return message.vt[message.origin] > self.vt[message.origin] and message not in self.delayed

    def can_be_delivered(self, message):
        """Rule 2: VT(m)[k] = VT(p_j)[k] + 1 for its sender k, and VT(m)[k] <= VT(p_j)[k] for all others."""
        return all(
            count == self.vt[process] + 1 if process == message.origin else count <= self.vt[process]
            for process, count in message.vt.items()
        )

    def deliver_what_can_be(self):
        """Each delivery may allow others."""
        while ready := [message for message in self.delayed if self.can_be_delivered(message)]:
            self.deliver(ready[0])
            self.delayed = [message for message in self.delayed if message is not ready[0] and self.is_later(message)]

    def is_later(self, message):
        return message.vt[message.origin] > self.vt[message.origin]

    def deliver(self, message):
        """Rule 3: VT(p_j)[k] = max(VT(p_j)[k], VT(m)[k]). It is on stable storage before anybody can hear of it."""
        self.hand_over(message)
        self.disk["delivered"] = self.delivered

    def hand_over(self, message):
        self.vt = self.merged(message)
        self.delivered = [*self.delivered, message]
        self.store = self.store | {message.key: message.value}

    def merged(self, message):
        return {process: max(count, message.vt.get(process, 0)) for process, count in self.vt.items()}

    # --- what got lost

    def gossip(self):
        self.broadcast(Have(vt=self.vt))

    @on(Have)
    def have(self, msg, sender):
        """Send what the other lacks, in the order in which it was delivered here."""
        for message in self.delivered:
            if message.vt[message.origin] > msg.vt.get(message.origin, 0):
                self.send(sender, message)
