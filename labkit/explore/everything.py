"""Exhaustive search (`labkit.explore.exhaustive`) as one of the strategies, with the same report."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from labkit.check.invariants import Violation, always
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED
from labkit.engine.faults import Faults
from labkit.engine.trace import Event, Trace
from labkit.errors import LabkitError
from labkit.explore.causes import BEGINS, steps
from labkit.explore.coverage import Coverage
from labkit.explore.exhaustive import exhaustive
from labkit.explore.progress import Progress
from labkit.explore.report import Finding, Report
from labkit.explore.result import INTERRUPTED, depth_reached
from labkit.explore.running import Make, Plan, Property, Run, Scenario, Stage, name_of
from labkit.explore.schedule import Choice, Schedule
from labkit.explore.shrinking import Shrunk, minimal

OPTIONS = frozenset(inspect.signature(exhaustive).parameters) - {
    "make", "properties", "script", "seconds", "depth", "progress"
}  # fmt: skip


def search_all(
    make: Make,
    scenario: Scenario,
    properties: Sequence[Property],
    progress: bool,
    depth: int | None,
    invariants: Any = (),
    **options: Any,
) -> Report:
    """Search all states, or all schedules, of the nodes that `make` gives a cluster of, with clients that ask what they
    ask in an undisturbed run of the scenario, and report."""
    script = Stage(make, scenario, properties).script
    invariants = [invariants] if callable(invariants) else list(invariants)
    with Progress(progress) as shown:
        result = exhaustive(
            make,
            invariants,
            properties=properties,
            script=script,
            depth=depth,
            progress=lambda now: shown.say(lambda: str(now)),
            **options,
        )
    so_far = result.progress
    coverage = Coverage(edges=set(so_far.handlers))
    finding = None
    if result.finding is not None:
        stage = Stage(make, script or scenario, [*properties, *map(holds_always, invariants)])
        trace, violation = result.finding.cluster.trace, result.finding.violation
        plan = Plan(result.finding.cluster.seed, Faults(), result.finding.schedule)
        first = Run(plan, trace, result.finding.cluster.faults, trace.now, violation)
        small = without_idle_choices(stage, first) if so_far.unit == "schedules" else Shrunk(plan, first, 0, True)
        assert small.run.violation is not None
        finding = Finding(stage, 0, plan, small.run.violation, len(steps(trace, violation)), small, exact=True)
    clients = f"Clients, each as soon or as late as can be: {script.words()}" if script else "No client asks anything"
    bounded = finding is None and depth is not None and result.stopped == depth_reached(depth) and not result.unreached
    held = result.holds or bounded
    said = [f"{name} was never true" for name in result.unreached]
    stopped = "; ".join([result.stopped] * bool(result.stopped) + said)
    return Report(
        VIOLATED if finding is not None else HOLDS if held else UNKNOWN,
        tuple(name_of(check) for check in (*properties, *invariants)) or ("no errors",),
        "exhaustive", f"every order of deliveries and timers, by {result.way}. {clients}",
        so_far.states, so_far.seconds, so_far.steps, coverage, {}, result.stopped == INTERRUPTED, finding,
        unit=so_far.unit, stopped=stopped,
    )  # fmt: skip


def without_idle_choices(stage: Stage, first: Run) -> Shrunk:
    """The run of a schedule without the choices that the violation does not need. A search by replay goes into the
    depth, so that what it finds first may be long."""
    best, runs = first, 0

    def fails(choices: list[Choice]) -> bool:
        nonlocal best, runs
        runs += 1
        assert first.violation is not None
        try:
            run = stage.run(first.plan._replace(schedule=Schedule(choices)))
        except LabkitError:  # without one choice, another cannot be made
            return False
        if run.violation is None or run.violation.property != first.violation.property:
            return False
        best = run
        return True

    try:
        minimal(first.plan.schedule, fails)
    except KeyboardInterrupt:
        return Shrunk(best.plan, best, runs, False)
    return Shrunk(best.plan, best, runs, True)


def holds_always(invariant: Callable[..., Any]) -> Property:
    """The property of traces that an invariant of moments holds after every step."""
    from labkit.explore.memoised import broken

    def check(trace: Trace) -> Violation | None:
        steps = [event.seq for event in trace if event.kind in BEGINS]
        ends = {seq - 1 for seq in steps[len(trace.nodes) :]} | {len(trace) - 1}  # once all have booted

        def look(event: Event, moment: Any) -> Violation | None:
            wrong = broken(invariant, moment) if event.seq in ends else None
            return None if wrong is None else Violation.at(moment, "Invariant", wrong)

        return always(trace, look)

    check.__name__ = check.__qualname__ = name_of(invariant)
    return check
