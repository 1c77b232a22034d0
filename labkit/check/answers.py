"""What clients were told, as a property of a run: its history has to be what a model allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from labkit.check.consistency import consistent
from labkit.check.history import History
from labkit.check.invariants import Violation
from labkit.check.linearizability import linearizable
from labkit.check.meaning import Meaning, by_name
from labkit.check.operation import READS
from labkit.check.verdict import VIOLATED, Verdict
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

Property = Callable[[Trace], Violation | None]  # with `of_clients` if operations of clients are all that it looks at


def session_history(trace: Trace, meaning: Meaning = by_name, until: int | None = None) -> History:
    """The history of a run whose clients ask again, with all attempts at one command as one operation: a request with
    the same `serial` as its client's last one is another attempt at the same command (Ongaro 2014, section 6.3).

    Such an operation lasts from its first attempt to the first answer. It failed only if every attempt was refused.
    until: as it was known at the event with this number.
    """
    last_seq = len(trace) if until is None else until
    answers = {(e.node, e.id): e for e in trace.select("ok", "info") if e.seq <= last_seq}
    commands: list[list[Event]] = []
    latest: dict[Any, list[Event]] = {}
    for event in trace.select("invoke"):
        if event.seq > last_seq:
            break
        serial = getattr(event.data, "serial", None)
        last = latest.get(event.node)
        if last and serial is not None and getattr(last[0].data, "serial", None) == serial:
            last.append(event)
        else:
            latest[event.node] = [event]
            commands.append(latest[event.node])
    lines: list[tuple[int, dict[str, Any]]] = []
    for attempts in commands:
        outcomes = []
        for attempt in attempts:
            end = answers.get((attempt.node, attempt.id))
            said = meaning(attempt.data, end.data if end and end.kind == "ok" else None)
            if said is not None:
                kind = "info" if end is None or end.kind == "info" else said.get("type", "ok")
                outcomes.append((kind, end, said))
        if outcomes:
            lines += _lines(attempts[0], outcomes)
    return History([line for _, line in sorted(lines, key=lambda line: line[0])], independent=False)


def _lines(first: Event, outcomes: list[tuple[str, Event | None, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """The events of one command: what its attempts came to, together."""
    kinds = [kind for kind, _, _ in outcomes]
    kind = "ok" if "ok" in kinds else "info" if "info" in kinds else "fail"
    _, end, said = outcomes[kinds.index("ok")] if kind == "ok" else outcomes[-1]
    line = {"process": first.node, "type": "invoke", "time": first.time}
    line |= {name: plain(said[name]) for name in ("f", "key", "value") if name in said}
    found = [(first.seq, line)]
    if end is not None:
        line = line | {"type": kind, "time": end.time}
        if kind == "ok" and "result" in said:
            line["value" if line["f"] in READS or line["f"] == "txn" else "result"] = plain(said["result"])
        found.append((end.seq, line))
    return found


def answers_linearizable(model: Any = "kv", meaning: Meaning = by_name, time_limit: float = 5.0) -> Property:
    """The property that what clients were told is linearizable. A check that takes too long finds nothing."""

    def linearizable_answers(trace: Trace) -> Violation | None:
        found = judged(trace, None)
        if found is None or judged(trace, found.seq) is not None:
            return found
        # What else was pending then explains the answer, until it is answered too: when is nothing left that does?
        answers = [event for event in trace.select("ok") if event.seq > found.seq]
        first = bisect_left(answers, True, key=lambda event: judged(trace, event.seq) is not None)
        if first == len(answers):
            return found
        told = answers[first]
        known = judged(trace, told.seq) or found
        return replace(known, seq=told.seq, time=told.time, nodes=tuple(dict.fromkeys((*known.nodes, str(told.node)))))

    def judged(trace: Trace, until: int | None) -> Violation | None:
        history = session_history(trace, meaning, until)
        return violation_of(trace, "Linearizability", linearizable(history, model, time_limit=time_limit))

    linearizable_answers.of_clients = True  # type: ignore[attr-defined]
    return linearizable_answers


def answers_consistent(
    consistency: str, model: Any = "register", meaning: Meaning = by_name, time_limit: float = 1.0
) -> Property:
    """The property that what clients were told is consistent in a weaker sense, such as "causal" or "sequential"."""

    def consistent_answers(trace: Trace) -> Violation | None:
        name = consistency.capitalize() + " consistency"
        history = session_history(trace, meaning)
        return violation_of(trace, name, consistent(history, model, consistency, time_limit=time_limit))

    consistent_answers.of_clients = True  # type: ignore[attr-defined]
    return consistent_answers


def violation_of(trace: Trace, property: str, verdict: Verdict) -> Violation | None:
    """What a checker of histories found, as a violation of a run: at the event that told the client the answer which
    cannot be, with the clients whose operations it contradicts."""
    if verdict.outcome != VIOLATED:
        return None
    core = tuple(getattr(verdict, "core", ()) or getattr(verdict, "operations", ()))
    operation = getattr(verdict, "operation", None) or max(core, key=lambda op: op.end or 0.0, default=None)
    if operation is None or operation.end is None:
        return Violation(property, verdict.why, max(len(trace) - 1, 0), trace.now, verdict=verdict)
    first = str(operation.process)
    ends = [e.seq for e in trace.select("ok", "info") if e.time == operation.end and e.node == first]
    seq = ends[0] if ends else max(len(trace) - 1, 0)
    others = (str(op.process) for op in core if op.key == operation.key and (op.time or 0.0) < operation.end)
    nodes = tuple(dict.fromkeys((first, *others)))
    return Violation(property, verdict.why, seq, operation.end, nodes, verdict)
