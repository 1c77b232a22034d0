"""The network: what a message costs between machines that may be down, paused or slow.

Every choice comes from a stream of its own, drawn from the run's seed: each sender's latencies, and each trouble of
each disturbed link (`labkit.engine.links`). So to add a fault to one link changes nobody else's luck.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from heapq import heappush
from typing import Any

from labkit.engine import latency as latencies
from labkit.engine.disk import Store
from labkit.engine.gate import Gate
from labkit.engine.latency import Latency
from labkit.engine.links import Links
from labkit.engine.loop import VirtualLoop
from labkit.engine.process import CALLS, Clock, Process
from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.engine.world import Event, Runs, Send
from labkit.errors import HandlerError, UnknownNode
from labkit.message import another, by_value, is_flat


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
        self.gate: Gate | None = None  # where events wait for it, if it ever was paused, slow or on a slow disk
        self.disturbed = False  # whether it, or any link from or to it, may be unlike the rest


Flight = tuple[int, str, Machine, Any, int | None, int | None]  # id, sender, receiver, message, call, reply


class Network:
    """The world of the processes of one cluster (see `labkit.engine.world`)."""

    def __init__(self, seed: int, latency: Latency, loop: VirtualLoop, trace: Trace | None):
        latencies.check(latency)
        self.seed, self.loop, self.latency = seed, loop, latency
        self.traced = trace is not None
        self.record: Callable[[Event], None] = trace.record if trace is not None else lambda event: None
        self.machines: dict[str, Machine] = {}
        self.on_failure: Callable[[Runs], None] = lambda process: None
        self.links = Links(self)
        self.another = another  # a copy of a message for one more reader
        self._send_disturbed: Callable[[Flight, float], None] = self._leave

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
        self.machines[process.id].store.write(key, value, deleted)

    def sync(self, process: Runs) -> None:
        changed = self.machines[process.id].store.sync()
        if changed and self.traced:
            self.record((self.loop.now, "disk", process.id, None, None, None, plain(changed)))

    def failed(self, process: Runs, error: BaseException) -> None:
        self.on_failure(process)

    def sender(self, process: Any, by_value: Callable[[Any], Any] = by_value) -> Send:
        """The `send` of one process. `by_value` copies a message, and refuses what is none."""
        src, loop, record, machines = process.id, self.loop, self.record, self.machines
        machine, heap, traced, again = machines[src], loop.heap, self.traced, self.another
        reach = machine.reach
        low, span, draw = latencies.parts(self.latency, self.stream(f"latency/{src}/{machine.boots}"))

        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            target = machines.get(to)
            if target is None or (reach is not None and to not in reach and not target.is_client):
                raise self._unreachable(src, to)
            flat = is_flat[type(message)](message)
            if not flat:
                message = by_value(message)
            if call is not None and not (type(call) is int and call > CALLS):
                raise HandlerError(f"send takes who gets it and the message: what is {call!r} for?")
            now = loop.now
            due = now + low + span * draw()
            loop._count = id = loop._count + 1
            if machine.disturbed:
                self._send_disturbed((id, src, target, message, call, reply), due)
                return
            if traced:
                record((now, "send", src, to, id, due, message))
                if not flat:  # the receiver may change what it gets, and the trace stays as it was
                    message = again(message)
            heappush(heap, (due, id, target.take, (id, src, target, message, call, reply)))

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
        if machine.gate is not None and machine.process is not None:
            machine.gate.stand_before(machine.process)

    def _deliver(self, flight: Flight) -> None:
        id, src, target, message, call, reply = flight
        process = target.process
        if process is None:
            self._drop(flight, "down")
        elif target.disturbed and self._stops(flight):
            pass
        else:
            if self.traced:
                self.record((self.loop.now, "deliver", target.id, src, id, None, None))
            process.deliver(message, src, call, reply)

    def _drop(self, flight: Flight, why: str) -> None:
        self.record((self.loop.now, "drop", flight[2].id, flight[1], flight[0], None, why))

    def _stops(self, flight: Flight) -> bool:
        """Whether a message that is due at a disturbed node has to wait there, or does not arrive at all."""
        gate = flight[2].gate
        return self.links.stops(flight) or (gate is not None and gate.holds(flight))

    def hand_over(self, flight: Flight) -> None:
        """A message that waited reaches the node."""
        id, src, target, message, call, reply = flight
        if target.process is None:
            self._drop(flight, "down")
            return
        self.record((self.loop.now, "deliver", target.id, src, id, None, None))
        target.process.deliver(message, src, call, reply)

    def arrive_past_clog(self, flight: Flight) -> None:
        """A message that was taken out of a clogged link arrives as if the link were not clogged."""
        target = flight[2]
        why = self.links.obstacle(flight[1], target.id)
        if why or target.process is None:
            self._drop(flight, why or "down")
        elif target.gate is None or not target.gate.holds(flight):
            self.hand_over(flight)

    def waits(self, flight: Flight, why: str) -> None:
        self.record((self.loop.now, "wait", flight[2].id, flight[1], flight[0], None, why))

    def _leave(self, flight: Flight, due: float) -> None:
        """A send from a disturbed node: at once, unless the node is blocked by its disk."""
        machine = self.machines[flight[1]]
        if machine.gate is not None and machine.gate.blocked_until > self.loop.now:
            later = (flight, due - self.loop.now, machine.process)
            self.loop.push(machine.gate.blocked_until, self._leave_late, later)
        else:
            self.links.send(flight, due)

    def _leave_late(self, later: tuple[Flight, float, Runs]) -> None:
        flight, latency, process = later
        if self.machines[flight[1]].process is process:  # else it crashed before it came to send this
            self.links.send(flight, self.loop.now + latency)

    def open_streams(self) -> None:
        """Streams are possible between all nodes."""

    # --- faults

    def stream(self, name: str) -> random.Random:
        """The random numbers of one concern, from the run's seed and the concern's name."""
        return random.Random(f"{self.seed}/{name}")

    def disturb(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.machines[id].disturbed = True

    def gate(self, machine: Machine) -> Gate:
        """The gate before a node, made when it is first needed."""
        if machine.gate is None:
            machine.gate = Gate(self, machine)
            machine.disturbed = True
        return machine.gate
