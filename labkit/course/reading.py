"""Showing a learner the source of what is being explained."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any


def source(*things: Any) -> Any:
    """Show the Python of these functions or classes in the notebook, as it stands in labkit."""
    from IPython.display import Markdown

    code = "\n".join(textwrap.dedent(inspect.getsource(thing)).rstrip() + "\n" for thing in things)
    return Markdown(f"```python\n{code}```")  # type: ignore[no-untyped-call]
