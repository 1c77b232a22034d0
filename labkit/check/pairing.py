"""From the events of a history to its operations: each answer goes with its request; what makes no sense is refused, by
its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.check.operation import READS, UNKNOWN, Op, freeze
from labkit.errors import LabkitError

TYPES = ("invoke", "ok", "fail", "info")
NEMESIS = ("nemesis", ":nemesis")  # who makes the faults in Jepsen's histories
Place = Callable[[int], str]  # of an event by its number, in words: "h.jsonl, line 3"


def pair(events: list[Any], place: Place, independent: bool | None) -> list[Op]:
    """The operations of events, in order of invocation. Raises LabkitError, with its place, for an event that is none,
    or that does not fit those before it."""
    for number, event in enumerate(events):
        _check(event, number, place)
    if independent is None:
        independent = _looks_independent(events)
    pending: dict[Any, tuple[int, dict[str, Any]]] = {}
    found: list[Op] = []
    last: float | None = None
    for number, event in enumerate(events):
        time, process, kind = event.get("time"), event["process"], event["type"]
        if time is not None:
            if last is not None and time < last:
                raise LabkitError(f"{place(number)}: time {time} comes before {last} above it; sort the events by time")
            last = time
        if process in NEMESIS:
            continue
        if kind == "invoke":
            if process in pending:
                raise LabkitError(
                    f"{place(number)}: process {process} invokes {event['f']!r} while its "
                    f"{pending[process][1]['f']!r} ({place(pending[process][0])}) has no answer; "
                    "a process makes one request at a time"
                )
            pending[process] = (number, event)
            continue
        if process not in pending:
            raise LabkitError(f"{place(number)}: an {kind!r} of process {process}, which had invoked nothing")
        start, invoke = pending.pop(process)
        found.append(_op(invoke, start, event, number, independent, place))
    for start, invoke in pending.values():
        found.append(_op(invoke, start, None, None, independent, place))
    found.sort(key=lambda op: op.invoked)
    return found


def _op(
    invoke: dict[str, Any], start: int, event: dict[str, Any] | None, end: int | None, independent: bool, place: Place
) -> Op:
    """The operation of an invocation and its answer, if any: events number `start` and `end`."""
    kind: str = "info" if event is None else event["type"]
    result: Any = UNKNOWN
    try:
        key, value = _split(invoke, start, place) if independent else (invoke.get("key"), invoke.get("value"))
        key, value = freeze(key), freeze(value)
        if event is not None and end is not None:
            if wrong := _what_does_not_fit(invoke, event):
                raise LabkitError(f"{place(end)}: {wrong}")
            if kind == "ok":
                back = _split(event, end, place)[1] if independent and "result" not in event else event.get("value")
                result = freeze(event.get("result", back))
    except RecursionError:
        raise LabkitError(f"{place(start)}: lists within lists, too deep to read") from None
    times = (invoke.get("time"), None if event is None else event.get("time"))
    return Op(invoke["process"], invoke["f"], key, value, result, kind, start, None if kind == "info" else end, *times)


def _what_does_not_fit(invoke: dict[str, Any], event: dict[str, Any]) -> str:
    if event["f"] != invoke["f"]:
        return f"process {invoke['process']} invoked {invoke['f']!r}, but {event['f']!r} completes"
    if event["type"] == "ok" and event.get("key", invoke.get("key")) != invoke.get("key"):
        return f"the request had key {invoke.get('key')!r}, the answer {event['key']!r}"
    return ""


def _split(event: dict[str, Any], number: int, place: Place) -> tuple[Any, Any]:
    value = event.get("value")
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise LabkitError(f"{place(number)}: in this history a value is a pair [key, value], but here it is {value!r}")
    return value[0], value[1]


def _looks_independent(events: list[Any]) -> bool:
    own = [event for event in events if event["process"] not in NEMESIS]
    if any("key" in event for event in own):
        return False
    values = [event.get("value") for event in own if event["type"] in ("invoke", "ok")]
    reads = [event.get("value") for event in own if event["type"] == "invoke" and event["f"] in READS]
    pairs = all(isinstance(value, list | tuple) and len(value) == 2 for value in values)
    return pairs and any(value[1] is None for value in reads)


def _check(event: Any, number: int, place: Place) -> None:
    """Raises LabkitError unless this is an event."""
    wrong = _what_is_wrong(event)
    if wrong:
        raise LabkitError(f"{place(number)}: {wrong}")


def _what_is_wrong(event: Any) -> str:
    if type(event) is not dict and not isinstance(event, dict):
        return "an event is an object, such as {'process': 1, 'type': 'invoke', …}"
    process, kind, f = event.get("process"), event.get("type"), event.get("f")
    if process in NEMESIS:
        return ""
    for name in ("process", "type", "f"):
        if name not in event:
            return f"the event has no {name!r}"
    if kind not in TYPES:
        return f"type {kind!r} is none of {', '.join(TYPES)}"
    if not isinstance(f, str):
        return f"f is {f!r}; give the operation's name, such as 'read'"
    if isinstance(process, bool) or not isinstance(process, str | int):
        return f"process {process!r} is neither a string nor a whole number"
    time = event.get("time")
    if time is not None and (isinstance(time, bool) or not isinstance(time, int | float)):
        return f"time {time!r} is not a number"
    if f == "txn":
        return _what_is_wrong_in_transaction(event)
    return ""


def _what_is_wrong_in_transaction(event: dict[str, Any]) -> str:
    steps = event.get("value")
    if steps is None and event["type"] in ("fail", "info"):
        return ""
    if not isinstance(steps, list | tuple):
        return 'a transaction\'s value is a list such as [["r", "x", null], ["w", "x", 1]]'
    for step in steps:
        if not isinstance(step, list | tuple) or len(step) != 3 or step[0] not in ("r", "w", "append"):
            return (f'{step!r} is no part of a transaction: write ["r", key, value], '
                    '["w", key, value] or ["append", key, value]')  # fmt: skip
    return ""
