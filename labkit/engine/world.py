"""The one door through which a node's program touches anything outside itself.

A `Process` (one boot of one node) does all of its work through a `World`. The simulator's world is
`labkit.engine.network.Network`. A grader's sandboxed child has another one, which lists the effects of each event for
the referee to carry out; because both see the same calls in the same order, both give the same trace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from labkit.engine.process import Process

Event = tuple[float, str, str | None, str | None, int | None, float | None, Any]
Send = Callable[..., None]  # send(to, message, call=None, reply=None)


class Runs(Protocol):
    """A running process as the network and the cluster see it, wherever its code runs."""

    id: str
    alive: bool
    traceback: str  # of the error that ended it, in the student's own lines
    wake: Callable[[float, Callable[[Any], Any], Any], Any]  # its world's, or that of the gate before it
    show: Callable[[Event], None]  # how it records its state: its world's `record`, or by way of the gate

    def boot(self) -> None: ...
    def deliver(self, message: Any, sender: str, call: int | None = None, reply: int | None = None) -> None: ...
    def stop(self) -> None: ...
    def awaits(self, callback: Callable[[Any], Any], argument: Any, due: float) -> bool | None:
        """Whether the timer that asked for this call at `due` is still set; None if no timer did."""

    def late(self, callback: Callable[[Any], Any], argument: Any, due: float) -> None:
        """Make a call that was due before now."""


class World(Protocol):
    """What a process may ask for. Times are in virtual seconds since the start of the run, on the true clock."""

    @property
    def now(self) -> float: ...

    def sender(self, process: Process) -> Send:
        """The process's own `send(to, message, call=None, reply=None)`.

        `call` is the sender's number for a call that awaits an answer; `reply` is the number of the call that this
        answers.
        """

    def wake(self, due: float, callback: Callable[[Any], Any], argument: Any) -> None:
        """Make the call `callback(argument)` at time `due`, as a step of its own."""

    def record(self, event: Event) -> None:
        """Add an event to the trace (the kinds a process records itself: state, set, cancel, timer, note, error,
        buggify)."""

    def store(self, process: Runs, key: Any, value: Any, deleted: bool) -> None:
        """A write to the process's disk, not yet durable."""

    def sync(self, process: Runs) -> None:
        """Make the writes so far durable."""

    def open_streams(self) -> None:
        """Raises LabkitError where nodes cannot have streams."""

    def failed(self, process: Runs, error: BaseException) -> None:
        """The program raised an error: the process is over. (It has recorded the error already.)"""
