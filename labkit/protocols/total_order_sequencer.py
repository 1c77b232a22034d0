"""Total-order broadcast by a fixed sequencer: one process numbers all messages.

Xavier Défago, André Schiper and Péter Urbán, "Total Order Broadcast and Multicast Algorithms: Taxonomy and Survey", ACM
Computing Surveys 36(4), 2004: fixed sequencer, the variant unicast-broadcast. A sequencer that fails is not replaced
here: to elect one, and to agree on what it had numbered, is what consensus is for. Nothing may be lost.
"""

from labkit import Message, Node, on


class Say(Message):
    """A client asks its process to broadcast a text."""

    text: str


class Said(Message):
    """The answer to a Say: it is under way."""


class Submitted(Message):
    """A text on its way to the sequencer."""

    text: str


class Sequenced(Message):
    """From the sequencer to all: the message with this number, whose it is, and what it says."""

    number: int
    origin: str
    text: str


class Process(Node):
    """A member of the group; the first by name is the sequencer. `delivered` is what it has delivered, in order."""

    def start(self):
        self.delivered = []
        self.delayed = {}  # number -> message that came before its turn
        self.numbered = 0  # of the sequencer: the number that it gave last

    def sequencer(self):
        return min(self.id, *self.peers)

    @on(Say)
    def say(self, msg, sender):
        """To broadcast, a sender sends its message to the sequencer."""
        self.send(self.sequencer(), Submitted(text=msg.text))
        return Said()

    @on(Submitted)
    def sequence(self, msg, sender):
        """The sequencer gives the message the next number, and relays it to all, itself included."""
        self.numbered += 1
        message = Sequenced(number=self.numbered, origin=sender, text=msg.text)
        self.broadcast(message)
        self.take(message, self.id)

    @on(Sequenced)
    def take(self, msg, sender):
        """A destination delivers in the order of the numbers, without gaps."""
        self.delayed = self.delayed | {msg.number: msg}
        while (turn := len(self.delivered) + 1) in self.delayed:
            self.delivered = [*self.delivered, self.delayed[turn]]
            self.delayed = {number: message for number, message in self.delayed.items() if number != turn}
