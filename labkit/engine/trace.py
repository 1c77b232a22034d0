"""The trace: everything that happened in a run, in order. The picture, the checkers and the grader read nothing else.

An event is seven values, `(time, kind, node, peer, id, due, data)`, and its position in the trace is its `seq`:

| kind | node | peer | id | due | data |
|---|---|---|---|---|---|
| start | node that boots | | number of the boot, from 1 | | |
| send | sender | receiver | message id | planned arrival | the message |
| duplicate | sender | receiver | message id of the copy | planned arrival | the message, copied by the network |
| deliver | receiver | sender | message id | | |
| drop | receiver | sender | message id | | "loss", "partition", "cut" or "down" |
| set | node | | timer id | fires at | timer name; a set with the same id replaces it |
| cancel | node | | timer id | | |
| timer | node | | timer id | | timer name; it fired |
| state | node | | | | {attribute: new value}, of the public attributes that changed (None: deleted) |
| disk | node | | | | {key: value} made durable (None: deleted) |
| note | node | | | | text |
| error | node | | | | {"error": ..., "where": ...}; a crash follows |
| crash | node | | | | "fault" or "error" |
| partition | | | | | list of groups of node ids |
| heal | | | | | |
| link | from, or None | to, or None | | | {setting: value} |
| clock | node | | | | {"offset": s, "rate": r} |
| invoke | client | node | operation number | | the request |
| ok | client | node | operation number | | the reply |
| info | client | node | operation number | | why the outcome is unknown |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, overload

import msgspec

from labkit.engine.values import plain
from labkit.errors import LabkitError

COLUMNS = ("time", "kind", "node", "peer", "id", "due", "data")
WIDTH = len(COLUMNS)
FORMAT, VERSION = "labkit-trace", 1
_encode = msgspec.msgpack.Encoder(order="sorted").encode
_CHUNK = 10_000 * WIDTH


class Event(NamedTuple):
    """One event of a trace. `time` and `due` are virtual seconds; the table at the top of this module says what each
    kind holds."""

    seq: int
    time: float
    kind: str
    node: str | None
    peer: str | None
    id: int | None
    due: float | None
    data: Any


class Trace:
    """The events of one run. `len`, indexing, slicing and iteration give `Event`s; `select` picks some kinds or one
    node."""

    def __init__(
        self, *, title: str = "", seed: int = 0, nodes: tuple[str, ...] = (), edges: list[list[str]] | None = None
    ):
        self.title, self.seed, self.nodes, self.edges = title, seed, tuple(nodes), edges
        self.now = 0.0
        self.marks: list[dict[str, Any]] = []
        self._flat: list[Any] = []
        self.record = (
            self._flat.extend
        )  # record((time, kind, node, peer, id, due, data)): flat, because a million tuples are slow

    def __len__(self) -> int:
        return len(self._flat) // WIDTH

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"event {index} of a trace of {size} events")
        index %= size
        return Event(index, *self._flat[index * WIDTH : (index + 1) * WIDTH])

    def __iter__(self) -> Iterator[Event]:
        flat = self._flat
        for seq, start in enumerate(range(0, len(flat), WIDTH)):
            yield Event(seq, *flat[start : start + WIDTH])

    def select(self, *kinds: str, node: str | None = None) -> Iterator[Event]:
        """The events of these kinds (all kinds if none is named), at this node if one is given."""
        for event in self:
            if (not kinds or event.kind in kinds) and (node is None or event.node == node):
                yield event

    def message(self, event: Event) -> Any:
        """The message that a send, duplicate, deliver or drop event is about."""
        if event.kind in ("send", "duplicate"):
            return event.data
        flat = self._flat
        for start in range((event.seq - 1) * WIDTH, -1, -WIDTH):
            if flat[start + 4] == event.id and flat[start + 1] in ("send", "duplicate"):
                return flat[start + 6]
        raise LabkitError(f"event {event.seq} ({event.kind}) is not about a message")

    def mark(self, seq: int, label: str, kind: str = "violation") -> None:
        """Put a mark on an event, in words; the picture shows it on the timeline."""
        self.marks.append({"seq": seq, "time": self[seq].time, "label": label, "kind": kind})

    def digest(self) -> str:
        """SHA-256 (hex) of the whole trace. The same code, seed and faults give the same digest in every process."""
        digest = hashlib.sha256(_encode([FORMAT, VERSION, self.nodes]))
        for start in range(0, len(self._flat), _CHUNK):
            chunk = self._flat[start : start + _CHUNK]
            try:
                digest.update(_encode(chunk))
            except TypeError:  # a dict whose keys are no strings has no order of its own
                digest.update(_encode([plain(value) for value in chunk]))
        return digest.hexdigest()

    def header(self) -> dict[str, Any]:
        """The JSON form without its events."""
        head: dict[str, Any] = {"format": FORMAT, "version": VERSION, "title": self.title, "seed": self.seed}
        head |= {"nodes": list(self.nodes), "edges": self.edges, "now": self.now}
        if self.marks:
            head["marks"] = self.marks
        return head

    def columns(self, start: int = 0, stop: int | None = None) -> dict[str, list[Any]]:
        """Events start to stop as JSON data, a list for each of the seven values."""
        end = len(self._flat) if stop is None else stop * WIDTH
        part = self._flat[start * WIDTH : end]
        columns = {name: part[index::WIDTH] for index, name in enumerate(COLUMNS)}
        columns["data"] = [plain(data) for data in columns["data"]]
        return columns

    def document(self) -> dict[str, Any]:
        """The whole trace as JSON data."""
        return self.header() | {"events": self.columns()}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Trace:
        """The trace that `document()` described. Messages are dicts with their class name under "$".

        Raises LabkitError if it is not a labkit trace.
        """
        trace = cls._from_header(document)
        columns = document["events"]
        for values in zip(*(columns[name] for name in COLUMNS), strict=True):
            trace.record(values)
        return trace

    @classmethod
    def _from_header(cls, head: Any) -> Trace:
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise LabkitError("this is not a labkit trace: its first object lacks {'format': 'labkit-trace'}")
        if head.get("version") != VERSION:
            raise LabkitError(f"this trace has version {head.get('version')!r}; this labkit reads version {VERSION}")
        trace = cls(title=head["title"], seed=head["seed"], nodes=tuple(head["nodes"]), edges=head["edges"])
        trace.now, trace.marks = head["now"], list(head.get("marks", []))
        return trace

    def save(self, path: str | Path) -> None:
        """Write the trace as JSON lines: the header, then an array of seven values for each event."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.header()) + "\n")
            for event in self:
                file.write(json.dumps([*event[1:-1], plain(event.data)]) + "\n")

    @classmethod
    def open(cls, path: str | Path) -> Trace:
        """Read a trace that `save` wrote. Raises LabkitError naming the line that is not part of one."""
        line_number = 1
        try:
            with open(path, encoding="utf-8") as file:
                trace = cls._from_header(json.loads(file.readline()))
                for line_number, line in enumerate(file, 2):  # noqa: B007
                    values = json.loads(line)
                    if not isinstance(values, list) or len(values) != WIDTH:
                        raise ValueError(f"an event is an array of {WIDTH} values")
                    trace.record(values)
        except (ValueError, KeyError) as error:
            raise LabkitError(f"{path}, line {line_number}: {error}") from error
        return trace

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} events, {self.now:g} s, {len(self.nodes)} nodes, seed {self.seed}>"
