"""Timetables: when each message arrives, as data, followed exactly.

A run without one pays nothing for it. Under one, all sends take the way of disturbed links
(`labkit.engine.links`), and either its list says when each message arrives, or priorities decide among all that are
on their way.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from labkit.engine.latency import check
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.network import Flight, Network


class Delivery(NamedTuple):
    """The `number`th message of a kind (its class's name) from one to the other arrives so many seconds after it was
    sent. Two deliveries of the same message: it was doubled on its way."""

    sender: str
    receiver: str
    kind: str
    number: int
    seconds: float

    @property
    def message(self) -> tuple[str, str, str, int]:
        return self[:4]

    def __repr__(self) -> str:
        return repr(tuple(self))


class Timetable:
    """When messages arrive: those in `deliveries` as they say; all others after `rest` seconds, or never if that is
    None. Never, as far as a run can tell, is late: nobody knows how long a message may take.

    `print(timetable)` gives Python to paste, `to_json` a text to keep. Raises LabkitError where the values make
    none.
    """

    __slots__ = ("deliveries", "rest")

    def __init__(self, deliveries: Iterable[Any] = (), rest: float | None = 0.01):
        self.deliveries = tuple(_delivery(entry) for entry in deliveries)
        if rest is not None:
            check(rest, "rest")
        self.rest = rest

    def __repr__(self) -> str:
        lines = "".join(f"    {delivery!r},\n" for delivery in self.deliveries)
        return f"Timetable([\n{lines}], rest={self.rest!r})" if lines else f"Timetable(rest={self.rest!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timetable) and (self.deliveries, self.rest) == (other.deliveries, other.rest)

    def __hash__(self) -> int:
        return hash((self.deliveries, self.rest))

    def to_json(self) -> str:
        return json.dumps({"deliveries": self.deliveries, "rest": self.rest})

    def steer(self, network: Network) -> Steering:
        return Steering(network, self)


class Priorities:
    """Priorities decide which message arrives next, as in probabilistic concurrency testing (Burckhardt, Kothari,
    Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).

    Each channel (a sender and a receiver) has a priority of its own, drawn from `seed`. Every `step` virtual seconds
    the oldest message of the highest channel that has one arrives. At the deliveries whose numbers are in `changes`,
    the channel whose turn it would be falls below all others. What is due within a channel stays in order.
    """

    __slots__ = ("changes", "seed", "step")

    def __init__(self, seed: int, changes: Iterable[int] = (), step: float = 0.001):
        self.seed, self.changes, self.step = seed, tuple(changes), step
        if not all(isinstance(change, int) and change > 0 for change in self.changes):
            raise LabkitError(f"changes={self.changes}: give the numbers of deliveries, from 1 on")
        check(step, "step")

    def __repr__(self) -> str:
        return f"Priorities(seed={self.seed!r}, changes={self.changes!r}, step={self.step!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Priorities) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def to_json(self) -> str:
        return json.dumps({"priorities": self.seed, "changes": self.changes, "step": self.step})

    def steer(self, network: Network) -> Pool:
        return Pool(network, self)


def from_json(text: str) -> Timetable | Priorities:
    """What `to_json` wrote. Raises LabkitError if the text is something else."""
    try:
        data = json.loads(text)
        if "priorities" in data:
            return Priorities(data["priorities"], data["changes"], data["step"])
        return Timetable(data["deliveries"], data["rest"])
    except (ValueError, TypeError, KeyError) as error:
        raise LabkitError(f"this is no timetable in JSON: {error!r}") from error


def _delivery(entry: Any) -> Delivery:
    try:
        delivery = Delivery(*entry)
        check(delivery.seconds, "seconds")
        named = all(isinstance(name, str) for name in delivery[:3])
        if not (named and isinstance(delivery.number, int) and delivery.number > 0):
            raise TypeError
    except TypeError:
        raise LabkitError(
            f"{entry!r} is no delivery: give (sender, receiver, kind of message, its number, seconds), "
            "as in ('n1', 'n2', 'Vote', 1, 0.01)"
        ) from None
    return delivery


class Steering:
    """Follows a list of deliveries. It is asked about every send, in place of the links' own troubles; partitions and
    cuts still stop what it lets pass."""

    def __init__(self, network: Network, timetable: Timetable):
        self._network, self._rest = network, timetable.rest
        self._sent: dict[tuple[str, str, str], int] = {}
        self._arrivals: dict[tuple[str, str, str, int], list[float]] = {}
        for delivery in timetable.deliveries:
            self._arrivals.setdefault(delivery.message, []).append(delivery.seconds)
        network.links.steered = self.send

    def send(self, flight: Flight) -> None:
        id, src, target, message, call, reply = flight
        network, to = self._network, target.id
        now, heap = network.loop.now, network.loop.heap
        channel = (src, to, type(message).__name__)
        self._sent[channel] = number = self._sent.get(channel, 0) + 1
        after = self._arrivals.get((*channel, number), [] if self._rest is None else [self._rest])
        due = now + after[0] if after else None
        network.record((now, "send", src, to, id, due, message))
        why = network.links.obstacle(src, to)
        if why:
            network._drop(flight, why)
            return
        for place, seconds in enumerate(after):
            if place:
                network.loop._count = id = network.loop._count + 1
                network.record((now, "duplicate", src, to, id, now + seconds, message))
            flight = (id, src, target, network.another(message), call, reply)
            heappush(heap, (now + seconds, id, network._deliver, flight))


class Pool:
    """Follows priorities. What is due goes into the pool; from there, one message after the other arrives."""

    def __init__(self, network: Network, priorities: Priorities):
        self._network, self._step = network, priorities.step
        self._seed, self._changes = priorities.seed, frozenset(priorities.changes)
        self._rank: dict[tuple[str, str], float] = {}  # the lowest comes first
        self._waiting: list[tuple[float, int, Flight]] = []
        self._arrived, self._fallen = 0, 0
        self._next = 0.0  # when the next message may arrive
        self._pumping = False
        self._hand_over = network._deliver
        machines: Any = network
        machines._deliver = self.arrive

    def _ranked(self, flight: Flight) -> tuple[float, int, Flight]:
        channel = (flight[1], flight[2].id)
        if channel not in self._rank:
            self._rank[channel] = random.Random(f"{self._seed}/priority/{channel[0]}/{channel[1]}").random()
        return self._rank[channel], flight[0], flight

    def arrive(self, flight: Flight) -> None:
        heappush(self._waiting, self._ranked(flight))
        if not self._pumping:
            self._pumping = True
            loop = self._network.loop
            loop.push(max(loop.now, self._next), self.pump, None)

    def pump(self, argument: None) -> None:
        loop = self._network.loop
        self._arrived += 1
        if self._arrived in self._changes:
            _, _, flight = self._waiting[0]
            self._fallen += 1
            self._rank[flight[1], flight[2].id] = float(self._fallen)
            self._waiting = [self._ranked(flight) for _, _, flight in self._waiting]
            self._waiting.sort()
        _, _, flight = heappop(self._waiting)
        self._next = loop.now + self._step
        if self._waiting:
            loop.push(self._next, self.pump, None)
        else:
            self._pumping = False
        self._hand_over(flight)
