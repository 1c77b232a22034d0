"""`labkit audit`: does an exercise do right answers justice, and does it catch the wrong ones?"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from labkit.errors import LabkitError

FIRST_SEEDS = 4  # under which most mutants are caught; only those that are not are run under all


@dataclass
class Audit:
    """What came of trying one exercise with its answers."""

    name: str
    parts: int
    points: float
    right: int = 0
    of_right: int = 0
    killed: int = 0
    mutants: int = 0
    stub: float = 0.0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def row(self) -> tuple[str, ...]:
        """The exercise's line in the table."""
        right, killed = f"{self.right} of {self.of_right}", f"{self.killed} of {self.mutants}"
        return (self.name, str(self.parts), f"{self.points:g}", right, killed, f"{self.stub:g}", f"{self.seconds:.0f}")


HEAD = ("exercise", "parts", "points", "right answers pass", "mutants killed", "untouched stub", "seconds")


def audit(solved: Path, seeds: int) -> Audit:
    """Try the exercise of a solved notebook: its right answers under so many seeds, its mutants, its untouched stub.

    Raises LabkitError if the notebook or the answers beside it are not as they should be.
    """
    from labkit.course.answers import Answers

    began = time.perf_counter()
    answers = Answers(solved)
    exercise = answers.exercise
    found = Audit(exercise.name, len(exercise.parts), exercise.max, 0, len(answers.right), 0, len(answers.mutants))
    for name, source in answers.right.items():
        result = answers.judge(source, range(seeds))
        lost = [f"{part.name}: {part.message}" for part in result.parts if not part.passed]
        found.right += not lost
        found.problems += [f"right answer “{name}” loses {why}" for why in lost]
    for mutant in answers.mutants:
        text = answers.mutant(mutant.name)
        for tried in sorted({min(FIRST_SEEDS, seeds), seeds}):
            parts = answers.judge(text, range(tried), mutant.loses, shrinking=FIRST_SEEDS).parts
            survived = [part.name for part in parts if part.passed]
            if not survived:
                break
        untold = [part.name for part in parts if not part.passed and mutant.loses[part.name] not in part.message]
        found.killed += not survived
        found.problems += [f"mutant “{mutant.name}” wins {part}" for part in survived]
        found.problems += [f"mutant “{mutant.name}” is not told “{mutant.loses[part]}” in {part}" for part in untold]
    stub = answers.judge(answers.stub, range(min(FIRST_SEEDS, seeds)))
    found.stub = stub.score
    if stub.score:
        found.problems.append(f"the untouched stub wins {stub.score:g} of {stub.max:g} points")
    found.seconds = time.perf_counter() - began
    return found


def table(rows: list[tuple[str, ...]]) -> str:
    """The lines, names to the left and numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *line[1:]]) for row, line in zip(rows, lines, strict=True))


@click.command()
@click.argument("names", nargs=-1, metavar="[EXERCISE]...")
@click.option("--solutions", default="solutions", type=click.Path(path_type=Path), help="The solved notebooks.")
@click.option("--seeds", type=click.IntRange(min=1), default=20, show_default=True, help="Runs of each right answer.")
def command(names: tuple[str, ...], solutions: Path, seeds: int) -> None:
    """Try exercises before a class does: right answers must get full marks, each wrong one must lose its parts and be
    told why, and the untouched stub must get nothing.

    The answers are in solutions/answers. Exits with 0 if all is well, with 1 if not, with 3 if it cannot be tried.
    """
    try:
        audits = list(_audits(names, solutions, seeds))
    except LabkitError as error:
        click.echo(f"labkit audit: {error}", err=True)
        sys.exit(3)
    click.echo(table([HEAD, *(found.row() for found in audits)]))
    for found in audits:
        for problem in found.problems:
            click.echo(f"{found.name}: {problem}")
    sys.exit(1 if any(found.problems for found in audits) else 0)


def _audits(names: tuple[str, ...], solutions: Path, seeds: int) -> Iterator[Audit]:
    from labkit.course import exercises

    for name in names or exercises.NAMES:
        solved = solutions / f"{name}.ipynb"
        if not solved.exists():
            raise LabkitError(f"{solved} is missing: run this where the course is, or give --solutions")
        click.echo(f"{name} …", err=True)
        yield audit(solved, seeds)
