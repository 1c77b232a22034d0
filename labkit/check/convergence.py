"""Eventual consistency, as far as the history of a run that ended can tell (Terry 1995; Shapiro and others 2011).

Strictly, no history that ends can break a promise about what happens eventually. What is judged here is whether the
processes agree when the history ends; so let the run go on long enough after the last update, and then read.
"""

from __future__ import annotations

from typing import Any

from labkit.check.operation import Op, show
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED

Answer = tuple[str, str, Any, tuple[Op, ...]]  # outcome, why, process, core


def eventual(operations: list[Op], model: Any) -> Answer:
    """After the last update of a key, the last read of every process gives the same, and nothing else than what was
    written. No read after the last update: nothing is known."""
    reads = getattr(model, "reads", ())
    silent = 0
    for key in dict.fromkeys(op.key for op in operations):
        mine = [op for op in operations if op.key == key]
        updates = [op for op in mine if op.f not in reads]
        for op in mine:
            if op.f in ("read", "get") and op.completed is not None and (wrong := _unwritten(op, updates, model)):
                return VIOLATED, wrong, op.process, (op,)
        if any(op.completed is None for op in updates):
            silent += 1  # it may take effect at any time, so the last update is not over
            continue
        over = max((op.completed or 0 for op in updates), default=-1)
        last: dict[Any, Op] = {}
        for op in mine:
            if op.f in ("read", "get") and op.completed is not None and op.invoked > over:
                last[op.process] = op
        answers = list(last.values())
        for op in answers[1:]:
            if _content(op, model) != _content(answers[0], model):
                where = "" if key is None else f" of {show(key)}"
                why = f"After the last update{where} the last reads of two processes differ, to the end of the history."
                return VIOLATED, why, op.process, (answers[0], op)
        silent += not answers and bool(updates)
    if silent:
        why = f"Of {silent} objects nobody read after the last update, so whether they converged is not known."
        return UNKNOWN, why, None, ()
    return HOLDS, "After the last update all processes read the same.", None, ()


def strong_eventual(operations: list[Op], model: Any) -> Answer:
    """Two reads that show the same updates show the same state. Only lists tell: their elements are the updates, and
    their order the state."""
    shown: dict[tuple[Any, frozenset[Any]], Op] = {}
    for op in operations:
        if op.f in ("read", "get") and op.completed is not None and isinstance(op.result, tuple):
            first = shown.setdefault((op.key, frozenset(op.result)), op)
            if _content(first, model) != _content(op, model):
                return VIOLATED, "Two reads show the same updates in different orders.", op.process, (first, op)
    return eventual(operations, model)


def _content(op: Op, model: Any) -> Any:
    """What a read shows; the order does not count in a set."""
    return frozenset(op.result) if isinstance(op.result, tuple) and _is_set(model) else op.result


def _is_set(model: Any) -> bool:
    return isinstance(getattr(model, "start", None), frozenset)


def _unwritten(op: Op, updates: list[Op], model: Any) -> str:
    """What is wrong with a read of something that nobody wrote, if it can be told."""
    values = [update.value[1] if update.f == "cas" else update.value for update in updates]
    start = getattr(model, "start", None)
    if _is_set(model) or isinstance(op.result, tuple):
        alien = [value for value in op.result or () if value not in values and value not in (start or ())]
    elif any(update.f == "append" for update in updates) or not isinstance(start, tuple):
        return ""
    else:
        alien = [] if op.result in values or op.result == start[0] or op.result is None else [op.result]
    return f"Process {op.process} read {show(alien[0])}, which nobody wrote." if alien else ""
