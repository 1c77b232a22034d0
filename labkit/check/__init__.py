"""Checkers: plain data in, a verdict with its evidence out. They read a trace, or the history of its clients, and
nothing else.

`linearizable`, `consistent` (one weaker model) and `consistency` (a table of all) judge operations on single objects;
`serializable` judges transactions. `History` is what they judge.
"""

from typing import TYPE_CHECKING, Any

from labkit.check.consistency import Table, consistency, consistent
from labkit.check.history import History
from labkit.check.invariants import Moment, Violation, always, moments, no_errors
from labkit.check.linearizability import linearizable
from labkit.check.operation import Op
from labkit.check.verdict import Verdict

if TYPE_CHECKING:
    from labkit.check.transactions import serializable

__all__ = [
    "History", "Moment", "Op", "Table", "Verdict", "Violation", "always", "consistency", "consistent", "linearizable",
    "moments", "no_errors", "serializable",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """`serializable` is loaded when it is asked for: it needs networkx."""
    if name == "serializable":
        from labkit.check.transactions import serializable

        return serializable
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
