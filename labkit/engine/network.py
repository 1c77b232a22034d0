"""The network: links with latency, loss, duplication, reordering and cuts, between machines that may be down.

Every choice comes from a stream of its own, drawn from the run's seed: each sender's latencies, and each disturbed
link's losses. So to add a fault to one link changes nobody else's luck.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from heapq import heappush
from typing import Any

from labkit.engine.disk import Store
from labkit.engine.loop import VirtualLoop
from labkit.engine.process import CALLS, Clock, Process
from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.engine.world import Event, Runs, Send
from labkit.errors import HandlerError, LabkitError, UnknownNode
from labkit.message import by_value, is_flat

Latency = float | tuple[float, float]  # constant, or uniform between two bounds; virtual seconds
DEFAULT_LATENCY: Latency = (0.005, 0.025)
SETTINGS = ("latency", "loss", "duplicate", "reorder", "cut")


class Machine:
    """The place of a node in the cluster. Its disk and its clock outlive its processes."""

    def __init__(
        self,
        id: str,
        peers: tuple[str, ...],
        reach: frozenset[str] | None,
        is_client: bool,
        take: Callable[[Flight], None],
    ):
        self.id, self.peers, self.is_client = id, peers, is_client
        self.take = take  # what a flight to it does when it arrives
        self.reach = reach  # whom it has a link to; None: everybody
        self.process: Runs | None = None
        self.boots = 0
        self.store = Store()
        self.clock = Clock()
        self.links: dict[str, Link] = {}  # to whom; only those that are, or were, disturbed
        self.disturbed = False  # whether any link from or to it may be cut, partitioned or unlike the rest


Flight = tuple[int, str, Machine, Any, int | None, int | None]  # id, sender, receiver, message, call, reply


class Link:
    """One direction of a link that is not, or was not always, like the rest."""

    def __init__(self, draw: random.Random):
        self.draw = draw
        self.latency: Latency | None = None
        self.loss = self.duplicate = self.reorder = 0.0
        self.cut = False


def check_settings(settings: dict[str, Any]) -> None:
    """Raises LabkitError if a link setting is unknown or out of range."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise LabkitError(f"a link has no setting {name!r}; it has {', '.join(SETTINGS)}")
        if name == "latency" and value is None:
            continue  # like the rest again
        if name == "latency":
            low, high = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
            if not (isinstance(low, int | float) and isinstance(high, int | float) and 0 <= low <= high):
                raise LabkitError(f"latency={value!r}: give a number of seconds, or a pair (shortest, longest)")
        elif name == "cut":
            if not isinstance(value, bool):
                raise LabkitError(f"cut={value!r}: give True or False")
        elif not (isinstance(value, int | float) and 0 <= value <= 1):
            raise LabkitError(f"{name}={value!r}: give a probability between 0 and 1")


class Network:
    """The world of the processes of one cluster (see `labkit.engine.world`)."""

    def __init__(self, seed: int, latency: Latency, loop: VirtualLoop, trace: Trace | None):
        check_settings({"latency": latency})
        self.seed, self.loop, self.latency = seed, loop, latency
        self.traced = trace is not None
        self.record: Callable[[Event], None] = trace.record if trace is not None else lambda event: None
        self.machines: dict[str, Machine] = {}
        self.on_failure: Callable[[Runs], None] = lambda process: None
        self._sides: dict[str, int] = {}  # which side of the partition each node is on
        self._everywhere: dict[str, Any] = {}  # settings that hold for every link

    def add(
        self, id: str, peers: tuple[str, ...], reach: frozenset[str] | None = None, is_client: bool = False
    ) -> Machine:
        """A new machine, that nothing runs on yet."""
        machine = self.machines[id] = Machine(id, peers, reach, is_client, self._deliver)
        return machine

    # --- the world of a process

    @property
    def now(self) -> float:
        return self.loop.now

    @property
    def wake(self) -> Callable[[float, Callable[[Any], Any], Any], Any]:
        return self.loop.push

    def store(self, process: Runs, key: Any, value: Any, deleted: bool) -> None:
        self.machines[process.id].store.pending.append((key, value, deleted))

    def sync(self, process: Runs) -> None:
        changed = self.machines[process.id].store.sync()
        if changed and self.traced:
            self.record((self.loop.now, "disk", process.id, None, None, None, plain(changed)))

    def failed(self, process: Runs, error: BaseException) -> None:
        self.on_failure(process)

    def sender(self, process: Any, by_value: Callable[[Any], Any] = by_value) -> Send:
        """The `send` of one process. `by_value` copies a message, and refuses what is none."""
        src, loop, record, machines = process.id, self.loop, self.record, self.machines
        machine, heap, traced = machines[src], loop.heap, self.traced
        reach, draw = machine.reach, self.stream(f"latency/{src}/{machine.boots}").random
        low, high = self.latency if isinstance(self.latency, tuple | list) else (self.latency, self.latency)
        span = high - low

        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            target = machines.get(to)
            if target is None or (reach is not None and to not in reach and not target.is_client):
                raise self._unreachable(src, to)
            if not is_flat[type(message)](message):
                message = by_value(message)
            if call is not None and not (type(call) is int and call > CALLS):
                raise HandlerError(f"send takes who gets it and the message: what is {call!r} for?")
            now = loop.now
            due = now + low + span * draw()
            loop._count = id = loop._count + 1
            flight = (id, src, target, message, call, reply)
            if machine.disturbed:
                self._send_disturbed(flight, due)
                return
            if traced:
                record((now, "send", src, to, id, due, message))
            heappush(heap, (due, id, target.take, flight))

        return send

    def _unreachable(self, src: str, to: Any) -> UnknownNode:
        if to in self.machines:
            peers = ", ".join(self.machines[src].peers)
            return UnknownNode(f"{src} has no link to {to} in this topology; its peers are {peers}")
        nodes = ", ".join(id for id, machine in self.machines.items() if not machine.is_client)
        return UnknownNode(f"{src} cannot send to {to!r}: no such node; the nodes are {nodes}")

    # --- flights

    def reach_directly(self, machine: Machine) -> None:
        """From now on, let what arrives at a machine take the short way to its process, where there is one."""
        if isinstance(machine.process, Process):
            machine.take = machine.process.taker(machine, self.record, self._deliver)
        else:
            machine.take = self._deliver

    def _deliver(self, flight: Flight) -> None:
        id, src, target, message, call, reply = flight
        process = target.process
        if process is None:
            self._drop(flight, "down")
        elif target.disturbed and (why := self._obstacle(src, target.id)):
            self._drop(flight, why)
        else:
            if self.traced:
                self.record((self.loop.now, "deliver", target.id, src, id, None, None))
            process.deliver(message, src, call, reply)

    def _drop(self, flight: Flight, why: str) -> None:
        self.record((self.loop.now, "drop", flight[2].id, flight[1], flight[0], None, why))

    def _obstacle(self, src: str, to: str) -> str | None:
        link = self.machines[src].links.get(to)
        if link is not None and link.cut:
            return "cut"
        if (
            self._sides
            and self._sides.get(src, -1) != self._sides.get(to, -1)
            and src in self._sides
            and to in self._sides
        ):
            return "partition"
        return None

    def _send_disturbed(self, flight: Flight, due: float) -> None:
        """A send over a link that may be lossy, slow, cut and so on. Each trouble draws once for each message, whether
        it strikes or not."""
        id, src, target, message, call, reply = flight
        now, to = self.loop.now, target.id
        link = self._link(src, to)
        late, lost, twice, again = (link.draw.random() for _ in range(4))
        if link.latency is not None:
            low, high = link.latency if isinstance(link.latency, tuple | list) else (link.latency, link.latency)
            due = now + low + (high - low) * link.draw.random()
        if late < link.reorder:
            due += (due - now) * (1 + 4 * late / link.reorder)  # held back, so that later ones overtake it
        self.record((now, "send", src, to, id, due, message))
        why = self._obstacle(src, to) or ("loss" if lost < link.loss else None)
        if why:
            self._drop(flight, why)
            return
        heappush(self.loop.heap, (due, id, self._deliver, flight))
        if twice < link.duplicate:
            self.loop._count = copy = self.loop._count + 1
            due += (due - now) * again
            self.record((now, "duplicate", src, to, copy, due, message))
            heappush(self.loop.heap, (due, copy, self._deliver, (copy, src, target, message, call, reply)))

    # --- faults

    def stream(self, name: str) -> random.Random:
        """The random numbers of one concern, from the run's seed and the concern's name."""
        return random.Random(f"{self.seed}/{name}")

    def _link(self, src: str, to: str) -> Link:
        links = self.machines[src].links
        if to not in links:
            links[to] = link = Link(self.stream(f"link/{src}/{to}"))
            for name, value in self._everywhere.items():
                setattr(link, name, value)
        return links[to]

    def set_link(self, src: str | None, to: str | None, settings: dict[str, Any]) -> None:
        """Change one direction of a link; with None for either end, every link that fits."""
        check_settings(settings)
        if src is None and to is None:
            self._everywhere |= settings
            pairs: Iterable[tuple[str, str]] = [(a, b) for a, machine in self.machines.items() for b in machine.links]
            self._disturb(self.machines)
        else:
            sources = [src] if src is not None else [id for id in self.machines if id != to]
            pairs = [(a, b) for a in sources for b in ([to] if to is not None else self.machines) if a != b]
            self._disturb({id for pair in pairs for id in pair})
        for a, b in pairs:
            link = self._link(a, b)
            for name, value in settings.items():
                setattr(link, name, value)

    def partition(self, groups: list[list[str]]) -> None:
        """Only nodes of the same group reach each other; clients reach everyone."""
        self._sides = {id: side for side, group in enumerate(groups) for id in group}
        self._disturb(self.machines)

    def heal(self) -> None:
        """End the partition and all cuts. Other link settings stay."""
        self._sides = {}
        self._everywhere.pop("cut", None)
        for machine in self.machines.values():
            for link in machine.links.values():
                link.cut = False

    def _disturb(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.machines[id].disturbed = True
