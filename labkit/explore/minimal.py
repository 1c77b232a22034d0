"""The smallest part of a list that still fails: delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating
Failure-Inducing Input", TSE 2002)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def minimal(items: Sequence[Item], fails: Callable[[list[Item]], bool]) -> list[Item]:
    """A part of the items, in their order, that still fails, while it does not without any single one of them.

    `fails(items)` is true of all items. Large parts are left out first, then smaller ones, down to single ones.
    """
    kept = list(items)
    if not kept or fails([]):
        return []
    size = len(kept)
    while size > 1:
        size = (size + 1) // 2
        kept, _ = without_parts(kept, size, fails)
    changed = True
    while changed:
        kept, changed = without_parts(kept, 1, fails)
    return kept


def without_parts(kept: list[Item], size: int, fails: Callable[[list[Item]], bool]) -> tuple[list[Item], bool]:
    """Leave out one part of this size after another, from the last, wherever that still fails."""
    changed, end = False, len(kept)
    while end > 0:
        start = max(0, end - size)
        fewer = kept[:start] + kept[end:]
        if len(kept) > end - start and fails(fewer):
            kept, changed = fewer, True
        end = start
    return kept, changed
