"""Partial-order reduction: steps of different nodes commute, so one order of them is enough.

Two steps are independent if they are of different nodes, do not both take from a budget, and are not both seen by the
observer: done in either order, they lead to the same state. A *sleep set* goes along with each state: the steps that
need not be taken from there, because what they lead to is reached by taking them earlier (Godefroid, "Partial-Order
Methods for the Verification of Concurrent Systems", 1996, chapter 5). All states are visited all the same, so every
verdict is that of the full search; what is saved is steps. A state that is reached again with a smaller sleep set is
gone on from again, for the steps that slept there (section 5.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.explore.states import GUARDS, Move, System

if TYPE_CHECKING:
    from labkit.explore.memoised import _Run

LOOK_EVERY = 2_000
ALL = -1  # every label


def independent(system: System, place: int, move: Move) -> int:
    """The labels of the steps that commute with a step of the node at `place`."""
    dependent = system.at[place]
    if move.cost:
        dependent |= system.costly
    if move.label & system.observed:
        dependent |= system.observed
    return ~dependent


def with_sleep_sets(run: _Run) -> None:
    """All states, the nearest first, each by as few ways as the sleep sets leave."""
    system, seen = run.system, run.seen
    seen.update((state, state) for state in run.first)
    asleep = dict.fromkeys(run.first, 0)  # for each state, the labels that sleep there
    level = dict.fromkeys(run.first, ALL)  # for each state to go on from, the labels to take
    left = LOOK_EVERY
    while level and run.depth < run.deepest:
        onward: dict[int, int] = {}
        for state, wanted in level.items():
            parts = system.parts(state)
            left -= 1
            if not left:
                left, run.waiting = LOOK_EVERY, len(onward)
                run.check_bounds()
            if run.looks and not run.look(state, parts):
                continue
            _take(run, state, parts, wanted, asleep, onward)
        level = onward
        run.depth += bool(level)
    run.last(level)


def _take(
    run: _Run, state: int, parts: tuple[int, ...], wanted: int, asleep: dict[int, int], onward: dict[int, int]
) -> None:
    """Take the wanted steps from a state, one after the other; each then sleeps where a later one leads."""
    system, seen, sleep = run.system, run.seen, asleep[state]
    wanted &= ~sleep
    for place in range(system.size + (system.observer is not None)):
        moves = system.moves[place][parts[place]]
        for move in run.moves(state, place, parts[place]) if moves is None else moves:
            if not move.label & wanted or (
                move.cost and ((parts[system.size + 1] | GUARDS) - move.cost) & GUARDS != GUARDS
            ):
                continue
            there = state + move.delta
            for to, adder in move.gifts:
                there += adder[parts[to]]
            run.steps += 1
            sleeps = sleep & independent(system, place, move)
            sleep |= move.label
            before = asleep.get(there)
            if before is None:
                seen[there], asleep[there], onward[there] = state, sleeps, ALL
            elif before & ~sleeps:
                woken = before & ~sleeps
                asleep[there] = before & sleeps
                if onward.get(there) != ALL:
                    onward[there] = onward.get(there, 0) | woken
