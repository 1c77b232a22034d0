"""The operations of clients over time, with what a checker found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from labkit.check.operation import Op
from labkit.errors import LabkitError
from labkit.view.figures.style import COLOURS, FAULT, axes, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 80  # operations in one figure


def history(operations: Iterable[Op], verdict: Any = None, *, ax: Axes | None = None) -> Axes:
    """A history: a row a process, a bar an operation from its invocation to its response (Herlihy and Wing 1990).

    operations: a `History` or any operations of one. verdict: what a checker said of it; the points where operations
    take effect get numbers, in the order that it found, and the operation that cannot be explained is hatched, with
    ✗. An operation whose outcome is unknown has a dashed edge and runs to the end.

    The bars lie along virtual time if the history has times, else along the order of its events. Raises LabkitError
    for more than 80 operations.
    """
    shown = list(operations)
    if len(shown) > MOST:
        raise LabkitError(
            f"{len(shown)} operations are too many for one figure (at most {MOST}): give some of them, "
            "as in history(list(h)[:60], verdict)"
        )
    timed = bool(shown) and all(op.time is not None for op in shown)
    starts = {id(op): float(op.time if timed and op.time is not None else op.invoked) for op in shown}
    ends: dict[int, float | None] = {}
    for op in shown:
        end = op.end if timed and op.end is not None else op.completed
        ends[id(op)] = None if op.completed is None or end is None else float(end)
    last = max([*starts.values(), *(end for end in ends.values() if end is not None)], default=1.0)
    last += 0.04 * (last - min(starts.values(), default=0.0)) + 1e-9
    wrong = getattr(verdict, "operation", None)
    ax = axes(ax, 7.5, 0.9 + 0.62 * len({op.process for op in shown}))
    place = rows(ax, [str(process) for process in dict.fromkeys(op.process for op in shown)])
    for op in shown:
        start, end = starts[id(op)], ends[id(op)]
        bad = op is wrong
        colour = FAULT if bad else COLOURS[0]
        ax.barh(
            place[str(op.process)], (last if end is None else end) - start, left=start, height=0.5,
            color=f"{colour}33", edgecolor=colour, hatch="//" if bad else "",
            linewidth=2.2 if bad else 1.2, linestyle="--" if end is None else "-",
        )  # fmt: skip
        ax.text(
            start, place[str(op.process)] - 0.29, f" {'✗ ' if bad else ''}{op.call}", va="bottom", fontsize=7.5,
            clip_on=True, color=FAULT if bad else "black",
        )  # fmt: skip
    _points(ax, list(getattr(verdict, "linearization", [])), starts, ends, place, last)
    ax.set_xlim(min(starts.values(), default=0.0), last)
    ax.set_xlabel("virtual time (s)" if timed else "events of the history")
    return ax


def _points(
    ax: Axes,
    order: list[Op],
    starts: dict[int, float],
    ends: dict[int, float | None],
    place: dict[str, int],
    last: float,
) -> None:
    """Where each operation takes effect: as early as its invocation and those before it allow, and apart from them."""
    order = [op for op in order if id(op) in starts]
    step = (last - min(starts.values(), default=0.0)) * 0.006
    at = float("-inf")
    for number, op in enumerate(order, 1):
        later = [end for other in order[number - 1 :] if (end := ends[id(other)]) is not None]
        at = min(max(at + step, starts[id(op)] + step), max(min(later, default=last), starts[id(op)], at))
        ax.plot(at, place[str(op.process)], "o", color=COLOURS[0], markersize=11, zorder=4, label="_point")
        ax.text(at, place[str(op.process)], str(number), color="white", fontsize=6.5, fontweight="bold", ha="center",
                va="center", zorder=5)  # fmt: skip
