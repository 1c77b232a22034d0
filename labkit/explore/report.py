"""What a search found: a report, and in it a finding, a run that violates a property, as data that can be run again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from labkit.check.invariants import Violation
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED
from labkit.determinism import first_difference
from labkit.engine.faults import Faults
from labkit.engine.timetable import Priorities, Timetable
from labkit.engine.trace import Event, Trace
from labkit.engine.words import describe
from labkit.errors import LabkitError
from labkit.explore.causes import loop, picture, steps
from labkit.explore.coverage import Coverage
from labkit.explore.recording import Recording
from labkit.explore.running import Plan, Run, Stage
from labkit.explore.shrinking import Shrunk
from labkit.explore.shrinking import shrink as make_smaller

CAUSES = (
    "Usual causes: the order of a set of strings, time.time() instead of self.now, the random module instead of "
    "self.random, attributes of the class (or globals) that outlive a run, and id() or hash() of objects. "
    "`labkit doctor --determinism FILE` finds the line"
)


@dataclass
class Finding:
    """A run that violates a property, and the smallest one found that still does.

    `seed`, `faults`, `schedule` and `recording` make the small run; `replay()` makes it again, `view()` shows it,
    `as_test()` writes it down as a test. `original` is the plan of the run that the search met, number `number`.
    """

    stage: Stage = field(repr=False)
    number: int
    original: Plan
    violation: Violation
    before: int  # steps
    shrunk: Shrunk = field(repr=False)
    differs: str = ""  # if two runs of the same plan differed: how
    exact: bool = False  # whether it comes from a search of everything, the shortest first: nothing is to be shrunk

    @property
    def seed(self) -> int:
        return self.shrunk.plan.seed

    @property
    def faults(self) -> Faults:
        return self.shrunk.plan.faults

    @property
    def schedule(self) -> Timetable | Priorities | None:
        return self.shrunk.plan.schedule

    @property
    def recording(self) -> Recording | None:
        """What the clients ask in the small run, in place of the scenario; None if the scenario is needed itself."""
        return self.shrunk.plan.recording

    @property
    def run(self) -> Run:
        return self.shrunk.run

    @property
    def trace(self) -> Trace:
        """The trace of the small run, with a mark at the violation."""
        trace = self.run.trace
        if not trace.marks:
            trace.mark(self.violation.seq, self.violation.message)
            trace.marks[0]["nodes"] = list(self.violation.nodes)
        return trace

    @cached_property
    def steps(self) -> list[Event]:
        """What has to happen: the messages delivered, timers fired and faults that led to the violation."""
        return steps(self.run.trace, self.violation)

    @property
    def story(self) -> list[str]:
        """The steps in words, each with its time."""
        told = [f"{event.time:8.3f} s  {describe(event, self.run.trace)}" for event in self.steps]
        return [*told, self.ending] if self.ending else told

    @property
    def ending(self) -> str:
        """What follows the steps where something never happens: more steps, which change nothing."""
        more = len(loop(self.run.trace, self.violation))
        until = f"until {self.violation.time:.3f} s, nothing changes any more"
        return f"Then, {until}, in {more} more step{'s' * (more != 1)}." if more else ""

    def replay(self) -> Run:
        """Make the small run once more."""
        return self.stage.run(self.shrunk.plan)

    def shrink(self, *, runs: int = 3000, seconds: float = 15.0) -> Finding:
        """Try to make it smaller still, with so many more runs and seconds."""
        if self.exact:
            return self
        return shrunk_finding(self.stage, self.number, self.original, self.before, self.run, runs, seconds)

    def view(self, **options: Any) -> Any:
        """The replay, stopped at the violation. Options as for `labkit.view.Replay`."""
        from labkit.view.replay import Replay

        return Replay(picture(self.run.trace, self.violation), **options)

    def as_test(self) -> str:
        """The small run as a Python test, for pytest."""
        from labkit.explore.as_test import as_test

        return as_test(self)

    def text(self) -> str:
        """The finding for a terminal."""
        lines = [f"{self.violation}", ""]
        if self.differs:
            lines += [self.differs, CAUSES + ".", ""]
        lines += [f"{self.origin()}: {self.lengths()}.", ""]
        lines += [f"  {line}" for line in self.story[:60]]
        if len(self.story) > 60:
            lines.append(f"  ... and {len(self.story) - 60} more")
        lines += ["", f"seed = {self.seed}", f"faults = {self.faults}"]
        if self.schedule is not None:
            lines.append(f"schedule = {self.schedule}")
        if self.shrunk.plan.scripted:
            lines.append("scripted = True  # these are all faults, those of the scenario among them")
        if self.recording is not None:
            lines.append(f"scenario = {self.recording}")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """The finding as JSON data, with the small run's trace up to the violation."""
        violation = {name: getattr(self.violation, name) for name in ("property", "message", "seq", "time", "nodes")}
        plan = self.shrunk.plan
        return {
            "number": self.number, "violation": violation, "before": self.before, "steps": self.story,
            "seed": self.seed, "faults": json.loads(plan.faults.to_json()), "scripted": plan.scripted,
            "schedule": None if plan.schedule is None else json.loads(plan.schedule.to_json()),
            "recording": None if plan.recording is None else plan.recording.document(),
            "differs": self.differs, "run": picture(self.run.trace, self.violation),
        }  # fmt: skip

    def origin(self) -> str:
        """Which run it was."""
        return "Found by searching everything" if self.exact else f"Run {self.number:,} (seed {self.original.seed})"

    def lengths(self) -> str:
        """How long it is, before and after shrinking."""
        if self.differs:
            return f"{self.before} steps, not shrunk"
        if self.exact and self.before == len(self.steps):
            return f"{self.before} step{'s' * (self.before != 1)}"
        how = f"shrunk from {self.before} steps to {len(self.steps)} in {self.shrunk.runs:,} runs"
        return how if self.shrunk.complete else f"{how} (stopped before the end; .shrink() goes on)"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.explore.report_view import finding_html

        return {"text/plain": self.text(), "text/html": finding_html(self)}

    def __repr__(self) -> str:
        return self.text()


@dataclass
class Report:
    """The verdict of a search. It is true if every property held in all runs made, which is no proof (unless the
    strategy is "exhaustive": then it is one, within the bounds).

    `outcome` is "holds", "violated", or "unknown" (no run was made to its end).
    """

    outcome: str
    properties: tuple[str, ...]
    strategy: str
    why: str  # this strategy, in words
    runs: int
    seconds: float
    events: int
    coverage: Coverage = field(repr=False)
    ended: dict[str, int]
    interrupted: bool
    finding: Finding | None = None
    unit: str = "runs"  # or "states", "schedules": what was counted
    stopped: str = ""  # why a search of everything has not seen everything

    def __bool__(self) -> bool:
        return self.outcome == HOLDS

    def headline(self) -> str:
        names = ", ".join(self.properties)
        if self.finding is not None:
            return f"Violated: {self.finding.violation.property}"
        if self.outcome == UNKNOWN:
            seen = f"No violation in {self.runs:,} {self.unit}, but {self.stopped}" if self.runs else self.stopped
            return f"Unknown: {names}. {seen or 'Not one run was made'}"
        if self.strategy == "exhaustive":
            bound = (
                f" (as deep as was asked for: {self.stopped.removeprefix('it stopped at ')})" if self.stopped else ""
            )
            return f"Held in all {self.runs:,} {self.unit}{bound}: {names}"
        so_far = " so far, before the interrupt" if self.interrupted else ""
        return f"Held in {self.runs:,} {self.unit}{so_far}: {names}"

    def effort(self) -> str:
        """What the search did, in words."""
        coverage = self.coverage
        speed = f"{self.runs:,} {self.unit} in {self.seconds:.1f} s ({self.runs / max(self.seconds, 1e-6):,.0f}/s)"
        if self.strategy == "exhaustive":
            return f"{speed}; {self.events:,} steps"
        faults = ", ".join(f"{times:,} {name}" for name, times in sorted(coverage.faults.items()))
        parts = [
            speed,
            f"{self.events:,} events",
            f"{len(coverage.edges):,} kinds of steps and {len(coverage.states):,} states of nodes seen",
            f"faults: {faults or 'none'}",
        ]
        return "; ".join(parts)

    def remarks(self) -> list[str]:
        """What else there is to know."""
        remarks = []
        if self.interrupted:
            remarks.append("The search was interrupted: this is what it knew by then.")
        for why, times in sorted(self.ended.items()):
            remarks.append(f"In {times:,} runs the scenario ended early, with {why}; they were judged up to there.")
        if self.outcome == HOLDS and self.stopped:
            remarks.append("What lies deeper was not searched: give a greater depth=, or goals= to go on from.")
        if self.outcome == HOLDS and self.strategy != "exhaustive":
            remarks.append("This is no proof: other runs may show otherwise.")
        return remarks

    def text(self) -> str:
        """The report for a terminal."""
        lines = [self.headline()]
        if self.finding is not None:
            lines += ["", self.finding.text(), ""]
        lines += [f"{self.effort()}.", f"Strategy {self.strategy}: {self.why}.", *self.remarks()]
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """The report as JSON data."""
        names = ("outcome", "properties", "strategy", "why", "runs", "seconds", "events", "ended", "interrupted")
        finding = None if self.finding is None else self.finding.document()
        return {name: getattr(self, name) for name in names} | {"faults": self.coverage.faults, "finding": finding}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.explore.report_view import report_html

        return {"text/plain": self.text(), "text/html": report_html(self)}

    def __repr__(self) -> str:
        return self.text()


def examine(
    stage: Stage,
    number: int,
    plan: Plan,
    digest: str,
    runs: int = 3000,
    seconds: float = 15.0,
    met: Run | None = None,
    others: Iterable[Plan] = (),
) -> Finding:
    """Make a run that a search has met again, compare, and shrink it. `met` is the run itself, if it was made here; one
    of the `others` may be a shorter one."""
    first = stage.run(plan)
    if first.trace.digest() != digest or first.violation is None:
        second = stage.run(plan)
        differs = _difference(first.trace, second.trace)
        violated = first if first.violation is not None else second
        if violated.violation is None and met is not None:
            violated, differs = met, _difference(met.trace, second.trace)
        if violated.violation is None:
            raise LabkitError(
                f"this code is not deterministic: run {number} (seed {plan.seed}) violated a property, and when it was "
                f"made again it did not. {differs} {CAUSES}."
            )
        before = len(steps(violated.trace, violated.violation))
        shrunk = Shrunk(plan, violated, 0, False)
        return Finding(stage, number, plan, violated.violation, before, shrunk, differs)
    assert first.violation is not None
    before = len(steps(first.trace, first.violation))
    return shrunk_finding(stage, number, plan, before, first, runs, seconds, others)


def shrunk_finding(
    stage: Stage, number: int, plan: Plan, before: int, first: Run, runs: int, seconds: float,
    others: Iterable[Plan] = (),
) -> Finding:  # fmt: skip
    shrunk = make_smaller(stage, first, runs=runs, seconds=seconds, others=others)
    assert shrunk.run.violation is not None
    return Finding(stage, number, plan, shrunk.run.violation, before, shrunk)


def _difference(one: Trace, other: Trace) -> str:
    """Where two runs of the same plan part."""
    difference = first_difference(one, other)
    if difference is not None:
        return f"This code is not deterministic: made twice from the same seed, the run differs at {difference}."
    return (
        "This code is not deterministic: the run differed in the worker that met it, though not here. What outlives a "
        "run, such as an attribute of the class, or the process, may be the cause."
    )


__all__ = ["HOLDS", "UNKNOWN", "VIOLATED", "Finding", "Report", "examine"]
