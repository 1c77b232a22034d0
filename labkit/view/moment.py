"""The state of a recorded run at one moment, told from its document alone, as the frontend's scene.js tells it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from labkit.engine.words import several, sides

LEADERS = frozenset({"leader", "primary", "coordinator", "master"})
CANDIDATES = frozenset({"candidate", "precandidate", "pre-candidate", "proposer", "campaigning"})
ARRIVALS = frozenset({"deliver", "drop", "wait"})
CAUSES = frozenset(
    {"start", "deliver", "wait", "timer", "crash", "pause", "resume", "slow", "faulty"}
    | {"partition", "heal", "link", "clock", "invoke", "retime"}
)


@dataclass
class NodeMoment:
    """One node at a moment."""

    id: str
    up: bool = False
    paused: bool = False
    boot: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    error: str | None = None
    drawn: dict[str, str] = field(default_factory=dict)  # what its class says of how it is drawn

    @property
    def role(self) -> str | None:
        role = self.attributes.get(self.drawn.get("role", "role"))
        return role if isinstance(role, str) else None

    @property
    def term(self) -> int | None:
        term = self.attributes.get(self.drawn.get("term", "term"))
        return term if isinstance(term, int) and not isinstance(term, bool) else None

    @property
    def look(self) -> str:
        """How it is drawn: "leader", "candidate", "member", "down" or "new"."""
        if not self.up:
            return "down" if self.boot else "new"
        if self.role in LEADERS:
            return "leader"
        return "candidate" if self.role and self.role.lower() in CANDIDATES else "member"

    @property
    def status(self) -> str:
        """Its role, or why it has none, in a word."""
        if self.look == "down":
            return "error" if self.error else "crashed"
        if self.up and self.paused:
            return f"{self.role} · paused" if self.role else "paused"
        return "not started" if self.look == "new" else self.role or "up"


@dataclass
class Flight:
    """A message in the air, `progress` from 0 at the sender to 1 at the receiver."""

    seq: int
    name: str
    source: str
    target: str
    progress: float


@dataclass
class Moment:
    """What there is to see after the first `count` events of a run, at virtual time `time`."""

    time: float
    count: int
    nodes: list[NodeMoment]
    flights: list[Flight]
    groups: list[list[str]] | None
    mark: dict[str, Any] | None

    @property
    def leaders(self) -> list[NodeMoment]:
        return [node for node in self.nodes if node.look == "leader"]

    def sentence(self) -> str:
        """The moment in words."""
        parts = [f"{len(self.nodes)} nodes at {self.time:.3f} s"]
        for node in self.leaders:
            parts.append(f"{node.id} leads" if node.term is None else f"{node.id} leads term {node.term}")
        down = [node.id for node in self.nodes if node.look == "down"]
        if down:
            parts.append(f"{several(down)} crashed")
        paused = [node.id for node in self.nodes if node.up and node.paused]
        if paused:
            parts.append(f"{several(paused)} paused")
        if self.groups:
            parts.append(f"the network is split: {sides(self.groups)}")
        if self.flights:
            parts.append(f"{len(self.flights)} message{'s' if len(self.flights) != 1 else ''} in flight")
        if self.mark:
            parts.append(f"violated here: {self.mark['label']}")
        return "; ".join(parts)


def message_name(data: Any) -> str:
    """The type of a message from its JSON form."""
    return str(data.get("$") or data.get("type") or "message") if isinstance(data, dict) else "message"


def step_bounds(document: dict[str, Any], seq: int) -> tuple[int, int]:
    """The events [start, stop) of the step that holds `seq`: one cause, and what followed at the same instant."""
    events = document["events"]
    length = len(events["time"])
    start = seq
    while start > 0 and not _begins_step(events, start):
        start -= 1
    stop = seq + 1
    while stop < length and not _begins_step(events, stop):
        stop += 1
    return start, stop


def _begins_step(events: dict[str, list[Any]], seq: int) -> bool:
    time, kind = events["time"], events["kind"]
    if seq == 0 or time[seq] != time[seq - 1]:
        return True
    if kind[seq] == "crash":
        return bool(kind[seq - 1] != "error")
    if kind[seq] == "drop":
        for earlier in range(seq - 1, -1, -1):
            if time[earlier] != time[seq]:
                return True
            if kind[earlier] in ("send", "duplicate") and events["id"][earlier] == events["id"][seq]:
                return False
        return True
    return kind[seq] in CAUSES


def moment(document: dict[str, Any], *, seq: int | None = None, time: float | None = None) -> Moment:
    """The run at the end of the step that holds event `seq`, or at `time`; at its end if neither is given."""
    events = document["events"]
    times = events["time"]
    if seq is not None and times:
        start, count = step_bounds(document, min(seq, len(times) - 1))
        time = times[start]
    else:
        time = max(document.get("now") or 0.0, times[-1] if times else 0.0) if time is None else time
        count = bisect_right(times, time)
        start = step_bounds(document, count - 1)[0] if count else 0
    nodes, open_sends, groups = _replay(document, start, count)
    # A flight ends where it arrives, is dropped, or begins to wait.
    ends: dict[Any, int] = {}
    for i, (kind, number) in enumerate(zip(events["kind"], events["id"], strict=True)):
        if kind in ARRIVALS:
            ends.setdefault(number, i)
    flights = [_flight(events, send, ends.get(events["id"][send]), time) for send in open_sends]
    if groups:
        rest = [id for id in document["nodes"] if not any(id in group for group in groups)]
        groups = [*groups, rest] if rest else groups
    mark = next((mark for mark in document.get("marks") or [] if start <= mark["seq"] < count), None)
    return Moment(time, count, list(nodes.values()), flights, groups, mark)


def _replay(
    document: dict[str, Any], start: int, count: int
) -> tuple[dict[str, NodeMoment], list[int], list[list[str]] | None]:
    events = document["events"]
    drawn = document.get("drawn", {})
    nodes = {id: NodeMoment(id, drawn=drawn.get(id, {})) for id in document["nodes"]}
    flying: dict[Any, int] = {}
    groups: list[list[str]] | None = None
    rows = zip(events["kind"][:count], events["node"], events["id"], events["data"], strict=False)
    for seq, (kind, id, number, data) in enumerate(rows):
        node = nodes.get(id)
        if kind in ("send", "duplicate"):
            flying[number] = seq
        elif kind in ("deliver", "drop"):
            flying.pop(number, None)
        elif kind == "partition":
            groups = data
        elif kind == "heal":
            groups = None
        elif node is None:
            continue
        elif kind == "start":
            nodes[id] = NodeMoment(id, up=True, paused=node.paused, boot=number or node.boot + 1, drawn=node.drawn)
        elif kind in ("pause", "resume"):
            node.paused = kind == "pause"
        elif kind == "state":
            node.attributes |= data
            if seq >= start:
                node.changed |= data.keys()
        elif kind == "error":
            node.error = data["error"]
        elif kind == "crash":
            node.up, node.paused, node.attributes, node.changed = False, False, {}, set()
    return nodes, list(flying.values()), groups


def _flight(events: dict[str, list[Any]], send: int, arrival: int | None, time: float) -> Flight:
    sent = events["time"][send]
    end = events["time"][arrival] if arrival is not None else events["due"][send]
    progress = (time - sent) / (end - sent) if end and end > sent else 1.0
    return Flight(
        seq=send,
        name=message_name(events["data"][send]),
        source=events["node"][send],
        target=events["peer"][send],
        progress=min(1.0, max(0.0, progress)),
    )
