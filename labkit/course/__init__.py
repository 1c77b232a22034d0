"""The course: exercises as data, and the `check` of a notebook's last cell."""

from labkit.course.checking import check
from labkit.course.exercise import Exercise, Failure, Part, PartResult, Result, load

__all__ = ["Exercise", "Failure", "Part", "PartResult", "Result", "check", "load"]
