"""Message rates by type, and the load of servers, over time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError
from labkit.view.figures.readings import flights, queue_lengths
from labkit.view.figures.style import COLOURS, FAULT, GREY, LINES, MARKERS, axes, legend_below, rows, trace_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TYPES, LINES_AT_MOST = 6, 6


def rates(run: Any, window: float | None = None, *, ax: Axes | None = None) -> Axes:
    """Messages sent a second, by type, in windows of virtual seconds (by default a fortieth of the run); the crosses
    below are messages that were lost, the bars those that the network doubled.

    The six most frequent types have a line each, with a dash and a mark of its own; the others are one together.
    Raises LabkitError if nothing was sent.
    """
    trace = trace_of(run)
    sent = flights(trace)
    if not sent:
        raise LabkitError("no message was sent in this run: there are no rates to draw")
    window = window or max(trace.now / 40, 1e-9)
    if window <= 0:
        raise LabkitError(f"window={window}: give seconds of virtual time, above zero")
    count = Counter(one.name for one in sent if not one.copy)
    names = [name for name, _ in count.most_common(TYPES)]
    lines = {name: [one.sent for one in sent if one.name == name and not one.copy] for name in names}
    others = [one.sent for one in sent if one.name not in names and not one.copy]
    if others:
        lines[f"{len(count) - TYPES} other types"] = others
    ax = axes(ax, 7.5, 3.2)
    windows = int(trace.now / window) + 1
    edges = [k * window for k in range(windows + 1)]
    for number, (name, times) in enumerate(lines.items()):
        per = Counter(min(windows - 1, int(time / window)) for time in times)
        ax.step(
            edges[:-1], [per[k] / window for k in range(windows)], where="post", color=COLOURS[number % len(COLOURS)],
            linestyle=LINES[number % len(LINES)], marker=MARKERS[number % len(MARKERS)], markersize=4,
            markevery=(number, max(1, windows // 8)), linewidth=1.6, label=f"{name} ({len(times):,})",
        )  # fmt: skip
    top = ax.get_ylim()[1]
    for marks, marker, colour, label in [
        ([one.sent for one in sent if one.lost], "x", FAULT, "lost"),
        ([one.sent for one in sent if one.copy], "|", GREY, "doubled"),
    ]:
        if marks:
            y = -0.05 * top if marker == "x" else -0.10 * top
            ax.plot(
                marks,
                [y] * len(marks),
                marker,
                color=colour,
                markersize=5,
                linestyle="",
                label=f"{label} ({len(marks):,})",
            )
    ax.set_xlim(0, trace.now)
    ax.set_xlabel("virtual time (s)")
    ax.set_ylabel("messages sent a second")
    legend_below(ax, columns=4)
    return ax


def load(run: Any, *, ax: Axes | None = None) -> Axes:
    """What waits at each server and is being served there, together, over time.

    It comes from the public attributes `queue` (or `waiting`) and `active`; of a server with neither, it is what it
    was asked and has not answered. Up to six servers have a line each; of more, each is a row whose shade tells.
    Raises LabkitError if no server ever had anything to do.
    """
    trace = trace_of(run)
    lengths = queue_lengths(trace)
    if not any(changes for changes in lengths.values()):
        raise LabkitError(
            "no server had anything to do: give it a public attribute `queue` and `active`, lists or numbers"
        )
    if len(lengths) > LINES_AT_MOST:
        return _shades(trace, lengths, axes(ax, 7.5, 1.2 + 0.2 * len(lengths)))
    ax = axes(ax, 7.5, 3.0)
    for number, (node, changes) in enumerate(lengths.items()):
        times = [0.0, *(time for time, _, _ in changes), trace.now]
        values = [0.0, *(waiting + active for _, waiting, active in changes)]
        ax.step(
            times, [*values, values[-1]], where="post", color=COLOURS[number % len(COLOURS)], label=node,
            linestyle=LINES[number % len(LINES)], linewidth=1.3, marker=MARKERS[number % len(MARKERS)], markersize=5,
            markevery=(number * 7, max(1, len(times) // 7)),
        )  # fmt: skip
    for event in trace.select("crash"):
        if event.node in lengths:
            ax.axvline(event.time, color=FAULT, linewidth=1, linestyle=":")
            ax.annotate(f"✕ {event.node}", (event.time, 1), xycoords=("data", "axes fraction"), xytext=(3, -9),
                        textcoords="offset points", color=FAULT, fontsize="small")  # fmt: skip
    ax.set_xlim(0, trace.now)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("virtual time (s)")
    ax.set_ylabel("requests at the server")
    legend_below(ax, columns=6)
    return ax


def _shades(trace: Any, lengths: dict[str, list[tuple[float, float, float]]], ax: Axes, windows: int = 200) -> Axes:
    """Rows of shades: the highest load of each server in each of the windows."""
    rows(ax, list(lengths))
    width = max(trace.now, 1e-9) / windows
    table = []
    for changes in lengths.values():
        row, now, left = [], 0.0, iter([*changes, (float("inf"), 0.0, 0.0)])
        following = next(left)
        for k in range(windows):
            most = now
            while following[0] < (k + 1) * width:
                now = following[1] + following[2]
                most, following = max(most, now), next(left)
            row.append(most)
        table.append(row)
    mesh = ax.pcolormesh(
        [k * width for k in range(windows + 1)], [k - 0.5 for k in range(len(table) + 1)], table, cmap="Blues",
        vmin=0,
    )  # fmt: skip
    ax.figure.colorbar(mesh, ax=ax, label="requests at the server")
    ax.set_xlabel("virtual time (s)")
    return ax
