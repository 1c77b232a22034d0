"""Consensus: what every algorithm for it must keep to (Lamport 2001, section 2.1; Chandra and Toueg 1996, section 6.1).

The nodes tell what they have decided as a public attribute: `chosen`, or `decision`; None: nothing yet.
"""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Moment, Violation, always
from labkit.check.models import Specification
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

DECISIONS = ("chosen", "decision")
UNDECIDED = ("undecided",)


class Consensus(Specification):
    """A model for histories: the first value proposed is the answer to every proposal."""

    name = "consensus"
    operations = ("propose",)
    start: Any = UNDECIDED

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        chosen = (value,) if state == UNDECIDED else state
        return chosen if result == chosen[0] else None


def _decided(event: Event) -> Any:
    if event.kind == "state":
        for name in DECISIONS:
            if event.data.get(name) is not None:
                return event.data[name]
    return None


def agreement(trace: Trace) -> Violation | None:
    """Agreement: only a single value is chosen (Lamport 2001, section 2.1), by all nodes and in all their lives; what
    clients are told counts too, where an answer has a field `value`."""
    first: list[tuple[str, Any]] = []

    def check(event: Event, moment: Moment) -> Violation | None:
        node, value = str(event.node), _decided(event)
        if event.kind == "ok":
            node, value = str(event.peer), plain(getattr(event.data, "value", None))
        if value is None:
            return None
        first.append((node, value)) if not first else None
        other, chosen = first[0]
        if chosen == value:
            return None
        if node == other:
            what = f"{node} decided {chosen!r}, and later {value!r}"
        else:
            what = f"{other} decided {chosen!r}, and {node} decided {value!r}"
        return Violation.at(moment, "Agreement", what, other, node)

    return always(trace, check)


def validity(trace: Trace) -> Violation | None:
    """Validity: only a value that has been proposed may be chosen (Lamport 2001, section 2.1). Proposed is what a
    client sent in a field `value`."""
    proposed: list[Any] = []

    def check(event: Event, moment: Moment) -> Violation | None:
        if event.kind == "invoke":
            proposed.append(plain(getattr(event.data, "value", None)))
        value = _decided(event)
        if value is not None and value not in proposed:
            what = f"{event.node} decided {value!r}, which nobody proposed"
            return Violation.at(moment, "Validity", what, str(event.node))
        return None

    return always(trace, check)
