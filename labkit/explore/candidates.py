"""Candidates for a smaller run: each is run, and if it violates the same property, it is the best so far."""

from __future__ import annotations

import time

from labkit.check.invariants import Violation
from labkit.errors import LabkitError
from labkit.explore.causes import of_progress, steps
from labkit.explore.running import Plan, Run, Stage

SLACK = 0.3  # seconds that a violation may come later in a smaller run


class Spent(Exception):
    """No more runs may be made."""


def length(run: Run) -> int:
    """How many steps led to the violation of a run."""
    assert run.violation is not None
    return len(steps(run.trace, run.violation))


class Candidates:
    """The smallest run so far, `best`, and how many `runs` that took. `at_end`: whether the violation is told at the
    end of a run only, as one of progress is."""

    def __init__(self, stage: Stage, first: Run, runs: int, seconds: float):
        assert first.violation is not None
        self.stage, self.best, self.runs = stage.only(first.trace, first.violation), first, 0
        self._limit, self._deadline = runs, time.monotonic() + seconds
        self._property = self.violation.property
        self.at_end = self.violation.seq >= len(first.trace) - 1 or of_progress(first.trace, self.violation)
        self._tried: dict[str, bool] = {}

    @property
    def violation(self) -> Violation:
        assert self.best.violation is not None
        return self.best.violation

    @property
    def plan(self) -> Plan:
        return self.best.plan

    @property
    def soon(self) -> float | None:
        """When a run may end: soon after the violation; None: when the scenario does."""
        return None if self.at_end else round(self.violation.time + SLACK, 3)

    def fails(self, plan: Plan, until: float | None = None) -> bool:
        """Whether a run violates the same property (by that time, if one is given); if so, it is the best so far."""
        key = repr(plan)
        if key not in self._tried:
            if self.runs >= self._limit or time.monotonic() > self._deadline:
                raise Spent
            self.runs += 1
            try:
                run = self.stage.run(plan, until or (None if plan.recording else self.soon))
            except LabkitError:
                self._tried[key] = False  # a scenario or a property that cannot stand this run
                return False
            self._tried[key] = run.violation is not None and run.violation.property == self._property
            if self._tried[key]:
                self.best = run
        elif self._tried[key] and repr(self.plan) != key:
            self.best = self.stage.run(plan, None if plan.recording else self.soon)
        return self._tried[key]
