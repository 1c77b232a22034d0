"""Is a run the same every time? Where does it first differ, and why?

`labkit doctor --determinism FILE` runs a program in several processes and compares the traces (`compare`, `examined`);
`suspects` watches what differs from process to process, and `sets` reads the source for what depends on hash order.
"""

from labkit.determinism.difference import Difference, check_determinism, first_difference

__all__ = ["Difference", "check_determinism", "first_difference"]
