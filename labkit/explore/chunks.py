"""Parts of a search: a few runs with consecutive numbers, made by whichever worker is free. What comes back is small
plain data; traces stay where they were made, and are forgotten there."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field

from labkit.check.invariants import Violation
from labkit.errors import LabkitError
from labkit.explore.coverage import EVERY, Coverage
from labkit.explore.running import Run, Stage
from labkit.explore.strategies import Strategy

COLLECT = 16  # runs between two garbage collections, which do not run otherwise


@dataclass
class Found:
    """A run that violates a property: its number, and the digest of its trace."""

    number: int
    violation: Violation
    digest: str


@dataclass
class Chunk:
    """What came of the runs from `start` to `stop`, the latter excluded. It ends at the first run that violates a
    property (`found`) or cannot be judged (`error`)."""

    start: int
    stop: int
    events: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    ended: dict[str, int] = field(default_factory=dict)  # why scenarios stopped early, and how often
    found: Found | None = None
    error: str = ""
    interrupted: bool = False

    @property
    def over(self) -> bool:
        return self.found is not None or bool(self.error) or self.interrupted

    def add(self, number: int, run: Run, classes: dict[str, str]) -> None:
        """Take in a run."""
        self.stop = number + 1
        self.events += len(run.trace)
        self.coverage.count(run.faults)
        if number % EVERY == 0:
            self.coverage.look(run, classes)
        if run.ended:
            why = run.ended.split(":")[0]
            self.ended[why] = self.ended.get(why, 0) + 1
        if run.violation is not None:
            self.found = Found(number, run.violation, run.trace.digest())

    def merge(self, other: Chunk) -> None:
        self.events += other.events
        self.coverage.merge(other.coverage)
        for why, times in other.ended.items():
            self.ended[why] = self.ended.get(why, 0) + times


@dataclass(frozen=True)
class Job:
    """What every worker has to know."""

    stage: Stage
    strategy: Strategy
    classes: dict[str, str]

    def work(self, start: int, stop: int, seconds: float) -> Chunk:
        """Make the runs from `start` to `stop`, or as many as begin within so many seconds (at least one)."""
        chunk, deadline = Chunk(start, start), time.monotonic() + seconds
        collecting = gc.isenabled()
        gc.disable()  # a run makes much that lives as long as the run
        try:
            for number in range(start, stop):
                chunk.add(number, self.stage.run(self.strategy.plan(number)), self.classes)
                if number % COLLECT == 0:
                    gc.collect(1)
                if chunk.over or time.monotonic() > deadline:
                    break
        except LabkitError as error:
            chunk.error, chunk.stop = str(error), number + 1
        except KeyboardInterrupt:
            chunk.interrupted = True
        finally:
            if collecting:
                gc.enable()
        return chunk
