"""Abstract models: a system as a set of states and the actions between them, without nodes.

For a specification at another grain than code, such as one in TLA+ (Lamport, "Specifying Systems", 2002)::

    class Clock(Model):
        def initial(self):
            yield 0

        def actions(self, state):
            yield "tick"

        def next(self, state, action):
            return (state + 1) % 12
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.errors import LabkitError


class Model:
    """Derive from it. A state is any hashable value, and so is an action."""

    def initial(self) -> Iterable[Hashable]:
        """The states to begin in."""
        raise NotImplementedError

    def actions(self, state: Any) -> Iterable[Hashable]:
        """What may happen in a state."""
        raise NotImplementedError

    def next(self, state: Any, action: Any) -> Any:
        """The state after an action."""
        raise NotImplementedError


@dataclass
class Checked:
    """What came of checking a model: how many distinct states there are and how many steps between them, whether that
    is all, and if an invariant does not hold its name, and the actions and states that lead there."""

    states: int
    steps: int
    depth: int
    seconds: float
    complete: bool
    violated: str | None = None
    path: tuple[tuple[Any, Any], ...] = ()  # (action, state); of the first, the action is None

    def __str__(self) -> str:
        what = f"VIOLATED: {self.violated}" if self.violated else "HOLDS in all states" if self.complete else "stopped"
        counted = f"{self.states:,} states, {self.steps:,} steps, depth {self.depth}, {self.seconds:.2f} s"
        return "\n".join([what, counted, *(f"{action}: {state}" for action, state in self.path)])


def check(
    model: Model, invariants: Sequence[Callable[[Any], bool]] = (), *, states: int = 2_000_000, depth: int | None = None
) -> Checked:
    """Search all states of a model, the nearest first. `invariant(state)` is true where it holds.

    Raises LabkitError if the model gives a state that cannot be hashed.
    """
    begun, steps, deep = time.monotonic(), 0, 0
    try:
        before: dict[Any, Any] = dict.fromkeys(model.initial())
        level = list(before)
        while level:
            onward = []
            for state in level:
                for invariant in invariants:
                    if not invariant(state):
                        seconds, name = time.monotonic() - begun, getattr(invariant, "__name__", str(invariant))
                        return Checked(len(before), steps, deep, seconds, False, name, _path(before, state))
                if deep == depth or len(before) > states:
                    continue
                for action in model.actions(state):
                    steps += 1
                    there = model.next(state, action)
                    if there not in before:
                        before[there] = (state, action)
                        onward.append(there)
            cut = bool(level) and (deep == depth or len(before) > states)
            level, deep = onward, deep + bool(onward)
    except TypeError as error:
        raise LabkitError(f"a state of a model is a value that can be hashed, such as a tuple: {error}") from error
    return Checked(len(before), steps, deep, time.monotonic() - begun, not cut)


def _path(before: dict[Any, Any], state: Any) -> tuple[tuple[Any, Any], ...]:
    path = []
    while before[state] is not None:
        earlier, action = before[state]
        path.append((action, state))
        state = earlier
    return ((None, state), *path[::-1])
