"""Exercises as data: parts with points, each with runs to make and properties to hold.

An exercise is judged by runs and nothing else. A part drives a cluster of the student's nodes through a scenario,
under many seeds, and asks its properties of the trace. The same code judges in the student's notebook and in the
referee; only who builds the cluster differs. A failure is a seed and the faults: enough to have the same run again,
anywhere.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.check import Violation, no_errors
from labkit.cluster import Cluster
from labkit.course.measure import Measure
from labkit.engine.faults import Faults
from labkit.engine.trace import Trace
from labkit.errors import LabkitError

Build = Callable[..., Cluster]  # build(size=5, seed=..., faults=...), or nodes={id: name of a class} instead of size
Property = Callable[[Trace], Violation | None]

SHRINKING_RUNS = 40  # runs that a failure's shrinking may cost


@dataclass(frozen=True)
class Part:
    """One thing that an exercise asks for: `drive(cluster)` makes a run, and every property must hold in it.

    A cluster is `size` nodes of the student's first class; or what `cast` says, which gives each node's id the name of
    a class: one of the student's, or one that stands in the given cells of the exercise's notebook. With a `measure`,
    runs in which all properties hold are scored by it.
    """

    name: str
    title: str
    points: float
    drive: Callable[[Cluster], None]
    properties: tuple[Property, ...]
    guards: tuple[Property, ...] = (no_errors,)  # what must hold for the run to say anything; asked first
    size: int = 5
    cast: Mapping[str, str] | None = None
    measure: Measure | None = None

    @builtins.property
    def members(self) -> dict[str, Any]:
        """What to build its cluster with."""
        return {"size": self.size} if self.cast is None else {"nodes": dict(self.cast)}


@dataclass(frozen=True)
class Failure:
    """A run that breaks a property: how to have it again, and its trace up to the violation."""

    property: str
    message: str
    seed: int
    members: dict[str, Any]  # what its cluster is built with: size, or nodes
    faults: Faults
    seconds: float
    seq: int
    time: float
    nodes: tuple[str, ...]
    document: dict[str, Any] = field(repr=False)

    @builtins.property
    def marks(self) -> list[dict[str, Any]]:
        return list(self.document.get("marks", []))

    def to_json(self) -> dict[str, Any]:
        """All but the trace, as JSON data."""
        names = ("property", "message", "seed", "members", "seconds", "seq", "time")
        return {name: getattr(self, name) for name in names} | {"nodes": list(self.nodes), "faults": str(self.faults)}


@dataclass(frozen=True)
class PartResult:
    """What came of a part: `points` of `max`, and the smallest failing run found if there was one."""

    name: str
    title: str
    points: float
    max: float
    message: str
    runs: int
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        return self.points == self.max

    def to_json(self) -> dict[str, Any]:
        names = ("name", "title", "points", "max", "passed", "message", "runs")
        return {name: getattr(self, name) for name in names} | {
            "failure": self.failure.to_json() if self.failure else None
        }


@dataclass(frozen=True)
class Result:
    """What came of an exercise, part by part."""

    exercise: str
    title: str
    nodes: tuple[str, ...]
    parts: tuple[PartResult, ...]

    @property
    def score(self) -> float:
        return sum(part.points for part in self.parts)

    @property
    def max(self) -> float:
        return sum(part.max for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON data (without the traces)."""
        parts = [part.to_json() for part in self.parts]
        return {"exercise": self.exercise, "title": self.title, "score": self.score, "max": self.max, "parts": parts}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.course.result_view import result_html, result_text

        return {"text/plain": result_text(self), "text/html": result_html(self)}


@dataclass(frozen=True)
class Exercise:
    """An exercise: its name, the names of the classes of nodes that the student defines, and its parts."""

    name: str
    title: str
    nodes: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def version(self) -> str:
        """Changes when the way of judging may have changed."""
        source = "".join(inspect.getsource(part.drive) + str(part.points) + part.title for part in self.parts)
        return hashlib.sha256(source.encode()).hexdigest()[:12]

    @property
    def max(self) -> float:
        return sum(part.points for part in self.parts)

    def evaluate(
        self, build: Build, seeds: Iterable[int] = range(20), *, progress: Callable[[str], None] = lambda title: None
    ) -> Result:
        """Judge the nodes that `build(size=, seed=, faults=)` makes a cluster of. All parts, under all seeds."""
        seeds = list(seeds)
        if not seeds:
            raise LabkitError("no seeds: there is nothing to judge by")
        results = []
        for part in self.parts:
            progress(part.title)
            results.append(judge(part, build, seeds))
        return Result(self.name, self.title, self.nodes, tuple(results))


def judge(part: Part, build: Build, seeds: Sequence[int]) -> PartResult:
    """Run a part under every seed; of the runs that fail take the shortest, and make it smaller."""
    worst: Failure | None = None
    failed = 0
    measured = []
    for seed in seeds:
        cluster = build(**part.members, seed=seed)
        cluster.title = cluster.trace.title = part.title
        part.drive(cluster)
        violation = first_violation(part, cluster.trace)
        if violation is not None:
            failed += 1
            failure = _failure(violation, cluster, part.members)
            if worst is None or (len(failure.faults), failure.seq) < (len(worst.faults), worst.seq):
                worst = failure
        elif part.measure is not None:
            measured.append(part.measure.of(cluster.trace))
    if worst is None and part.measure is not None:
        share = part.measure.share(measured)
        sentence = part.measure.sentence(measured)
        return PartResult(part.name, part.title, round(part.points * share, 2), part.points, sentence, len(seeds))
    if worst is None:
        runs = f"{len(seeds)} run{'s' if len(seeds) != 1 else ''}"
        return PartResult(part.name, part.title, part.points, part.points, f"held in {runs}", len(seeds))
    worst = shrink(part, build, worst)
    message = (
        f"{worst.property}: {worst.message}. It failed in {failed} of {len(seeds)} runs; this is the smallest found"
    )
    return PartResult(part.name, part.title, 0, part.points, message, len(seeds), worst)


def first_violation(part: Part, trace: Trace) -> Violation | None:
    """The earliest violation of any property; that of a guard only if there is no other."""
    found = [violation for check in part.properties if (violation := check(trace)) is not None]
    if not found:
        found = [violation for check in part.guards if (violation := check(trace)) is not None]
    return min(found, key=lambda violation: violation.seq, default=None)


def shrink(part: Part, build: Build, failure: Failure) -> Failure:
    """Leave out one fault after another, as long as the same property still fails."""
    runs = 0
    kept = list(failure.faults)
    index = len(kept) - 1
    while index >= 0 and runs < SHRINKING_RUNS:
        fewer = kept[:index] + kept[index + 1 :]
        smaller = rerun(part, build, failure, Faults(fewer))
        runs += 1
        if smaller is not None and smaller.property == failure.property:
            failure, kept = smaller, list(smaller.faults)
            index = min(index, len(kept))
        index -= 1
    return failure


def rerun(part: Part, build: Build, failure: Failure, faults: Faults) -> Failure | None:
    """The run of a failure with other faults, if it fails too."""
    cluster = build(**failure.members, seed=failure.seed, faults=faults)
    cluster.title = cluster.trace.title = part.title
    cluster.advance(failure.seconds)
    violation = first_violation(part, cluster.trace)
    return _failure(violation, cluster, failure.members) if violation is not None else None


def _failure(violation: Violation, cluster: Cluster, members: dict[str, Any]) -> Failure:
    """The run up to the violation: the faults that struck by then, and the trace stopped there, marked."""
    trace = cluster.trace
    faults = Faults(fault for fault in cluster.faults if fault.time <= violation.time)
    mark = {
        "seq": violation.seq,
        "time": violation.time,
        "label": violation.message,
        "kind": "violation",
        "nodes": list(violation.nodes),
    }
    document = trace.header() | {"now": violation.time, "events": trace.columns(0, violation.seq + 1), "marks": [mark]}
    return Failure(
        violation.property,
        violation.message,
        trace.seed,
        members,
        faults,
        cluster.now,
        violation.seq,
        violation.time,
        violation.nodes,
        document,
    )


def load(name: str) -> Exercise:
    """The exercise of this name, such as "raft-election". Raises LabkitError naming those that there are."""
    from labkit.course import exercises

    if name not in exercises.NAMES:
        raise LabkitError(f"there is no exercise {name!r}; there are: {', '.join(exercises.NAMES)}")
    module = importlib.import_module(f"labkit.course.exercises.{name.replace('-', '_')}")
    return module.exercise  # type: ignore[no-any-return]
