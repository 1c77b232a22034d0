"""What led to a violation: the events in its causal past (Lamport, "Time, Clocks, and the Ordering of Events in a
Distributed System", CACM 1978), and the steps among them that count.

The *length* of a counterexample is its number of steps: messages delivered, timers fired and faults, in the causal past
of the violation. A timer that changed no public attribute and no disk, and none of whose messages arrived, does not
count: nothing of it can be seen.
"""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace

FAULTS = frozenset({"crash", "pause", "resume", "slow", "faulty", "partition", "heal", "link", "clock", "retime"})
CHANGES = frozenset({"state", "disk", "note", "error", "crash"})
BEGINS = frozenset({"start", "deliver", "timer", "invoke"}) | FAULTS  # what begins a step


def past(trace: Trace, violation: Violation) -> list[Event]:
    """The events that may have had a part in a violation: those of the nodes concerned, those that sent what they were
    delivered, and so on. Faults of the network (which are at no node) are always among them."""
    events = trace[: violation.seq + 1]
    sent = {event.id: event.seq for event in events if event.kind in ("send", "duplicate")}
    nodes = violation.nodes or tuple(filter(None, [events[-1].node if events else None])) or trace.nodes
    until: dict[str | None, int] = dict.fromkeys(nodes, violation.seq)
    chosen: list[Event] = []
    for event in reversed(events):
        if event.kind in ("partition", "heal", "link"):
            if event.kind == "link" and "schedule" in event.data:
                continue
            chosen.append(event)
        elif event.seq <= until.get(event.node, -1):
            chosen.append(event)
            if event.kind == "deliver":
                until[event.peer] = max(until.get(event.peer, -1), sent.get(event.id, -1))
    return chosen[::-1]


def steps(trace: Trace, violation: Violation) -> list[Event]:
    """The steps of a counterexample, in order: see above."""
    events = past(trace, violation)
    arrived = {event.id for event in events if event.kind == "deliver"}
    idle = _idle_timers(events, arrived)
    return [event for event in events if _counts(event) and event.seq not in idle]


def _counts(event: Event) -> bool:
    if event.kind == "start":
        return bool(event.id and event.id > 1)  # a restart
    return event.kind in ("deliver", "timer") or event.kind in FAULTS


def _idle_timers(events: list[Event], arrived: set[int | None]) -> set[int]:
    """The timers that fired and did nothing that can be seen."""
    idle: set[int] = set()
    current: dict[str | None, int | None] = {}  # node: the timer whose step it is in
    for event in events:
        if event.kind == "timer":
            current[event.node] = event.seq
            idle.add(event.seq)
        elif event.kind in BEGINS:
            current[event.node] = None
        seq = current.get(event.node)
        if seq is not None and (event.kind in CHANGES or (event.kind == "send" and event.id in arrived)):
            idle.discard(seq)
    return idle


def picture(trace: Trace, violation: Violation) -> dict[str, Any]:
    """The run up to the violation as a document to show, without what had no part in it: messages that never arrived,
    timers that did nothing, what happened elsewhere. States stay."""
    kept = {event.seq for event in past(trace, violation)}
    arrived = {event.id for event in trace.select("deliver") if event.seq <= violation.seq}
    idle = _idle_timers(trace[: violation.seq + 1], arrived)
    seqs = []
    for event in trace[: violation.seq + 1]:
        noise = event.kind in ("set", "cancel") or event.seq in idle
        if event.kind in ("send", "duplicate", "corrupt"):
            noise = event.id not in arrived
        elif event.kind == "drop":
            noise = True
        shown = event.seq in kept or event.kind in ("start", "state", "crash", "invoke", "ok", "info")
        if event.seq == violation.seq or (shown and not noise):
            seqs.append(event.seq)
    columns = trace.columns(0, violation.seq + 1)
    events = {name: [values[seq] for seq in seqs] for name, values in columns.items()}
    mark = {
        "seq": len(seqs) - 1, "time": violation.time, "label": violation.message, "kind": "violation",
        "nodes": list(violation.nodes),
    }  # fmt: skip
    return trace.header() | {"now": violation.time, "events": events, "marks": [mark]}


def describe(event: Event, trace: Trace) -> str:
    """A step in words."""
    if event.kind == "deliver":
        return f"{event.node} receives {_brief(trace.message(event))} from {event.peer}"
    if event.kind == "timer":
        return f"{event.node}'s timer {event.data} fires"
    if event.kind == "crash":
        return f"{event.node} crashes" + (" with an error" if event.data == "error" else "")
    if event.kind == "start":
        return f"{event.node} restarts"
    if event.kind == "partition":
        return "partition: " + " | ".join(", ".join(group) for group in event.data)
    if event.kind == "heal":
        return "the partition heals"
    if event.kind == "link":
        ends = f"{event.node or 'any node'} to {event.peer or 'any node'}"
        return f"link from {ends}: {_settings(event.data)}"
    if event.kind == "retime":
        how = "is delivered early" if event.data == "deliver" else f"is delayed to {event.due:g} s"
        return f"{_brief(trace.message(event))} from {event.peer} to {event.node} {how}"
    if event.kind in ("clock", "slow", "faulty"):
        what = {"clock": "clock", "slow": "speed", "faulty": "disk"}[event.kind]
        return f"{event.node}'s {what}: {_settings(event.data)}"
    return f"{event.node} {event.kind}s"


def _settings(data: Any) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in data.items())


def _brief(message: Any) -> str:
    text = repr(message)
    return text if len(text) <= 90 else text[:87] + "..."
