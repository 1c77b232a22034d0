"""Linearizability: each operation seems to take effect at one instant between its invocation and its response (Herlihy
and Wing 1990)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from labkit.check import models
from labkit.check.foresight import clusters, reads_ahead
from labkit.check.history import History
from labkit.check.judging import judging
from labkit.check.operation import Op, show
from labkit.check.search import Found, Plan, follow, prepare, search
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED, Verdict, describe

MEMORY = 600_000_000  # bytes for what is remembered, about
REPEATED = 40  # slices of the search for the largest prefix, where the verdict needed a look at later answers
SHOWN = 12  # possible states that are put in words


@dataclass(frozen=True, repr=False)
class Linearizability(Verdict):
    """A verdict on linearizability.

    linearizations: for each object (by its key) its operations in an order that explains the answers: all of them if
    the history is linearizable, else the largest prefix that can be explained. key: the object that is at fault.
    operation: the operation whose answer cannot be explained. states: what the object could hold, in words, when
    that operation had to have taken effect.
    """

    linearizations: dict[Any, list[Op]]
    operations: list[Op]
    key: Any = None
    operation: Op | None = None
    states: tuple[str, ...] = ()
    decisions: int = 0

    @property
    def linearization(self) -> list[Op]:
        """The order for the object at fault, or for the only object."""
        return self.linearizations.get(self.key) or next(iter(self.linearizations.values()), [])

    def text(self) -> str:
        lines = [super().text()]
        if self.operation is not None:
            before = self.linearization
            if len(before) > 8:
                lines.append(f"  … {len(before) - 8} operations before")
            lines += [f"  {len(before) - len(before[-8:]) + n}. {op}" for n, op in enumerate(before[-8:], 1)]
            lines.append(f"  ✗  {self.operation}")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        orders = [
            {"key": key, "operations": [describe(op) for op in order]} for key, order in self.linearizations.items()
        ]
        return super().document() | {
            "key": self.key, "operation": None if self.operation is None else describe(self.operation),
            "states": list(self.states), "linearizations": orders, "decisions": self.decisions,
        }  # fmt: skip

    def _as_html(self) -> str:
        from labkit.check.picture import figure, violation_picture

        return figure(violation_picture(self), self.text().splitlines()[0], self.outcome)


def linearizable(
    history: History | Iterable[dict[str, Any]], model: Any, *, time_limit: float = 60.0
) -> Linearizability:
    """Is the history linearizable with respect to the model?

    model: "register", "cas-register", "kv", "set", "queue", "lock", "mutex", or a model of your own
    (`labkit.check.models`). time_limit: seconds of real time, after which the verdict is "unknown"; so it is when the
    search would need too much memory. Operations on different keys are judged apart, which is right because
    linearizability is local (Herlihy and Wing 1990, section 3.3).

    Raises LabkitError if the model does not know an operation of the history, or raises at one.
    """
    history = history if isinstance(history, History) else History(history)
    deadline = time.monotonic() + time_limit
    operations = [op for op in history if op.type != "fail"]
    model = models.find(model, operations)
    with judging(model, operations, history.place):
        return _judge(operations, model, deadline, time_limit)


def _judge(operations: list[Op], model: Any, deadline: float, time_limit: float) -> Linearizability:
    name = getattr(model, "name", type(model).__name__)
    partition = getattr(model, "partition", lambda op: op.key)
    objects: dict[Any, list[Op]] = {}
    for op in operations:
        objects.setdefault(partition(op), []).append(op)
    jobs = {key: (prepare(part, model), Found()) for key, part in objects.items()}
    for plan, _ in jobs.values():
        clusters(plan, model)
        reads_ahead(plan, model)
    at_fault, in_time = _run(jobs, model, deadline)
    decisions = sum(found.decisions for _, found in jobs.values())
    orders = {
        key: [plan.operations[n] for n in follow(found.path)]
        for key, (plan, found) in jobs.items()
        if found.ended == "found"
    }
    for key in at_fault:
        plan, found = jobs[key]
        found, alone = _furthest(plan, model, found, deadline)
        return _violation(key, plan, found, alone, model, name, orders, decisions)
    if in_time and all(found.ended == "found" for _, found in jobs.values()):
        why = f"The {len(operations)} operations have an order that explains every answer."
        return Linearizability("linearizable", name, HOLDS, why, orders, operations, decisions=decisions)
    what = "The search ran out of memory" if in_time else f"{time_limit:g} s were not enough"
    why = f"{what}: neither an order nor a proof that there is none was found ({decisions:,} decisions)."
    return Linearizability("linearizable", name, UNKNOWN, why, orders, operations, decisions=decisions)


def _run(jobs: dict[Any, Any], model: Any, deadline: float) -> tuple[list[Any], bool]:
    """Give all searches fair slices of time until one finds its object at fault. Returns the keys at fault, and whether
    time was enough."""
    unheard = [key for key, (plan, _) in jobs.items() if plan.unheard is not None]
    running = {}
    for key in unheard[:1] or jobs:
        plan, found = jobs[key]
        stop = None if plan.unheard is None else plan.returns.index(plan.unheard)
        running[key] = search(plan, model, found, stop)
    memory = 0
    while running:
        for key in list(running):
            found = jobs[key][1]
            memory -= found.memory
            if next(running[key], "over") == "over":
                del running[key]
                if found.ended == "exhausted":
                    return [key], True
            else:
                memory += found.memory
            late = time.monotonic() > deadline
            if running and (late or memory > MEMORY):
                return unheard[:1], not late
    return [], True


def _furthest(plan: Plan, model: Any, found: Found, deadline: float) -> tuple[Found, bool]:
    """How far an order can get, and the states there, without a look at later answers, and True; as found, and False,
    if that takes long."""
    if _is_unheard(plan, found) or not (plan.first or plan.ahead):
        return found, True
    again = Found()
    for pauses, _ in enumerate(search(plan.without_foresight(), model, again)):
        if pauses >= REPEATED or time.monotonic() > deadline:
            return found, False
    return again, True


def _is_unheard(plan: Plan, found: Found) -> bool:
    return plan.unheard is not None and plan.returns[found.furthest] == plan.unheard


def _violation(
    key: Any, plan: Plan, found: Found, alone: bool, model: Any, name: str, orders: dict[Any, list[Op]], decisions: int
) -> Linearizability:
    wrong = plan.operations[plan.returns[found.furthest]]
    orders = {key: [plan.operations[n] for n in follow(found.path)], **orders}
    words = getattr(model, "show", show)
    states = tuple(dict.fromkeys(words(state) for state, _ in found.states))
    listed = ", ".join(states[:SHOWN]) + (f" and {len(states) - SHOWN} more" if len(states) > SHOWN else "")
    where = "" if key is None else f" of {show(key)}"
    could = "the only possible state" if len(states) == 1 else "the possible states"
    why = f"{wrong} cannot take effect before its answer: {could}{where} there: {listed}."
    if _is_unheard(plan, found):
        value = wrong.value[0] if wrong.f == "cas" else wrong.result
        why = f"{wrong} cannot take effect: nobody had asked to put {show(value)} there before that answer."
    elif not alone:
        why = f"No order explains {wrong} together with the answers after it; the states tried{where}: {listed}."
    return Linearizability(
        "linearizable", name, VIOLATED, why, orders, plan.operations, key, wrong, states, decisions
    )  # fmt: skip
