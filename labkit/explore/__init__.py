"""Search for the run that breaks a program::

    from labkit.explore import explore

    explore(MyRaft, size=3, scenario=drive, properties=[election_safety], seconds=20)

A search makes many runs, each with other delays and other faults, judges all of them, and makes the first that violates
a property as small as can be.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from itertools import count
from typing import Any

from labkit.check.invariants import no_errors
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED
from labkit.cluster import Cluster
from labkit.engine.timetable import Delivery, Priorities, Timetable
from labkit.errors import LabkitError
from labkit.explore.chunks import Job
from labkit.explore.progress import Progress
from labkit.explore.recording import Recording, Request
from labkit.explore.report import Finding, Report, examine
from labkit.explore.running import Make, Plan, Property, Run, Scenario, Stage, name_of
from labkit.explore.script import Script
from labkit.explore.search import Search
from labkit.explore.strategies import Base, Choice, choose
from labkit.explore.workers import cores
from labkit.node import Node

__all__ = [
    "Delivery", "Finding", "Priorities", "Recording", "Report", "Request", "Script", "Timetable", "explore", "rerun",
]  # fmt: skip

SECONDS = 20.0  # of search, if neither runs nor seconds are given
DEPTH = 3  # of the bugs that priorities look for
LENGTH = 5.0  # virtual seconds of a run without a scenario


def explore(
    make: type[Node] | Make,
    scenario: Scenario | None = None,
    properties: Iterable[Property] | Property = (),
    *,
    size: int | None = None,
    strategy: str = "auto",
    faults: Choice = True,
    runs: int | None = None,
    seconds: float | None = None,
    depth: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    shrink_seconds: float = 15.0,
    progress: bool = True,
    **options: Any,
) -> Report:
    """Search for a run in which a property does not hold.

    make: a class of nodes, with the `size` of the cluster (or `nodes=`, `topology=`, `latency=`: what `Cluster` takes);
    or a function `make(seed=..., faults=...)` that gives a cluster.
    scenario: `scenario(cluster)` drives a run, or a `Script` says what clients ask; without it, the cluster runs for 5
    virtual seconds. A TimeoutError or RemoteError of a client ends it early, an AssertionError is a violation.
    properties: functions `property(trace)`, or `property(history)`, that return a Violation or None. That no node
    raises an error is always asked.
    strategy: "random" (random walks, with a random subset of faults in each), "pct" (priorities with `depth` - 1
    changes; 2 if no depth is given), "exhaustive" (every order, up to `depth` steps, of nodes and of clients that ask
    what the scenario's do; nothing else of the scenario has a part in it; takes `invariants=`, `goals=`, `crashes=` and
    the other options of `labkit.explore.exhaustive.exhaustive`), or "auto": what fits, and the
    report says why.
    faults: True for every kind that a correct protocol survives, False for none, a list of kinds (as for
    `labkit.nemesis`), or a function from a seed to `Faults`.
    runs, seconds: when to stop; 20 s if neither is given. seed: of the first run; others follow.
    workers: processes; as many as there are processors if not given. scheduler: address of a Dask scheduler, whose
    workers are used instead.
    shrink_seconds: how long to make what was found smaller.

    The same arguments find the same run first, whatever the number of workers, as long as time does not run out.
    Interrupting it gives the report so far. Raises LabkitError where the arguments cannot be used, or the scenario or a
    property fails.
    """
    if strategy == "exhaustive":
        from labkit.explore.everything import OPTIONS, search_all

        own = {name: options.pop(name) for name in list(options) if name in OPTIONS}
        own |= {"seconds": seconds or SECONDS, "depth": depth, "progress": progress}
        maker = _maker(make, size, options)
        return search_all(maker, scenario or _run_for_a_while, _listed(properties), **own)
    stage = Stage(_maker(make, size, options), scenario or _run_for_a_while, _listed(properties))
    if runs is None and seconds is None:
        seconds = SECONDS
    for name, number in (("runs", runs), ("seconds", seconds), ("workers", workers)):
        _check_number(name, number)
    with Progress(progress) as shown:
        first = _first_run(stage, seed, shown)
        chosen = choose(strategy, Base.of(first), seed, faults, DEPTH if depth is None else depth)
        job = Job(stage, chosen, classes_of(stage))
        many = cores() if workers is None else int(workers)
        search = Search(job, runs or float("inf"), seconds or float("inf"), shown)
        stop = search.go(many, scheduler)
        finding = None
        if stop is not None and stop.found is not None:
            found = stop.found
            shown.say(
                lambda: f"{found.violation.property} is violated in run {found.number:,}. Shrinking it.", now=True
            )
            plan = chosen.plan(found.number)
            others = map(chosen.plan, count(found.number + 1))
            finding = examine(stage, found.number, plan, found.digest, seconds=shrink_seconds, others=others)
    outcome = VIOLATED if finding is not None else HOLDS if search.made else UNKNOWN
    names = tuple(name_of(check) for check in stage.properties) or (name_of(no_errors),)
    return Report(
        outcome, names, chosen.name, chosen.why, search.made, search.seconds, search.total.events,
        search.total.coverage, search.total.ended, search.interrupted, finding,
    )  # fmt: skip


def _first_run(stage: Stage, seed: int, shown: Progress) -> Run:
    """The undisturbed run. Raises LabkitError if it is interrupted, because it does not seem to end."""
    shown.say(lambda: "The first run, undisturbed …", now=True)
    try:
        return stage.run(Plan(seed, _no_faults()))
    except KeyboardInterrupt as interrupt:
        told = " ".join(getattr(interrupt, "__notes__", ["It was interrupted."]))
        raise LabkitError(f"the first run, without any fault, had not come to its end. {told}") from None


def rerun(
    make: type[Node] | Make,
    scenario: Scenario | None = None,
    properties: Iterable[Property] | Property = (),
    *,
    seed: int = 0,
    faults: Any = (),
    schedule: Any = None,
    scripted: bool = False,
    size: int | None = None,
    **options: Any,
) -> Run:
    """Make one run, as a finding names it, and judge it. The result has its `trace` and its `violation` (or None)."""
    from labkit.engine.faults import Faults

    stage = Stage(_maker(make, size, options), scenario or _run_for_a_while, _listed(properties))
    return stage.run(Plan(seed, Faults(faults), schedule, scripted))


def _maker(make: Any, size: int | None, options: dict[str, Any]) -> Make:
    """The function that makes clusters."""
    if isinstance(make, type) and issubclass(make, Node):
        return functools.partial(Cluster, make, size, **options)
    if make is None and "nodes" in options:
        return functools.partial(Cluster, **options)
    if isinstance(make, type) or not callable(make):
        raise LabkitError(
            f"{make!r} is neither a class that derives from Node nor a function make(seed=..., faults=...) that gives "
            "a cluster"
        )
    if size is not None:
        raise LabkitError("size= goes with a class of nodes; a function that makes clusters knows their size")
    return functools.partial(make, **options) if options else make  # type: ignore[no-any-return]


def _listed(properties: Any) -> list[Property]:
    if callable(properties):
        return [properties]
    if not isinstance(properties, Iterable):
        raise LabkitError(f"properties={properties!r}: give functions, such as [election_safety]")
    return list(properties)


def _run_for_a_while(cluster: Cluster) -> None:
    cluster.run(LENGTH)


def _no_faults() -> Any:
    from labkit.engine.faults import Faults

    return Faults()


def _check_number(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, int | float) and not isinstance(value, bool) and value > 0):
        raise LabkitError(f"{name}={value!r}: give a number above zero")


def classes_of(stage: Stage) -> dict[str, str]:
    """The name of each node's class."""
    cluster = stage.make(seed=0, faults=_no_faults())
    return {id: program.__name__ for id, program in cluster._programs.items()}
