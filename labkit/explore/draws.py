"""A node's random numbers, when every way that they may come out is to be searched.

A draw from a few values (`choice`, `randrange`, `shuffle` …) is a choice of the search. A draw from a continuum
(`random`, `uniform`) gives a `Span`: a number of which only the bounds are known. It may be a timer's delay, whose
bounds are all that matters where time is abstracted; a node that decides by one cannot be searched in this way.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, NoReturn

MOST = 64  # ways in which the draws of one step may come out


class Unsearchable(Exception):
    """A node does something that local transitions cannot show. The text says what, to follow "because"."""


class Draws(random.Random):
    """Gives the draws of one step: those that it was told, then the first of each."""

    def __init__(self) -> None:
        super().__init__(0)
        self.begin(())

    def begin(self, told: Sequence[int]) -> None:
        """A new step."""
        self.told = told
        self.taken: list[tuple[int, int]] = []  # what was drawn, of how many

    def next(self) -> list[int] | None:
        """What to tell the next run of the same step, for it to come out in another way; None after the last."""
        taken = self.taken
        while taken:
            drawn, of = taken.pop()
            if drawn + 1 < of:
                return [earlier for earlier, _ in taken] + [drawn + 1]
        return None

    def _randbelow(self, n: int) -> int:
        place = len(self.taken)
        drawn = self.told[place] if place < len(self.told) else 0
        if n > MOST:
            raise Unsearchable(f"it draws one of {n:,} numbers, and each would be searched")
        if not 0 <= drawn < n:
            raise Unsearchable(f"it was told to draw {drawn} of {n}: the program has changed")
        self.taken.append((drawn, n))
        return drawn

    def random(self) -> float:
        return Span(0.0, 1.0)

    def expovariate(self, lambd: float = 1.0) -> float:
        return Span(0.0, math.inf, 1 / lambd)

    def getrandbits(self, k: int) -> int:
        return self._randbelow(1 << k)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise Unsearchable("it draws from a distribution other than uniform or exponential")

    gauss = normalvariate = betavariate = gammavariate = lognormvariate = paretovariate = _refuse  # type: ignore[assignment]
    triangular = vonmisesvariate = weibullvariate = binomialvariate = _refuse  # type: ignore[assignment]


class Span(float):
    """A number between `low` and `high`; as a float, one of them. It counts with its bounds, and tells nothing else."""

    low: float
    high: float

    def __new__(cls, low: float, high: float, value: float | None = None) -> Span:
        span = super().__new__(cls, (low + high) / 2 if value is None else value)
        span.low, span.high = low, high
        return span

    def __add__(self, other: Any) -> Any:
        return Span(self.low + low(other), self.high + high(other), value(self) + value(other))

    __radd__ = __add__

    def __neg__(self) -> Span:
        return Span(-self.high, -self.low, -value(self))

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        ends = [one * two for one in (self.low, self.high) for two in (low(other), high(other))]
        return Span(min(ends), max(ends), value(self) * value(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self * (1 / other) if not isinstance(other, Span) else self._tell()

    def __lt__(self, other: Any) -> bool:
        return True if self.high < low(other) else False if self.low >= high(other) else self._tell()

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __gt__(self, other: Any) -> bool:
        return True if self.low > high(other) else False if self.high <= low(other) else self._tell()

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Span):
            return (self.low, self.high) == (other.low, other.high)
        if isinstance(other, int | float) and self.low <= other <= self.high:
            self._tell()
        return False

    def __hash__(self) -> int:
        return hash((self.low, self.high))

    def __copy__(self) -> Span:
        return self

    def __deepcopy__(self, memo: Any) -> Span:
        return self

    def _tell(self, *_: Any) -> NoReturn:
        raise Unsearchable("it decides by a random number out of a continuum")

    __bool__ = __int__ = __float__ = __trunc__ = __round__ = __floor__ = __ceil__ = _tell  # type: ignore[assignment]
    __rtruediv__ = __floordiv__ = __mod__ = __pow__ = __rpow__ = _tell  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Span({self.low:g}, {self.high:g})"


def value(number: Any) -> float:
    return float.__add__(number, 0.0) if isinstance(number, Span) else number


def low(number: Any) -> float:
    """The least that a number may be."""
    return number.low if isinstance(number, Span) else number


def high(number: Any) -> float:
    """The most that a number may be."""
    return number.high if isinstance(number, Span) else number
