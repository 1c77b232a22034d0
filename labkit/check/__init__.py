"""Checkers: plain data in, a verdict with its evidence out. They read a trace, and nothing else."""

from labkit.check.invariants import Moment, Violation, always, moments, no_errors

__all__ = ["Moment", "Violation", "always", "moments", "no_errors"]
