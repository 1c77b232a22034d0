"""Consistency models weaker than linearizability, and a table of those that a history keeps to.

All but two ask the same question: is there an order of the operations, one after the other, that explains the answers?
They differ in who gets an order of its own, and in what it must keep (Steinke and Nutt 2004, "A unified theory of
shared memory consistency"; Viotti and Vukolić 2016, "Consistency in non-transactional distributed storage systems").
The process order is the order in which a process made its requests.

| model | whose order | what it keeps |
|---|---|---|
| linearizable | one for all | what came before in real time (Herlihy and Wing 1990) |
| sequential | one for all | the process order (Lamport 1979) |
| causal | one for each process | the process order; a write before what its readers did then (Ahamad 1995) |
| pram | one for each process | the process order (Lipton and Sandberg 1988) |
| monotonic-reads | one for each process | its reads, in its order; of each process, the writes to one key |
| monotonic-writes | one for each process | its reads, in its order; of each process, all writes |
| writes-follow-reads | one for each process | its reads, in its order; a write before what its readers wrote |
| read-your-writes | one for each read | the own writes before it, in their order |
| strong-eventual | | reads that show the same updates agree, and "eventual" (Shapiro 2011) |
| eventual | | the last reads after the last update agree (Terry 1995), and nobody reads what nobody wrote |

The order of a process has its own operations and all updates of the others, whose answers it need not explain. The four
session guarantees (Terry and others 1994) are judged each by itself, with only that order of reads or of own writes
without which it would say nothing; so a history may keep to each of them, and yet not to all together.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from labkit.check import models
from labkit.check.convergence import eventual, strong_eventual
from labkit.check.history import History
from labkit.check.judging import judging
from labkit.check.linearizability import linearizable
from labkit.check.operation import Op
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED, Verdict, describe
from labkit.check.views import Views
from labkit.errors import LabkitError
from labkit.look import Shown

SHOWN = 20  # operations that are told in words; the data has all
# Each model, and the models that it implies.
IMPLIES: dict[str, tuple[str, ...]] = {
    "linearizable": ("sequential",),
    "sequential": ("causal",),
    "causal": ("pram", "writes-follow-reads"),
    "pram": ("read-your-writes", "monotonic-reads", "monotonic-writes"),
    "writes-follow-reads": (),
    "monotonic-writes": ("monotonic-reads",),
    "monotonic-reads": (),
    "read-your-writes": (),
    "strong-eventual": ("eventual",),
    "eventual": (),
}


@dataclass(frozen=True, repr=False)
class Consistent(Verdict):
    """A verdict on one of the weaker models.

    process: the one for which there is no order, if each has its own. core: operations that can have no order among
    themselves; without any one of them they could (as far as time allowed to find out).
    """

    process: Any = None
    core: tuple[Op, ...] = ()

    def text(self) -> str:
        more = [f"  … and {len(self.core) - SHOWN} more"] if len(self.core) > SHOWN else []
        return "\n".join([super().text(), *(f"  {op}" for op in self.core[:SHOWN]), *more])

    def document(self) -> dict[str, Any]:
        return super().document() | {"process": self.process, "core": [describe(op) for op in self.core]}

    def _as_html(self) -> str:
        from labkit.check.picture import figure, picture

        return figure(picture(self.core), super().text(), self.outcome)


def consistent(
    history: History | Iterable[dict[str, Any]], model: Any, consistency: str, *, time_limit: float = 60.0
) -> Verdict:
    """Does the history keep to a consistency model, one of `IMPLIES`?

    model: what the objects do, as for `linearizable`; "kv" or "register" for most. Which write a read saw is told by
    its value; where two writes of a key have the same value, a causal model or "writes-follow-reads" may come out as
    "unknown". So does a model whose orders could not all be tried in `time_limit` seconds (to decide sequential
    consistency is NP-complete: Gibbons and Korach 1997).

    Raises LabkitError for an unknown model, operations that the object does not have, and whatever the model raises.
    """
    history = history if isinstance(history, History) else History(history)
    if consistency not in IMPLIES:
        raise LabkitError(f"there is no consistency model {consistency!r}: take one of {', '.join(IMPLIES)}")
    if consistency == "linearizable":
        return linearizable(history, model, time_limit=time_limit)
    operations = [op for op in history if op.type != "fail"]
    judge = models.find(model, operations)
    with judging(judge, operations, history.place):
        return _judge(operations, judge, consistency, time_limit)


def _judge(operations: list[Op], model: Any, consistency: str, time_limit: float) -> Consistent:
    name = getattr(model, "name", type(model).__name__)
    if consistency in ("eventual", "strong-eventual"):
        found = (eventual if consistency == "eventual" else strong_eventual)(operations, model)
        return Consistent(consistency, name, *found)
    deadline = time.monotonic() + time_limit
    views = Views(operations, model)
    found_all = True
    for process, view in views.of(consistency):
        answer = views.explained(view, consistency, process, deadline)
        if answer is False:
            core = views.core(view, consistency, process, deadline)
            whose = "" if consistency == "sequential" else f" for process {process}"
            why = f"These {len(core)} operations have no order{whose} that explains their answers."
            return Consistent(consistency, name, VIOLATED, why, process, tuple(core))
        found_all = found_all and answer is True
    if not found_all:
        why = f"Not all orders could be tried in {time_limit:g} s, and none of those tried explains the answers."
        return Consistent(consistency, name, UNKNOWN, why)
    if consistency in ("causal", "writes-follow-reads") and views.unclear:
        why = f"Which write it was that {next(iter(views.unclear))} saw is not known, so what caused what is not."
        return Consistent(consistency, name, UNKNOWN, why)
    return Consistent(consistency, name, HOLDS, "There is an order that explains the answers.")


@dataclass(frozen=True)
class Table(Shown):
    """Which models a history keeps to: a verdict for each, strongest first: `table["causal"]`."""

    verdicts: dict[str, Verdict]

    @property
    def outcome(self) -> str:
        """The strongest verdict's: a table holds if the history is linearizable."""
        return next(iter(self.verdicts.values())).outcome

    def __getitem__(self, consistency: str) -> Verdict:
        return self.verdicts[consistency]

    def document(self) -> dict[str, Any]:
        """The table as JSON data."""
        return {name: verdict.document() for name, verdict in self.verdicts.items()}

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """The table for a terminal."""
        width = max(map(len, self.verdicts))
        lines = []
        for name, verdict in self.verdicts.items():
            said = verdict.text().split(". ", 1)[1] if verdict.outcome != HOLDS else ""
            line = f"{name:{width}}  {verdict.outcome:8}  {said}".rstrip()
            lines.append(line.replace("\n", "\n" + " " * (width + 10)))
        return "\n".join(lines)

    def _as_html(self) -> str:
        from labkit.check.picture import table

        return table(self.verdicts)


def consistency(history: History | Iterable[dict[str, Any]], model: Any, *, time_limit: float = 60.0) -> Table:
    """Which of the consistency models a history keeps to, as a table that shows itself in a cell or on a terminal.

    model and `time_limit` (seconds, for each consistency model) as for `linearizable`. What a stronger model implies
    is not tried again.
    """
    history = history if isinstance(history, History) else History(history)
    verdicts: dict[str, Verdict] = {}
    for name in IMPLIES:
        stronger = next((other for other in verdicts if verdicts[other] and name in IMPLIES[other]), None)
        if stronger is not None:
            why = f"Whatever is {stronger} is {name} too."
            verdicts[name] = Consistent(name, verdicts[stronger].model, HOLDS, why)
        else:
            verdicts[name] = consistent(history, model, name, time_limit=time_limit)
    return Table(verdicts)


__all__ = ["IMPLIES", "Consistent", "Table", "consistency", "consistent"]
