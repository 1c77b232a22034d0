"""What each process can be in the middle of, and where each result of a step takes it: made as a search asks for it.

A coroutine cannot be copied. But a program is a function of what its steps returned, so each local state is kept with
one list of results that leads to it, and is made again by giving a new life these results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from labkit.shared.objects import ProgramError, Step
from labkit.shared.process import CRASHED, CRITICAL, DONE, FAILED, Local, Process, lived, phase_after
from labkit.shared.space import typed

Ask = Callable[[int, Any, Sequence[tuple[Any, ...]]], list[Local]]  # (process, input, lists of results)

GONE = Local(None, CRASHED, None, "", (), ("crashed",))


def here(program: type[Process], n: int, rounds: int | None) -> Ask:
    """Asks a program in this process of the operating system."""

    def ask(me: int, input: Any, lists: Sequence[tuple[Any, ...]]) -> list[Local]:
        return [lived(program, me, n, input, rounds, results) for results in lists]

    return ask


class Table:
    """Local states, numbered from 1; 0 is that of a process that crashed."""

    def __init__(self, name: str, ask: Ask):
        self._name, self._ask = name, ask
        self.records: list[Local] = [GONE]
        self.results: list[tuple[Any, ...]] = [()]  # a way to get there
        self.owner: list[tuple[int, Any]] = [(-1, None)]  # whose it is, and its input
        self.entered: list[int] = [0]  # critical sections left, on that way
        self.step: list[int] = [-1]  # the number of its next step
        self.steps: list[Step] = []
        self._numbers: dict[Any, int] = {}
        self._step_numbers: dict[Any, int] = {}
        self._next: dict[tuple[int, Any], int] = {}
        self.unplain = ""

    def first(self, me: int, input: Any) -> int:
        """The local state in which a process begins."""
        return self._number(me, input, (), self._ask(me, input, [()])[0], 0)

    def after(self, number: int, result: Any) -> int | None:
        """The local state after a step that returned this; None if that is to be learnt first."""
        return self._next.get((number, result if type(result) is int else typed(result)))

    def learn(self, wanted: Sequence[tuple[int, Any]]) -> None:
        """Find out what comes after these local states, with these results of their steps."""
        groups: dict[Any, list[tuple[int, Any]]] = {}
        for number, result in wanted:
            me, input = self.owner[number]
            groups.setdefault((me, typed(input)), []).append((number, result))
        for items in groups.values():
            me, input = self.owner[items[0][0]]
            lists = [(*self.results[number], result) for number, result in items]
            for (number, result), results, local in zip(items, lists, self._ask(me, input, lists), strict=True):
                before = self.records[number]
                if local.phase not in (DONE, FAILED, phase_after(before.phase, before.step, local.step)):
                    raise ProgramError(
                        f"{self._name} says that it is {local.phase}, which it cannot be after {before.step}"
                    )
                left = self.entered[number] + (before.step is not None and before.step.op == CRITICAL)
                found = self._number(me, input, results, local, left)
                self._next[number, result if type(result) is int else typed(result)] = found

    def number(self, me: int, input: Any, local: Local) -> int | None:
        """The number of a local state; None if it was never met. Raises ProgramError if it is not as it was."""
        number = self._numbers.get(_key(me, input, local))
        if number is not None:
            known = self.records[number]
            if (known.step, known.phase, known.marks) != (local.step, local.phase, local.marks):
                raise ProgramError(
                    f"{self._name} is not a function of what its steps returned: in the same state, with the same "
                    f"results, it goes on with {known.step} and with {local.step}. Does it keep something in a global "
                    "variable or an attribute of the class, use chance, or look at a clock? Processes share the "
                    "declared objects and nothing else"
                )
        return number

    def _number(self, me: int, input: Any, results: tuple[Any, ...], local: Local, entered: int) -> int:
        number = self.number(me, input, local)
        if number is None:
            number = self._numbers[_key(me, input, local)] = len(self.records)
            self.records.append(local)
            self.results.append(results)
            self.owner.append((me, input))
            self.entered.append(entered)
            self.step.append(self._step_number(local.step))
            if not local.plain and not self.unplain:
                self.unplain = local.why
        return number

    def _step_number(self, step: Step | None) -> int:
        if step is None:
            return -1
        key = (step.op, typed(step.place), typed(step.args))
        if key not in self._step_numbers:
            self._step_numbers[key] = len(self.steps)
            self.steps.append(step)
        return self._step_numbers[key]

    def audit(self, histories: Sequence[tuple[int, Any, tuple[Any, ...], int]]) -> None:
        """Hold the program to what it said: each of these (process, input, results, local state that they lead to) is
        lived through from the beginning. Raises ProgramError if one leads elsewhere."""
        for me, input, results, expected in histories:
            (local,) = self._ask(me, input, [results])
            if self.number(me, input, local) != expected:
                raise ProgramError(
                    f"{self._name} is not a function of what its steps returned: lived through again, the same results "
                    f"lead elsewhere ({self.records[expected].step or 'its end'}, and then {local.step or 'its end'}). "
                    "Processes share the declared objects and nothing else"
                )


def _key(me: int, input: Any, local: Local) -> Any:
    if local.phase == FAILED:
        return (me, typed(input), FAILED, local.error)
    return (me, typed(input), local.marks, local.key)
