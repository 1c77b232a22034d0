"""A checker's verdict as plain data of a trace: its operations are the numbers of the events that invoked them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.check.history import Op
    from labkit.check.verdict import Verdict


def evidence(verdict: Verdict, document: dict[str, Any]) -> dict[str, Any]:
    """What a verdict on the history of a trace's clients says, for the trace's document.

    orders: for each object (by its key) the operations in an order that explains their answers, as far as there is
    one. wrong: the operation that has no place in it, or None. Operations are given by the `seq` of their invocation;
    those that began after the document's end are left out.

    Raises LabkitError for what is no verdict, and for one on another run.
    """
    if not hasattr(verdict, "consistency") or not hasattr(verdict, "outcome"):
        raise LabkitError(
            f"evidence is a verdict of labkit.check, such as linearizable(history, 'kv') gives, "
            f"and not a {type(verdict).__name__}"
        )
    seqs, end = _invocations(document), document["now"]
    orders = [
        {
            "key": _word(key),
            "operations": [_seq(op, seqs) for op in order if (op.process, op.time) in seqs or (op.time or 0.0) < end],
        }
        for key, order in getattr(verdict, "linearizations", {}).items()
    ]
    operation = getattr(verdict, "operation", None)
    return {
        "consistency": verdict.consistency,
        "model": verdict.model,
        "outcome": verdict.outcome,
        "why": verdict.why,
        "orders": orders,
        "wrong": None if operation is None else _seq(operation, seqs),
    }


def violation(found: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """The mark for the answer that cannot be explained; none if the history is as it should be."""
    if found["wrong"] is None or found["outcome"] != "violated":
        return []
    events, seq = document["events"], found["wrong"]
    call = (events["node"][seq], events["id"][seq])
    for later in range(seq + 1, len(events["time"])):
        if events["kind"][later] in ("ok", "info") and (events["node"][later], events["id"][later]) == call:
            seq = later
            break
    label = f"not {found['consistency']}: {found['why']}"
    return [{"seq": seq, "time": events["time"][seq], "label": label, "kind": "violation"}]


def _invocations(document: dict[str, Any]) -> dict[tuple[Any, Any], int]:
    events = document["events"]
    return {
        (node, time): seq
        for seq, (kind, node, time) in enumerate(zip(events["kind"], events["node"], events["time"], strict=True))
        if kind == "invoke"
    }


def _seq(op: Op, seqs: dict[tuple[Any, Any], int]) -> int:
    seq = seqs.get((op.process, op.time))
    if seq is None:
        raise LabkitError(
            f"the verdict is on another run: this trace has no operation of {op.process} at {op.time} s ({op}). "
            "Judge the history of the same trace: History.of(trace)"
        )
    return seq


def _word(key: Any) -> str | None:
    return None if key is None else str(key)
