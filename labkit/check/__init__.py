"""Checkers: plain data in, a verdict with its evidence out. They read a trace, or the history of its clients, and
nothing else."""

from labkit.check.history import History, Op
from labkit.check.invariants import Moment, Violation, always, moments, no_errors
from labkit.check.linearizability import linearizable

__all__ = ["History", "Moment", "Op", "Violation", "always", "linearizable", "moments", "no_errors"]
