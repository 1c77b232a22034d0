"""The simulated network between the programs: latency, partitions, and a journal of every message.

As in Maelstrom, a message to or from a client takes no time (a client stands beside its node), and a partition is
between nodes only: clients and services reach everybody. Delay and loss are decided by named streams of random numbers,
but the run is in real time, so no two runs are alike.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Any

from labkit.maelstrom.protocol import Body, Message

DISTRIBUTIONS = ("constant", "uniform", "exponential")
Receiver = Callable[[Message], None]


def is_client(id: str) -> bool:
    return id.startswith("c")


class Counts:
    """How many messages were sent and received."""

    def __init__(self) -> None:
        self.sent = self.received = 0

    def as_dict(self) -> dict[str, int]:
        return {"sent": self.sent, "received": self.received}


class Network:
    """Routes messages between ids. `latency` is the mean in seconds; `clock()` gives the seconds since the start."""

    def __init__(
        self,
        *,
        latency: float,
        distribution: str,
        draw: random.Random,
        clock: Callable[[], float],
        journal: Callable[[dict[str, Any]], None],
    ):
        self.latency, self.distribution, self.clock, self._journal = latency, distribution, clock, journal
        self.everything, self.clients, self.servers = Counts(), Counts(), Counts()
        self.dropped = 0
        self.blocked: dict[str, frozenset[str]] = {}  # receiver -> from whom it hears nothing
        self._draw = draw
        self._receivers: dict[str, Receiver] = {}
        self._gone: set[str] = set()
        self._next = 0
        self._closed = False

    def join(self, id: str, receiver: Receiver) -> None:
        self._receivers[id] = receiver

    def leave(self, id: str) -> None:
        """Messages to it are lost from now on, without a word."""
        self._receivers.pop(id, None)
        self._gone.add(id)

    def knows(self, id: str) -> bool:
        return id in self._receivers or id in self._gone

    @property
    def ids(self) -> list[str]:
        return list(self._receivers)

    def send(self, src: str, dest: str, body: Body) -> None:
        """Put a message on its way. `dest` must be known."""
        message = Message(self._next, src, dest, body)
        self._next += 1
        self.everything.sent += 1
        (self.clients if is_client(src) or is_client(dest) else self.servers).sent += 1
        self._journal({"time": self.clock(), "event": "send", **message._asdict()})
        delay = self._delay(src, dest)
        loop = asyncio.get_running_loop()
        if delay > 0:
            loop.call_later(delay, self._deliver, message)
        else:
            loop.call_soon(self._deliver, message)

    def close(self) -> None:
        """Deliver nothing any more."""
        self._closed = True

    def partition(self, groups: Iterable[Iterable[str]]) -> None:
        """Only nodes that share a group reach each other."""
        groups = [frozenset(group) for group in groups]
        nodes = frozenset().union(*groups)
        self.blocked = {
            node: nodes - frozenset().union(*(group for group in groups if node in group)) for node in sorted(nodes)
        }

    def heal(self) -> None:
        self.blocked = {}

    def _delay(self, src: str, dest: str) -> float:
        if not self.latency or is_client(src) or is_client(dest):
            return 0.0
        if self.distribution == "uniform":
            return self._draw.uniform(0, 2 * self.latency)
        if self.distribution == "exponential":
            return self._draw.expovariate(1 / self.latency)
        return self.latency

    def _deliver(self, message: Message) -> None:
        if self._closed:
            return
        why = None
        if message.src in self.blocked.get(message.dest, ()):
            why = "partition"
        elif (receiver := self._receivers.get(message.dest)) is None:
            why = "gone"
        if why:
            self.dropped += 1
            self._journal({"time": self.clock(), "event": "drop", "id": message.id, "why": why})
            return
        self.everything.received += 1
        (self.clients if is_client(message.src) or is_client(message.dest) else self.servers).received += 1
        self._journal({"time": self.clock(), "event": "receive", "id": message.id})
        receiver(message)  # type: ignore[misc]
