"""What led to a violation: the events in its causal past (Lamport, "Time, Clocks, and the Ordering of Events in a
Distributed System", CACM 1978), and the steps among them that count.

The *length* of a counterexample is its number of steps: messages delivered and timers fired in the causal past of the
violation, and all faults, wherever they strike: a crash may matter by what did not happen because of it. A timer that
changed no public attribute and no disk, and none of whose messages arrived, does not count: nothing of it can be seen.

A violation of progress, told only after a while in which something has not happened, is a stem and a loop (a lasso):
the steps up to the last one that changed anything are its length, and what goes round and round after that is not.
"""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace

FAULTS = frozenset({"crash", "pause", "resume", "slow", "faulty", "partition", "heal", "link", "clock", "retime"})
CHANGES = frozenset({"state", "disk", "note", "error", "crash"})
BEGINS = frozenset({"start", "deliver", "timer", "invoke"}) | FAULTS  # what begins a step


def of_progress(trace: Trace, violation: Violation) -> bool:
    """Whether a violation is of something that did not happen: then it is told later than the event it names."""
    return violation.seq < len(trace) and violation.time > trace[violation.seq].time


def past(trace: Trace, violation: Violation) -> list[Event]:
    """The events that may have had a part in a violation: those of the nodes concerned, those that sent what they were
    delivered, and so on; and all faults."""
    events = trace[: violation.seq + 1]
    nodes = violation.nodes or tuple(filter(None, [events[-1].node if events else None])) or trace.nodes
    if of_progress(trace, violation):
        events = [event for event in trace if event.time <= violation.time]
        nodes = violation.nodes or trace.nodes
    sent = {event.id: event.seq for event in events if event.kind in ("send", "duplicate")}
    until: dict[str | None, int] = dict.fromkeys(nodes, len(events))
    chosen: list[Event] = []
    for event in reversed(events):
        if event.kind == "link" and "schedule" in event.data:
            continue
        if _is_fault(event) or event.seq <= until.get(event.node, -1):
            chosen.append(event)
            if event.kind == "deliver":
                until[event.peer] = max(until.get(event.peer, -1), sent.get(event.id, -1))
    return chosen[::-1]


def _is_fault(event: Event) -> bool:
    """Whether it is something that was done to the cluster. A restart is, as the end of a crash."""
    if event.kind == "start":
        return bool(event.id and event.id > 1)
    return event.kind in FAULTS and event.data != "error"


def steps(trace: Trace, violation: Violation) -> list[Event]:
    """The steps of a counterexample, in order: see above."""
    return _stem_and_loop(trace, violation)[0]


def loop(trace: Trace, violation: Violation) -> list[Event]:
    """The steps after the last one that changed anything, if a violation is of progress."""
    return _stem_and_loop(trace, violation)[1]


def _stem_and_loop(trace: Trace, violation: Violation) -> tuple[list[Event], list[Event]]:
    events = past(trace, violation)
    arrived = {event.id for event in events if event.kind == "deliver"}
    idle = _idle_timers(events, arrived)
    found = [event for event in events if _counts(event) and event.seq not in idle]
    if not of_progress(trace, violation):
        return found, []
    last = max((event.seq for event in events if event.kind in CHANGES or _is_fault(event)), default=0)
    return [event for event in found if event.seq <= last], [event for event in found if event.seq > last]


def _counts(event: Event) -> bool:
    return event.kind in ("deliver", "timer", "crash") or _is_fault(event)


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
    timers that did nothing, what happened elsewhere. States stay. What a checker of histories found is in it, for the
    view of the history."""
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
    document = trace.header() | {"now": violation.time, "events": events, "marks": [mark]}
    return document | _found(violation, document)


def _found(violation: Violation, document: dict[str, Any]) -> dict[str, Any]:
    """What a checker found in the history, and the views that show it; nothing if there is no history to show it in:
    where nodes play the clients, their operations are messages."""
    if violation.verdict is None or "invoke" not in document["events"]["kind"]:
        return {}
    from labkit.view.evidence import evidence

    return {"evidence": evidence(violation.verdict, document), "views": ["cluster", "history", "spacetime"]}
