"""A host runs one node for real: the same class, the same `Process`, with the wall clock instead of virtual time.

The engine's virtual loop stays what it is, a heap of what is due; only its clock is another one. `RealTime` lets the
virtual loop run up to the present whenever something arrives, and sets an alarm on a real asyncio loop for the earliest
entry of the heap. So timers, calls with timeouts, `sleep`, coroutines and errors behave exactly as they do in a
simulation, and a node cannot tell the difference. A node that was kept from running (a busy machine) finds its timers
late, in their order, each at the time for which it was set: what a paused process finds in any real system.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from labkit.engine.budget import watchdog
from labkit.engine.disk import Store
from labkit.engine.loop import VirtualLoop
from labkit.engine.process import Clock, Process
from labkit.engine.values import plain
from labkit.engine.world import Event, Runs, Send
from labkit.errors import BudgetExceeded, LabkitError, UnknownNode
from labkit.message import by_value
from labkit.node import Node

STEPS = 1_000_000  # that one turn may take
Transmit = Callable[[str, Any, int | None, int | None, int], None]  # to, message, call, reply, id


class RealTime:
    """Seconds since the start by the wall clock, and a virtual loop that follows them.

    `real` is the asyncio loop that rings when something is due. Time stands still until `go()`, and after `halt()`:
    what arrives meanwhile waits. `flush` is called after each turn: a transport writes there, all at once, what the
    turn sent.
    """

    def __init__(self, real: asyncio.AbstractEventLoop, loop: VirtualLoop | None = None):
        self.real = real
        self.loop = loop or VirtualLoop()  # type: ignore[abstract]  # what it lacks, it refuses by name
        self.flush: list[Callable[[], None]] = []
        self.until: Callable[[], bool] | None = None  # asked after every step; if true, time stops there
        self.failed: Callable[[BaseException], None] = lambda error: None  # a turn could not be ended; time has stopped
        self._zero = 0.0  # on the real loop's clock
        self._stands: float | None = 0.0  # where time stands still, if it does
        self._limit = math.inf  # it does not pass this
        self._halted: asyncio.Future[None] | None = None  # someone waits for time to stand still
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Seconds since the start, without those in which time stood still."""
        return min(self.real.time() - self._zero, self._limit) if self._stands is None else self._stands

    @property
    def stands(self) -> bool:
        """Whether time stands still."""
        return self._stands is not None

    def go(self) -> None:
        """Let time pass."""
        if self._stands is not None:
            self._zero = self.real.time() - self._stands
            self._stands = None
            watchdog.watch(self.loop)
            self._set_alarm()

    def halt(self, at: float | None = None) -> None:
        """Let time stand still, now or at an earlier moment."""
        if self._stands is None:
            now = self.now
            self._stands = max(self.loop.now, now if at is None else at)
            watchdog.watch(None)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._halted is not None and not self._halted.done():
            self._halted.set_result(None)

    async def run(self, to: float, until: Callable[[], bool] | None = None) -> None:
        """Let time pass to a moment, or until `until()` is true; then it stands still again."""
        self.go()
        self._limit, self.until, self._halted = to, until, self.real.create_future()
        alarm = self.real.call_at(self._zero + to, self.halt)
        try:
            self.turn()
            await self._halted
        finally:
            alarm.cancel()
            self.until = self._halted = None
            self.halt()
            self._limit = math.inf

    def soon(self, callback: Callable[[Any], Any], argument: Any) -> None:
        """Put a call at the present moment; `turn()`, or a turn that is under way, makes it."""
        self.loop.push(max(self.now, self.loop.now), callback, argument)

    def turn(self) -> None:
        """Do everything that is due by now."""
        if self._stands is not None or self.loop.is_running():
            return
        now = self.now
        try:
            self.loop.advance(now, STEPS, self.until)
        except (BudgetExceeded, KeyboardInterrupt) as error:
            self.halt()
            self.failed(error)
            return
        if self.until is not None and self.until():
            self.halt(self.loop.now)
        else:
            self.loop.now = max(self.loop.now, now)
        for flush in self.flush:
            flush()
        self._set_alarm()

    def _set_alarm(self) -> None:
        heap, alarm = self.loop.heap, self._alarm
        if not heap or self._stands is not None:
            return
        when = self._zero + heap[0][0]
        if alarm is not None:
            if alarm.when() <= when and not alarm.cancelled():
                return  # it rings early enough
            alarm.cancel()
        self._alarm = self.real.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.turn()
        self._set_alarm()  # also after a turn that was none


class Host:
    """One node, running for real: the world of its processes (see `labkit.engine.world`).

    `transmit(to, message, call, reply, id)` takes a message out of the house. `call` is the sender's number for a call
    that awaits an answer, `reply` the number of the call that this answers, `id` the number of this message; give the
    first two back to `deliver` at the other end. `reaches(to)` tells whether there is such a node, by default if it is
    a peer; to others, `send` raises UnknownNode.

    seed: where the node's random numbers come from; by default different ones in every run.
    record: takes the events of the trace, `(time, kind, node, peer, id, due, data)`.
    store: the disk, which outlives the process. failed: called with the error that ended the process.
    numbers: the ids of the messages that it sends, by default 1, 2, 3, ...

    Errors of the node end its process, are recorded, and are printed with the student's own traceback; `boot` starts
    another process. The errors of labkit's own (an endless storm of timers) do the same.
    """

    def __init__(
        self,
        program: type[Node],
        id: str,
        peers: tuple[str, ...],
        transmit: Transmit,
        *,
        time: RealTime,
        seed: int | None = None,
        reaches: Callable[[str], bool] | None = None,
        record: Callable[[Event], None] | None = None,
        store: Store | None = None,
        failed: Callable[[BaseException], None] | None = None,
        numbers: Iterator[int] | None = None,
    ):
        if not (isinstance(program, type) and issubclass(program, Node)):
            raise LabkitError(f"{id} is to run {program!r}: give a class that derives from Node")
        self.program, self.id, self.peers, self.time = program, id, tuple(peers), time
        self.transmit = transmit
        self.process: Process | None = None
        self.boots = 0
        self.clock = Clock()
        self.disk = store or Store()
        self._seed = seed
        self._draw = random.Random() if seed is None else random.Random(f"{seed}/{id}")
        self._reaches = reaches or frozenset(self.peers).__contains__
        self._traced = record is not None
        self.record: Callable[[Event], None] = record or (lambda event: None)
        self._failed = failed or (lambda error: None)
        self._numbers = numbers or count(1)
        time.failed = self._give_up

    # --- from outside

    def boot(self) -> None:
        """Start the node's process; its `start` runs in the next turn, at once if time passes."""
        if self.process is not None:
            raise LabkitError(f"{self.id} runs already; stop it first")
        self.boots += 1
        self.record((self.time.now, "start", self.id, None, self.boots, None, None))
        self.disk.boot()
        seed = hashlib.sha256(f"{self._draw.getrandbits(64)}/{self.boots}".encode()).hexdigest()
        self.process = process = Process(
            self.program,
            self.id,
            self.peers,
            loop=self.time.loop,
            world=self,
            seed=seed,
            # Not the number of the boot: without a disk that would be 1 again, and an old call's answer taken for new.
            boot=1 + random.SystemRandom().getrandbits(30),
            clock=self.clock,
            stored=self.disk.durable,
            traced=self._traced,
        )
        self.time.soon(self._boot, process)
        self.time.turn()

    def deliver(
        self, message: Any, sender: str, call: int | None = None, reply: int | None = None, id: int | None = None
    ) -> None:
        """A message has arrived. The node gets it in the next turn: after one or many of these, call `time.turn()`."""
        self.time.soon(self._deliver, (message, sender, call, reply, id))

    def understands(self, kind: type) -> bool:
        """Whether the node has a handler for messages of this kind, or takes any. (A node in a simulation fails where
        it does not; one on a real network must not fail because of what others send.)"""
        process = self.process
        if process is None or process._receives or kind in process._handlers:
            return True
        return process.node._handler_for(kind) is not None

    def stop(self, why: str = "fault") -> None:
        """End the node's process, as a crash does: what its disk had not synced is gone."""
        if self.process is not None:
            self.process.stop()
            self._down(why)

    def _boot(self, process: Process) -> None:
        if process is self.process:
            process.boot()

    def _deliver(self, flight: tuple[Any, str, int | None, int | None, int | None]) -> None:
        message, sender, call, reply, id = flight
        if self.process is None:
            self.record((self.now, "drop", self.id, sender, id, None, "down"))
            return
        if self._traced:
            self.record((self.now, "deliver", self.id, sender, id, None, None))
        self.process.deliver(message, sender, call, reply)

    # --- the world of its process

    @property
    def now(self) -> float:
        """Seconds since the start: the moment that the node's current step is about."""
        return self.time.loop.now

    def open_streams(self) -> None:
        raise LabkitError(
            "streams (asyncio.open_connection, asyncio.start_server) are for simulated nodes: "
            "nodes on real sockets talk by self.send and self.call"
        )

    def sender(self, process: Process) -> Send:
        src, loop, traced, reaches, numbers = self.id, self.time.loop, self._traced, self._reaches, self._numbers

        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            if to != src and not reaches(to):
                raise UnknownNode(f"{src} cannot send to {to!r}: no such node; its peers are {', '.join(self.peers)}")
            message = by_value(message)
            id = next(numbers)
            if traced:
                self.record((loop.now, "send", src, to, id, None, message))
            if to == src:
                self.time.soon(self._deliver, (message, src, call, reply, id))
            else:
                self.transmit(to, message, call, reply, id)

        return send

    def wake(self, due: float, callback: Callable[[Any], Any], argument: Any) -> None:
        self.time.loop.push(due, callback, argument)

    def store(self, process: Runs, key: Any, value: Any, deleted: bool) -> None:
        self.disk.write(key, value, deleted)

    def sync(self, process: Runs) -> None:
        for flush in self.time.flush:
            flush()  # what was sent before the sync leaves before it, and others work on it meanwhile
        changed = self.disk.sync()
        if changed and self._traced:
            self.record((self.now, "disk", self.id, None, None, None, plain(changed)))

    def failed(self, process: Runs, error: BaseException) -> None:
        print(f"{self.id} crashed at {self.now:.3f} s:\n{process.traceback}", file=sys.stderr, flush=True)
        self._down("error")
        self._failed(error)

    def _down(self, why: str) -> None:
        self.process = None
        self.disk.crash(self._draw)
        self.record((self.now, "crash", self.id, None, None, None, why))

    def _give_up(self, error: BaseException) -> None:
        """The clock's turn could not be ended: the node is at fault, or was interrupted."""
        print(f"{self.id} was stopped: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        self.stop("error")
        self.time.loop.heap.clear()
        self.time.go()
        self._failed(error)
