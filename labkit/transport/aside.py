"""How a loop of our own runs inside a cell whose kernel has a running loop already."""

from __future__ import annotations

import asyncio
import sys
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def aside() -> Iterator[None]:
    """Put this thread's running asyncio loop aside, so that another may run to completion in a synchronous call.

    The outer loop waits meanwhile, as it does for any cell that computes. Nothing of asyncio is patched, and no cell
    of the kernel's queue can start in the middle of this one, as it can when the outer loop itself is entered anew.
    """
    outer = events._get_running_loop()
    swaps = outer is not None and sys.version_info >= (3, 12)  # from 3.14 on a thread has one current task
    task = asyncio.tasks._swap_current_task(outer, None) if swaps else None  # type: ignore[attr-defined]
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(outer)
        if swaps:
            asyncio.tasks._swap_current_task(outer, task)  # type: ignore[attr-defined]
