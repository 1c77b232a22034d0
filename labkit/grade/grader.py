"""One submission, from notebook to grade and page: read it, run it with the referee, put the outcome in words."""

import contextlib
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

import labkit
from labkit.course import Exercise, load
from labkit.course.exercise import Result
from labkit.errors import BudgetExceeded, LabkitError
from labkit.grade import report, submission
from labkit.grade.gradebook import Grade, Part, key
from labkit.grade.processes import Child, Limits, LoadError, Trouble
from labkit.grade.referee import builder
from labkit.grade.sandbox import Sandbox, SandboxError

GRADER = "1"  # raise it when grades of the same notebook may come out otherwise


@dataclass(frozen=True)
class Course:
    """What submissions are graded against: each exercise's own notebook, as bytes, by name."""

    notebooks: dict[str, bytes]


@dataclass(frozen=True)
class Task:
    """One submission to grade, for one exercise."""

    entry: submission.Entry
    exercise: str | None  # None: the one that the notebook names


@dataclass
class Outcome:
    """What running a submission came to, before it is written down."""

    status: str
    message: str
    result: Result | None = None
    traceback: str = ""
    printed: Sequence[str] = ()
    events: int = 0


def fingerprint(task: Task, course: Course, seeds: int) -> str:
    """A digest of all that the grade of this task depends on."""
    try:
        data, notebook = submission.read(task.entry)
    except submission.NotGradable as trouble:
        return key(str(trouble), GRADER)
    name = task.exercise or submission.exercise_of(notebook) or ""
    given = course.notebooks.get(name)
    if given is None:
        return key(data, name, GRADER)
    return key(data, name, given, load(name).version, str(seeds), labkit.__version__, GRADER)


def grade(
    task: Task,
    course: Course,
    where: Sandbox,
    seeds: int,
    *,
    limits: Limits | None = None,
    outcome: Outcome | None = None,
) -> tuple[Grade, str]:
    """The grade of one submission and its feedback page. Raises nothing that a submission can cause.

    With an `outcome` it is not run: that is how it went.
    """
    began = time.monotonic()
    entry = task.entry
    made = Grade(student=entry.student, submission=entry.place, exercise=task.exercise or "", sandbox=where.name)
    made.key = fingerprint(task, course, seeds)
    exercise: Exercise | None = None
    try:
        _, notebook = submission.read(entry)
        made.exercise = _exercise_name(task, notebook, course)
        exercise = load(made.exercise)
        made.max = exercise.max
        program = submission.program(msgspec.json.decode(course.notebooks[made.exercise]), notebook)
        made.notes = program.notes
        outcome = outcome or run(exercise, program, where, seeds, limits)
    except submission.NotGradable as trouble:
        outcome = Outcome(trouble.status, str(trouble))
    made.status, made.message = outcome.status, outcome.message
    made.printed, made.events = list(outcome.printed), outcome.events
    if outcome.result is not None:
        made.score = outcome.result.score
        made.parts = [
            Part(p.name, p.title, p.points, p.max, p.passed, p.message, p.failure.seed if p.failure else None)
            for p in outcome.result.parts
        ]
    elif exercise is not None:
        made.parts = [Part(part.name, part.title, 0, part.points, False, "not reached") for part in exercise.parts]
    made.seconds = round(time.monotonic() - began, 3)
    return made, report.page(made, exercise, outcome.result, outcome.traceback)


def _exercise_name(task: Task, notebook: dict[str, Any], course: Course) -> str:
    named = submission.exercise_of(notebook)
    if task.exercise is not None:
        if named not in (None, task.exercise):
            raise submission.NotGradable(f"it is for the exercise {named!r:.60}, not for {task.exercise!r}")
        return task.exercise
    if named is None:
        raise submission.NotGradable("it does not say which exercise it is for; grade it with --exercise")
    if named not in course.notebooks:
        raise submission.NotGradable(f"it is for the exercise {named!r:.60}, which this course does not have")
    return named


def run(
    exercise: Exercise,
    program: submission.Program,
    where: Sandbox,
    seeds: int,
    limits: Limits | None = None,
) -> Outcome:
    """Judge the exercise with the classes that the program's cells define, in the sandbox. More seeds, more time."""
    limits = limits or Limits(total_wall=max(300.0, 30.0 * seeds))
    try:
        child = Child(program.cells, exercise.nodes, where, limits, given=program.given)
    except LoadError as error:
        return Outcome("wrong", f"its cells do not run: {error}", traceback=error.traceback)
    except Trouble as trouble:
        return Outcome(trouble.status, f"while its cells ran, {trouble.detail}")
    with child:
        outcome = _judge(exercise, child, seeds)
    outcome.printed, outcome.events = child.printed, child.events
    return outcome


def _judge(exercise: Exercise, child: Child, seeds: int) -> Outcome:
    part = ""

    def progress(title: str) -> None:
        nonlocal part
        part = title

    result = None
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a cluster prints the errors of its nodes
            result = exercise.evaluate(builder(child), range(seeds), progress=progress)
    except Trouble:
        pass
    except SandboxError:
        raise
    except BudgetExceeded as error:
        return Outcome("timeout", f"in “{part}”, {error}")
    except LabkitError as error:
        return Outcome("wrong", f"in “{part}”, {error}")
    except Exception as error:  # a check met a public attribute or a message that it cannot compare or count
        if child.trouble is None:
            what = f"{type(error).__name__}: {error}"
            return Outcome("wrong", f"in “{part}”, the checks cannot read what the nodes show or send ({what:.200})")
    if child.trouble is not None:
        return Outcome(child.trouble.status, f"in “{part}”, {child.trouble.detail}")
    assert result is not None
    failed = [part.title for part in result.parts if not part.passed]
    if not failed:
        return Outcome("ok", "every part holds", result)
    return Outcome("wrong", f"{len(failed)} of {len(result.parts)} parts fail: {'; '.join(failed)}", result)
