"""The spread of a rumour: the share of the nodes that know it, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.view.figures.readings import knowledge
from labkit.view.figures.style import COLOURS, FAULT, GREY, axes, trace_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def gossip(run: Any, attribute: str, rumour: Any = None, *, ax: Axes | None = None) -> Axes:
    """The share of the nodes that know a rumour, over time; a dot is a node that learns it, a cross one that forgets.

    attribute: the public attribute that holds what a node knows: a set or a list of rumours, or a number such as a
    version. rumour: which one, an item or the number from which on it counts as known; by default the one that reached
    the most nodes. Raises LabkitError if no node has the attribute, or nobody ever knew the rumour.
    """
    trace = trace_of(run)
    chosen, changes = knowledge(trace, attribute, rumour)
    count, shares = 0, []
    for _, _, knows in changes:
        count += 1 if knows else -1
        shares.append(count / len(trace.nodes))
    times = [time for time, _, _ in changes]
    ax = axes(ax, 6.0, 3.0)
    ax.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    ax.step([0.0, *times, trace.now], [0.0, *shares, shares[-1]], where="post", color=COLOURS[0], linewidth=1.8)
    for some, marker, colour in [(True, "o", COLOURS[0]), (False, "x", FAULT)]:
        dots = [(time, share) for (time, _, knows), share in zip(changes, shares, strict=True) if knows is some]
        if dots:
            ax.plot(*zip(*dots, strict=True), marker, color=colour, markersize=5, linestyle="", label="_changes")
    for share, words in [(0.5, "half"), (1.0, "all")]:
        reached = next((time for time, part in zip(times, shares, strict=True) if part >= share), None)
        if reached is not None:
            ax.annotate(
                f"{words}: {reached:.3f} s", (reached, share), xytext=(14, -16), textcoords="offset points",
                fontsize="small", arrowprops={"arrowstyle": "-", "color": GREY},
            )  # fmt: skip
    ax.set_xlim(0, trace.now)
    ax.set_ylim(0, 1.06)
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    ax.set_xlabel("virtual time (s)")
    ax.set_ylabel(f"nodes that know {chosen!r}")
    return ax
