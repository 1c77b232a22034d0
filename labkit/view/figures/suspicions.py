"""Failure detectors: who suspects whom, over time, and who is down in truth."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from labkit.check.suspicions import Suspicions
from labkit.errors import LabkitError
from labkit.view.figures.style import COLOURS, FAULT, GREY, axes, rows, trace_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 0.17  # of the bar of a node that is down; a lane is 1 high
MOST_NAMED = 9  # nodes: with more, there is no room for names in the bars


def suspicions(run: Any, *, ax: Axes | None = None) -> Axes:
    """A lane for each node, hatched while it is down. Above it, a bar for each other node that suspects it meanwhile,
    with that node's id if there is room: blue where it is right, orange where it is not.

    Reads the public attribute `suspects`, a set of ids. Raises LabkitError if no node has one.
    """
    trace = trace_of(run)
    if not any("suspects" in event.data for event in trace.select("state")):
        raise LabkitError("no node has an attribute suspects, the set of ids of those that it suspects")
    lane_height = min(0.25 + 0.11 * (len(trace.nodes) - 1), 0.9)  # inches
    ax = axes(ax, 7.0, 0.9 + lane_height * len(trace.nodes))
    lanes = rows(ax, list(trace.nodes))
    down: dict[str, list[tuple[float, float]]] = {id: [] for id in trace.nodes}
    since: dict[str, float] = {}
    for event in trace.select("crash", "start"):
        node = str(event.node)
        if event.kind == "crash":
            since.setdefault(node, event.time)
        elif node in since:
            down[node].append((since.pop(node), event.time))
    for node, time in since.items():
        down[node].append((time, trace.now))
    for node, lane in lanes.items():
        ax.plot([0, trace.now], [lane + 0.3] * 2, color=GREY, linewidth=1, zorder=1)
        for start, end in down[node]:
            ax.barh(
                lane + 0.3, end - start, HEIGHT, start, color="white", edgecolor=FAULT, hatch="////", linewidth=0.8
            )  # fmt: skip
    spans, places = _spans(trace), _places(trace)
    for watcher, node, start, end in spans:
        height = 0.62 / max(len(places[node]), 1)
        y = lanes[node] + 0.12 - height * places[node].index(watcher)
        for begin, stop, right in _pieces(start, end, down[node]):
            ax.barh(y, stop - begin, 0.8 * height, begin, color=COLOURS[0] if right else COLOURS[4], linewidth=0)
        if end - start > 0.04 * trace.now and len(trace.nodes) <= MOST_NAMED:
            colour = "white" if _pieces(start, end, down[node])[0][2] else "black"
            size = min(9.0, max(5.0, 31 * height))
            ax.text(start + 0.006 * trace.now, y, watcher, fontsize=size, va="center_baseline", color=colour)
    ax.set_xlim(0, trace.now)
    ax.set_xlabel("virtual time (s)")
    return ax


def _spans(trace: Any) -> list[tuple[str, str, float, float]]:
    """Who suspected whom, from when until when."""
    begun: dict[tuple[str, str], float] = {}
    found: list[tuple[str, str, float, float]] = []
    crashes = [(event.time, str(event.node), "", False) for event in trace.select("crash")]
    for time, watcher, node, suspects in sorted([*Suspicions(trace).changes, *crashes], key=lambda change: change[0]):
        if suspects:
            begun[watcher, node] = time
            continue
        for pair in [pair for pair in begun if pair == (watcher, node) or (not node and pair[0] == watcher)]:
            found.append((*pair, begun.pop(pair), time))
    return found + [(*pair, time, trace.now) for pair, time in begun.items()]


def _places(trace: Any) -> dict[str, list[str]]:
    """Where each watcher's bar stands, for each node."""
    return {node: [id for id in trace.nodes if id != node] for node in trace.nodes}


def _pieces(start: float, end: float, down: list[tuple[float, float]]) -> list[tuple[float, float, bool]]:
    """A suspicion, cut where the suspected node goes down or comes back: from, to, whether it is right."""
    cuts = sorted({start, end, *(time for span in down for time in span if start < time < end)})
    return [
        (one, other, any(since <= one and other <= until for since, until in down)) for one, other in pairwise(cuts)
    ]
