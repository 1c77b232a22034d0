"""The graph of all states that a program with a shared memory can reach, breadth first.

A state is a tuple of small numbers: the memory, what has been observed, and for each process what it is in the middle
of. All that can happen is found out once for each part of it (what a step does to a memory; what a process does with a
result), and looked up from then on. Spinning ends where it began: in a state that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from labkit.errors import LabkitError
from labkit.shared.objects import Step
from labkit.shared.process import FAILED, REMAINDER
from labkit.shared.properties import Moment, Property
from labkit.shared.space import Memory, Move, Space, typed
from labkit.shared.table import Table

STEP, FLUSH, CRASH = "step", "flush", "crash"
State = tuple[int, ...]


class Action(NamedTuple):
    """What happens between two states: a step of a process (with the outcome chosen, where there are several), the
    oldest write of its buffer reaching the memory, or its crash."""

    kind: str
    process: int
    chosen: bool = False
    choice: Any = None


class Broken(NamedTuple):
    """A property is broken: its name, what is wrong, and in which state."""

    property: str
    message: str
    state: int


class Graph:
    """Searches from all roots (one for each assignment of inputs) until everything is seen, a property is broken or
    `limit` states are known."""

    def __init__(
        self,
        space: Space,
        table: Table,
        inputs: Sequence[tuple[Any, ...]],
        properties: Sequence[Property],
        crashes: int = 0,
        on: Callable[[Graph], None] = lambda graph: None,
    ):
        self.space, self.table, self.n, self.crashes = space, table, space.n, crashes
        self.checks = [one for one in properties if one.check is not None]
        self.observers = [one for one in properties if one.see is not None]
        self.memories: list[Memory] = []
        self.observed: list[tuple[Any, ...]] = []
        self.states: list[State] = []
        self.parents: list[tuple[int, int]] = []  # the state it was first reached from, and the number of the action
        self.edges: list[tuple[int, ...]] = []  # of each state: action, next state, action, next state, ...
        self.depths: list[int] = []
        self.broken: Broken | None = None
        self.complete = False
        self.stopped = ""
        self.actions: list[Action] = []
        self._action_numbers: dict[Any, int] = {}
        self._memory_numbers: dict[Any, int] = {}
        self._observed_numbers: dict[Any, int] = {}
        self._numbers: dict[State, int] = {}
        self._moves: dict[tuple[int, int, int], list[tuple[int, int, bool, Any]]] = {}
        self._flushes: dict[tuple[int, int], tuple[int, int] | None] = {}
        self._tell = on
        self.inputs: dict[int, tuple[Any, ...]] = {}
        begin = self._observation(tuple(one.begin for one in self.observers))
        memory = self._memory(space.first())
        for given in inputs:
            locals_ = [table.first(me, value) for me, value in enumerate(given)]
            seen: int = begin
            for me, number in enumerate(locals_):
                seen = self._see(seen, me, table.records[number].marks, -1)
            self._add((memory, seen, *locals_), -1, -1)
        self.roots = len(self.states)

    # --- searching

    def search(self, limit: int) -> None:
        """See all states, level by level."""
        frontier = list(range(len(self.states)))
        while frontier and self.broken is None:
            found: list[int] = []
            waiting: list[int] = []
            missing: dict[Any, tuple[int, Any, Any]] = {}
            for number in frontier:
                lacking = self._expand(number, found)
                if lacking:
                    waiting.append(number)
                    missing.update(lacking)
                if self.broken is not None or len(self.states) > limit:
                    break
            while waiting and self.broken is None and len(self.states) <= limit:
                self.table.learn([(local, result) for local, _, result in missing.values()])
                again, missing = waiting, {}
                waiting = []
                for number in again:
                    lacking = self._expand(number, found)
                    if lacking:
                        waiting.append(number)
                        missing.update(lacking)
                    if self.broken is not None:
                        break
            if len(self.states) > limit:
                self.stopped = f"it stopped at {limit:,} states, {max(self.depths)} steps deep"
                return
            frontier = found
            self._tell(self)
        self.complete = self.broken is None

    def roam(self, draw: Random, longest: int) -> None:
        """Go on at random, beyond what was searched, from the beginning and until a property is broken."""
        number = draw.randrange(self.roots)
        for _ in range(longest):
            if not self.edges[number]:
                while missing := self._expand(number, []):
                    self.table.learn([(local, result) for local, _, result in missing.values()])
            if not self.edges[number] or self.broken is not None:
                return
            number = draw.choice(self.edges[number][1::2])

    def _expand(self, number: int, found: list[int]) -> dict[Any, tuple[int, Any, Any]]:
        """Add what comes after a state. Returns what must be learnt of programs first; then nothing is added."""
        state = self.states[number]
        table, after = self.table, []
        missing: dict[Any, tuple[int, Any, Any]] = {}
        for me in range(self.n):
            local = state[2 + me]
            step = table.step[local]
            if step < 0:
                continue
            key = (state[0], me, step)
            moves = self._moves.get(key)
            if moves is None:
                moves = self._moves[key] = self._find_moves(*key)
            for action, memory, done, result in moves:
                to = local
                if done:
                    next_ = table.after(local, result)
                    if next_ is None:
                        missing[local, typed(result)] = (local, None, result)
                        continue
                    to = next_
                after.append((action, memory, me, to, done))
        if missing:
            return missing
        edges: list[int] = []
        for action, memory, me, to, done in after:
            seen = state[1]
            if done and table.records[to].marks and self.observers:
                seen = self._see(seen, me, table.records[to].marks, number)
            new = (memory, seen, *state[2 : 2 + me], to, *state[3 + me :])
            edges += (action, self._reach(new, number, action, found))
        if self.space.buffered or self.crashes:
            self._others(state, number, edges, found)
        self.edges[number] = tuple(edges)
        return missing

    def _others(self, state: State, number: int, edges: list[int], found: list[int]) -> None:
        """What happens besides steps: buffers are emptied, processes crash."""
        for me in range(self.n):
            if self.space.buffered:
                if (state[0], me) not in self._flushes:
                    memory = self.space.flush(self.memories[state[0]], me)
                    self._flushes[state[0], me] = (
                        None if memory is None else (self._action(Action(FLUSH, me)), self._memory(memory))
                    )
                flushed = self._flushes[state[0], me]
                if flushed is not None:
                    edges += (flushed[0], self._reach((flushed[1], *state[1:]), number, flushed[0], found))
            runs = self.table.step[state[2 + me]] >= 0
            if runs and sum(not local for local in state[2:]) < self.crashes:
                action = self._action(Action(CRASH, me))
                after = self._memory(self.space.crash(self.memories[state[0]], me))
                new = (after, *state[1 : 2 + me], 0, *state[3 + me :])
                edges += (action, self._reach(new, number, action, found))

    def _find_moves(self, memory: int, me: int, step: int) -> list[tuple[int, int, bool, Any]]:
        def numbered(move: Move) -> tuple[int, int, bool, Any]:
            action = self._action(Action(STEP, me, move.chosen, move.choice))
            return action, self._memory(move.memory), move.done, move.result

        return [numbered(move) for move in self.space.moves(self.memories[memory], me, self.table.steps[step])]

    def _reach(self, state: State, parent: int, action: int, found: list[int]) -> int:
        number = self._numbers.get(state)
        if number is None:
            number = self._add(state, parent, action)
            found.append(number)
        return number

    def _add(self, state: State, parent: int, action: int) -> int:
        number = self._numbers[state] = len(self.states)
        self.states.append(state)
        self.parents.append((parent, action))
        self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)
        self.edges.append(())
        if parent < 0:
            self.inputs[number] = tuple(self.table.owner[local][1] for local in state[2:])
        if self.broken is None:
            self._judge(number, state)
        return number

    # --- judging

    def _judge(self, number: int, state: State) -> None:
        records = self.table.records
        for me, local in enumerate(state[2:]):
            if records[local].phase == FAILED:
                self.broken = Broken("No errors", f"p{me} raised {records[local].error}", number)
                return
        if isinstance(self.observed[state[1]], _Wrong):
            name, why = self.observed[state[1]]
            self.broken = Broken(name, why, number)
            return
        moment = self.moment(number)
        for check in self.checks:
            assert check.check is not None
            why = check.check(moment)
            if why is not None:
                self.broken = Broken(check.name, why, number)
                return

    def _see(self, seen: int, me: int, marks: Sequence[Any], number: int) -> int:
        """What the observers make of announcements."""
        values: Any = self.observed[seen]
        for mark in marks:
            if isinstance(values, _Wrong):
                break
            after = []
            for observer, value in zip(self.observers, values, strict=True):
                assert observer.see is not None
                new, wrong = observer.see(value, me, mark)
                if wrong is not None:
                    return self._observation(_Wrong((observer.name, wrong)))
                after.append(new)
            values = tuple(after)
        return self._observation(values)

    # --- numbers for things

    def _memory(self, memory: Memory) -> int:
        key = typed(memory)
        if key not in self._memory_numbers:
            self._memory_numbers[key] = len(self.memories)
            self.memories.append(memory)
        return self._memory_numbers[key]

    def _observation(self, values: tuple[Any, ...]) -> int:
        key = (type(values).__name__, typed(tuple(values)))
        if key not in self._observed_numbers:
            self._observed_numbers[key] = len(self.observed)
            self.observed.append(values)
        return self._observed_numbers[key]

    def _action(self, action: Action) -> int:
        key = (*action[:3], typed(action.choice))
        if key not in self._action_numbers:
            self._action_numbers[key] = len(self.actions)
            self.actions.append(action)
        return self._action_numbers[key]

    # --- reading

    def moment(self, number: int) -> Moment:
        """A state in full."""
        state = self.states[number]
        records = self.table.records
        memory = self.memories[state[0]]
        return Moment(
            lambda: self.space.shown(memory), tuple(records[local] for local in state[2:]), self.given(number)
        )

    def given(self, number: int) -> tuple[Any, ...]:
        """The inputs of the run that a state was first reached in."""
        if len(self.inputs) == 1:
            return self.inputs[0]
        owners = [self.table.owner[local] for local in self.states[number][2:]]
        if all(me >= 0 for me, _ in owners):
            return tuple(input for _, input in owners)
        while self.parents[number][0] >= 0:
            number = self.parents[number][0]
        return self.inputs[number]

    def path(self, number: int) -> list[Action]:
        """The shortest way to a state, from the beginning."""
        path = []
        while self.parents[number][0] >= 0:
            number, action = self.parents[number]
            path.append(self.actions[action])
        return path[::-1]

    def after(self, number: int) -> Iterator[tuple[Action, int]]:
        """What can happen in a state, and where it leads."""
        edges = self.edges[number]
        for place in range(0, len(edges), 2):
            yield self.actions[edges[place]], edges[place + 1]

    def obliged(self, number: int, me: int) -> bool:
        """Whether a process takes a step sooner or later, if others do not keep it from it: not if it is done, or has
        crashed, or stays in its remainder."""
        record = self.table.records[self.states[number][2 + me]]
        return record.step is not None and record.phase != REMAINDER

    def step_of(self, number: int, me: int) -> Step | None:
        """What a process does next, in a state."""
        return self.table.records[self.states[number][2 + me]].step

    def finals(self) -> list[int]:
        """The states in which every process is done (or has crashed)."""
        step = self.table.step
        return [number for number, state in enumerate(self.states) if all(step[local] < 0 for local in state[2:])]

    def schedules(self) -> int:
        """How many schedules there are: ways from the beginning to an end. Raises LabkitError if there is no end of
        them, because the program can go in a circle."""
        if not self.complete:
            raise LabkitError(f"not all schedules are known: {self.stopped or 'a property is broken'}")
        missing = [0] * len(self.states)
        for edges in self.edges:
            for target in edges[1::2]:
                missing[target] += 1
        ways = [int(number < self.roots) for number in range(len(self.states))]
        ready = [number for number in range(self.roots) if not missing[number]]
        seen = 0
        while ready:
            number = ready.pop()
            seen += 1
            for target in self.edges[number][1::2]:
                ways[target] += ways[number]
                missing[target] -= 1
                if not missing[target]:
                    ready.append(target)
        if seen < len(self.states):
            raise LabkitError("there is no end of schedules: this program can go in a circle")
        return sum(ways[number] for number in range(len(self.states)) if not self.edges[number])


class _Wrong(tuple[str, str]):
    """What an observer found: the property's name, and what is wrong."""
