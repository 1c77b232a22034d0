"""The trace: everything that happened in a run, in order. The picture, the checkers and the grader read nothing else.

An event is seven values, `(time, kind, node, peer, id, due, data)`, and its position in the trace is its `seq`:

| kind | node | peer | id | due | data |
|---|---|---|---|---|---|
| start | node that boots | | number of the boot, from 1 | | |
| send | sender | receiver | message id | planned arrival | the message |
| duplicate | sender | receiver | message id of the copy | planned arrival | the message, copied by the network |
| corrupt | sender | receiver | message id | | the message as it arrives, altered on its way |
| retime | receiver | sender | message id | new planned arrival | by which fault: "deliver" or "delay" |
| wait | receiver | sender | message id | | why it waits: "pause", "slow", "disk" (the node), "clog" (the link) |
| deliver | receiver | sender | message id | | |
| drop | receiver | sender | message id | | "loss", "partition", "cut", "down", "queue", "corrupt", "fault" |
| set | node | | timer id | fires at | timer name; a set with the same id replaces it |
| cancel | node | | timer id | | |
| timer | node | | timer id | | timer name; it fired |
| state | node | | | | {attribute: new value}, of the public attributes that changed (None: deleted) |
| disk | node | | | | {key: value} made durable (None: deleted) |
| damage | node | | | | {"how": "torn", "lost", "misdirected" or "rotten", "disk": {key: what is there}} |
| buggify | node | | | | the name of the rare path that it takes |
| note | node | | | | text |
| error | node | | | | {"error": ..., "where": ...}; a crash follows |
| crash | node | | | | "fault" or "error" |
| pause | node | | | | |
| resume | node | | | | |
| slow | node | | | | {"seconds": a latency for each message and timer, or None} |
| faulty | node | | | | {setting: value} of its disk |
| partition | | | 1 if one way: later groups reach earlier ones | | list of groups of node ids |
| heal | | | | | |
| link | from, or None | to, or None | | | {setting: value}; {"schedule": True} where a schedule decides |
| clock | node | | | | {"offset": s, "rate": r}, and "jump": s if it jumped |
| invoke | client | node | operation number | | the request |
| ok | client | node | operation number | | the reply |
| info | client | node | operation number | | why the outcome is unknown |
"""

from __future__ import annotations

import hashlib
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, ClassVar, cast, overload

import msgspec

from labkit.engine.moment import CHANGING, Event, Moment
from labkit.engine.values import plain
from labkit.errors import LabkitError
from labkit.look import Shown

COLUMNS = ("time", "kind", "node", "peer", "id", "due", "data")
WIDTH = len(COLUMNS)
FORMAT, VERSION = "labkit-trace", 1
EVENTS = 10_000  # in a chunk
KEPT = 20  # chunks of a long trace that are kept as they are, at least; once there are twice as many, half is put away
IN_MEMORY = 64 << 20  # bytes of older ones that are kept in memory
APART = 2_000  # events between two moments that are kept
CARRYING = frozenset({"send", "duplicate", "corrupt", "invoke", "ok"})  # kinds of events whose data is a message
_CHUNK = EVENTS * WIDTH
_encode = msgspec.msgpack.Encoder(order="sorted").encode
_decode = msgspec.msgpack.Decoder(list).decode


class _Chunk:
    """Ten thousand old events: where they lie, encoded, or their values."""

    __slots__ = ("length", "offset", "time", "values")

    def __init__(self, values: list[Any]):
        self.values: list[Any] | None = values
        self.time: float = values[0]  # of the first of them
        self.offset = self.length = 0


class Trace(Shown):
    """The events of one run. `len`, indexing, slicing and iteration give `Event`s; `select` picks some kinds or one
    node.

    The last 200,000 events or more are kept as they are; older ones are kept encoded, about 40 bytes each, and beyond
    64 MB in a temporary file. Reading is the same for all.
    """

    writers: ClassVar[dict[str, Callable[..., Any]]] = {}  # what else it may be saved as, by the end of a file's name

    def __init__(
        self, *, title: str = "", seed: int = 0, nodes: tuple[str, ...] = (), edges: list[list[str]] | None = None
    ):
        self.title, self.seed, self.nodes, self.edges = title, seed, tuple(nodes), edges
        self.drawn: dict[str, dict[str, str]] = {}  # by node, what its class says of how it is drawn
        self.now = 0.0
        self.marks: list[dict[str, Any]] = []
        self._tail: list[Any] = []
        self.record = (
            self._tail.extend
        )  # record((time, kind, node, peer, id, due, data)): flat, because a million tuples are slow
        self._chunks: list[_Chunk] = []
        self._hash = hashlib.sha256(_encode([FORMAT, VERSION, self.nodes]))
        self._hashed = 0  # chunks that are in the hash
        self._file: IO[bytes] | None = None
        self._classes: dict[str, type] = {}  # of the messages put away, by name
        self._recent: dict[int, list[Any]] = {}  # chunks read again
        self._read: tuple[int, list[Any]] = (-1, [])  # the chunk decoded last
        self._moments: list[Moment] = []

    def settle(self) -> None:
        """Put old events away, if there are many. The run calls this now and then; reading does not notice."""
        if len(self._tail) >= 2 * KEPT * _CHUNK:
            for number in range(KEPT):
                values = self._tail[number * _CHUNK : (number + 1) * _CHUNK]
                self._chunks.append(self._put_away(values))
            del self._tail[: KEPT * _CHUNK]

    def _put_away(self, values: list[Any]) -> _Chunk:
        """The next chunk: encoded and written, unless it holds what could not be read back exactly."""
        chunk, data = _Chunk(values), _plainly(values)
        if self._hashed == len(self._chunks):
            self._hashed += 1
            self._hash.update(_encoded(values) if data is None else data)
        kinds = {kind for kind in set(map(type, values[6::WIDTH])) if issubclass(kind, msgspec.Struct)}
        if data is not None and all(self._classes.setdefault(_tag(kind), kind) is kind for kind in kinds):
            if self._file is None:
                self._file = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
            chunk.values, chunk.offset, chunk.length = None, self._file.seek(0, 2), len(data)
            self._file.write(data)
        return chunk

    def _values(self, number: int) -> list[Any]:
        """The values of one chunk; of the tail, for the number after the last."""
        if number == len(self._chunks):
            return self._tail
        values = self._chunks[number].values
        if values is None:
            values = self._recent.get(number)
        if values is None:
            values = list(self._decoded(number))
            for place in range(6, len(values), WIDTH):
                data = values[place]
                if type(data) is dict and values[place - 5] in CARRYING:
                    kind = self._classes.get(data.get("$", ""))
                    values[place] = data if kind is None else msgspec.convert(data, kind)
            while len(self._recent) >= 4:
                del self._recent[next(iter(self._recent))]
            self._recent[number] = values
        return values

    def _decoded(self, number: int) -> list[Any]:
        """As `_values`, but messages may be as they were encoded: for those who do not look at messages."""
        if number == len(self._chunks) or self._chunks[number].values is not None:
            return self._values(number)
        if self._read[0] != number:
            chunk = self._chunks[number]
            assert self._file is not None
            self._file.seek(chunk.offset)
            self._read = number, _decode(self._file.read(chunk.length))
        return self._read[1]

    def __len__(self) -> int:
        return len(self._chunks) * EVENTS + len(self._tail) // WIDTH

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
        number, place = divmod(index, EVENTS)
        number = min(number, len(self._chunks))
        place = index - number * EVENTS
        return Event(index, *self._values(number)[place * WIDTH : (place + 1) * WIDTH])

    def __iter__(self) -> Iterator[Event]:
        for first, values in self._parts():
            for seq, start in enumerate(range(0, len(values), WIDTH), first):
                yield Event(seq, *values[start : start + WIDTH])

    def _parts(self, start: int = 0) -> Iterator[tuple[int, list[Any]]]:
        """The values in order, part by part, each with the seq of its first event; from the part that holds `start`."""
        number = min(start // EVENTS, len(self._chunks))
        while number <= len(self._chunks):
            yield number * EVENTS, self._values(number)
            number += 1

    def raw(self, start: int = 0) -> Iterator[tuple[int, list[Any]]]:
        """The values of the events, seven for each, part by part, each with the seq of its first event; from the part
        that holds event `start`. Messages may be dicts. The quickest way through a long trace."""
        for number in range(min(start // EVENTS, len(self._chunks)), len(self._chunks) + 1):
            yield number * EVENTS, self._decoded(number)

    def select(self, *kinds: str, node: str | None = None) -> Iterator[Event]:
        """The events of these kinds (all kinds if none is named), at this node if one is given."""
        for first, values in self._parts():
            for place, kind in enumerate(values[1::WIDTH]):
                if not kinds or kind in kinds:
                    start = place * WIDTH
                    if node is None or values[start + 2] == node:
                        yield Event(first + place, *values[start : start + WIDTH])

    def message(self, event: Event) -> Any:
        """The message that a send, duplicate, corrupt, wait, deliver or drop event is about."""
        if event.kind in ("send", "duplicate", "corrupt"):
            return event.data
        for number in range(min(event.seq // EVENTS, len(self._chunks)), -1, -1):
            values = self._values(number)
            end = min(len(values), (event.seq - number * EVENTS) * WIDTH)
            for start in range(end - WIDTH, -1, -WIDTH):
                if values[start + 4] == event.id and values[start + 1] in ("send", "duplicate", "corrupt"):
                    return values[start + 6]
        raise LabkitError(f"event {event.seq} ({event.kind}) is not about a message")

    def count(self, time: float) -> int:
        """How many events have happened by a time, in virtual seconds."""
        starts = [chunk.time for chunk in self._chunks] + self._tail[:1]
        number = max(0, bisect_right(starts, time) - 1)
        values = self._decoded(number)
        events = range(len(values) // WIDTH)
        return number * EVENTS + bisect_right(events, time, key=lambda event: values[event * WIDTH])

    def begins_like(self, other: Trace, count: int) -> bool:
        """Whether the first `count` events of both are the same."""
        if min(len(self), len(other)) < count:
            return False
        for number in range(-(-count // EVENTS)):
            size = min(EVENTS, count - number * EVENTS) * WIDTH
            mine, theirs = (
                trace._values(number)[:size]
                if number < len(trace._chunks)
                else trace._tail[(number - len(trace._chunks)) * _CHUNK :][:size]
                for trace in (self, other)
            )
            if mine != theirs and _encoded(mine) != _encoded(theirs):  # classes of messages may have been made anew
                return False
        return True

    def at(self, time: float) -> Moment:
        """The cluster at a moment, in virtual seconds, as far as the trace tells: after all that happened by then."""
        return self.after(self.count(time) - 1)

    def after(self, seq: int) -> Moment:
        """The cluster just after an event; before all of them, for -1.

        The way there starts from the last of the moments that are kept, one in every 2,000 events.
        """
        if not -1 <= seq < len(self):
            raise IndexError(f"event {seq} of a trace of {len(self)} events")
        while len(self._moments) * APART <= seq + 1:
            place = len(self._moments) * APART
            self._moments.append(self._follow(self._moments[-1], place - APART, place) if place else Moment())
        kept = (seq + 1) // APART
        moment = self._follow(self._moments[kept], kept * APART, seq + 1)
        moment.event = self[seq] if seq >= 0 else None
        return moment

    def _follow(self, moment: Moment, start: int, stop: int) -> Moment:
        """The moment after the events start to stop."""
        moment = moment.copy()
        while start < stop:
            number = min(start // EVENTS, len(self._chunks))
            values, first = self._decoded(number), number * EVENTS
            end = min(stop, first + len(values) // WIDTH)
            for seq, place in enumerate(range((start - first) * WIDTH, (end - first) * WIDTH, WIDTH), start):
                if values[place + 1] in CHANGING:
                    moment.apply(Event(seq, *values[place : place + WIDTH]))
            start = end
        return moment

    def mark(self, seq: int, label: str, kind: str = "violation") -> None:
        """Put a mark on an event, in words; the picture shows it on the timeline."""
        self.marks.append({"seq": seq, "time": self[seq].time, "label": label, "kind": kind})

    def digest(self) -> str:
        """SHA-256 (hex) of the whole trace. The same code, seed and faults give the same digest in every process."""
        put_away = len(self._chunks)
        while (self._hashed - put_away + 1) * _CHUNK <= len(self._tail):
            start = (self._hashed - put_away) * _CHUNK
            self._hash.update(_encoded(self._tail[start : start + _CHUNK]))
            self._hashed += 1
        digest = self._hash.copy()
        rest = self._tail[(self._hashed - put_away) * _CHUNK :]
        if rest:
            digest.update(_encoded(rest))
        return digest.hexdigest()

    def header(self) -> dict[str, Any]:
        """The JSON form without its events."""
        head: dict[str, Any] = {"format": FORMAT, "version": VERSION, "title": self.title, "seed": self.seed}
        head |= {"nodes": list(self.nodes), "edges": self.edges, "now": self.now}
        if self.drawn:
            head["drawn"] = self.drawn
        if self.marks:
            head["marks"] = self.marks
        return head

    def columns(self, start: int = 0, stop: int | None = None) -> dict[str, list[Any]]:
        """Events start to stop as JSON data, a list for each of the seven values."""
        stop = len(self) if stop is None else min(stop, len(self))
        part: list[Any] = []
        for first, values in self._parts(start):
            if first >= stop:
                break
            part += values[max(0, start - first) * WIDTH : (stop - first) * WIDTH]
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
        trace = cls.from_header(document)
        columns = document["events"]
        for values in zip(*(columns[name] for name in COLUMNS), strict=True):
            trace.record(values)
        trace.settle()
        return trace

    @classmethod
    def from_header(cls, head: Any) -> Trace:
        """A trace without events, from what `header()` gave. Raises LabkitError if this labkit cannot read it."""
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise LabkitError("this is not a labkit trace: its first object lacks {'format': 'labkit-trace'}")
        version = head.get("version")
        if version != VERSION:
            newer = isinstance(version, int) and version > VERSION
            advice = ": a newer labkit wrote it, so update labkit to read it" if newer else ""
            raise LabkitError(f"this trace has version {version!r}; this labkit reads version {VERSION}{advice}")
        missing = [name for name in ("title", "seed", "nodes", "edges", "now") if name not in head]
        if missing:
            raise LabkitError(f"the header of this trace lacks {', '.join(missing)}")
        trace = cls(title=head["title"], seed=head["seed"], nodes=tuple(head["nodes"]), edges=head["edges"])
        trace.now, trace.marks, trace.drawn = head["now"], list(head.get("marks", [])), dict(head.get("drawn", {}))
        return trace

    def save(self, path: str | Path, **page: Any) -> None:
        """Write the trace as JSON lines: the header, then an array of seven values for each event (docs/trace.md).

        A name that ends in .html becomes a page of its own that plays the run, with the options of
        `labkit.view.Replay`: `trace.save("run.html", views=["cluster", "logs"])`. One that ends in .shiviz becomes a
        log for ShiViz. Raises LabkitError for an option of a page with any other name.
        """
        writer = self.writers.get(Path(path).suffix)
        if writer is not None:
            writer(self, path, **page)
            return
        if page:
            raise LabkitError(f"only a page has {', '.join(page)}: give the file a name that ends in .html, not {path}")
        from labkit.engine import trace_file

        trace_file.write(self, Path(path))

    def shiviz(self) -> str:
        """The trace as a log for ShiViz, with vector clocks (`labkit.engine.shiviz`)."""
        from labkit.engine.shiviz import lines

        return "\n".join(lines(self)) + "\n"

    @classmethod
    def open(cls, path: str | Path) -> Trace:
        """Read a trace that `save` wrote as JSON lines. Raises LabkitError if there is no such file, if a newer labkit
        wrote it, and for a line that is not part of a trace, by its number."""
        from labkit.engine import trace_file

        return trace_file.read(path)

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} events, {self.now:g} s, {len(self.nodes)} nodes, seed {self.seed}>"


def _plainly(values: list[Any]) -> bytes | None:
    """The values encoded, or None if they cannot be read back from that: a dict whose keys are no strings has no order
    of its own."""
    try:
        return _encode(values)
    except (TypeError, OverflowError):
        return None


def _encoded(values: list[Any]) -> bytes:
    data = _plainly(values)
    return _encode([plain(value) for value in values]) if data is None else data


def _tag(kind: type) -> str:
    """By what name an encoded message says of which class it is."""
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]
