"""Is there an order of some things, one after the other, that keeps to what must precede what, and that explains every
answer? This is what most consistency models ask for, each with its own "must precede"."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SLICE = 500  # decisions between two looks at the clock
REMEMBERED = 500_000


@dataclass
class Ordering:
    """The answer: `found` is True, False, or None if time or memory ran out; `order` are the numbers of the things."""

    found: bool | None
    order: list[int]


def explain(
    count: int,
    before: Sequence[int],
    step: Callable[[Any, int], Any],
    start: Any,
    *,
    reads: Sequence[bool],
    optional: Sequence[bool],
    deadline: float,
) -> Ordering:
    """Look for an order of the things 0 to count-1.

    before: for each, the bits of those that must precede it. step(state, thing): the state after it, or None where
    its answer is impossible. reads: those that can change no state, which are placed as soon as they fit, since that
    hinders nothing. optional: those that may be left out (then so may the things that must follow them not be). Things
    are tried in their order, so give them in the most likely one. deadline: by time.monotonic().
    """
    needed = sum(1 << n for n in range(count) if not optional[n])
    after: list[list[int]] = [[] for _ in range(count)]
    for n in range(count):
        for m in _bits(before[n]):
            after[m].append(n)
    path: list[int] = []
    seen: set[tuple[int, Any]] = set()

    def place(done: int, ready: int, n: int) -> tuple[int, int]:
        done |= 1 << n
        ready &= ~(1 << n)
        for m in after[n]:
            if not before[m] & ~done and not done >> m & 1:
                ready |= 1 << m
        path.append(n)
        return done, ready

    def settle(done: int, ready: int, state: Any) -> tuple[int, int]:
        """Place every read that fits."""
        again = True
        while again:
            again = False
            for n in _bits(ready):
                if reads[n] and step(state, n) is not None:
                    done, ready = place(done, ready, n)
                    again = True
        return done, ready

    done, ready = settle(0, sum(1 << n for n in range(count) if not before[n]), start)
    stack = [(done, ready, start, len(path), _bits(ready))]
    budget = SLICE
    while stack:
        done, ready, state, depth, choices = stack[-1]
        if not needed & ~done:
            return Ordering(True, path)
        del path[depth:]
        for n in choices:
            if reads[n]:
                continue
            new = step(state, n)
            if new is None or (optional[n] and not after[n] and new == state):
                continue
            now, left = place(done, ready, n)
            now, left = settle(now, left, new)
            if (now, new) in seen:
                del path[depth:]
                continue
            seen.add((now, new))
            stack.append((now, left, new, len(path), _bits(left)))
            break
        else:
            stack.pop()
        budget -= 1
        if not budget:
            budget = SLICE
            if time.monotonic() > deadline or len(seen) > REMEMBERED:
                return Ordering(None, [])
    return Ordering(False, [])


def saturate(before: Sequence[int], seen: Sequence[tuple[int, int | None, int]]) -> list[int] | None:
    """What must precede what, with all that follows from who read which write; None if that is a circle, and so there
    is no order.

    seen: (read, the write that it shows or None for the initial value, the bits of all writes of that key). A write of
    the key that precedes the read precedes the write that was read, and one that follows the write that was read
    follows the read (Gibbons and Korach 1997; Bouajjani and others 2017, "On verifying causal consistency").
    """
    direct = list(before)
    for read, write, writes in seen:
        if write is not None:
            direct[read] |= 1 << write
        else:
            for n in _bits(writes):
                direct[n] |= 1 << read
    while True:
        closed = _closure(direct)
        if closed is None:
            return None
        changed = False
        for read, write, writes in seen:
            if write is None:
                continue
            new = closed[read] & writes & ~(1 << write) & ~closed[write]
            if new:
                direct[write] |= new
                changed = True
            for n in _bits(writes & ~(1 << write)):
                if closed[n] >> write & 1 and not closed[n] >> read & 1:
                    direct[n] |= 1 << read
                    changed = True
        if not changed:
            return closed


def _closure(before: Sequence[int]) -> list[int] | None:
    """All that precedes each thing, also by way of others; None if something precedes itself."""
    closed: list[int | None] = [None] * len(before)
    for root in range(len(before)):
        stack = [root]
        entered = {root}
        while stack:
            n = stack[-1]
            if closed[n] is not None:
                stack.pop()
                continue
            waiting = [m for m in _bits(before[n]) if closed[m] is None]
            if not waiting:
                closed[n] = before[n]
                for m in _bits(before[n]):
                    closed[n] = (closed[n] or 0) | (closed[m] or 0)
                stack.pop()
            elif any(m in entered and m in stack for m in waiting):
                return None
            else:
                entered.update(waiting[:1])
                stack.append(waiting[0])
    return [mask or 0 for mask in closed]


def _bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
