"""What a search tells while it goes on: one line, on a terminal or in a cell, that is gone when it is over."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from labkit.explore.chunks import Chunk

EVERY = 0.4  # seconds between two looks


def line(runs: int, total: Chunk, seconds: float) -> str:
    """How far a search has come, in words."""
    coverage = total.coverage
    faults = sum(coverage.faults.values())
    return (
        f"{runs:,} runs ({runs / max(seconds, 1e-6):,.0f}/s), {total.events:,} events, {faults:,} faults, "
        f"{len(coverage.edges):,} kinds of steps, {len(coverage.states):,} states of nodes, {seconds:.0f} s"
    )


class Progress:
    """Shows a line while in use. Where nobody looks (a script, a test) it shows nothing."""

    def __init__(self, wanted: bool = True):
        self._wanted, self._last = wanted, 0.0
        self._cell: Any = None
        self._live: Any = None

    def __enter__(self) -> Self:
        if self._wanted:
            if _in_notebook():
                from IPython.display import display

                self._cell = display(_Text(""), display_id=True)
            elif sys.stderr.isatty():
                from rich.console import Console
                from rich.live import Live

                self._live = Live(
                    console=Console(stderr=True), transient=True, auto_refresh=False,
                    redirect_stdout=False, redirect_stderr=False,
                )  # fmt: skip
                self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()
        if self._cell is not None:
            self._cell.update(_Text(""))

    def show(self, runs: int, total: Chunk, seconds: float) -> None:
        self.say(lambda: line(runs, total, seconds))

    def say(self, text: Any, *, now: bool = False) -> None:
        """Show what `text()` says, unless something was shown just before."""
        if (self._live is None and self._cell is None) or (not now and time.monotonic() - self._last < EVERY):
            return
        self._last = time.monotonic()
        if self._live is not None:
            self._live.update(text(), refresh=True)
        else:
            self._cell.update(_Text(text()))


class _Text:
    def __init__(self, text: str):
        self._text = text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from html import escape

        style = "font:13px system-ui,sans-serif;color:var(--jp-content-font-color2,#666)"
        html = f'<div role="status" style="{style}">{escape(self._text)}</div>' if self._text else ""
        return {"text/plain": self._text, "text/html": html}


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None else None
    return found is not None and hasattr(found, "kernel")
