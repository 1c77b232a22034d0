"""A register that clients read and write: it behaves as one register that everybody shares (Lamport 1986: atomic;
Herlihy and Wing 1990: linearizable), and answers whoever asks.

A client asks with a message named Read or Write (with a `value`), and a read is answered with one that has a `value`.
Each value is written once.
"""

from __future__ import annotations

from labkit.check.answers import answers_linearizable
from labkit.check.history import History
from labkit.check.invariants import Violation
from labkit.check.operation import Op
from labkit.engine.trace import Trace

LINEARIZABLE = answers_linearizable("register")


def atomic_register(trace: Trace) -> Violation | None:
    """What the clients were told is linearizable; if not, which of the usual reasons there is."""
    found = LINEARIZABLE(trace)
    if found is None:
        return None
    known = [op for op in History.of(trace) if op.end is not None and op.end <= found.time]
    why = next((said for op in reversed(known) if op.f == "read" and (said := _odd(op, known))), "")
    message = (why or found.message).rstrip(".?")
    return Violation("Linearizable register", message, found.seq, found.time, found.nodes)


def _odd(read: Op, operations: list[Op]) -> str:
    """What is wrong with a read, if it can be said in a sentence."""
    source = next((op for op in operations if op.f == "write" and op.value == read.result), None)
    before = [op for op in operations if op.completed is not None and op.completed < read.invoked]
    for other in before:
        newer = other.value if other.f == "write" else other.result
        if newer is None or newer == read.result:
            continue
        done = source.completed if source is not None else None
        later = read.result is None or (done is not None and done < other.invoked)
        if not later:
            continue
        if other.f == "read":
            return (
                f"{read.process} reads {read.result!r}, though {other.process} had already read {newer!r}, which is "
                "newer: new, then old. A read must see to it that a majority has what it is about to return"
            )
        return (
            f"{read.process} reads {read.result!r}, though {other.process} had written {newer!r} before: an old value. "
            "Two majorities have a replica in common: do both operations wait for one? Does the later tag win?"
        )
    return ""


def register_answers(trace: Trace, within: float = 3.0, least: int = 5, after: float = 4.0) -> Violation | None:
    """Each operation at a replica that is up is answered within so many seconds; and at least so many are, in a run of
    at least `after` seconds."""
    ends = {(event.node, event.id): event for event in trace.select("ok", "info")}
    crashed = {event.node for event in trace.select("crash")}
    for begun in trace.select("invoke"):
        end = ends.get((begun.node, begun.id))
        if begun.peer not in crashed and (trace.now if end is None else end.time) > begun.time + within:
            what = f"{begun.node} asked {begun.peer} at {begun.time:.3f} s, and had no answer {within:g} s later"
            why = "a majority of the replicas is up, and an operation must not wait for more than that"
            last = max((event.seq for event in trace if event.time <= begun.time + within), default=begun.seq)
            return Violation("Everybody is answered", f"{what}: {why}", last, begun.time + within, (str(begun.peer),))
    answered = sum(event.kind == "ok" for event in ends.values())
    if answered < least and trace.now >= after:
        what = f"only {answered} operations were answered in {trace.now:.1f} s"
        return Violation("Enough is done", what, max(len(trace) - 1, 0), trace.now)
    return None
