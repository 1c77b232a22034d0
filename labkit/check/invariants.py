"""Invariants: what must hold at every moment of a run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from labkit.engine.moment import Event, Moment
from labkit.engine.trace import Trace
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.check.verdict import Verdict


@dataclass(frozen=True)
class Violation:
    """A property that does not hold: its name, what happened in words, at which event, and the nodes concerned.

    verdict: what a checker of histories found, with its evidence, if that is where the violation comes from. It is no
    part of what a violation is: it is not compared, and it stays in this process.
    """

    property: str
    message: str
    seq: int
    time: float
    nodes: tuple[str, ...] = ()
    verdict: Verdict | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.property, self.message, self.seq, self.time, self.nodes)

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


Check = Callable[[Event, Moment], "Violation | str | None"]


def always(trace: Trace, check: Check) -> Violation | None:
    """The first violation that `check(event, moment)` finds, or None.

    A check returns None if all is well, or else a Violation, or what is wrong in words. Raises LabkitError, naming the
    property and the event, if the check itself raises.
    """
    for event, moment in moments(trace):
        try:
            found = check(event, moment)
        except Exception as error:
            raise _broken(check, event, error) from error
        if found is not None:
            return found if isinstance(found, Violation) else _in_words(check, event, found)
    return None


def never(trace: Trace, happens: Callable[[Event, Moment], Any]) -> Violation | None:
    """The first event after which `happens(event, moment)` is true, as a violation; if it returns a string, that says
    what happened. Raises LabkitError as `always` does."""

    @wraps(happens)
    def check(event: Event, moment: Moment) -> str | None:
        what = happens(event, moment)
        return what if isinstance(what, str) and what else f"{_name(happens)} is true" if what else None

    return always(trace, check)


def _in_words(check: Callable[..., Any], event: Event, text: Any) -> Violation:
    if not isinstance(text, str):
        raise LabkitError(f"the property {_name(check)} returned {text!r} at event {event.seq}: "
                          "return None where it holds, else a Violation or a text")  # fmt: skip
    return Violation(_name(check), text, event.seq, event.time, (event.node,) if event.node else ())


def _name(check: Callable[..., Any]) -> str:
    name = getattr(check, "__name__", None) or getattr(getattr(check, "func", None), "__name__", type(check).__name__)
    if name in ("check", "<lambda>"):  # a function within a property: the property's own name says more
        name = getattr(check, "__qualname__", name).split(".<locals>")[0]
    return str(name)


def _broken(check: Callable[..., Any], event: Event | None, error: Exception) -> LabkitError:
    where = "" if event is None else f" at event {event.seq} ({event.kind} of {event.node}, {event.time:.3f} s)"
    lines = traceback.extract_tb(error.__traceback__)
    line = f", in line {lines[-1].lineno} of {lines[-1].name}" if lines else ""
    return LabkitError(f"the property {_name(check)} raised {type(error).__name__}: {error}{where}{line}")


def judge(trace: Trace, properties: Iterable[Callable[[Trace], Violation | None]]) -> Violation | None:
    """The first violation in the order of the properties, or None. Raises LabkitError, naming the property, if one
    raises or returns something else."""
    for property in properties:
        try:
            found = property(trace)
        except LabkitError:
            raise
        except Exception as error:
            raise _broken(property, None, error) from error
        if found is not None:
            if not isinstance(found, Violation):
                raise LabkitError(f"the property {_name(property)} returned {found!r}: return a Violation, or None")
            return found
    return None


def no_errors(trace: Trace) -> Violation | None:
    """No node raised an error."""
    for event in trace.select("error"):
        what = f"{event.node} raised {event.data['error']} ({event.data['where']})"
        return Violation("No errors", what, event.seq, event.time, (str(event.node),))
    return None
