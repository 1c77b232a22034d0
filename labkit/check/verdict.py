"""Verdicts: what every checker of histories answers, with its evidence as data."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from labkit.look import STYLE, Shown

HOLDS, VIOLATED, UNKNOWN = "holds", "violated", "unknown"


@dataclass(frozen=True)
class Verdict(Shown):
    """Whether a history keeps to a consistency model.

    `outcome` is "holds", "violated", or "unknown" (time or memory ran out, or the history does not tell), and `why`
    says it in words. A verdict is true if and only if the property holds.
    """

    consistency: str
    model: str
    outcome: str
    why: str

    def __bool__(self) -> bool:
        return self.outcome == HOLDS

    def text(self) -> str:
        """The verdict with its evidence, for a terminal."""
        return f"{self.consistency} ({self.model}): {self.outcome}. {self.why}"

    def document(self) -> dict[str, Any]:
        """The verdict with its evidence as JSON data."""
        return {
            "consistency": self.consistency,
            "model": self.model,
            "outcome": self.outcome,
            "why": self.why,
        }

    def replay(self, trace: Any, **options: Any) -> Any:
        """The run that was judged, with what was found in it: opens at the violation, if there is one.

        trace: the trace whose history was judged. Options as for `labkit.view.Replay`; the views are the cluster and
        the history, if you do not name others.
        """
        from labkit.view import Replay

        return Replay(trace, evidence=self, **{"views": ["cluster", "history"]} | options)

    def _as_text(self) -> str:
        return self.text()

    def _as_html(self) -> str:
        said = f'<p class="said {self.outcome}">{SIGNS[self.outcome]} {escape(self.text())}</p>'
        return f'<div class="labkit-verdict"><style>{STYLE}</style>{said}</div>'

    def __repr__(self) -> str:
        return self.text()


SIGNS = {HOLDS: "✓", VIOLATED: "✗", UNKNOWN: "?"}


def describe(op: Any) -> dict[str, Any]:
    """An operation as JSON data."""
    from labkit.check.operation import UNKNOWN as NOBODY_KNOWS
    from labkit.engine.values import plain

    return {
        "process": op.process, "f": op.f, "key": plain(op.key), "value": plain(op.value), "type": op.type,
        "result": None if op.result is NOBODY_KNOWS else plain(op.result),
        "invoked": op.invoked, "completed": op.completed, "time": op.time, "end": op.end,
    }  # fmt: skip
