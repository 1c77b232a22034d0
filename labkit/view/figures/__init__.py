"""Figures of runs for notebooks, papers and reports. Each returns its matplotlib Axes, and takes `ax=` to draw into
yours.

matplotlib is imported when a figure is drawn, not before. docs/figures.md shows them all.
"""

from labkit.view.figures.flow import load, rates
from labkit.view.figures.graphs import topology
from labkit.view.figures.operations import history
from labkit.view.figures.protocol import elections, logs
from labkit.view.figures.spacetime import spacetime
from labkit.view.figures.spread import gossip
from labkit.view.figures.style import COLOURS, HATCHES, LINES, MARKERS, use_style
from labkit.view.figures.suspicions import suspicions

__all__ = [
    "COLOURS", "HATCHES", "LINES", "MARKERS", "elections", "gossip", "history", "load", "logs", "rates", "spacetime",
    "suspicions", "topology", "use_style",
]  # fmt: skip
