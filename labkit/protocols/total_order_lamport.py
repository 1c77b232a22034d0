"""Total-order broadcast by Lamport timestamps and acknowledgements: nobody is in charge.

Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", Communications of the ACM 21(7),
1978: the rules of its mutual exclusion algorithm, with "deliver" for "is granted the resource", and acknowledgements to
all. As in the paper, channels keep their order, nothing is lost, and a process that stops, stops all.
"""

from labkit import Message, on
from labkit.protocols.fifo import Fifo


class Say(Message):
    """A client asks its process to broadcast a text."""

    text: str


class Said(Message):
    """The answer to a Say: it is under way."""


class Multicast(Message):
    """A text with its timestamp."""

    number: int  # of the channel
    time: int
    text: str


class Acknowledge(Message):
    """ "A (timestamped) acknowledgment message": I have got something, and my clock is beyond it."""

    number: int
    time: int


class Process(Fifo):
    """A member of the group. `queue` holds what is not delivered yet, as (time, origin, text)."""

    def start(self):
        super().start()
        self.time = 0
        self.queue = []
        self.heard = dict.fromkeys(self.peers, 0)  # the latest timestamp from each
        self.delivered = []

    @on(Say)
    def say(self, msg, sender):
        """Rule 1: "sends the message Tm:Pi to every other process, and puts that message on its request queue"."""
        self.time += 1
        for peer in self.peers:
            self.send(peer, Multicast(number=self.number(peer), time=self.time, text=msg.text))
        self.queue = sorted([*self.queue, (self.time, self.id, msg.text)])
        self.deliver_what_can_be()
        return Said()

    @on(Multicast, Acknowledge)
    def take(self, msg, sender):
        for message in self.in_order(msg, sender):
            self.take_next(message, sender)

    def take_next(self, msg, sender):
        """Rule 2: "places it on its request queue and sends a (timestamped) acknowledgment message"."""
        self.time = max(self.time, msg.time) + 1
        self.heard = self.heard | {sender: msg.time}
        if isinstance(msg, Multicast):
            self.queue = sorted([*self.queue, (msg.time, sender, msg.text)])
            self.time += 1
            for peer in self.peers:
                self.send(peer, Acknowledge(number=self.number(peer), time=self.time))
        self.deliver_what_can_be()

    def deliver_what_can_be(self):
        """Rule 5: the first in the queue by the total order, once a message "from every other process timestamped later
        than Tm" has come: what they send from now on comes after it."""
        while self.queue and self.is_stable(self.queue[0]):
            self.delivered = [*self.delivered, self.queue[0]]
            self.queue = self.queue[1:]

    def is_stable(self, message):
        time, origin, _ = message
        return all((heard, peer) > (time, origin) for peer, heard in self.heard.items() if peer != origin)
