"""The answers to each exercise of the course, read once."""

from functools import cache
from pathlib import Path

from labkit.course.answers import Answers

SOLUTIONS = Path(__file__).parents[2] / "solutions"


@cache
def answers(name: str) -> Answers:
    """The answers to the exercise of this name."""
    return Answers(SOLUTIONS / f"{name}.ipynb")
