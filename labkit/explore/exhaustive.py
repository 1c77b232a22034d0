"""Bounded exhaustive search: every order of deliveries and timers, with so many losses, duplicates and crashes.

What is searched is the asynchronous model. Any message under way may be delivered next, so a message that is never
delivered is searched without further ado, and a loss (`losses=`) is needed only where its absence matters. A timer may
fire at any time, except that of two timers of a node the one set earlier goes first if it is sure to be due first
(Michael et al., "Teaching Rigorous Distributed Systems With Efficient Model Checking", EuroSys 2019). How much time
passes is abstracted away. A delivery that changes nothing and sends nothing makes no new state.

A node may crash between two steps (`crashes=`); of writes not yet synced, any first ones reach the disk. It may also
crash in the middle of a step, just after it sent a message or wrote durably to its disk; then those are lost.

Clients ask what a script says (`labkit.explore.script`), each request at any time after the answer to the one before.
Properties of their history are judged whenever one is told an answer.

There are two ways of searching. Nodes whose handlers are plain methods are searched by **states**: what a node does
with an event is found out once, with the real class, and a step of the whole system is a look-up. Nodes with coroutines
cannot be copied; they are searched by **replay**: what a node does after all that happened to it is found out
once, by letting it all happen again (`labkit.explore.lives`), with the random numbers of one seed.
The result says which of the two ran, and why.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labkit.cluster import Cluster
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.explore.draws import Unsearchable
from labkit.explore.local import Place
from labkit.explore.memoised import Explorer, Invariant, Predicate, broken, check_limits, places_of
from labkit.explore.observing import Observer
from labkit.explore.replay import Replay, judging
from labkit.explore.result import Finding, Progress, Result, finding
from labkit.explore.rig import Rig
from labkit.explore.running import is_of_clients, name_of
from labkit.explore.running import judge as judge_by
from labkit.explore.schedule import Schedule
from labkit.explore.script import Check, Record, Script
from labkit.explore.states import BUDGETS
from labkit.node import Node


def exhaustive(
    make: Callable[..., Cluster],
    invariants: Sequence[Invariant] = (),
    *,
    properties: Sequence[Callable[..., Any]] = (),
    sometimes: Sequence[Predicate] = (),
    script: Mapping[str, Any] | None = None,
    observer: Observer | None = None,
    goals: Sequence[Predicate | tuple[Predicate, dict[str, int | None]]] = (),
    within: Predicate | None = None,
    way: str | None = None,
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
    reduce: bool | None = None,
    errors: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Search the nodes of the cluster that `make(seed=0)` gives.

    invariants: `invariant(moment)` is None or True where it holds, False or what is wrong where not; a moment's `state`
    maps each running node to its public attributes, as in a trace. properties: of traces, `property(trace)`; what is
    found is replayed on a real cluster, and the first of them that its trace violates is told. Those of the history of
    clients are judged in every state; others, without invariants, at the end of every schedule, by replay. script: what
    clients ask (`Script`, or a mapping that makes one). sometimes: predicates of moments, each of which must be true
    somewhere, or the search has tested nothing. observer: judges what happened on the way (`labkit.explore.observing`).
    errors: whether an error that a node raises is a violation.

    goals: stages. The search goes on until the first predicate is true, then from that state until the next, and then
    searches all from there; `(predicate, {"crashes": 1})` gives a stage budgets of its own. within: only states where
    it is true are gone on from.

    depth, states (or schedules), seconds, memory (MB): where to stop. timers, losses, duplicates, crashes, restarts:
    how many there may be on one way, at most 31 (timers and restarts also None: any number). order: "breadth", for the
    shortest counterexample, or "depth". reduce: take commuting steps of different nodes in one order only (sleep sets;
    Godefroid 1996). By states it saves steps but no states, and is off by default. By replay it is on, unless whole
    traces are judged: every state is still passed, but not every order of steps that commute. way: "states" or
    "replay", instead of the one that fits. progress: called now and then with a `Progress`.

    Raises LabkitError where the arguments are wrong, where the nodes cannot be searched in the way that was asked for,
    or where what was found does not come true on the cluster.
    """
    limits = dict(zip(BUDGETS, (timers, losses, duplicates, crashes, restarts), strict=True))
    check_limits(limits)
    if way not in (None, "states", "replay"):
        raise LabkitError(f"way={way!r}: give 'states', 'replay', or nothing")
    places, script = places_of(make), Script(script)
    told = _of_clients(properties, script)
    if told is not None and observer is not None:
        raise LabkitError("an observer has the place of the clients' history: give one of the two, or search twice")
    why = "it was asked for" if way == "replay" else _coroutine(places)
    rest = [check for check in properties if not is_of_clients(check)]
    if not why and way is None and rest and not invariants and observer is None:
        why = "properties of traces depend on the whole way, not on the state (give invariants to search by states)"
    if not why:
        bounds: dict[str, Any] = {
            "depth": depth, "states": states, "seconds": seconds, "memory": memory, "order": order, "errors": errors,
            "reduce": bool(reduce), "progress": progress, "within": within,
        }  # fmt: skip
        try:
            explorer = Explorer(make, observer or (told and Record(script, told)), script)
            return _stages(explorer, goals, limits, bounds, invariants, sometimes, properties)
        except Unsearchable as cause:
            why = f"of {cause}" if str(cause).startswith("a ") else str(cause)
    if way == "states":
        raise LabkitError(f"these nodes cannot be searched by states, because {why}; leave out way='states'")
    unfit = {"observer": observer, "goals": goals, "within": within}
    for name, given in unfit.items():
        if given:
            raise LabkitError(f"{name}= needs a search by states, which is not possible here, because {why}")
    if depth is None:
        raise LabkitError(f"say how deep to search, as in depth=12: it is a search by replay, because {why}")
    rig = Rig(places, make(seed=0).seed, limits, script)
    return _by_replay(
        make, rig, why, invariants, properties, told, sometimes, depth, (states, seconds), reduce, errors,
        progress,
    )  # fmt: skip


def _of_clients(properties: Sequence[Callable[..., Any]], script: Script) -> Check | None:
    """The properties of what clients are told, as one, if there are any."""
    checks = [check for check in properties if is_of_clients(check)]
    if not checks:
        return None
    if not any(script.values()):
        raise LabkitError(
            f"{name_of(checks[0])} judges what clients are told, but none asks anything: let the scenario do so, or "
            "give it as Script(c1=[...])"
        )

    def check(trace: Trace) -> str | None:
        return next((str(found) for check in checks if (found := judge_by(check, trace)) is not None), None)

    return check


def _stages(
    explorer: Explorer,
    goals: Sequence[Any],
    limits: dict[str, int | None],
    bounds: dict[str, Any],
    invariants: Sequence[Invariant],
    sometimes: Sequence[Predicate],
    properties: Sequence[Callable[..., Any]],
) -> Result:
    """Search from goal to goal, and then all."""
    start = None
    for goal in goals:
        predicate, own = goal if isinstance(goal, tuple) else (goal, {})
        unknown = set(own) - set(BUDGETS)
        if unknown:
            raise LabkitError(f"a goal has no budget {', '.join(sorted(unknown))}; there are {', '.join(BUDGETS)}")
        budgets: dict[str, Any] = limits | own
        result = explorer.search(invariants, goal=predicate, start=start, properties=properties, **budgets, **bounds)
        if result.reached is None:
            if result.finding is None:
                result.complete = False
                result.stopped = (
                    result.stopped or f"the goal {getattr(predicate, '__name__', predicate)} is never reached"
                )
            return result
        start = result.reached
    last: dict[str, Any] = dict(limits)
    return explorer.search(invariants, sometimes=sometimes, start=start, properties=properties, **last, **bounds)


def _by_replay(
    make: Callable[..., Cluster],
    rig: Rig,
    why: str,
    invariants: Sequence[Invariant],
    properties: Sequence[Callable[..., Any]],
    told: Check | None,
    sometimes: Sequence[Predicate],
    depth: int,
    bounds: tuple[int, float],
    reduce: bool | None,
    errors: bool,
    progress: Callable[[Progress], None] | None,
) -> Result:
    rest = [check for check in properties if not is_of_clients(check)]

    def judged(schedule: Schedule) -> Finding | None:
        cluster = make(seed=0)
        trace = schedule.follow(cluster, rig.script)
        for check in rest:
            violation = judge_by(check, trace)
            if violation is not None:
                return Finding(violation, schedule, cluster)
        return None

    missing = list(sometimes)
    state_is_fine = judging(errors, invariants, broken, told)

    def judge(rig: Rig) -> str | None:
        if missing:
            moment = rig.moment()
            missing[:] = [predicate for predicate in missing if not predicate(moment)]
        return state_is_fine(rig)  # type: ignore[no-any-return]

    finish = judged if rest and not invariants else None
    if reduce is None:
        reduce = finish is None  # what a trace tells may depend on the order of steps that commute
    search = Replay(rig, depth, judge, finish, bounds, reduce, progress)
    search.run()
    way = f"replay, each history of a node run once, because {why}"
    result = Result(way, search.so_far(), not search.why, search.why, search.finding)
    result.unreached = [str(getattr(predicate, "__name__", predicate)) for predicate in missing]
    if search.wrong is not None:
        schedule, wrong = search.wrong
        result.finding = finding(make, schedule, wrong, None, properties, rig.script)
    return result


def _coroutine(places: list[Place]) -> str:
    """Why a program is no plain one, as far as its methods tell."""
    for place in places:
        for base in place.program.__mro__:
            if base is not Node and issubclass(base, Node):
                for name, method in vars(base).items():
                    if getattr(place.program, name) is not method:
                        continue  # overridden
                    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
                        return f"{base.__name__}.{name} is a coroutine, and a coroutine cannot be copied"
    return ""
