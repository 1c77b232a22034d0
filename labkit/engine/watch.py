"""Faults that strike when something happens: at the third message, between two writes to a disk, after event 120.

Nothing is watched, and nothing costs anything, until the first such fault is armed.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from labkit.engine.faults import Fault
from labkit.engine.process import Stopped
from labkit.engine.trace import Trace
from labkit.engine.world import Event, Runs
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.network import Flight, Network


class Watch:
    """Looks at every event of a run for what faults wait for. `strike(fault)` carries one out."""

    def __init__(self, network: Network, trace: Trace, strike: Callable[[Fault], None]):
        self._network, self._trace, self._strike = network, trace, strike
        self._armed: list[tuple[Fault, int]] = []  # fault, how many more of its events
        self._first = -1 << 60  # before everything else on the heap at that time
        self._inside: str | None = None  # the node that sends, writes or syncs just now
        self._doomed: Fault | None = None  # its crash, once that is done
        self.on = False  # whether it watches

    def arm(self, fault: Fault) -> None:
        """From now on, wait for what the fault waits for."""
        if not self._network.traced:
            raise LabkitError(f"{fault!r} waits for an event, and this cluster records none: leave out trace=False")
        if not self.on:
            self._watch()
        self._armed.append((fault, fault.count))

    def _watch(self) -> None:
        """From now on all events, sends and writes go through here. Senders ask for nothing while undisturbed, so all
        nodes are disturbed."""
        network: Any = self._network
        self.on = True
        self._record, self._leave, self._store, self._sync = (
            network.record, network._send_disturbed, network.store, network.sync,
        )  # fmt: skip
        network.record, network._send_disturbed, network.store, network.sync = (
            self.record, self.send, self.store, self.sync,
        )  # fmt: skip
        network.disturb(network.machines)

    def record(self, event: Event) -> None:
        self._record(event)
        self._happened(event[1], event[2])

    def _happened(self, kind: str, node: str | None) -> None:
        seq = len(self._trace) - 1
        still: list[tuple[Fault, int]] = []
        for fault, left in self._armed:
            left -= fault.waits_for(seq, kind, node)
            if left > 0:
                still.append((fault, left))
            elif fault.action == "crash" and fault.args[0] == node == self._inside and self._doomed is None:
                self._doomed = fault
            else:
                self._first += 1
                heappush(self._network.loop.heap, (self._network.now, self._first, self._strike, fault))
        self._armed = still

    # --- what a node does, and may not survive

    def send(self, flight: Flight, due: float) -> None:
        self._inside = flight[1]
        self._leave(flight, due)
        self._stop(self._inside)

    def store(self, process: Runs, key: Any, value: Any, deleted: bool) -> None:
        self._inside = process.id
        self._store(process, key, value, deleted)
        self._happened("write", process.id)
        self._stop(process.id)

    def sync(self, process: Runs) -> None:
        self._inside = process.id
        self._sync(process)
        self._stop(process.id)

    def _stop(self, id: str) -> None:
        """Crash the node that is in the middle of a step, if what it did was what a crash had waited for."""
        self._inside = None
        if self._doomed is not None:
            fault, self._doomed = self._doomed, None
            self._strike(fault)
            raise Stopped(f"{id} crashed here")
