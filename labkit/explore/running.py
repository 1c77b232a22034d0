"""One run of a search: a cluster is made, driven and judged. A run is a function of its plan, and of nothing else."""

from __future__ import annotations

import inspect
import io
import traceback
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from labkit.check.answers import violation_of
from labkit.check.invariants import Violation, no_errors
from labkit.check.verdict import Verdict
from labkit.cluster import Cluster
from labkit.engine.faults import Fault, Faults
from labkit.engine.timetable import Priorities, Timetable
from labkit.engine.trace import Trace
from labkit.engine.tracebacks import student_frames
from labkit.errors import BudgetExceeded, LabkitError, NodeDown, RemoteError
from labkit.explore.recording import Recording
from labkit.explore.script import Script

Make = Callable[..., Cluster]  # make(seed=..., faults=...) -> a new cluster
Scenario = Callable[[Cluster], Any]
Property = Callable[..., Any]  # property(trace) or property(history) -> Violation, Verdict or None

ENDS = (TimeoutError, RemoteError, NodeDown, BudgetExceeded)  # what a scenario may run into: it ends there


class Plan(NamedTuple):
    """What makes a run: all of it plain data. With `scripted`, the faults are all that there are: those that the
    scenario does by itself are among them, and have no effect when it does them. A `recording` drives the run in
    place of the scenario."""

    seed: int
    faults: Faults
    schedule: Any = None  # a Timetable, Priorities, or what else has `follow(cluster)`
    scripted: bool = False
    recording: Recording | None = None


@dataclass
class Run:
    """What came of a run. `ended` says why the scenario stopped before its end, if it did."""

    plan: Plan
    trace: Trace
    faults: Faults  # all that struck, the scenario's own among them
    seconds: float
    violation: Violation | None
    ended: str = ""

    def __repr__(self) -> str:
        said = "no violation" if self.violation is None else str(self.violation)
        return f"<Run of seed {self.plan.seed}: {len(self.trace):,} events, {self.seconds:g} s; {said}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.explore.report_view import run_html

        return {"text/plain": repr(self), "text/html": run_html(self)}


class _Enough(BaseException):
    """The run has gone on for as long as was wanted."""


class Stage:
    """Where runs are made: a cluster, a scenario to drive it through, and properties that must hold. `guards` are asked
    where those hold: what must be so for a run to say anything. With `strict`, what a scenario or a property raises
    comes out as it is."""

    def __init__(
        self,
        make: Make,
        scenario: Scenario,
        properties: Iterable[Property],
        guards: tuple[Property, ...] = (no_errors,),
        strict: bool = False,
    ):
        self.make, self.scenario, self.guards, self.strict = make, scenario, guards, strict
        self.properties = tuple(properties)
        for check in self.properties:
            if not callable(check):
                raise LabkitError(f"{check!r} is no property: give functions such as election_safety(trace)")
        if not callable(scenario):
            raise LabkitError(
                f"{scenario!r} is no scenario: give a function that drives the cluster that it is given, or a Script, "
                "as in explore(MyNode, scenario, [property], size=3)"
            )
        self._judges = [(name_of(check), _asks(check)) for check in (*self.properties, *guards)]

    def run(self, plan: Plan, until: float | None = None) -> Run:
        """Make one run, or the first `until` virtual seconds of it. What is printed meanwhile is not shown.

        Raises LabkitError if the cluster, the scenario or a property cannot be used.
        """
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            cluster = self._made(plan)
            if until is not None:
                cluster._loop.push_last(until, _enough, None)
            if plan.schedule is None or cluster.schedule is not None:
                with cluster._loop.prepared():
                    ended, failed = self._drive(cluster, plan.recording or self.scenario)
            else:  # choices, which drive the cluster themselves
                plan.schedule.follow(cluster, self.script)
                ended, failed = "", None
            violation = failed or self._judged(cluster.trace)
        return Run(plan, cluster.trace, cluster.faults, cluster.now, violation, ended)

    @cached_property
    def script(self) -> Script:
        """What the scenario's clients ask: in an undisturbed run, if it is not a script itself."""
        if isinstance(self.scenario, Script):
            return self.scenario
        return Script.of(Stage(self.make, self.scenario, ()).run(Plan(0, Faults())).trace)

    def only(self, trace: Trace, violation: Violation) -> Stage:
        """The same, with those properties alone that tell of this violation: to judge by fewer is faster."""
        named = []
        for (name, asks), check in zip(self._judges, (*self.properties, *self.guards), strict=True):
            found = check(asks(trace)) if check is not no_errors else None
            if found is not None and getattr(found, "property", name) == violation.property:
                named.append(check)
        return Stage(self.make, self.scenario, named)

    def _made(self, plan: Plan) -> Cluster:
        try:
            cluster = self.make(seed=plan.seed, faults=plan.faults)
        except LabkitError:
            raise
        except Exception as error:
            raise LabkitError(
                f"no cluster came of {name_of(self.make)}(seed={plan.seed}, faults=...): {_where(error)}"
            ) from error
        if not isinstance(cluster, Cluster):
            raise LabkitError(f"{name_of(self.make)}(seed=..., faults=...) made {cluster!r}, which is no Cluster")
        self._check_made(cluster, plan)
        if isinstance(plan.schedule, Timetable | Priorities):
            cluster.follow(plan.schedule)
        cluster.scripted = plan.scripted
        return cluster

    def _check_made(self, cluster: Cluster, plan: Plan) -> None:
        """Raises LabkitError if the cluster is not the one that the plan asks for."""
        name = name_of(self.make)
        if cluster.seed != plan.seed:
            raise LabkitError(
                f"{name}(seed={plan.seed}, faults=...) made a cluster with seed {cluster.seed}, so all runs would be "
                "the same: pass the seed on, as in Cluster(MyNode, 3, seed=seed, faults=faults)"
            )
        if plan.faults and not cluster.faults and not any(type(entry[3]) is Fault for entry in cluster._loop.heap):
            raise LabkitError(
                f"{name}(seed={plan.seed}, faults=...) made a cluster without these faults (other latencies are among "
                "them): pass them on, as in Cluster(MyNode, 3, seed=seed, faults=faults)"
            )

    def _drive(self, cluster: Cluster, scenario: Scenario) -> tuple[str, Violation | None]:
        if self.strict:
            scenario(cluster)
            return "", None
        try:
            scenario(cluster)
        except _Enough:
            pass
        except KeyboardInterrupt as interrupt:
            where = f"run with seed {cluster.seed}, at {cluster.now:g} virtual s: {_where(interrupt)}"
            interrupt.add_note(f"The scenario {name_of(scenario)} was interrupted ({where}).")
            raise
        except ENDS as error:
            return f"{type(error).__name__}: {error}", None
        except AssertionError as error:
            what = f"{name_of(scenario)} asserts otherwise: {_where(error)}"
            return "", Violation("Assertion", what, max(0, len(cluster.trace) - 1), cluster.now)
        except Exception as error:
            when = f"seed {cluster.seed}, at {cluster.now:g} s"
            raise LabkitError(f"the scenario {name_of(scenario)} failed ({when}): {_where(error)}") from error
        return "", None

    def _judged(self, trace: Trace) -> Violation | None:
        """The earliest violation of a property; that of a guard if there is none."""
        found: list[Violation] = []
        for place, (check, (name, asks)) in enumerate(zip((*self.properties, *self.guards), self._judges, strict=True)):
            if place >= len(self.properties) and found:
                break
            violation = _violation(name, check(asks(trace)), trace) if self.strict else _ask(name, asks, check, trace)
            if violation is not None:
                found.append(violation)
        return min(found, key=lambda violation: violation.seq, default=None)


def judge(check: Property, trace: Trace) -> Violation | None:
    """Judge a trace by one property. Raises LabkitError if that fails."""
    return _ask(name_of(check), _asks(check), check, trace)


def _ask(name: str, asks: Callable[[Trace], Any], check: Property, trace: Trace) -> Violation | None:
    try:
        answer = check(asks(trace))
    except Exception as error:
        raise LabkitError(f"the property {name} failed (seed {trace.seed}): {_where(error)}") from error
    return _violation(name, answer, trace)


def is_of_clients(check: Property) -> bool:
    """Whether a property asks for nothing but what clients asked and were told."""
    return _asks(check) is _history or bool(getattr(check, "of_clients", False))


def _enough(argument: None) -> None:
    raise _Enough


def _same(trace: Trace) -> Any:
    return trace


def _history(trace: Trace) -> Any:
    from labkit.check.history import History

    return History.of(trace)


def _asks(check: Property) -> Callable[[Trace], Any]:
    """What a property wants to see: the trace, or the history of the clients if that is its parameter's name."""
    try:
        first = next(iter(inspect.signature(check).parameters), "")
    except (TypeError, ValueError):
        return _same
    return _history if first == "history" else _same


def _violation(name: str, answer: Any, trace: Trace) -> Violation | None:
    if answer is None or isinstance(answer, Violation):
        return answer
    if isinstance(answer, Verdict):
        return violation_of(trace, name, answer)
    raise LabkitError(
        f"the property {name} returned {answer!r}: a property returns None if it holds, else a "
        "labkit.check.Violation (or the Verdict of a checker of histories)"
    )


def name_of(function: Any) -> str:
    """A function's name, for words."""
    while hasattr(function, "func"):
        function = function.func
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _where(error: BaseException) -> str:
    """An error in words, with the line that raised it."""
    frames = student_frames(error) or traceback.extract_tb(error.__traceback__)
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"{text} ({frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line})" if frames else text
