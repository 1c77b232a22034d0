"""The feedback on one submission: a page that stands alone, with a replay of every failure stopped where it happens.

All text of the submission's goes through the template's escaping. The page asks nothing of the network, and its own
policy forbids it to; replays run in frames without any right but to run.
"""

import functools
import importlib.resources
from typing import Any

import jinja2

from labkit.course import Exercise
from labkit.course.exercise import PartResult, Result
from labkit.grade.gradebook import Grade
from labkit.view import Replay

WORDS = {
    "ok": ("Everything holds", "Every part of the exercise holds in every run."),
    "wrong": ("Not yet", "Something that must hold does not. Below is what, and the run that shows it."),
    "timeout": ("Out of time", "Your code went on computing until the grader stopped it, so there is no result."),
    "out of memory": ("Out of memory", "Your code asked for more memory than a node has, so there is no result."),
    "crashed": ("Crashed", "Your code ended the process that ran it, so there is no result."),
    "tampered": ("Set aside", "The grader cannot take this notebook as it is. Your instructor has been told."),
    "missing": ("Nothing to grade", "There was no solution to be found here."),
}
UNREAD = (
    "It does not run",
    "Run from top to bottom, the cells of your notebook stop with an error, so nothing was checked.",
)
UNCLEAR = ("Not yet", "Your code ran, but what it did could not be judged.")
HINTS = {
    "timeout": "Look for a loop that never waits: a while without an await, a timer of zero seconds, two nodes that"
    " answer each other without end. Running check(…) in your notebook stops such a loop and says where it is.",
    "out of memory": "Look for a list or a log that grows in every step, or a message that carries more each time.",
    "crashed": "A node must not end its process: raise an exception, or return. os._exit, sys.setrecursionlimit and the"
    " like have no place in one.",
    "missing": "Open the exercise you were given, write in the cells that are there for it, and hand in that notebook.",
    "tampered": "Start from a fresh copy of the exercise, and paste your solution into its solution cells.",
}


@functools.cache
def _template() -> jinja2.Template:
    source = importlib.resources.files(__package__).joinpath("feedback.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["points"] = lambda value: f"{value:g}"
    return environment.from_string(source)


def page(grade: Grade, exercise: Exercise | None, result: Result | None, traceback: str = "") -> str:
    """The page for `grade`, made from the result if there is one."""
    results = {part.name: part for part in result.parts} if result is not None else {}
    parts = [_part(grade, part, results.get(part.name), exercise) for part in grade.parts]
    headline, meaning = WORDS[grade.status]
    if grade.status == "wrong" and result is None:
        headline, meaning = UNREAD if traceback else UNCLEAR
    return _template().render(
        grade=grade,
        title=exercise.title if exercise is not None else grade.exercise,
        headline=headline,
        meaning=meaning,
        hint=HINTS.get(grade.status, ""),
        parts=parts,
        reached=result is not None,
        traceback=traceback,
    )


def _part(grade: Grade, part: Any, result: PartResult | None, exercise: Exercise | None) -> dict[str, Any]:
    found: dict[str, Any] = {"part": part, "failure": None}
    failure = result.failure if result is not None else None
    if failure is not None and exercise is not None:
        found["failure"] = failure
        found["snippet"] = f'check("{grade.exercise}", seed={failure.seed})'
        found["again"] = failure.test
        found["replay"] = Replay(failure.document).fragment()
    return found
