"""Where two traces differ first, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from labkit.cluster import Cluster
from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.errors import LabkitError

Row = list[Any]  # time, kind, node, peer, id, due, data: an event as JSON


@dataclass(frozen=True)
class Difference:
    """Event number `seq` is one thing in the first run and another in the second (None: the run is over there)."""

    seq: int
    first: Row | None
    second: Row | None

    @property
    def time(self) -> float:
        """When it happened, in virtual seconds: the earlier of the two."""
        return min(row[0] for row in (self.first, self.second) if row is not None)

    @property
    def nodes(self) -> list[str]:
        """The nodes that did it."""
        return sorted({row[2] for row in (self.first, self.second) if row is not None and row[2]})

    def __str__(self) -> str:
        first, second = describe(self.first), describe(self.second)
        if first == second:  # what differs is too small, or too far on, for a sentence
            first, second = json.dumps(self.first), json.dumps(self.second)
        where = f" on {' and '.join(self.nodes)}" if self.nodes else ""
        return f"event {self.seq}, at {self.time:.6g} s{where}\n  one run:     {first}\n  the other:   {second}"


def rows(trace: Trace) -> Iterable[Row]:
    """The events of a trace as JSON data."""
    return (json.loads(json.dumps([*event[1:-1], plain(event.data)])) for event in trace)


def first_difference(first: Iterable[Row] | Trace, second: Iterable[Row] | Trace) -> Difference | None:
    """The first event in which two runs differ, or None if there is none."""
    a, b = (rows(run) if isinstance(run, Trace) else run for run in (first, second))
    for seq, (one, other) in enumerate(zip_longest(a, b)):
        if one != other:
            return Difference(seq, one, other)
    return None


def check_determinism(make: Callable[[], Cluster], seconds: float) -> None:
    """Make a cluster and run it for so many virtual seconds, twice. Raises LabkitError with the first difference.

    Both runs have this process's hash seed, so what depends on the order of a set of strings is not seen:
    `labkit doctor --determinism FILE` sees that too.
    """
    traces = []
    for _ in range(2):
        cluster = make()
        cluster.advance(cluster.now + seconds)
        traces.append(cluster.trace)
    difference = first_difference(*traces)
    if difference is not None:
        raise LabkitError(f"the same run done twice differs at {difference}")


def describe(row: Row | None) -> str:
    """An event in words."""
    if row is None:
        return "the run is over"
    time, kind, node, peer, id, due, data = row
    what = {
        "send": lambda: f"{node} sends {_value(data)} to {peer}, to arrive at {due:.6g} s",
        "duplicate": lambda: f"the network copies {_value(data)} from {node} to {peer}, to arrive at {due:.6g} s",
        "deliver": lambda: f"{node} receives message {id} from {peer}",
        "drop": lambda: f"message {id} from {peer} to {node} is lost ({data})",
        "start": lambda: f"{node} starts (boot {id})",
        "set": lambda: f"{node} sets timer {data} for {due:.6g} s",
        "cancel": lambda: f"{node} cancels timer {id}",
        "timer": lambda: f"{node}'s timer {data} fires",
        "state": lambda: f"{node}'s state becomes {_value(data)}",
        "disk": lambda: f"{node} writes {_value(data)} to its disk",
        "note": lambda: f"{node} notes {data!r}",
        "error": lambda: f"{node} fails with {data['error']} ({data['where']})",
        "crash": lambda: f"{node} crashes ({data})",
        "invoke": lambda: f"{node} asks {peer} for {_value(data)}",
        "ok": lambda: f"{node} gets {_value(data)} from {peer}",
    }.get(kind, lambda: " ".join([kind, *(_value(part) for part in (node, peer, data) if part is not None)]))
    return f"{time:.6g} s: {what()}"


def _value(data: Any, length: int = 160) -> str:
    if isinstance(data, dict) and "$" in data:
        fields = ", ".join(f"{name}={_value(value)}" for name, value in data.items() if name != "$")
        text = f"{data['$']}({fields})"
    elif isinstance(data, dict):
        text = ", ".join(f"{name} = {value!r}" for name, value in data.items())
    else:
        text = data if isinstance(data, str) else repr(data)
    return text if len(text) <= length else f"{text[: length - 1]}…"
