"""Channels that keep the order of what is sent through them, over links that do not.

What many papers simply assume ("messages are received in the order in which they were sent"): each message has its
number in its channel, and what comes too early is held back. Nothing may be lost.
"""

from labkit import Node


class Fifo(Node):
    """A node whose messages have a field `number`. It asks `number(to)` for the number of each message that it sends,
    and takes what `in_order(msg, sender)` gives, in that order."""

    def start(self):
        self._sent = {}  # receiver -> how many were sent
        self._taken = {}  # sender -> how many were taken
        self._early = {}  # sender -> those that came before their turn

    def number(self, to):
        """The number of the next message to `to`: 1, 2, 3, ..."""
        self._sent[to] = self._sent.get(to, 0) + 1
        return self._sent[to]

    def in_order(self, msg, sender):
        """The messages whose turn it is, now that `msg` has come. A copy of one that was taken is dropped."""
        early = self._early.setdefault(sender, {})
        if msg.number > self._taken.get(sender, 0):
            early[msg.number] = msg
        ready = []
        while (turn := self._taken.get(sender, 0) + 1) in early:
            ready.append(early.pop(turn))
            self._taken[sender] = turn
        return ready
