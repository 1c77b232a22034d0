"""Space-time diagrams: a line for each node, time from left to right, an arrow for each message. As a figure, for what
is to be read rather than played: stamps at the events, a past and a future, a cut.

Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", 1978, Figures 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labkit.engine.trace import Event, Trace
from labkit.view.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What an event may be shown as: marker, colour, whether it is filled. Shape and filling carry the meaning too.
LOOKS: dict[str, tuple[str, str, bool]] = {
    "plain": ("o", COLOURS[0], True),
    "here": ("*", COLOURS[1], True),
    "past": ("s", COLOURS[0], True),
    "future": ("D", COLOURS[2], True),
    "neither": ("o", "#767676", False),
}
ARROWS = {"plain": ("#5d6570", 0.9, "-"), "strong": (COLOURS[1], 2.4, "-"), "dotted": ("#8a929b", 0.9, ":")}


def spacetime(
    trace: Trace,
    *,
    label: Callable[[Event], object] = lambda event: None,
    look: Callable[[Event], str] = lambda event: "plain",
    arrow: Callable[[Event], str] = lambda event: "plain",
    cut: Mapping[str, float] | None = None,
    since: float = 0.0,
    until: float | None = None,
    height: float = 3.4,
) -> Figure:
    """Draw the messages of a run as a space-time diagram. Returns the figure.

    label: what to write at a send or a receipt (None: nothing). look: how to show it: "plain", "here", "past",
    "future" or "neither". arrow: how to draw a message, given by its sending: "plain", "strong" or "dotted". cut: for
    each node a time; the line through them is drawn. since, until: which part of the run, in virtual seconds. height:
    of the figure, in inches.
    """
    import matplotlib.pyplot as plt

    until = trace.now if until is None else until
    row = {node: len(trace.nodes) - place for place, node in enumerate(trace.nodes)}
    figure, axes = plt.subplots(figsize=(8.0, height), layout="constrained")
    axes.hlines([row[node] for node in trace.nodes], since, until, color="#aab2bb", linewidth=1.2, zorder=1)
    if cut is not None:
        where = [(cut[node], row[node]) for node in trace.nodes]
        ends = [(where[0][0], row[trace.nodes[0]] + 0.4), *where, (where[-1][0], row[trace.nodes[-1]] - 0.4)]
        axes.plot(*zip(*ends, strict=True), color=COLOURS[3], linewidth=7, alpha=0.45, zorder=2)
        axes.annotate("cut", ends[0], textcoords="offset points", xytext=(7, -6), color="#9c4d7f")
    sent: dict[Any, Event] = {}
    for event in trace.select("send", "deliver"):
        if event.node not in row or event.peer not in row or not since <= event.time <= until:
            continue
        if event.kind == "send":
            sent[event.id] = event
        elif event.id in sent:
            start = sent[event.id]
            colour, width, style = ARROWS[arrow(start)]
            axes.annotate(
                "",
                (event.time, row[str(event.node)]),
                (start.time, row[str(start.node)]),
                arrowprops={
                    "arrowstyle": "->",
                    "color": colour,
                    "linewidth": width,
                    "linestyle": style,
                    "shrinkA": 3,
                    "shrinkB": 3,
                },
                zorder=3,
            )
        _dot(axes, event, row[str(event.node)], look(event), label(event))
    axes.set(xlim=(since, until), ylim=(0.4, len(row) + 0.6), xlabel="virtual time (s)", yticks=list(row.values()))
    axes.set_yticklabels(list(row), fontweight="bold")
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)
    return figure


def _dot(axes: Any, event: Event, height: int, look: str, text: object) -> None:
    marker, colour, filled = LOOKS[look]
    size = 12.0 if look == "here" else 5.5
    face = colour if filled else "white"
    axes.plot([event.time], [height], marker=marker, color=colour, markerfacecolor=face, markersize=size, zorder=4)
    if text is not None:
        above = 6 if event.kind == "send" else -13
        axes.annotate(
            str(text),
            (event.time, height),
            textcoords="offset points",
            xytext=(0, above),
            ha="center",
            fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4},
            zorder=5,
        )
