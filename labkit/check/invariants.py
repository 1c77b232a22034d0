"""Invariants: what must hold at every moment of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labkit.engine.moment import Event, Moment
from labkit.engine.trace import Trace


@dataclass(frozen=True)
class Violation:
    """A property that does not hold: its name, what happened in words, at which event, and the nodes concerned."""

    property: str
    message: str
    seq: int
    time: float
    nodes: tuple[str, ...] = ()

    @classmethod
    def at(cls, moment: Moment, property: str, message: str, *nodes: str) -> Violation:
        """The violation that the last event before a moment brought about."""
        assert moment.event is not None
        return cls(property, message, moment.event.seq, moment.event.time, nodes)

    def __str__(self) -> str:
        return f"{self.property}: {self.message} (at {self.time:.3f} s, event {self.seq})"


def moments(trace: Trace) -> Iterator[tuple[Event, Moment]]:
    """Each event with the cluster just after it, in order. The moment is one object, brought up to date as you go."""
    moment = Moment()
    for event in trace:
        moment.apply(event)
        yield event, moment


def always(trace: Trace, check: Callable[[Event, Moment], Violation | None]) -> Violation | None:
    """The first violation that `check(event, moment)` finds, or None."""
    for event, moment in moments(trace):
        violation = check(event, moment)
        if violation is not None:
            return violation
    return None


def no_errors(trace: Trace) -> Violation | None:
    """No node raised an error."""
    for event in trace.select("error"):
        what = f"{event.node} raised {event.data['error']} ({event.data['where']})"
        return Violation("No errors", what, event.seq, event.time, (str(event.node),))
    return None
