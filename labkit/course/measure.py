"""Figures that a part of an exercise is scored by: as a multiple of the reference solution's, never in real seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from labkit.engine.trace import Trace


@dataclass(frozen=True)
class Measure:
    """A figure of a run that should be small, such as a latency or a number of messages.

    of: takes the figure from a trace; math.inf where the run never came to what is measured. unit: such as "s" or
    "messages". reference: the mean over many runs of the solution in `solutions/`, a constant because runs are
    deterministic. Up to `full` times the reference earns all the points, `none` times or more earns nothing; between
    the two it falls with the logarithm of the multiple.
    """

    name: str
    unit: str
    of: Callable[[Trace], float]
    reference: float
    full: float = 1.25
    none: float = 4.0

    def share(self, values: Sequence[float]) -> float:
        """The share of the points, 0 to 1, that these figures of several runs earn; their mean counts."""
        times = self.times(values)
        if times <= self.full:
            return 1.0
        if not times < self.none:
            return 0.0
        return math.log(self.none / times) / math.log(self.none / self.full)

    def times(self, values: Sequence[float]) -> float:
        """The multiple of the reference."""
        return fmean(values) / self.reference

    def sentence(self, values: Sequence[float]) -> str:
        """What was measured, and what it is worth."""
        mean, times = fmean(values), self.times(values)
        if math.isinf(mean):
            missing = sum(math.isinf(value) for value in values)
            return f"{self.name}: in {missing} of {len(values)} runs it was never reached"
        wish = "" if times <= self.full else f"; full points up to {self.full:g} times, none from {self.none:g} times"
        return (
            f"{self.name}: {mean:.3g} {self.unit} on average over {len(values)} run{'s' if len(values) != 1 else ''}, "
            f"{times:.2f} times the reference's {self.reference:.3g} {self.unit}{wish}"
        )
