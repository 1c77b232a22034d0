"""Figures for notebooks and reports, drawn with matplotlib (imported only here, and only when asked for)."""

from __future__ import annotations

# Okabe and Ito, "Color Universal Design", 2008: told apart with any colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


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
