"""Timers of a node. One that is set anew or cancelled stays on the heap and dies there: the heap is never searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.errors import HandlerError, NodeDown

if TYPE_CHECKING:
    from labkit.engine.process import Process


class Timer:
    """What `after` and `every` return. It calls a method of the node after `delay` seconds of the node's own clock."""

    __slots__ = ("_process", "args", "cancelled", "delay", "due", "id", "interval", "method", "name")

    def __init__(
        self,
        process: Process,
        delay: float,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        interval: float | None = None,
    ):
        if not callable(method):
            raise HandlerError(
                f"a timer needs a method to call, such as self.tick (without parentheses), not {method!r}"
            )
        process.timers += 1
        self._process, self.id = process, process.timers
        self.method, self.args = method, args
        self.name = getattr(method, "__name__", type(method).__name__)
        self.delay, self.interval = delay, interval
        self.due: float | None = None  # on the true clock; None when not pending
        self.cancelled = False
        self._set(delay)

    @property
    def pending(self) -> bool:
        """Whether it will still fire."""
        return self.due is not None and self._process.alive

    def reset(self, delay: float | None = None) -> None:
        """Start it again from now, with the same delay or another one. A timer that fired or was cancelled starts
        anew."""
        self.cancelled = False
        self._set(self.delay if delay is None else delay)

    def cancel(self) -> None:
        """It will not fire. Cancelling twice, or after it fired, does nothing."""
        self.cancelled = True
        if self.due is not None:
            self.due = None
            if self._process.traced and self._process.alive:
                now, id = self._process.loop.now, self._process.id
                self._process.world.record((now, "cancel", id, None, self.id, None, None))

    def _set(self, delay: float) -> None:
        process = self._process
        if not process.alive:
            raise NodeDown(f"{process.id} is down: its timers ended with it")
        if not delay >= 0:
            raise HandlerError(
                f"the timer {self.name} was set to {delay!r} s; a delay is a number of seconds, zero or more"
            )
        self.delay = delay
        now = process.loop.now
        self.due = due = now + delay / process.clock_.rate
        if process.traced:
            process.world.record((now, "set", process.id, None, self.id, due, self.name))
        process.wake(due, process.fire, self)

    def __repr__(self) -> str:
        return f"<Timer {self.name} {f'due at {self.due:g} s' if self.pending else 'not pending'}>"
