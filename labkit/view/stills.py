"""What shows itself in a cell without a widget: clusters, nodes, traces, events, moments, faults; as HTML and as text.

Long traces are summarised: the picture is of their end, made from the last events and the moment before them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import singledispatch
from html import escape
from typing import Any

from labkit.cluster import Cluster
from labkit.engine.faults import Fault, Faults
from labkit.engine.moment import Event, Moment
from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.engine.words import brief, describe, several, sides
from labkit.look import STYLE
from labkit.members import Nodes
from labkit.node import Node
from labkit.view.moment import Moment as Still
from labkit.view.moment import NodeMoment, moment
from labkit.view.poster import poster, state_table
from labkit.view.strips import strips, tally

RECENT = 4_000  # events that a picture of a moment is made of
SHOWN = 40  # lines of a table


# --- moments of a trace


def recent(trace: Trace, time: float | None = None) -> dict[str, Any]:
    """The run as a document to draw a moment of: whole if it is short, else what was before as one step, and the last
    events before `time` (the end, if None is given)."""
    event = None if time is None else trace.at(time).event
    stop = len(trace) if time is None else 0 if event is None else event.seq + 1
    head = trace.header() | {"now": trace.now if time is None else time}
    if stop <= RECENT:
        return head | {"events": trace.columns(0, stop)}
    head.pop("marks", None)  # they count all events
    start = stop - RECENT
    columns = trace.columns(start, stop)
    before, since = trace.after(start - 1), columns["time"][0]
    rows: list[tuple[Any, ...]] = []
    for id in trace.nodes:
        rows.append((since, "start", id, None, None, None, None))
        rows.append((since, "state", id, None, None, None, plain(before.state.get(id, {}))))
        if id not in before.state:
            rows.append((since, "crash", id, None, None, None, "fault"))
        elif id in before.paused:
            rows.append((since, "pause", id, None, None, None, None))
    if before.sides:
        groups: dict[int, list[str]] = {}
        for id, side in before.sides.items():
            groups.setdefault(side, []).append(id)
        rows.append((since, "partition", None, None, None, None, list(groups.values())))
    made = zip(*rows, strict=True)
    return head | {"events": {name: [*first, *columns[name]] for name, first in zip(columns, made, strict=True)}}


def _table_text(still: Still) -> str:
    """Every node's public state as a table of characters."""
    names: list[str] = []
    for node in still.nodes[:SHOWN]:
        names += [name for name in node.attributes if name not in names and name != "role"]
    names = sorted(names, key=lambda name: name != "term")[:8]
    rows = [["node", "role", *names]]
    for node in still.nodes[:SHOWN]:
        rows.append([node.id, node.status, *(_value(node.attributes.get(name)) for name in names)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if len(still.nodes) > SHOWN:
        lines.append(f"… and {len(still.nodes) - SHOWN} more nodes")
    return "\n".join(lines)


def _value(value: Any, length: int = 24) -> str:
    return "—" if value is None else brief(value, length)


# --- as text


@singledispatch
def text(thing: Any) -> str:
    """A value for a terminal."""
    return repr(thing)


@text.register
def _(cluster: Cluster) -> str:
    return f"{cluster!r}\n{_table_text(_now(cluster)[1])}"


@text.register
def _(nodes: Nodes) -> str:
    return _table_text(_still({id: _public(node) for id, node in nodes.items()}))


@text.register
def _(node: Node) -> str:
    lines = [f"  {name} = {_value(value, 90)}" for name, value in _public(node).items()]
    return "\n".join([f"{type(node).__name__} {node.id}", *lines])


@text.register
def trace_text(trace: Trace, at: float | None = None) -> str:
    """What a trace holds, and the state of every node at its end or at a virtual time."""
    still = moment(recent(trace, at))
    marks = [f"  marked at {mark['time']:.3f} s: {mark['label']}" for mark in trace.marks]
    return "\n".join([repr(trace), f"  {tally(trace)}", *marks, f"{still.sentence()}", _table_text(still)])


@text.register
def _(event: Event) -> str:
    return f"event {event.seq} at {event.time:.6f} s: {describe(event)}"


@text.register
def _(moment: Moment) -> str:
    when = "before all events" if moment.event is None else f"after {text(moment.event)}"
    return "\n".join([f"the cluster {when}", *_troubles(moment), _table_text(_still(moment.state, moment.paused))])


def _troubles(moment: Moment) -> Iterable[str]:
    if moment.sides:
        numbers = sorted(set(moment.sides.values()))
        yield f"split: {sides([id for id, side in moment.sides.items() if side == number] for number in numbers)}"
    if moment.paused:
        yield f"paused: {several(sorted(moment.paused))}"


# --- as HTML


@singledispatch
def html(thing: Any) -> str:
    """A value for a cell."""
    return _card(repr(thing))


@html.register
def _(cluster: Cluster) -> str:
    document, still = _now(cluster)
    return f"<style>{STYLE}</style>{poster(document, still)}"


def _still(states: Mapping[str, dict[str, Any]], paused: Collection[str] = ()) -> Still:
    """Running nodes, for a table."""
    nodes = [NodeMoment(id, True, id in paused, 1, attributes) for id, attributes in states.items()]
    return Still(0.0, 0, nodes, [], None, None)


def _now(cluster: Cluster) -> tuple[dict[str, Any], Still]:
    """A cluster as it stands; also one that records no trace."""
    if len(cluster.trace) or not cluster.now:
        document = recent(cluster.trace)
        return document, moment(document)
    bare = Trace(title=cluster.title, seed=cluster.seed, nodes=cluster.ids, edges=cluster.trace.edges)
    bare.now = cluster.now
    for id in cluster.ids:
        bare.record((cluster.now, "start", id, None, 1, None, None))
        if cluster.up(id):
            bare.record((cluster.now, "state", id, None, None, None, _public(cluster.nodes[id])))
        else:
            bare.record((cluster.now, "crash", id, None, None, None, "fault"))
    return bare.document(), moment(bare.document())


def _public(node: Node) -> dict[str, Any]:
    return {name: value for name, value in vars(node).items() if not name.startswith("_") and name != "send"}


@html.register
def _(nodes: Nodes) -> str:
    states = {id: _public(node) for id, node in nodes.items()}
    return _card(f"{len(states)} nodes are running", state_table(_still(states)))


@html.register
def _(node: Node) -> str:
    parts = [_rows(["attribute", "value"], [(name, _value(value, 90)) for name, value in _public(node).items()])]
    try:
        stored = [(str(key), _value(value, 90)) for key, value in node.disk.items()]
    except Exception:  # a broken disk, or a node that is no longer running
        stored = []
    if stored:
        parts.append(f'<div class="more">On its disk:</div>{_rows(["key", "value"], stored)}')
    peers = f"{len(node.peers)} peers" if len(node.peers) > 8 else f"peers {', '.join(node.peers)}"
    return _card(f"{type(node).__name__} {node.id}", f'<div class="more">{escape(peers)}</div>', *parts)


@html.register
def _(trace: Trace) -> str:
    document = recent(trace)
    still = moment(document)
    head = f"{len(trace):,} events in {trace.now:g} s, {len(trace.nodes)} nodes, seed {trace.seed}"
    marks = [(f"{m['time']:.3f} s", str(m["label"])) for m in trace.marks]
    return _card(
        f"{trace.title or 'Trace'}: {head}",
        f'<div class="more">{escape(tally(trace))}</div>',
        strips(trace),
        _rows(["marked", ""], marks) if marks else "",
        f"<details><summary>At the end: {escape(still.sentence())}</summary>{state_table(still)}</details>",
    )


@html.register
def _(event: Event) -> str:
    told = [(name, _value(value, 120)) for name, value in event._asdict().items() if value is not None]
    return _card(f"At {event.time:.3f} s: {describe(event)}", _rows(["", ""], told))


@html.register
def _(moment: Moment) -> str:
    when = "Before all events" if moment.event is None else f"After event {moment.event.seq}: {describe(moment.event)}"
    troubles = "".join(f'<div class="more">{escape(trouble)}</div>' for trouble in _troubles(moment))
    return _card(when, troubles, state_table(_still(moment.state, moment.paused)))


@html.register
def _(faults: Faults) -> str:
    if not faults:
        return _card("No faults")
    code = f"<details><summary>As Python</summary><pre>{escape(repr(faults))}</pre></details>"
    return _card(f"{len(faults)} fault{'s' * (len(faults) != 1)}", _faults(faults), code)


@html.register
def _(fault: Fault) -> str:
    return f'<div class="labkit-still"><style>{STYLE}</style>{_faults([fault])}<code>{escape(repr(fault))}</code></div>'


def _faults(faults: list[Fault]) -> str:
    rows = []
    for fault in faults:
        if all(isinstance(a, list | tuple) for a in fault.args):
            where = sides(fault.args)
        else:
            where = " – ".join(str(a or "any") for a in fault.args)
        how = ", ".join(f"{name}={value!r}" for name, value in fault.options.items())
        rows.append((_when(fault), fault.action, where, how))
    used = [column for column in range(4) if any(row[column] for row in rows)]
    head = ["when", "fault", "where", "how"]
    return _rows([head[column] for column in used], [tuple(row[column] for column in used) for row in rows])


def _when(fault: Fault) -> str:
    if isinstance(fault.when, tuple):
        kind, node, count = fault.when
        which = "next" if count == 1 else f"{count}."
        return f"from {fault.time:.3f} s, at the {which} {kind} at {node or 'any node'}"
    return f"{fault.time:.3f} s" if fault.when is None else f"at event {fault.when}"


def _rows(head: list[str], rows: Sequence[tuple[str, ...]]) -> str:
    """A table whose first column heads its rows."""
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = ""
    for first, *others in rows[:SHOWN]:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        body += f'<tr><th scope="row" class="when">{escape(first)}</th>{cells}</tr>'
    more = f'<tr><td colspan="{len(head)}">and {len(rows) - SHOWN} more</td></tr>' if len(rows) > SHOWN else ""
    top = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    return f"<table>{top}<tbody>{body}{more}</tbody></table>"


def _card(title: str, *parts: str) -> str:
    return f'<div class="labkit-still"><style>{STYLE}</style><p><b>{escape(title)}</b></p>{"".join(parts)}</div>'
