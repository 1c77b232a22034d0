"""How the benchmarks measure: all ways take turns, so that a slow moment of the machine hits them alike."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Work = Callable[[], int]  # does the work, returns how many messages were delivered


@dataclass
class Way:
    """One way to do the exchange. `prepare(nodes, messages)` builds it and returns the work, which alone is timed."""

    name: str
    kept: str  # what is kept of the run: "no trace", "trace", "trace and digest"
    prepare: Callable[[int, int], Work]


@dataclass
class Row:
    """What one way took for a message, in nanoseconds, once for each round."""

    way: Way
    nodes: int
    nanoseconds: list[float] = field(default_factory=list)

    def times_slower(self, base: "Row") -> list[float]:
        """How many times slower than `base` it was, round by round."""
        return [mine / theirs for mine, theirs in zip(self.nanoseconds, base.nanoseconds, strict=True)]


def rounds(ways: list[Way], nodes: int, repeats: int, seconds: float, progress: Callable[[], None]) -> list[Row]:
    """Measure every way `repeats` times, for about `seconds` each time, in turns."""
    rows = [Row(way, nodes) for way in ways]
    first = max(2_000, 2 * nodes)
    sizes = [max(first, int(seconds * 1e9 / time_once(row.way, nodes, first))) for row in rows]
    for _ in range(repeats):
        for row, messages in zip(rows, sizes, strict=True):
            row.nanoseconds.append(time_once(row.way, nodes, messages))
            progress()
    return rows


def time_once(way: Way, nodes: int, messages: int) -> float:
    """Nanoseconds of this process (not of its neighbours on the machine) for each message; preparing is not counted."""
    work = way.prepare(nodes, messages)
    gc.collect()
    start = time.process_time_ns()
    delivered = work()
    return (time.process_time_ns() - start) / delivered


def middle(values: list[float]) -> tuple[float, float, float]:
    """The median, the lowest and the highest."""
    return statistics.median(values), min(values), max(values)
