"""Progress: what must not go on for ever (Alpern and Schneider 1985: liveness).

What goes on for ever in a finite graph goes in a circle. So each kind of progress asks for circles of states:

- deadlock: somebody tries, and nobody ever enters;
- starvation: one process tries for ever (others may pass);
- wait-freedom is broken: a process takes step after step of its own and is never done.

For the first two every process that has a step to take takes it sooner or later (weak fairness); only in its remainder
may a process stay. Wait-freedom is asked of all schedules (Herlihy 1991).

A circle that is fair exists in a strongly connected part of the graph if and only if each process steps in it or is, in
some state of it, not obliged to. (Tarjan 1972 finds these parts.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from labkit.shared.graph import FLUSH, STEP, Action, Graph
from labkit.shared.process import CRITICAL, EXITING, RUNNING, TRYING

Keeps = Callable[[int, Action, int], bool]  # (state, action, next state): does this edge count?


class Circle(NamedTuple):
    """A way from the beginning into a circle, and once around it; who waits, and whether others pass meanwhile."""

    stem: list[Action]
    loop: list[Action]
    waiting: tuple[int, ...]
    others_pass: bool
    state: int


def deadlock(graph: Graph) -> Circle | None:
    """Somebody tries (or cannot get out), nobody ever enters."""
    stuck = {TRYING, EXITING}

    def keeps(state: int, action: Action, after: int) -> bool:
        phase = _phase(graph, after, action.process)
        return not (phase == CRITICAL and _phase(graph, state, action.process) != CRITICAL)

    best = None
    for part in parts(graph, keeps):
        waiting = tuple(me for me in range(graph.n) if all(_phase(graph, s, me) in stuck for s in part))
        if waiting and _fair(graph, part, keeps) and (best is None or min(part) < best.state):
            best = _circle(graph, part, keeps, waiting)
    return best


def starvation(graph: Graph) -> Circle | None:
    """One process tries for ever."""
    best = None
    for me in range(graph.n):

        def keeps(state: int, action: Action, after: int, me: int = me) -> bool:
            return _phase(graph, state, me) == TRYING and _phase(graph, after, me) == TRYING

        for part in parts(graph, keeps):
            if _fair(graph, part, keeps):
                found = _circle(graph, part, keeps, (me,))
                if best is None or len(found.stem) + len(found.loop) < len(best.stem) + len(best.loop):
                    best = found
    return best


def endless(graph: Graph) -> Circle | None:
    """A process takes steps for ever and is never done, whether or not others take any."""
    best = None
    for me in range(graph.n):

        def keeps(state: int, action: Action, after: int, me: int = me) -> bool:
            return _phase(graph, after, me) == RUNNING

        def mine(state: int, action: Action, after: int, me: int = me) -> bool:
            return action.process == me and action.kind == STEP

        for part in parts(graph, keeps):
            inner = [
                (s, action, t) for s in part for action, t in graph.after(s)
                if t in part and keeps(s, action, t) and mine(s, action, t)
            ]  # fmt: skip
            if inner:
                start = min(s for s, _, _ in inner)
                loop = _tour(graph, part, keeps, start, (), mine)
                if best is None or len(graph.path(start)) + len(loop) < len(best.stem) + len(best.loop):
                    best = Circle(graph.path(start), loop, (me,), False, start)
    return best


KINDS = {"deadlock": deadlock, "starvation": starvation, "wait-free": endless}


def say(kind: str, circle: Circle) -> str:
    """What a circle shows, in words."""
    who = " and ".join(f"p{me}" for me in circle.waiting)
    if kind == "deadlock":
        return f"{who} wait{'s' if len(circle.waiting) == 1 else ''} for ever, and nobody enters"
    if kind == "starvation":
        passing = ", while others pass again and again" if circle.others_pass else ", and nobody passes"
        return f"{who} waits for ever{passing}"
    return f"{who} takes steps for ever and is never done: it waits for another process, which may have crashed"


def parts(graph: Graph, keeps: Keeps) -> Iterator[set[int]]:
    """The strongly connected parts of the graph of these edges, those without an edge left out (Tarjan 1972)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    targets = [[after for action, after in graph.after(s) if keeps(s, action, after)] for s in range(len(graph.states))]
    for root in range(len(graph.states)):
        if root in index or not targets[root]:
            continue
        work = [(root, 0)]
        while work:
            state, place = work.pop()
            if place == 0:
                index[state] = low[state] = len(index)
                stack.append(state)
                on_stack.add(state)
            for number in range(place, len(targets[state])):
                after = targets[state][number]
                if after not in index:
                    work += ((state, number + 1), (after, 0))
                    break
                if after in on_stack:
                    low[state] = min(low[state], index[after])
            else:
                if low[state] == index[state]:
                    part: set[int] = set()
                    while state not in part:
                        part.add(stack.pop())
                    on_stack -= part
                    if len(part) > 1 or state in targets[state]:
                        yield part
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])


def _phase(graph: Graph, state: int, me: int) -> str:
    return graph.table.records[graph.states[state][2 + me]].phase


def _inner(graph: Graph, part: set[int], keeps: Keeps, state: int) -> Iterator[tuple[Action, int]]:
    return ((action, after) for action, after in graph.after(state) if after in part and keeps(state, action, after))


def _fair(graph: Graph, part: set[int], keeps: Keeps) -> bool:
    steps = {action.process for s in part for action, _ in _inner(graph, part, keeps, s) if action.kind == STEP}
    for me in range(graph.n):
        if me not in steps and all(graph.obliged(s, me) for s in part):
            return False
    flushes = {action.process for s in part for action, _ in _inner(graph, part, keeps, s) if action.kind == FLUSH}
    buffered = [me for me in range(graph.n) if all(graph.memories[graph.states[s][0]].buffers[me] for s in part)]
    return all(me in flushes for me in buffered)


def _circle(graph: Graph, part: set[int], keeps: Keeps, waiting: tuple[int, ...]) -> Circle:
    start = min(part)

    def passes(state: int, action: Action, after: int) -> bool:
        me = action.process
        return me not in waiting and _phase(graph, after, me) == CRITICAL and _phase(graph, state, me) != CRITICAL

    others = any(passes(s, action, after) for s in part for action, after in _inner(graph, part, keeps, s))
    loop = _tour(graph, part, keeps, start, range(graph.n), passes if others else None)
    return Circle(graph.path(start), loop, waiting, others, start)


def _tour(
    graph: Graph, part: set[int], keeps: Keeps, start: int, fair_to: Iterable[int], through: Keeps | None = None
) -> list[Action]:
    """A short way from a state around a part and back, by an edge like `through`, and fair to these processes."""
    loop: list[Action] = []
    here, seen = start, [start]

    def go(reached: Keeps) -> None:
        nonlocal here
        for action, after in _way(graph, part, keeps, here, reached):
            loop.append(action)
            seen.append(after)
        here = seen[-1]

    if through:
        go(through)
    while True:
        left = [
            me for me in fair_to
            if not any(a.process == me and a.kind == STEP for a in loop) and all(graph.obliged(s, me) for s in seen)
        ]  # fmt: skip
        if not left:
            break
        go(lambda s, a, after: (a.process in left and a.kind == STEP) or not all(graph.obliged(after, m) for m in left))  # noqa: B023
    if here != start or not loop:
        go(lambda s, action, after: after == start)
    return loop


def _way(graph: Graph, part: set[int], keeps: Keeps, start: int, reached: Keeps) -> list[tuple[Action, int]]:
    """The shortest way inside a part that ends with an edge like this: what happens, and where that leads."""
    came: dict[int, tuple[int, Action] | None] = {start: None}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for action, after in _inner(graph, part, keeps, state):
            if reached(state, action, after):
                way, back = [(action, after)], state
                while (step := came[back]) is not None:
                    way.append((step[1], back))
                    back = step[0]
                return way[::-1]
            if after not in came:
                came[after] = (state, action)
                queue.append(after)
    raise AssertionError("a strongly connected part has a way from each of its states to each")
