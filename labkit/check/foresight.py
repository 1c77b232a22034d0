"""What the answers of later operations say about the order of earlier ones: it spares the search most of its work.

- In a register, a value that only one operation can have put there is gone for good once it is overwritten. So if that
  value was seen after another pending operation was over, or what that one put there was seen, the other goes first
  (the clusters of Gibbons and Korach 1997, "Testing shared memories", section 4).
- What nobody can have put there was not read.
- Where values grow by appends, and nothing is pending that may begin the next one read, the value now begins it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from labkit.check.models import start_of
from labkit.check.search import Plan

READS_AHEAD = 8


def clusters(plan: Plan, model: Any) -> None:
    """Find out who saw which operation's value, where only one can have put it there; and who saw what nobody put."""
    if not hasattr(model, "puts"):
        return
    putters: dict[Any, list[int]] = {start_of(model): [-1]}
    for number, op in enumerate(plan.operations):
        if number not in plan.is_read and op.f not in model.reads:
            putters.setdefault(model.puts(op), []).append(number)
    if None in putters:
        return
    plan.first = [float("inf") if op.completed is None else op.completed for op in plan.operations]
    plan.last = [float(op.invoked) for op in plan.operations]
    for number in plan.returns:
        op = plan.operations[number]
        saw, end = model.saw(op), op.completed or 0
        by = putters.get(saw, ())
        if len(by) == 1 and by[0] >= 0:
            plan.first[by[0]] = min(plan.first[by[0]], end)
            plan.last[by[0]] = max(plan.last[by[0]], op.invoked)
        others = (n < 0 or (n != number and plan.operations[n].invoked < end) for n in by)
        if saw is not None and plan.unheard is None and not any(others):
            plan.unheard = number


def reads_ahead(plan: Plan, model: Any) -> None:
    """Find out which reads come next at each return, and what may give the object a new value before them."""
    may_begin = getattr(model, "may_begin", None)
    operations = plan.operations
    if may_begin is None or not any(op.f == "append" for op in operations):
        return
    over = [n for n, op in enumerate(operations) if n not in plan.is_read and op.f != "append"]
    known = [n for n in over if operations[n].completed is not None]
    starts = [operations[n].invoked for n in known]
    unknown = [n for n in over if operations[n].completed is None]
    place = {number: j for j, number in enumerate(plan.returns)}
    reads = [n for n in plan.returns if n in plan.is_read and operations[n].f in model.reads]
    first = 0
    for j, number in enumerate(plan.returns):
        while first < len(reads) and place[reads[first]] < j:
            first += 1
        now, here = operations[number].completed or 0, set(plan.open_reads[j])
        pending = [n for n in plan.open[j] if operations[n].f != "append"]
        ahead = []
        for read in reads[first : first + READS_AHEAD]:
            end, result = operations[read].completed or 0, operations[read].result
            to_come = known[bisect_left(starts, now) : bisect_left(starts, end)]
            if any(may_begin(operations[n], result) for n in to_come):
                break
            before = [*pending, *(n for n in unknown if operations[n].invoked < end)]
            bits = sum(plan.bits[n] for n in before if may_begin(operations[n], result))
            ahead.append((plan.bits[read] if read in here else 0, result, bits))
        plan.ahead.append(tuple(ahead))
