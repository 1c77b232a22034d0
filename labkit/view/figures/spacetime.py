"""The space-time diagram (Lamport 1978): a line a process, an arrow a message, time to the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError
from labkit.view.figures.readings import Flight, clients, flights, spans
from labkit.view.figures.style import COLOURS, FAULT, GREY, MARKERS, axes, legend_below, rows, trace_of
from labkit.view.moment import CANDIDATES, LEADERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 1500  # arrows in one figure


def spacetime(run: Any, start: float = 0.0, end: float | None = None, *, ax: Axes | None = None) -> Axes:
    """The messages of a run between two times in virtual seconds, each an arrow from its sender to its receiver.

    The mark at an arrow's foot, and its colour, tell the type. A message that was lost ends halfway in a cross. A thick
    line is a leader, a dashed one a candidate, and no line a node that is down.

    Raises LabkitError if more than 1,500 messages fly in that time: they could not be told apart.
    """
    trace = trace_of(run)
    end = trace.now if end is None else end
    if not start < end:
        raise LabkitError(f"spacetime from {start} to {end}: give a start before the end, in virtual seconds")
    shown = [one for one in flights(trace) if one.sent <= end and (one.end is None or one.end >= start)]
    if len(shown) > MOST:
        raise LabkitError(
            f"{len(shown)} messages between {start:g} s and {end:g} s are too many to tell apart (at most {MOST}): "
            f"give a shorter time, as in spacetime(trace, {start:g}, {start + (end - start) * MOST / len(shown):.3g})"
        )
    who = [*trace.nodes, *[id for id in clients(trace) if any(id in (one.source, one.target) for one in shown)]]
    ax = axes(ax, 7.5, 0.9 + 0.42 * len(who))
    place = rows(ax, who)
    for id in who[len(trace.nodes) :]:
        ax.hlines(place[id], start, end, colors=GREY, linewidth=0.8, linestyles=":")
    for span in spans(trace):
        if span.end >= start and span.start <= end and span.role != "down":
            look = "leader" if span.role in LEADERS else "candidate" if str(span.role).lower() in CANDIDATES else ""
            width = {"leader": 4.5, "candidate": 3.0, "": 1.0}[look]
            style: Any = (0, (2, 1)) if look == "candidate" else "-"
            colour = {"leader": COLOURS[0], "candidate": COLOURS[4], "": GREY}[look]
            y = place[span.node]
            ax.hlines(y, max(start, span.start), min(end, span.end), colors=colour, linewidth=width, linestyles=style)
    types = list(dict.fromkeys(one.name for one in shown))
    for number, name in enumerate(types):
        _arrows(ax, [one for one in shown if one.name == name], place, end, number, name)
    crashes = [(event.time, place[event.node or ""]) for event in trace.select("crash") if start <= event.time <= end]
    if crashes:
        ax.plot(*zip(*crashes, strict=True), "X", color=FAULT, markersize=9, linestyle="", label="crash", zorder=5)
    for event in trace.select("partition", "heal"):
        if start <= event.time <= end:
            ax.axvline(event.time, color=FAULT, linestyle="--" if event.kind == "partition" else ":", linewidth=1.2)
            ax.annotate(event.kind, (event.time, -0.55), color=FAULT, fontsize="small", ha="left", xytext=(3, 0),
                        textcoords="offset points")  # fmt: skip
    ax.set_xlim(start, end)
    ax.set_xlabel("virtual time (s)")
    legend_below(ax)
    return ax


def _arrows(ax: Axes, some: list[Flight], place: dict[str, int], end: float, number: int, name: str) -> None:
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
    there = [one for one in some if one.source in place and one.target in place]
    if not there:
        return
    feet = [(one.sent, float(place[one.source])) for one in there]
    heads = []
    for one, (x, y) in zip(there, feet, strict=True):
        part = 0.5 if one.lost else 1.0
        stop = one.end if one.end is not None else end
        heads.append((x + max(stop - x, 0.0) * part, y + (place[one.target] - y) * part))
    whole = [k for k, one in enumerate(there) if not one.lost]
    xs, ys = [x for x, _ in feet], [y for _, y in feet]
    ax.plot(xs, ys, marker, color=colour, markersize=4.5, linestyle="", label=name, zorder=4)
    if whole:
        ax.quiver(
            [xs[k] for k in whole], [ys[k] for k in whole],
            [heads[k][0] - xs[k] for k in whole], [heads[k][1] - ys[k] for k in whole],
            angles="xy", scale_units="xy", scale=1, color=colour, width=0.0022, headwidth=5, headlength=7, zorder=3,
        )  # fmt: skip
    lost = [k for k, one in enumerate(there) if one.lost]
    for k in lost:
        ax.plot([xs[k], heads[k][0]], [ys[k], heads[k][1]], color=colour, linewidth=0.9, linestyle=":", zorder=3)
    if lost:
        known = ax.get_legend_handles_labels()[1]
        ax.plot(
            [heads[k][0] for k in lost], [heads[k][1] for k in lost], "x", color=FAULT, markersize=6, linestyle="",
            label=None if "lost" in known else "lost", zorder=5,
        )  # fmt: skip
