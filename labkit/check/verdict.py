"""Verdicts: what every checker of histories answers, with its evidence as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HOLDS, VIOLATED, UNKNOWN = "holds", "violated", "unknown"


@dataclass(frozen=True)
class Verdict:
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

    def __repr__(self) -> str:
        return self.text()


STYLE = """
.labkit-verdict{font:14px/1.5 system-ui,sans-serif;max-width:60rem}
.labkit-verdict .said{border-left:4px solid #767676;padding:.15em .8em;margin:.3em 0}
.labkit-verdict .holds{border-color:#009e73}.labkit-verdict .violated{border-color:#d55e00}
.labkit-verdict table{border-collapse:collapse;margin:.4em 0}
.labkit-verdict.labkit-verdict table :is(th,td){text-align:left;padding:2px 12px 2px 0;border-bottom:1px solid #8884;
  font-weight:400;vertical-align:top}
.labkit-verdict :is(th,td:first-child){white-space:nowrap}
.labkit-verdict img{display:block;max-width:100%;height:auto;border-radius:8px}
body[data-jp-theme-light="true"] .labkit-verdict img{color-scheme:light}
body[data-jp-theme-light="false"] .labkit-verdict img{color-scheme:dark}
"""
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
