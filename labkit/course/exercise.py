"""Exercises as data: parts with points, each with runs to make and properties to hold.

An exercise is judged by runs and nothing else. A part drives a cluster of the student's nodes through a scenario,
under many seeds, and asks its properties of the trace. The same code judges in the student's notebook and in the
referee; only who builds the cluster differs. A failure is what `labkit.explore` makes of a run that breaks a property:
a small one, as a seed, the faults and the order of messages, which is enough to have the same run again, anywhere.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import inspect
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from labkit.check import Violation, no_errors
from labkit.cluster import Cluster
from labkit.course.measure import Measure
from labkit.course.searched import Judged
from labkit.engine.faults import Faults
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.explore.causes import picture
from labkit.explore.report import examine
from labkit.explore.report_view import step_rows
from labkit.explore.running import Plan, Run, Stage
from labkit.node import Node

Build = Callable[..., Cluster]  # build(size=5, seed=..., faults=...), or nodes={id: name of a class} instead of size
Property = Callable[[Trace], Violation | None]

SHRINKING_RUNS = 60  # runs that a failure's shrinking may cost,
SHRINKING_EVENTS = 600_000  # and about how many events in all: fewer runs, if they are long


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
class SearchedPart:
    """One thing that an exercise asks for, judged by a search of all that can happen (`labkit.course.searched`):
    `judge(build, seeds)`."""

    name: str
    title: str
    points: float
    judge: Callable[[Build, Sequence[int]], Judged]

    def result(self, build: Build, seeds: Sequence[int]) -> PartResult:
        """Judge it. What is printed meanwhile is not shown."""
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            judged = self.judge(build, seeds)
        if judged.holds:
            return PartResult(self.name, self.title, self.points, self.points, judged.message, 1)
        found = None
        if judged.run is not None:
            found = _searched(judged, seeds[0])
        message = f"{judged.property}: {judged.message}" if judged.property else judged.message
        return PartResult(self.name, self.title, 0, self.points, message, 1, found)


@dataclass(frozen=True)
class Failure:
    """A small run that breaks a property: how to have it again, what happens in it, and its picture up to the
    violation. `before` is how many steps the run had before it was made small; `test` is the run as a Python test."""

    property: str
    message: str
    seed: int
    members: dict[str, Any]  # what its cluster is built with: size, or nodes
    faults: Faults
    seconds: float
    seq: int
    time: float
    nodes: tuple[str, ...]
    before: int
    steps: tuple[tuple[str, str, str, bool], ...]  # when, where, what, and whether it is a fault
    differs: str
    test: str = field(repr=False)
    document: dict[str, Any] = field(repr=False)
    found: str = ""  # how it was found, if not by making runs

    def to_json(self) -> dict[str, Any]:
        """All but the trace, as JSON data."""
        names = (
            "property",
            "message",
            "seed",
            "members",
            "seconds",
            "seq",
            "time",
            "before",
            "differs",
            "test",
            "found",
        )
        lists = {"nodes": list(self.nodes), "steps": [list(step) for step in self.steps]}
        return {name: getattr(self, name) for name in names} | lists | {"faults": str(self.faults)}


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
    parts: tuple[Part | SearchedPart, ...]

    @property
    def version(self) -> str:
        """Changes when the way of judging may have changed: any module that drives or judges a part."""
        functions: list[Any] = []
        for part in self.parts:
            functions += (
                [part.judge] if isinstance(part, SearchedPart) else [part.drive, *part.properties, *part.guards]
            )
        modules = {inspect.getmodule(getattr(function, "func", function)) for function in functions} - {None}
        sources = sorted(inspect.getsource(module) for module in modules if module is not None)
        worth = [f"{part.name} {part.points} {part.title}" for part in self.parts]
        return hashlib.sha256("".join([*sources, *worth]).encode()).hexdigest()[:12]

    @property
    def max(self) -> float:
        return sum(part.points for part in self.parts)

    def evaluate(
        self,
        build: Build,
        seeds: Iterable[int] = range(20),
        *,
        progress: Callable[[str], None] = lambda title: None,
        shrinking: int = SHRINKING_RUNS,
    ) -> Result:
        """Judge the nodes that `build(size=, seed=, faults=)` makes a cluster of. All parts, under all seeds.

        shrinking: how many runs it may cost to make a failure small."""
        seeds = list(seeds)
        if not seeds:
            raise LabkitError("no seeds: there is nothing to judge by")
        results = []
        for part in self.parts:
            progress(part.title)
            if isinstance(part, SearchedPart):
                results.append(part.result(build, seeds))
            else:
                results.append(judge(part, build, seeds, self.nodes, shrinking))
        return Result(self.name, self.title, self.nodes, tuple(results))


def judge(
    part: Part, build: Build, seeds: Sequence[int], nodes: Sequence[str], shrinking: int = SHRINKING_RUNS
) -> PartResult:
    """Run a part under every seed; of the runs that fail take the shortest, and make it smaller."""

    def make(seed: int, faults: Faults) -> Cluster:
        cluster = build(**part.members, seed=seed, faults=faults)
        cluster.title = cluster.trace.title = part.title
        return cluster

    stage = Stage(make, part.drive, part.properties, part.guards, strict=True)
    failed: list[Run] = []
    measured = []
    for seed in seeds:
        run = stage.run(Plan(seed, Faults()))
        if run.violation is not None:
            failed = sorted([*failed[:1], run], key=_length) + failed[1:]
        elif part.measure is not None:
            measured.append(part.measure.of(run.trace))
    if not failed and part.measure is not None:
        share = part.measure.share(measured)
        sentence = part.measure.sentence(measured)
        return PartResult(part.name, part.title, round(part.points * share, 2), part.points, sentence, len(seeds))
    if not failed:
        runs = f"{len(seeds)} run{'s' if len(seeds) != 1 else ''}"
        return PartResult(part.name, part.title, part.points, part.points, f"held in {runs}", len(seeds))
    worst = failure(part, make, failed[0], nodes, shrinking)
    message = (
        f"{worst.property}: {worst.message}. It failed in {len(failed)} of {len(seeds)} runs; this is the smallest "
        "found"
    )
    return PartResult(part.name, part.title, 0, part.points, message, len(seeds), worst)


def _searched(judged: Judged, seed: int) -> Failure:
    """The run that a search found, as a failure."""
    run = judged.run
    assert run is not None and run.violation is not None
    steps = tuple((str(n), f"p{row.process}", row.text, row.kind == "crash") for n, row in enumerate(run.rows, 1))
    shown = run.document()
    mark = shown["marks"][0]
    length = len(steps) if run.loop is None else f"{run.loop} steps, and then {len(steps) - run.loop} for ever"
    found = f"The shortest schedule that shows it: {length}" + ("" if run.loop is not None else " steps")
    return Failure(
        judged.property, judged.message, seed, {"size": run.n}, Faults(), mark["time"], mark["seq"], mark["time"],
        tuple(mark["nodes"]), len(steps), steps, "", judged.test, shown, found,
    )  # fmt: skip


def _length(run: Run) -> tuple[int, int]:
    assert run.violation is not None
    return sum(fault.time <= run.violation.time for fault in run.faults), run.violation.seq


def failure(part: Part, make: Callable[..., Cluster], met: Run, nodes: Sequence[str], shrinking: int) -> Failure:
    """A run that broke a property, made again, compared and made small, as every finding of the explorer."""
    stage = Stage(make, part.drive, part.properties, part.guards)
    plan, seed = met.plan, met.plan.seed
    runs = min(shrinking, max(1, SHRINKING_EVENTS // len(met.trace)))
    finding = examine(stage, seed, plan, met.trace.digest(), runs=runs, seconds=math.inf, met=met)
    small, violation = finding.run, finding.violation
    here = stage.only(small.trace, violation)
    here.make = _named(part, nodes)
    return Failure(
        violation.property, violation.message, seed, part.members, finding.faults, small.seconds, violation.seq,
        violation.time, violation.nodes, finding.before, tuple(step_rows(finding)), finding.differs,
        replace(finding, stage=here).as_test(), picture(small.trace, violation),
    )  # fmt: skip


def _named(part: Part, nodes: Sequence[str]) -> Callable[..., Cluster]:
    """What makes the cluster in a notebook, where the classes have these names: to be written down."""

    def program(name: str) -> type[Node]:
        return type(name, (Node,), {"__module__": "__main__"})

    if part.cast is None:
        return partial(Cluster, program(nodes[0]), part.size)
    return partial(Cluster, nodes={id: program(name) for id, name in part.cast.items()})


def load(name: str) -> Exercise:
    """The exercise of this name, such as "raft-election". Raises LabkitError naming those that there are."""
    from labkit.course import exercises

    if name not in exercises.NAMES:
        raise LabkitError(f"there is no exercise {name!r}; there are: {', '.join(exercises.NAMES)}")
    module = importlib.import_module(f"labkit.course.exercises.{name.replace('-', '_')}")
    return module.exercise  # type: ignore[no-any-return]
