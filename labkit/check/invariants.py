"""Invariants: what must hold at every moment of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from labkit.engine.trace import Event, Trace


@dataclass(frozen=True)
class Violation:
    """A property that does not hold: its name, what happened in words, at which event, and the nodes concerned."""

    property: str
    message: str
    seq: int
    time: float
    nodes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.property}: {self.message} (at {self.time:.3f} s, event {self.seq})"


@dataclass
class Moment:
    """The cluster at a moment of a run, as the trace tells it.

    `state` maps each running node to its public attributes; `sides` maps nodes to their side of a partition (empty
    when there is none); `links` maps pairs of nodes (None: any) to the settings of the links that were changed.
    """

    event: Event | None = None
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)
    links: dict[tuple[str | None, str | None], dict[str, Any]] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Go on to just after the next event."""
        self.event = event
        node, data = event.node or "", event.data
        if event.kind == "state":
            self.state[node] = {**self.state.get(node, {}), **data}
        elif event.kind == "start":
            self.state[node] = {}
        elif event.kind == "crash":
            self.state.pop(node, None)
        elif event.kind == "partition":
            self.sides = {id: side for side, group in enumerate(data) for id in group}
        elif event.kind == "heal":
            self.sides = {}
            self.links = {pair: {**settings, "cut": False} for pair, settings in self.links.items()}
        elif event.kind == "link":
            pairs = [(event.node, event.peer)] if event.node or event.peer else [(None, None), *self.links]
            for pair in pairs:
                self.links[pair] = {**self.links.get(pair, {}), **data}

    @property
    def clean(self) -> bool:
        """Whether no link loses messages or has another latency than the rest."""
        return not any(s.get("loss") or s.get("cut") or s.get("latency") for s in self.links.values())

    def majority(self, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """The running nodes on the side that has more than half of all nodes; empty if no side has."""
        by_side: dict[int, list[str]] = {}
        for id in self.state:
            by_side.setdefault(self.sides.get(id, 0), []).append(id)
        most = max(by_side.values(), key=len, default=[])
        return tuple(most) if 2 * len(most) > len(nodes) else ()

    def violation(self, property: str, message: str, *nodes: str) -> Violation:
        assert self.event is not None
        return Violation(property, message, self.event.seq, self.event.time, nodes)


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
