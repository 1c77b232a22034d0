"""What figures read out of a trace: spans of roles, flights, queue lengths, and who knows what since when."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.errors import LabkitError
from labkit.view import assets
from labkit.view.moment import message_name

REPLY = re.compile(r"(Reply|Response|Result|Acknowledgement|Acknowledged|Ack|Ok|OK|ed)$")


class Flight(NamedTuple):
    """A message on its way; `end` is when it was handled, or would have been if it was lost; None if it still flies at
    the end of the run."""

    name: str
    source: str
    target: str
    sent: float
    end: float | None
    lost: bool
    copy: bool  # made by the network


class Span(NamedTuple):
    """A node in one role; `role` is None for a node without one, and "down" after a crash."""

    node: str
    start: float
    end: float
    role: str | None


@cache
def names_of(what: str) -> tuple[str, ...]:
    """The attributes under which the views know a thing, such as "log": as the frontend lists them."""
    listed = re.search(rf"^  {what}: \[(.*)\],$", assets.source("gather.js"), re.MULTILINE)
    assert listed is not None, what
    return tuple(re.findall(r'"(\w+)"', listed[1]))


def find(trace: Trace, node: str, values: dict[str, Any], what: str) -> Any:
    """The value of what an attribute stands for, among a node's attributes; None if it is not among them."""
    own = trace.drawn.get(node, {}).get(what)
    names = names_of(what) if own is None else (own,)
    return next((values[name] for name in names if name in values), None)


def flights(trace: Trace) -> list[Flight]:
    """Every message, in the order of sending."""
    sent: dict[Any, int] = {}
    due: dict[Any, float] = {}
    found: list[Flight] = []
    for event in trace.select("send", "duplicate", "deliver", "drop"):
        if event.kind in ("send", "duplicate"):
            sent[event.id] = len(found)
            name = message_name(plain(event.data))
            copied = event.kind == "duplicate"
            due[event.id] = event.time if event.due is None else event.due
            found.append(Flight(name, event.node or "", event.peer or "", event.time, None, False, copied))
        elif event.id in sent:
            place, lost = sent.pop(event.id), event.kind == "drop"
            found[place] = found[place]._replace(end=max(event.time, due[event.id]) if lost else event.time, lost=lost)
    return found


def spans(trace: Trace) -> list[Span]:
    """The roles of every node, one after the other."""
    now: dict[str, tuple[float, str | None]] = {}
    found: list[Span] = []
    for event in trace.select("start", "state", "crash"):
        node = event.node or ""
        if event.kind == "state":
            role = find(trace, node, event.data, "role")
            if not isinstance(role, str) or now.get(node, (0.0, None))[1] == role:
                continue
        else:
            role = "down" if event.kind == "crash" else None
        if node in now and event.time > now[node][0]:
            found.append(Span(node, now[node][0], event.time, now[node][1]))
        now[node] = (event.time, role)
    found += [Span(node, start, trace.now, role) for node, (start, role) in now.items()]
    return sorted(found, key=lambda span: (trace.nodes.index(span.node), span.start))


def clients(trace: Trace) -> list[str]:
    """Who is no node and sent something, in the order of appearance."""
    return list(dict.fromkeys(e.node for e in trace.select("invoke", "send") if e.node and e.node not in trace.nodes))


def amount(value: Any) -> float:
    """How many a value stands for: the length of a list, a number itself, one for anything else that is not nothing."""
    if value is None or value is False:
        return 0
    if isinstance(value, int | float):
        return max(0, value)
    return len(value) if hasattr(value, "__len__") and not isinstance(value, str) else 1


def queue_lengths(trace: Trace) -> dict[str, list[tuple[float, float, float]]]:
    """For every server its (time, waiting, being served) at each change, as the view `load` counts them: from the
    attributes `queue` and `active`; without them, the requests that it has not answered."""
    types = {message_name(plain(event.data)) for event in trace.select("send")}
    answers: dict[str, str] = {}
    for name in sorted(types):
        stem = REPLY.sub("", name)
        asked = [other for other in sorted(types) if other != name and other.startswith(stem)]
        if stem != name and len(stem) >= 3 and asked:
            answers[name] = asked[0]
    named: dict[str, dict[str, float]] = {node: {} for node in trace.nodes}
    door: dict[str, set[Any]] = {node: set() for node in trace.nodes}
    asked_by: dict[str, dict[str, int]] = {node: {} for node in trace.nodes}
    name_of: dict[Any, str] = {}
    found: dict[str, list[tuple[float, float, float]]] = {}
    for event in trace:
        if event.kind in ("send", "duplicate"):
            name_of[event.id] = message_name(plain(event.data))
        node = event.node or ""
        if node not in named:
            continue
        mine = asked_by[node]
        if event.kind == "state":
            for what in ("waiting", "active"):
                value = find(trace, node, event.data, what)
                if value is not None:
                    named[node][what] = amount(value)
                    found.setdefault(node, [])
        elif event.kind == "wait" and event.data != "clog":
            door[node].add(event.id)
        elif event.kind in ("deliver", "drop"):
            door[node].discard(event.id)
            name, peer = name_of.get(event.id, ""), event.peer or ""
            if event.kind == "deliver" and (peer not in named or name in answers.values()):
                key = f"{peer} {name}" if peer in named else peer
                mine[key] = mine.get(key, 0) + 1
        elif event.kind == "send":
            peer = event.peer or ""
            key = f"{peer} {answers.get(name_of[event.id])}" if peer in named else peer
            if mine.get(key, 0) > 0:
                mine[key] -= 1
        elif event.kind in ("start", "crash"):
            named[node], asked_by[node] = {}, {}
        waiting = named[node].get("waiting", 0) + len(door[node])
        active = named[node].get("active", 0) if named[node] else sum(asked_by[node].values())
        before = (found.get(node) or [(0.0, 0, 0)])[-1]
        if (waiting, active) != before[1:]:
            found.setdefault(node, []).append((event.time, waiting, active))
    return found


def rumours(value: Any) -> list[Any]:
    """What a node knows that has this value: the items of a list or a set, or the value itself."""
    if value is None or value is False:
        return []
    data = plain(value)
    if isinstance(data, dict) and "$" not in data:
        return list(data)
    return (
        [repr(item) if isinstance(item, dict | list) else item for item in data] if isinstance(data, list) else [data]
    )


def knowledge(trace: Trace, attribute: str, rumour: Any = None) -> tuple[Any, list[tuple[float, str, bool]]]:
    """Who learnt a rumour when: (time, node, True), or (time, node, False) where it was forgotten.

    rumour: an item of a set, or a number that counts as known from that number on; by default the one that reached
    the most nodes. Raises LabkitError if no node has such an attribute, and if nobody ever knew that rumour.
    """
    values = [
        (e.time, e.node or "", None if e.kind == "crash" else e.data.get(attribute)) for e in _changes(trace, attribute)
    ]
    if not values:
        raise LabkitError(f"no node has a public attribute {attribute!r}: it would show in `cluster.view('table')`")
    if rumour is None:
        reached: dict[Any, set[str]] = {}
        for _, node, value in values:
            for item in rumours(value):
                reached.setdefault(item, set()).add(node)
        rumour = max(reached, key=lambda item: len(reached[item]), default=None)
    knowing: set[str] = set()
    found = []
    for time, node, value in values:
        known = rumours(value)
        number = isinstance(rumour, int | float) and len(known) == 1 and isinstance(known[0], int | float)
        knows = (number and known[0] >= rumour and not isinstance(value, list | set)) or rumour in known
        if knows != (node in knowing):
            (knowing.add if knows else knowing.discard)(node)
            found.append((time, node, knows))
    if not any(knows for _, _, knows in found):
        raise LabkitError(f"no node ever had {rumour!r} in {attribute!r}")
    return rumour, found


def _changes(trace: Trace, attribute: str) -> Iterator[Any]:
    had = set()
    for event in trace.select("state", "crash"):
        if event.kind == "state" and attribute in event.data:
            had.add(event.node)
            yield event
        elif event.kind == "crash" and event.node in had:
            yield event


def percentile(values: list[float], percent: float) -> float:
    """By the nearest rank."""
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]
