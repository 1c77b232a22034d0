"""Moments: the cluster at one point of a run, as its trace tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from labkit.look import Shown, bundle


class Event(NamedTuple):
    """One event of a trace. `time` and `due` are virtual seconds; the table in `labkit.engine.trace` says what each
    kind holds."""

    seq: int
    time: float
    kind: str
    node: str | None
    peer: str | None
    id: int | None
    due: float | None
    data: Any

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return bundle(self)


CHANGING = frozenset(
    {"state", "start", "crash", "pause", "resume", "partition", "heal", "link"}
)  # kinds of events that change a moment


@dataclass
class Moment(Shown):
    """The cluster at a moment of a run, as the trace tells it.

    `state` maps each running node to its public attributes; `sides` maps nodes to their side of a partition (empty
    when there is none); `paused` are the nodes that are; `links` maps pairs of nodes (None: any) to the settings of the
    links that were changed.
    """

    event: Event | None = None
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
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
            self.paused -= {node}
        elif event.kind == "pause":
            self.paused |= {node}
        elif event.kind == "resume":
            self.paused -= {node}
        elif event.kind == "partition":
            self.sides = {id: side for side, group in enumerate(data) for id in group}
        elif event.kind == "heal":
            self.sides = {}
            self.links = {pair: {**settings, "cut": False, "clog": False} for pair, settings in self.links.items()}
        elif event.kind == "link":
            pairs = [(event.node, event.peer)] if event.node or event.peer else [(None, None), *self.links]
            for pair in pairs:
                self.links[pair] = {**self.links.get(pair, {}), **data}

    @property
    def clean(self) -> bool:
        """Whether no link loses, alters or holds messages, or has another latency than the rest; and no schedule
        decides when messages arrive."""
        troubles = ("loss", "cut", "clog", "corrupt", "latency", "bandwidth", "schedule")
        return not any(settings.get(trouble) for settings in self.links.values() for trouble in troubles)

    def majority(self, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """The running nodes on the side that has more than half of all nodes; empty if no side has."""
        by_side: dict[int, list[str]] = {}
        for id in self.state:
            by_side.setdefault(self.sides.get(id, 0), []).append(id)
        most = max(by_side.values(), key=len, default=[])
        return tuple(most) if 2 * len(most) > len(nodes) else ()

    def copy(self) -> Moment:
        """A moment that may go its own way."""
        return Moment(self.event, dict(self.state), dict(self.sides), self.paused, dict(self.links))
