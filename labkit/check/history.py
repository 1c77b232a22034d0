"""Histories: what clients asked of a system and what they were told, as plain data.

A history is a list of events in the order in which they happened. An event is a dict, and a line of JSON in a file, of
the shape that Jepsen uses (Kingsbury, jepsen-io/jepsen)::

    {"process": "c1", "type": "invoke", "f": "cas", "key": "x", "value": [1, 2], "time": 0.5}
    {"process": "c1", "type": "ok", "f": "cas", "key": "x", "value": [1, 2], "result": false, "time": 0.7}

| key | meaning |
|---|---|
| process | who asked: one request at a time. A process whose outcome was unknown may go on |
| type | "invoke"; then "ok", "fail" (it did not happen), or "info" (nobody knows whether it did, or will) |
| f | what was asked: "read", "write", "cas", "append", "enqueue", "acquire", "txn", … |
| key | the object, where there are several; the processes and the keys are strings or numbers |
| value | of an invoke: the argument ("cas": [old, new]); of an ok: what was read, if something was |
| result | of an ok: what was returned, where that is not its value (of "cas": false if the comparison failed) |
| time | for the reader and the picture only: the order of the events is what counts |

A transaction has "f": "txn", and its value is a list of ["r", key, value read], ["w", key, value] and ["append", key,
value]. The events of Jepsen's nemesis are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.check.meaning import Meaning, by_name
from labkit.engine.trace import Trace
from labkit.engine.values import in_order, plain
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.cluster import Cluster

TYPES = ("invoke", "ok", "fail", "info")
READS = frozenset({"read", "get", "r", "dequeue", "contains", "peek"})  # their invocation has no value of its own


class _Unknown:
    """The result of an operation whose outcome is unknown. It equals everything, so `result == state` lets it pass."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        raise LabkitError("a result may be unknown: compare it with == or !=, as in `if result != (state == old)`")

    def __repr__(self) -> str:
        return "?"


UNKNOWN = _Unknown()


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One operation of a history, from its invocation to its completion.

    `value` is what was asked, `result` what came back (`UNKNOWN` if nobody knows); lists in them are tuples. `type` is
    "ok", "fail" or "info". `invoked` and `completed` count the events of the history; `completed` is None while the
    outcome is unknown: the operation may take effect at any later time, or never. `time` and `end` are the times of
    the two events, None where the history has none.
    """

    process: Any
    f: str
    key: Any
    value: Any
    result: Any
    type: str
    invoked: int
    completed: int | None
    time: float | None = None
    end: float | None = None

    def __str__(self) -> str:
        return f"{self.process}: {self.call}"

    @property
    def call(self) -> str:
        """The operation without its process, as "write(x, 3)"."""
        if self.f == "txn":
            done = self.result if self.type == "ok" and isinstance(self.result, tuple) else self.value
            end = {"ok": "", "fail": " failed", "info": " -> ?"}[self.type]
            return " ".join(_micro(step, self.type == "ok") for step in done or ()) + end
        given = [] if self.value is None or (self.f in READS and self.type == "ok") else [self.value]
        arguments = ", ".join(show(part) for part in ([] if self.key is None else [self.key]) + given)
        if self.type == "fail":
            answer = " failed"
        elif self.type == "info":
            answer = " -> ?"
        elif self.f in READS or not (self.result is None or self.result == self.value):
            answer = f" -> {show(self.result)}"
        else:
            answer = ""
        return f"{self.f}({arguments}){answer}"


def show(value: Any) -> str:
    """A value as it is written in evidence: tuples as lists, words without quotes."""
    if isinstance(value, tuple):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, str) and value and all(c.isalnum() or c in "_-." for c in value):
        return value
    return "nil" if value is None else repr(value)


def _micro(step: Any, answered: bool) -> str:
    f, key, value = step
    if f == "r" and not answered:
        return f"r({show(key)})"
    return f"r({show(key)})={show(value)}" if f == "r" else f"{f}({show(key)}, {show(value)})"


def freeze(value: Any) -> Any:
    """A value that can be hashed and compared: lists become tuples, dicts sorted tuples of pairs, sets frozensets."""
    kind = type(value)
    if kind in (list, tuple):
        return tuple(freeze(item) for item in value)
    if kind is dict:
        return tuple(in_order((freeze(key), freeze(item)) for key, item in value.items()))
    return frozenset(freeze(item) for item in value) if kind in (set, frozenset) else value


class History:
    """The operations of a system's clients. Iterate for its operations (`Op`), in the order of their invocations.

    events: dicts as the module's table has them. independent: whether each value is a pair [key, value], as Jepsen's
    independent workloads and Maelstrom's lin-kv write it; None finds out, and only when no event has a key and some
    read is invoked with [key, null].

    Raises LabkitError, naming the event, where the events make no history.
    """

    def __init__(self, events: Iterable[dict[str, Any]], *, independent: bool | None = None):
        self.events = list(events)
        self.operations: list[Op] = _pair(self.events, [f"event {n}" for n in range(len(self.events))], independent)

    @classmethod
    def open(cls, path: str | Path, *, independent: bool | None = None) -> History:
        """Read a file of JSON lines. Raises LabkitError, naming the line, where it is no history."""
        events, places = [], []
        try:
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    if not line.strip():
                        continue
                    try:
                        events.append(json.loads(line))
                    except ValueError as error:
                        raise LabkitError(f"{path}, line {number}: this is not JSON ({error})") from None
                    places.append(f"{path}, line {number}")
        except (OSError, UnicodeDecodeError) as error:
            raise LabkitError(f"{path} cannot be read as a history: {error}") from None
        history = cls.__new__(cls)
        history.events, history.operations = events, _pair(events, places, independent)
        return history

    @classmethod
    def of(cls, run: Cluster | Trace, meaning: Meaning = by_name) -> History:
        """The history of a cluster's clients (`cluster.client`), or of those in a trace.

        meaning: what a request and its reply say in a history's terms; the default reads it off their names and
        fields (`labkit.check.meaning.by_name`). Raises LabkitError for a request that `meaning` cannot tell, and for a
        cluster that keeps no trace.
        """
        trace = run if isinstance(run, Trace) else run.trace
        if not isinstance(run, Trace) and run.history and not len(trace):
            raise LabkitError("this cluster keeps no trace, so no history: make it without trace=False")
        replies = {(event.node, event.id): event for event in trace.select("ok", "info")}
        meant: dict[tuple[Any, Any], dict[str, Any] | None] = {}
        events: list[dict[str, Any]] = []
        for event in trace.select("invoke", "ok", "info"):
            call = (event.node, event.id)
            if event.kind == "invoke":
                reply = replies.get(call)
                meant[call] = meaning(event.data, reply.data if reply and reply.kind == "ok" else None)
            said = meant.get(call)
            if said is None:
                continue
            line = {"process": event.node, "type": event.kind, "time": event.time}
            line |= {name: plain(said[name]) for name in ("f", "key", "value") if name in said}
            if event.kind == "ok":
                line["type"] = said.get("type", "ok")
                if line["type"] == "ok" and "result" in said:
                    line["value" if line["f"] in READS or line["f"] == "txn" else "result"] = plain(said["result"])
            events.append(line)
        return cls(events, independent=False)

    def save(self, path: str | Path) -> None:
        """Write the history as JSON lines."""
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(plain(event)) + "\n" for event in self.events)

    def __iter__(self) -> Iterator[Op]:
        return iter(self.operations)

    def __len__(self) -> int:
        return len(self.operations)

    def __repr__(self) -> str:
        processes = len({op.process for op in self.operations})
        return f"<History of {len(self)} operations by {processes} processes>"

    def _repr_html_(self) -> str:
        from labkit.check.picture import figure, picture

        return figure(picture(self.operations), repr(self))


def _pair(events: list[Any], places: list[str], independent: bool | None) -> list[Op]:
    """The operations of events, in order of invocation."""
    for event, place in zip(events, places, strict=True):
        _check(event, place)
    if independent is None:
        independent = _looks_independent(events)
    pending: dict[Any, tuple[int, dict[str, Any]]] = {}
    found: list[Op] = []
    last: float | None = None
    for number, (event, place) in enumerate(zip(events, places, strict=True)):
        time, process = event.get("time"), event["process"]
        if time is not None:
            if last is not None and time < last:
                raise LabkitError(f"{place}: time {time:g} comes before {last:g} above it; sort the events by time")
            last = time
        if process == "nemesis":
            continue
        if event["type"] == "invoke":
            if process in pending:
                raise LabkitError(
                    f"{place}: process {process} invokes {event['f']!r} while its {pending[process][1]['f']!r} "
                    f"({places[pending[process][0]]}) has no answer; a process makes one request at a time"
                )
            pending[process] = (number, event)
            continue
        if process not in pending:
            raise LabkitError(f"{place}: an {event['type']!r} of process {process}, which had invoked nothing")
        start, invoke = pending.pop(process)
        if event["f"] != invoke["f"]:
            raise LabkitError(f"{place}: process {process} invoked {invoke['f']!r}, but {event['f']!r} completes")
        found.append(_op(invoke, start, event, number, independent, place))
    for start, invoke in pending.values():
        found.append(_op(invoke, start, None, None, independent, places[start]))
    return sorted(found, key=lambda op: op.invoked)


def _op(
    invoke: dict[str, Any], start: int, event: dict[str, Any] | None, number: int | None, independent: bool, place: str
) -> Op:
    key, value = invoke.get("key"), invoke.get("value")
    kind = "info" if event is None else event["type"]
    result: Any = UNKNOWN
    if independent:
        key, value = _split(invoke, place)
    if kind == "ok" and event is not None:
        back = _split(event, place)[1] if independent and "result" not in event else event.get("value")
        result = freeze(event.get("result", back))
        if event.get("key", invoke.get("key")) != invoke.get("key"):
            raise LabkitError(f"{place}: the request had key {invoke.get('key')!r}, the answer {event['key']!r}")
    end = None if event is None else event.get("time")
    completed = None if kind == "info" else number
    times = (invoke.get("time"), end)
    return Op(invoke["process"], invoke["f"], freeze(key), freeze(value), result, kind, start, completed, *times)


def _split(event: dict[str, Any], place: str) -> tuple[Any, Any]:
    value = event.get("value")
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise LabkitError(f"{place}: in this history a value is a pair [key, value], but here it is {value!r}")
    return value[0], value[1]


def _looks_independent(events: list[Any]) -> bool:
    own = [event for event in events if event["process"] != "nemesis"]
    values = [event.get("value") for event in own if event["type"] in ("invoke", "ok")]
    reads = [event.get("value") for event in own if event["type"] == "invoke" and event["f"] in READS]
    pairs = all(isinstance(value, list | tuple) and len(value) == 2 for value in values)
    return pairs and any(value[1] is None for value in reads) and not any("key" in event for event in own)


def _check(event: Any, place: str) -> None:
    """Raises LabkitError unless this is an event."""
    if not isinstance(event, dict):
        raise LabkitError(f"{place}: an event is an object, such as {{'process': 1, 'type': 'invoke', …}}")
    for name in ("process", "type", "f"):
        if name not in event:
            raise LabkitError(f"{place}: the event has no {name!r}")
    if event["type"] not in TYPES:
        raise LabkitError(f"{place}: type {event['type']!r} is none of {', '.join(TYPES)}")
    if not isinstance(event["f"], str):
        raise LabkitError(f"{place}: f is {event['f']!r}; give the operation's name, such as 'read'")
    if isinstance(event["process"], bool) or not isinstance(event["process"], str | int):
        raise LabkitError(f"{place}: process {event['process']!r} is neither a string nor a whole number")
    if isinstance(event.get("time"), bool) or not isinstance(event.get("time"), int | float | None):
        raise LabkitError(f"{place}: time {event['time']!r} is not a number")
    if event["f"] == "txn" and event["process"] != "nemesis":
        _check_transaction(event, place)


def _check_transaction(event: dict[str, Any], place: str) -> None:
    steps = event.get("value")
    if steps is None and event["type"] in ("fail", "info"):
        return
    if not isinstance(steps, list | tuple):
        raise LabkitError(f'{place}: a transaction\'s value is a list such as [["r", "x", null], ["w", "x", 1]]')
    for step in steps:
        if not isinstance(step, list | tuple) or len(step) != 3 or step[0] not in ("r", "w", "append"):
            raise LabkitError(f"{place}: {step!r} is no part of a transaction: write [\"r\", key, value], "
                              '["w", key, value] or ["append", key, value]')  # fmt: skip
