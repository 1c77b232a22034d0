"""What a search has found: how far it came, and the counterexample, replayed on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from labkit.check.invariants import Violation, no_errors
from labkit.engine.moment import Moment
from labkit.errors import LabkitError
from labkit.explore.schedule import Schedule

if TYPE_CHECKING:
    from labkit.cluster import Cluster
    from labkit.explore.script import Script

INTERRUPTED = "it was interrupted"


class Progress(NamedTuple):
    """How far a search is: unique states (or schedules), steps from one to another, the greatest number of steps from
    the start, states still to go on from, wall seconds, and how often each handler ran, as (class, handler)."""

    states: int
    steps: int
    depth: int
    waiting: int
    seconds: float
    handlers: dict[tuple[str, str], int]
    unit: str = "states"

    @property
    def rate(self) -> float:
        """Unique states, or schedules, a second."""
        return self.states / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        waiting = f"{self.waiting:,} waiting, " if self.unit == "states" else ""
        return (
            f"{self.states:,} {self.unit}, {self.steps:,} steps, depth {self.depth}, {waiting}"
            f"{self.seconds:.1f} s ({self.rate:,.0f} {self.unit}/s)"
        )


class Found(NamedTuple):
    """A state, and a schedule that leads to it."""

    state: int
    schedule: Schedule


@dataclass
class Finding:
    """A counterexample: what is wrong, the schedule that leads there, and the cluster that has followed it, to look
    at (`finding.cluster.view()`) and to read (`finding.cluster.trace`)."""

    violation: Violation
    schedule: Schedule
    cluster: Cluster

    def __str__(self) -> str:
        return f"{self.violation}\n{self.schedule.explain()}"


@dataclass
class Result:
    """What came of a search. `complete`: all there is within the bounds was seen. `unreached`: the "sometimes"
    predicates that were true nowhere. `reached`: where the goal was reached, to go on from."""

    way: str
    progress: Progress
    complete: bool
    stopped: str = ""
    finding: Finding | None = None
    unreached: list[str] = field(default_factory=list)
    reached: Found | None = None

    @property
    def states(self) -> int:
        """How many unique states were seen."""
        return self.progress.states

    @property
    def holds(self) -> bool | None:
        """Whether all holds in all states; None if the search stopped before it had seen all, or reached too little."""
        if self.finding is not None:
            return False
        return True if self.complete and not self.unreached else None

    def __str__(self) -> str:
        lines = [f"searched by {self.way}", str(self.progress)]
        if self.finding is not None:
            lines.insert(0, f"VIOLATED: {self.finding}")
        elif self.reached is not None:
            lines.insert(0, f"the goal was reached in {len(self.reached.schedule)} steps")
        elif self.complete:
            lines.insert(0, "HOLDS in all states")
        else:
            lines.insert(0, f"no violation so far: {self.stopped}")
        lines += [f"never true, so nothing was tested: {name}" for name in self.unreached]
        return "\n".join(lines)


def depth_reached(depth: int) -> str:
    """Why a search stopped that was to go so deep."""
    return f"it stopped at depth {depth}"


def finding(
    make: Callable[..., Cluster],
    schedule: Schedule,
    wrong: str,
    moment: Moment | None,
    properties: Sequence[Callable[..., Any]],
    script: Script | None = None,
) -> Finding:
    """Replay a schedule on a real cluster, and see what its trace violates.

    Raises LabkitError if the cluster comes to another state: then the program depends on what is no part of its state.
    """
    from labkit.explore.running import judge

    cluster = make(seed=0)
    trace = schedule.follow(cluster, script)
    there = trace.at(trace.now)
    for id in set(there.state) | set(moment.state) if moment is not None else ():
        assert moment is not None
        shown, expected = there.state.get(id), moment.state.get(id)
        if shown is None or expected is None or any(not _agrees(shown.get(k), v) for k, v in expected.items()):
            raise LabkitError(
                f"{id} behaves differently when the schedule is replayed: {shown} instead of {expected}. Does it use "
                "something that is not its own: a global variable, time.time(), random.random(), an iteration of a set?"
            )
    for check in (*properties, no_errors):
        violation = judge(check, trace)
        if violation is not None:
            return Finding(violation, schedule, cluster)
    return Finding(Violation("Invariant", wrong, max(len(trace) - 1, 0), trace.now), schedule, cluster)


def _agrees(shown: Any, expected: Any) -> bool:
    return shown == expected or (isinstance(shown, float) and isinstance(expected, float))
