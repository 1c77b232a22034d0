"""How labkit's figures look: colours for every eye, and beside each colour a mark, a line and a hatch of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.engine.trace import Trace
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito, "Color Universal Design", 2008: told apart with any colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "D", "^", "s", "h", "v", "P")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (7, 2)), (0, (1, 3)))
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")
GREY, FAULT = "#767676", "#d55e00"


def use_style() -> None:
    """Draw matplotlib's figures as labkit's notebooks do: SVG, the same from run to run, in colours for every eye."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=COLOURS),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.figsize": (7.0, 3.2),
            "figure.facecolor": "white",
            "font.size": 11,
            "lines.linewidth": 2,
            "svg.hashsalt": "labkit",
        }
    )
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:  # type: ignore[no-untyped-call]
        set_matplotlib_formats("svg", metadata={"Date": None})


def axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes to draw in: those given, or new ones of this size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def trace_of(run: Any) -> Trace:
    """The trace of a cluster, of a recorded document, or itself. Raises LabkitError for anything else."""
    if isinstance(run, dict):
        return Trace.from_document(run)
    trace = getattr(run, "trace", run)
    if not isinstance(trace, Trace):
        raise LabkitError(f"a figure is drawn from a Cluster or its trace, not from {type(run).__name__}")
    return trace


def rows(ax: Axes, names: list[str]) -> dict[str, int]:
    """A line for each name, the first one at the top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    return {name: place for place, name in enumerate(names)}


def legend_below(ax: Axes, columns: int = 5) -> None:
    """A legend under the axes, if there is anything to tell apart."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(
            handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=min(columns, len(labels)),
            frameon=False, fontsize="small", handlelength=2.6, columnspacing=1.4,
        )  # fmt: skip
