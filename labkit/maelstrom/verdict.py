"""Verdicts: what a check found, in plain words, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SHOWN = 5  # findings of one kind on the terminal


@dataclass
class Verdict:
    """`valid` is True, False, or None: nobody can tell. `summary` is a sentence, `findings` say what is wrong, one
    each, and `details` is data for the results file."""

    valid: bool | None
    summary: str
    findings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


def worst(*verdicts: bool | None) -> bool | None:
    """One verdict of many: invalid if any is, else unknown if any is."""
    if False in verdicts:
        return False
    return None if None in verdicts else True


def listed(items: Any, limit: int = 8) -> str:
    """The first of some items, and how many more there are."""
    items = list(items)
    more = f" and {len(items) - limit:,} more" if len(items) > limit else ""
    return ", ".join(str(item) for item in items[:limit]) + more


def count(number: int, noun: str, plural: str | None = None) -> str:
    """ "1 node", "2 nodes"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
