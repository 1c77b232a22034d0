"""The live picture of a cluster, and replays of what was recorded. Both play the same trace with the same frontend."""

from labkit.view.compare import compare
from labkit.view.languages import language
from labkit.view.live import show
from labkit.view.replay import Replay

__all__ = ["Replay", "compare", "language", "show"]
