"""Search by states, for nodes whose handlers are plain methods: what each does is found out once, and looked up from
then on."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from labkit.cluster import Cluster
from labkit.engine.moment import Moment
from labkit.errors import LabkitError
from labkit.explore.local import Place
from labkit.explore.observing import Observer
from labkit.explore.result import INTERRUPTED, Found, Progress, Result, depth_reached, finding
from labkit.explore.schedule import Choice, Schedule
from labkit.explore.script import Script
from labkit.explore.states import BUDGETS, GUARDS, MOST, Move, System
from labkit.node import Node

Invariant = Callable[[Moment], Any]  # None or True: it holds; False or what is wrong: it does not
Predicate = Callable[[Moment], bool]
BY_STATES = "states: the handlers are plain methods, so what each does was found out once and looked up from then on"
LOOK_EVERY = 2_000  # states between two looks at the clock


class Explorer:
    """A system of nodes to search, in one or several stages that share what is known of the nodes.

    `make(seed=0)` gives the cluster whose classes are searched, and on which what is found is replayed; `script` says
    what its clients ask. What the arguments of `search` mean is told at `labkit.explore.exhaustive.exhaustive`.
    """

    def __init__(self, make: Callable[..., Cluster], observer: Observer | None = None, script: Script | None = None):
        self.make, self.script = make, script or Script()
        self.places = places_of(make)
        self.script.check([place.id for place in self.places])
        self.places += [Place(id, Node, (), None, asks) for id, asks in self.script.items()]
        self.system = System(self.places, observer)

    def search(
        self,
        invariants: Sequence[Invariant] = (),
        *,
        sometimes: Sequence[Predicate] = (),
        properties: Sequence[Callable[..., Any]] = (),
        goal: Predicate | None = None,
        start: Found | None = None,
        within: Predicate | None = None,
        depth: int | None = None,
        states: int = 2_000_000,
        seconds: float = 60.0,
        memory: float = 2_000.0,
        timers: int | None = None,
        losses: int = 0,
        duplicates: int = 0,
        crashes: int = 0,
        restarts: int | None = None,
        order: str = "breadth",
        reduce: bool = False,
        errors: bool = True,
        progress: Callable[[Progress], None] | None = None,
    ) -> Result:
        """Search all states that are reached within the bounds. With a goal, stop at a state where it is true;
        `start=result.reached` goes on from there, with budgets that are full again.

        Raises Unsearchable if the nodes are not plain enough; LabkitError where the arguments are wrong.
        """
        limits = dict(zip(BUDGETS, (timers, losses, duplicates, crashes, restarts), strict=True))
        check_limits(limits)
        if order not in ("breadth", "depth"):
            raise LabkitError(f"order={order!r}: give 'breadth' or 'depth'")
        run = _Run(self, invariants, sometimes, goal, within, errors, start, progress)
        run.bounds(depth, states, seconds, memory)
        run.limits = limits
        self.last = run
        collecting = gc.isenabled()
        gc.disable()  # nothing here is part of a cycle, and there is much of it
        try:
            run.go(order, reduce)
        finally:
            if collecting:
                gc.enable()
        return run.result(properties)


class _Stop(Exception):
    """The search is over: a state, or a bound, was reached."""


class _Run:
    """One search."""

    def __init__(
        self,
        explorer: Explorer,
        invariants: Sequence[Invariant],
        sometimes: Sequence[Predicate],
        goal: Predicate | None,
        within: Predicate | None,
        errors: bool,
        start: Found | None,
        progress: Callable[[Progress], None] | None,
    ):
        self.explorer, self.system = explorer, explorer.system
        self.invariants, self.goal, self.within, self.errors = invariants, goal, within, errors
        self.start, self.tell = start, progress
        self.limits: dict[str, int | None] = {}
        self.missing = list(sometimes)
        self.judged: dict[tuple[int, ...], bool] = {}  # what states show -> whether to go on from them
        self.stays = bool(invariants or goal or within)  # whether there is something to ask of every state
        self.checked: list[set[int]] = [set() for _ in range(self.system.size + 1)]
        self.seen: dict[int, int] = {}
        self.steps = self.depth = self.waiting = 0
        self.why = ""
        self.found: tuple[int, str] | None = None
        self.reached: int | None = None
        self.begun = time.monotonic()

    def bounds(self, depth: int | None, states: int, seconds: float, memory: float) -> None:
        self.deepest = sys.maxsize if depth is None else depth
        self.most, self.seconds, self.memory = states, seconds, memory

    def go(self, order: str, reduce: bool) -> None:
        """Search until all is seen, or it is to stop."""
        system = self.system
        self.first: dict[int, list[Choice]] = {}
        system.begin(self.limits)
        if self.start is not None:
            self.first[system.full(self.start.state)] = list(self.start.schedule)
        else:
            for state, drew in system.starts().items():
                self.first[system.full(state)] = drew
        from labkit.explore import reduction

        search = reduction.with_sleep_sets if reduce else breadth_first if order == "breadth" else depth_first
        try:
            search(self)
            self.report()
        except _Stop:
            pass
        except KeyboardInterrupt:
            self.why = INTERRUPTED

    @property
    def looks(self) -> bool:
        """Whether there is something left to ask of states."""
        return self.stays or bool(self.missing)

    def look(self, state: int, parts: tuple[int, ...]) -> bool:
        """Judge what a state shows, unless another showed the same. Returns whether to go on from it."""
        views = self.system.views_of(parts)
        onward = self.judged.get(views)
        if onward is None:
            onward = self.judged[views] = self.judge(state, self.system.shown(views))
        return onward

    def judge(self, state: int, moment: Moment) -> bool:
        for invariant in self.invariants:
            wrong = broken(invariant, moment)
            if wrong:
                self.violated(state, wrong)
        self.missing = [predicate for predicate in self.missing if not predicate(moment)]
        if self.goal is not None and self.goal(moment):
            self.reached, self.why = state, "the goal was reached"
            raise _Stop
        return self.within is None or bool(self.within(moment))

    def violated(self, state: int, wrong: str) -> None:
        self.found, self.why = (state, wrong), "a violation was found"
        raise _Stop

    def moves(self, state: int, place: int, component: int) -> list[Move]:
        """The moves of a component that is met for the first time, in this state."""
        self.check(state, place, component)
        return self.system.moves_of(place, component)

    def check(self, state: int, place: int, component: int) -> None:
        """Judge a component by itself, when it is met for the first time."""
        if component not in self.checked[place]:
            self.checked[place].add(component)
            if self.errors or place == self.system.size:
                wrong = self.system.wrong(place, component)
                if wrong:
                    self.violated(state, wrong)

    def last(self, level: Iterable[int]) -> None:
        """Judge states that are as deep as the search goes."""
        for state in level:
            parts = self.system.parts(state)
            for place in range(self.system.size + (self.system.observer is not None)):
                self.check(state, place, parts[place])
            if self.looks:
                self.look(state, parts)
            self.why = depth_reached(self.deepest)

    def check_bounds(self) -> None:
        """Tell how far it is, and stop where it is to stop."""
        self.report()
        if len(self.seen) >= self.most:
            self.why = f"it stopped at {self.most:,} states"
        elif time.monotonic() - self.begun > self.seconds:
            self.why = f"it stopped after {self.seconds:g} s"
        elif _megabytes() > self.memory:
            self.why = f"it stopped at {self.memory:,.0f} MB"
        if self.why:
            raise _Stop

    def report(self) -> None:
        if self.tell is not None:
            self.tell(self.so_far())

    def so_far(self) -> Progress:
        return Progress(
            len(self.seen),
            self.steps,
            self.depth,
            self.waiting,
            time.monotonic() - self.begun,
            dict(self.system.bench.handled),
        )

    # --- what came of it

    def path(self, state: int) -> Schedule:
        """The choices that lead to a state."""
        system, choices = self.system, list[Choice]()
        while True:
            before = self.seen[state]
            if before == state:
                return Schedule(self.first[state] + choices[::-1])
            parts = system.parts(before)
            for place in range(system.size):
                for move in system.moves_of(place, parts[place]):
                    if affordable(parts[-1], move) and after(before, parts, move) == state:
                        choices.append(system.choice(place, parts[place], move))
                        break
                else:
                    continue
                break
            state = before

    def result(self, properties: Sequence[Callable[..., Any]]) -> Result:
        result = Result(BY_STATES, self.so_far(), complete=not self.why, stopped=self.why)
        result.unreached = [_name(predicate) for predicate in self.missing]
        if self.reached is not None:
            result.reached = Found(self.reached, self.path(self.reached))
        if self.found is not None:
            state, wrong = self.found
            moment = self.system.shown(self.system.views_of(self.system.parts(state)))
            result.finding = finding(
                self.explorer.make, self.path(state), wrong, moment, properties, self.explorer.script
            )
        return result


def places_of(make: Callable[..., Cluster]) -> list[Place]:
    """The nodes of a cluster that has not run."""
    cluster = make(seed=0)
    machines = cluster._network.machines
    return [Place(id, program, machines[id].peers, machines[id].reach) for id, program in cluster._programs.items()]


def check_limits(limits: dict[str, int | None]) -> None:
    """Raises LabkitError if a budget is none."""
    for name, value in limits.items():
        endless = value is None and name in ("timers", "restarts")
        if not endless and not (type(value) is int and 0 <= value <= MOST):
            raise LabkitError(f"{name}={value!r}: give a number from 0 to {MOST}")


def after(state: int, parts: tuple[int, ...], move: Move) -> int:
    """The state after a move."""
    return state + move.delta + sum(adder[parts[place]] for place, adder in move.gifts)


def affordable(budgets: int, move: Move) -> bool:
    """Whether there is enough left of the budgets for a move."""
    return ((budgets | GUARDS) - move.cost) & GUARDS == GUARDS


def breadth_first(run: _Run) -> None:
    """All states, the nearest first."""
    system, seen = run.system, run.seen
    unpack, length, tables, budgets = system.unpack, system.bytes, system.steps, system.size + 1
    places = range(system.size + (system.observer is not None))
    seen.update((state, state) for state in run.first)
    level, left, steps = list(run.first), LOOK_EVERY, 0
    while level and run.depth < run.deepest:
        onward: list[int] = []
        add, looks = onward.append, run.looks
        for state in level:
            parts = unpack(state.to_bytes(length, "little"))
            left -= 1
            if not left:
                left, run.waiting, looks, run.steps = LOOK_EVERY, len(onward), run.looks, steps
                run.check_bounds()
            if looks and not run.look(state, parts):
                continue
            for place in places:
                found = tables[place][parts[place]]
                if found is None:
                    run.moves(state, place, parts[place])
                    found = tables[place][parts[place]] or ()
                steps += len(found)
                for delta, gifts, cost in found:
                    if cost and ((parts[budgets] | GUARDS) - cost) & GUARDS != GUARDS:
                        continue
                    there = state + delta
                    for to, adder in gifts:
                        there += adder[parts[to]]
                    if there not in seen:
                        seen[there] = state
                        add(there)
        level, run.steps = onward, steps
        run.waiting = len(onward)
        run.depth += bool(level)
    run.last(level)


def depth_first(run: _Run) -> None:
    """All states, going on from the newest. A state that is reached again by a shorter way is gone on from again."""
    system, seen, at = run.system, run.seen, dict.fromkeys(run.first, 0)
    seen.update((state, state) for state in run.first)
    stack, left, cut = list(run.first), LOOK_EVERY, list[int]()
    while stack:
        state = stack.pop()
        depth, parts = at[state], system.parts(state)
        run.depth = max(run.depth, depth)
        left -= 1
        if not left:
            left, run.waiting = LOOK_EVERY, len(stack)
            run.check_bounds()
        if depth >= run.deepest:
            cut.append(state)
            continue
        if run.looks and not run.look(state, parts):
            continue
        for place in range(system.size + (system.observer is not None)):
            for move in run.moves(state, place, parts[place]):
                if move.cost and not affordable(parts[-1], move):
                    continue
                there = after(state, parts, move)
                run.steps += 1
                if there not in seen or at[there] > depth + 1:
                    seen[there] = state
                    at[there] = depth + 1
                    stack.append(there)
    run.last(cut)


def broken(invariant: Invariant, moment: Moment) -> str | None:
    """What an invariant says is wrong, or None. Raises LabkitError if it raises."""
    try:
        said = invariant(moment)
    except Exception as error:
        raise LabkitError(
            f"the invariant {_name(invariant)} raised {type(error).__name__}: {error}, of the state {moment.state}"
        ) from error
    if said is None or said is True:
        return None
    return f"{_name(invariant)} does not hold" if said is False else str(getattr(said, "message", said))


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))


def _megabytes() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)
