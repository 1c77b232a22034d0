"""What can be done to one message on its way: drop it, deliver it now, delay it, double it.

A message is named by who sent it, who gets it, its kind, and its place among those of that name that are on their way
at that moment, in the order in which they were sent. So the name may still fit when the faults before it change, and a
run without such a fault counts nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from labkit.engine.faults import Fault
    from labkit.engine.links import Link
    from labkit.engine.network import Flight, Network


class UnderWay(NamedTuple):
    """A message on its way: on the heap as `entry`, or held by a clogged `link`."""

    sender: str
    receiver: str
    kind: str
    number: int  # among those of this kind between the two: 1 is the one that was sent first
    flight: Flight
    entry: Any
    link: Link | None

    @property
    def id(self) -> int:
        return self.flight[0]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} from {self.sender} to {self.receiver}"


def under_way(network: Network) -> list[UnderWay]:
    """The messages on their way, in the order in which they were sent; not those that wait at a node."""
    found: list[tuple[Flight, Any, Link | None]] = [
        (entry[3], entry, None) for entry in network.loop.heap if isinstance(entry[3], tuple) and len(entry[3]) == 6
    ]
    found += [(flight, None, link) for link in network.links for flight in link.held]
    found.sort(key=lambda one: one[0][0])
    count: dict[tuple[str, str, str], int] = {}
    named = []
    for flight, entry, link in found:
        channel = (flight[1], flight[2].id, type(flight[3]).__name__)
        count[channel] = number = count.get(channel, 0) + 1
        named.append(UnderWay(*channel, number, flight, entry, link))
    return named


def meant(network: Network, sender: str, receiver: str, kind: str | None = None, number: int = 1) -> UnderWay | None:
    """The message that is named so, or None if it is not on its way. Without a kind, all kinds count."""
    which = 0
    for one in under_way(network):
        if one[:2] == (sender, receiver) and kind in (None, one.kind):
            which += 1
            if which == number:
                return one
    return None


def strike(network: Network, fault: Fault) -> None:
    """Do to a message what a fault says. If it is not on its way, nothing happens."""
    one = meant(network, *fault.args)
    if one is None:
        return
    now, flight = network.now, one.flight
    planned = now if one.entry is None else max(one.entry[0], now)
    arrive: Callable[[Flight], None] = network.arrive_past_clog if one.entry is None else one.entry[2]
    if fault.action == "duplicate":
        seconds = fault.options.get("seconds")
        due = planned if seconds is None else now + seconds
        network.loop._count = copy = network.loop._count + 1
        _, src, target, message, call, reply = flight
        flight = (copy, src, target, network.another(message), call, reply)
        network.record((now, "duplicate", one.sender, one.receiver, copy, due, network.another(message)))
        if one.link is not None and seconds is None:
            one.link.held.append(flight)
        else:
            network.loop.push(due, arrive, flight)
        return
    if one.link is not None:
        one.link.held.remove(flight)
    else:
        network.loop.heap.remove(one.entry)
        heapify(network.loop.heap)
    if fault.action == "drop":
        network._drop(flight, "fault")
        return
    due = now if fault.action == "deliver" else planned + fault.options["seconds"]
    network.record((now, "retime", one.receiver, one.sender, one.id, due, fault.action))
    network.loop.push(due, arrive, flight)
