"""The history of a test: every operation's invocation and completion, as plain dicts in Jepsen's shape.

An event has `index`, `time` (seconds), `process`, `type` (invoke, ok, fail, info), `f`, `key` where the workload has
keys, `value`, `node`, and for those that went wrong `error`; `final` marks the reads after recovery. A process whose
operation ended in info never invokes again: its worker goes on as another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]


class Recorder:
    """Collects the events of a run."""

    def __init__(self, clock: Callable[[], float], write: Callable[[Event], None]):
        self.events: list[Event] = []
        self._clock, self._write = clock, write

    def add(self, process: int | str, type: str, f: str, **fields: Any) -> Event:
        event = {"index": len(self.events), "time": round(self._clock(), 6), "process": process, "type": type, "f": f}
        event |= fields
        self.events.append(event)
        self._write(event)
        return event


@dataclass(frozen=True)
class Operation:
    """An invocation and its completion; `end` is None if the run ended before it did."""

    start: Event
    end: Event | None

    @property
    def type(self) -> str:
        return "info" if self.end is None else self.end["type"]

    @property
    def f(self) -> str:
        return self.start["f"]

    @property
    def value(self) -> Any:
        """What came back if the operation is ok, else what was asked."""
        return self.end.get("value") if self.end is not None and self.type == "ok" else self.start.get("value")

    def __str__(self) -> str:
        key = f" {self.start['key']}" if "key" in self.start else ""
        return f"{self.f}{key} {self.value!r} by process {self.start['process']} on {self.start.get('node')}"


def operations(events: list[Event]) -> list[Operation]:
    """The operations of clients, in the order of their invocations."""
    pending: dict[Any, Event] = {}
    found: list[Operation] = []
    for event in events:
        if event["process"] == "nemesis":
            continue
        if event["type"] == "invoke":
            pending[event["process"]] = event
        else:
            found.append(Operation(pending.pop(event["process"]), event))
    found += [Operation(event, None) for event in pending.values()]
    return sorted(found, key=lambda operation: operation.start["index"])


def of_kind(events: list[Event], f: str) -> Iterator[Operation]:
    return (operation for operation in operations(events) if operation.f == f)
