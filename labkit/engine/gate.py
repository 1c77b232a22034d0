"""What is due at a node that is paused, slow, or blocked by its disk waits here, and comes later in the same order.

A node without such a fault has no gate, and pays nothing for those that others have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.engine import latency

if TYPE_CHECKING:
    from labkit.engine.network import Flight, Machine, Network
    from labkit.engine.world import Event, Runs

Wake = tuple[float, Callable[[Any], Any], Any]  # when it was due, the call, its argument


class Gate:
    """The queue before one node. It lets in one event at a time, when the node has time for it."""

    def __init__(self, network: Network, machine: Machine):
        self._network, self._machine, self.id = network, machine, machine.id
        self.paused = False
        self.blocked_until = 0.0  # by a slow disk
        self._work: Callable[[], float] | None = None  # how long a message or a timer takes
        self._queue: deque[tuple[Flight | None, Wake | None]] = deque()
        self._serving = 0  # number of the event being served, 0: none
        self._served = 0
        self._take_over_wakes()

    def _take_over_wakes(self) -> None:
        """Let the timers that the node has set come here, and those that it will set."""
        heap, process = self._network.loop.heap, self._machine.process
        if process is not None:
            self.stand_before(process)
        for place, (due, count, callback, argument) in enumerate(heap):
            if process is not None and getattr(callback, "__self__", None) is process:
                heap[place] = (due, count, self.wake, (due, callback, argument))  # its place in the order is the same

    def stand_before(self, process: Runs) -> None:
        """From now on the process goes by way of the gate."""
        process.wake, process.show = self.push, self.show

    # --- faults

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        self._next()

    def slow(self, work: latency.Latency | None) -> None:
        self._work = latency.sampler(work, self._network.stream(f"slow/{self.id}")) if work else None

    def block(self, seconds: float) -> float:
        """The node does nothing for so long. Returns until when."""
        self.blocked_until = max(self.blocked_until, self._network.now) + seconds
        return self.blocked_until

    def crash(self) -> None:
        """The node crashed: what waits is lost with it. It will be no less slow after a restart, but not paused."""
        self.paused, self.blocked_until, self._serving = False, 0.0, 0
        lost = [flight for flight, _ in self._queue if flight is not None]
        self._queue.clear()
        for flight in lost:
            self._network._drop(flight, "down")

    # --- what is due

    def push(self, due: float, callback: Callable[[Any], Any], argument: Any) -> None:
        """The node asks to be woken: by way of the gate."""
        self._network.loop.push(due, self.wake, (due, callback, argument))

    def show(self, event: Event) -> None:
        """The node's state has changed. It comes to that when the writes before have reached the disk; who crashes
        before has never been in that state."""
        if self.blocked_until > self._network.now:
            self._network.loop.push(self.blocked_until, self._show_late, (event, self._machine.process))
        else:
            self._network.record(event)

    def _show_late(self, later: tuple[Event, Runs]) -> None:
        (_, *rest), process = later
        if self._machine.process is process:
            self._network.record((self._network.now, *rest))

    def holds(self, flight: Flight) -> bool:
        """Whether a message that arrives now has to wait."""
        if self._is_open():
            return False
        self._queue.append((flight, None))
        blocked = self.blocked_until > self._network.now
        self._network.waits(flight, "pause" if self.paused else "disk" if blocked else "slow")
        self._next()
        return True

    def wake(self, wake: Wake) -> None:
        """A timer, a sleep or a call's time limit is due."""
        _, callback, argument = wake
        process: Any = callback.__self__  # type: ignore[attr-defined]
        if process is not self._machine.process or self._is_stale(wake):
            return
        if self._is_open():
            callback(argument)
        else:
            self._queue.append((None, wake))
            self._next()

    def _is_open(self) -> bool:
        busy = self._queue or self._serving or self._work is not None
        return not (busy or self.paused or self.blocked_until > self._network.now)

    def _next(self) -> None:
        """Begin to serve the first of the queue, if the node is free."""
        while self._queue and self._is_stale(self._queue[0][1]):
            self._queue.popleft()
        if self.paused or self._serving or not self._queue:
            return
        begin = max(self._network.now, self.blocked_until)
        _, wake = self._queue[0]
        if self._work is not None and (wake is None or self._is_timer(wake)):
            begin += self._work()
        self._served += 1
        self._serving = self._served
        self._network.loop.push(begin, self._serve, self._served)

    def _is_timer(self, wake: Wake) -> bool:
        due, callback, argument = wake
        return callback.__self__.awaits(callback, argument, due) is not None  # type: ignore[attr-defined,no-any-return]

    def _is_stale(self, wake: Wake | None) -> bool:
        """Whether it is of a timer that was cancelled, or set anew, since it was due."""
        if wake is None:
            return False
        due, callback, argument = wake
        return callback.__self__.awaits(callback, argument, due) is False  # type: ignore[attr-defined,no-any-return]

    def _serve(self, number: int) -> None:
        if number != self._serving:
            return  # the node crashed meanwhile
        self._serving = 0
        if not self.paused:
            flight, wake = self._queue.popleft()
            if flight is not None:
                self._network.hand_over(flight)
            elif wake is not None:
                due, callback, argument = wake
                callback.__self__.late(callback, argument, due)  # type: ignore[attr-defined]
        self._next()
