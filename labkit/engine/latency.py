"""How long a message is on its way: a number of virtual seconds, a pair (uniform between the two), or one of the
distributions below. All of them are plain data: they print as Python, and are saved as JSON.

The distributions take one uniform number for each sample and return their quantile there, rounded to a nanosecond,
so that a computer whose logarithm differs in the last bit still gives the same run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import msgspec

from labkit.errors import LabkitError


class Model(msgspec.Struct, frozen=True, tag_field="$", tag=True, forbid_unknown_fields=True):
    """A distribution of latencies, in virtual seconds."""

    def quantile(self, u: float) -> float:
        """The latency that a share `u` (0 to 1, 1 excluded) of all messages stays below."""
        raise NotImplementedError

    def sampler(self, draw: Callable[[], float]) -> Callable[[], float]:
        """A function that gives one latency after the other; `draw` gives uniform random numbers."""
        quantile = self.quantile
        return lambda: round(quantile(draw()), 9)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__)
        return f"latency.{type(self).__name__}({shown})"


class Exponential(Model, frozen=True):
    """Memoryless, as the waiting time of a queue with random arrivals: `mean` seconds in all, never below `floor`."""

    mean: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        _number(self, "floor", self.floor, 0.0)
        _number(self, "mean", self.mean, self.floor)

    def quantile(self, u: float) -> float:
        return self.floor - (self.mean - self.floor) * math.log(1.0 - u)


class LogNormal(Model, frozen=True):
    """Its logarithm is normal: what round trips over wide-area networks look like. Half of all messages take less than
    `median`; `sigma` is the standard deviation of the logarithm (0.5: one in a hundred takes 3.2 times the median)."""

    median: float
    sigma: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        _number(self, "floor", self.floor, 0.0)
        _number(self, "sigma", self.sigma, 0.0)
        _number(self, "median", self.median, self.floor)

    def quantile(self, u: float) -> float:
        from statistics import NormalDist

        return self.floor + (self.median - self.floor) * math.exp(self.sigma * NormalDist().inv_cdf(max(u, 1e-18)))


class Pareto(Model, frozen=True):
    """A heavy tail, as of a service whose slowest one in a thousand is what users feel (Dean and Barroso, "The Tail at
    Scale", CACM 2013). No message takes less than `shortest`; a share of (shortest / t) ** alpha takes longer than t.
    With alpha up to 2 the variance is infinite, with alpha up to 1 the mean is too."""

    shortest: float
    alpha: float

    def __post_init__(self) -> None:
        _number(self, "shortest", self.shortest, 0.0)
        _number(self, "alpha", self.alpha, 0.0)
        if not self.shortest or not self.alpha:
            raise LabkitError(f"{self!r}: shortest and alpha are above zero")

    def quantile(self, u: float) -> float:
        return self.shortest * math.pow(1.0 - u, -1.0 / self.alpha)


class Replay(Model, frozen=True):
    """Latencies that were measured somewhere, in seconds, given again in their order and over and over. Each sender
    starts at a place of its own, drawn from the seed."""

    samples: tuple[float, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.samples, list | tuple) or not self.samples:
            raise LabkitError("latency.Replay(samples): give a list of at least one number of seconds")
        for sample in self.samples:
            _number(self, "each sample", sample, 0.0)
        msgspec.structs.force_setattr(self, "samples", tuple(float(sample) for sample in self.samples))

    def quantile(self, u: float) -> float:
        return sorted(self.samples)[int(u * len(self.samples))]

    def sampler(self, draw: Callable[[], float]) -> Callable[[], float]:
        samples = self.samples
        place = int(draw() * len(samples)) - 1

        def take() -> float:
            nonlocal place
            place = (place + 1) % len(samples)
            return samples[place]

        return take


MODELS = {kind.__name__: kind for kind in (Exponential, LogNormal, Pareto, Replay)}
Latency = float | tuple[float, float] | Model
DEFAULT: Latency = (0.005, 0.025)


def check(value: Any, name: str = "latency") -> None:
    """Raises LabkitError if this is no latency."""
    if isinstance(value, Model):
        return
    low, high = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    if not (_is_number(low) and _is_number(high) and 0 <= low <= high < math.inf):
        raise LabkitError(
            f"{name}={value!r}: give a number of seconds, or a pair (shortest, longest), or a distribution such as "
            "latency.Exponential(mean=0.02)"
        )


def parts(value: Latency, stream: random.Random) -> tuple[float, float, Callable[[], float]]:
    """The latency as `low + span * draw()`, which for numbers and pairs costs nothing but that."""
    if isinstance(value, Model):
        return 0.0, 1.0, value.sampler(stream.random)
    low, high = value if isinstance(value, tuple | list) else (value, value)
    return low, high - low, stream.random


def sampler(value: Latency, stream: random.Random) -> Callable[[], float]:
    """A function that gives one latency after the other."""
    low, span, draw = parts(value, stream)
    return lambda: low + span * draw()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(model: Model, name: str, value: Any, least: float) -> None:
    if not (_is_number(value) and least <= value < math.inf):
        shown = f"{type(model).__name__}: {name} is {value!r}"
        raise LabkitError(
            f"latency.{shown}; give a number of {'seconds, ' if name != 'alpha' else ''}{least:g} or more"
        )


def to_json(value: Any) -> Any:
    """For `json.dumps(default=...)`: a distribution as an object with its name under "$"."""
    if isinstance(value, Model):
        return msgspec.to_builtins(value)
    raise TypeError(f"{value!r} cannot be kept as JSON")


def from_json(data: dict[str, Any]) -> Any:
    """For `json.loads(object_hook=...)`: the distribution that `to_json` wrote; other objects as they are."""
    if "$" not in data:
        return data
    if data["$"] not in MODELS:
        raise ValueError(f"there is no distribution latency.{data['$']}")
    return MODELS[data["$"]](**{name: value for name, value in data.items() if name != "$"})
