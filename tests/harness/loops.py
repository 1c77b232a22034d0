"""Hides Playwright's event loop from the tests that do not use it.

Playwright's synchronous API keeps an asyncio loop suspended in a greenlet. asyncio's "running loop" belongs to the
thread, not to the greenlet, so while a browser is open every `asyncio.run()` of the same thread would be refused.
"""

import asyncio
from asyncio import tasks
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_running_loop() -> Iterator[None]:
    """Within it, no event loop runs in this thread; after it, the suspended one is back."""
    loop = asyncio._get_running_loop()
    if loop is None:
        yield
        return
    task = asyncio.current_task(loop)
    if task is not None:
        tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if task is not None:
            tasks._enter_task(loop, task)
