"""The course: exercises as data, the `check` of a notebook's last cell, and the source of what a notebook explains."""

from labkit.course.checking import check
from labkit.course.exercise import Exercise, Failure, Part, PartResult, Result, load
from labkit.course.reading import source

__all__ = ["Exercise", "Failure", "Part", "PartResult", "Result", "check", "load", "source"]
