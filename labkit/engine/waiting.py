"""What a task of a node waits for in `receive`, `call` and `sleep`: a future for one task, resolved in a step of its
own.

asyncio's Future wakes its task through the loop's queue, because anything may be running when it is resolved. Here
nothing is: an event of the simulation resolves it. So the task runs at once, which costs half as much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from labkit.engine.loop import VirtualLoop


class Waiter:
    """Await it once, in the step that made it; `wake` or `fail` it from outside any task. The attributes that begin
    with an underscore are those that a Task looks for in a future."""

    __slots__ = ("_asyncio_future_blocking", "_context", "_loop", "_wakeup", "over", "result")

    _wakeup: Callable[[Waiter], None]
    _context: Context

    def __init__(self, loop: VirtualLoop):
        self._loop = loop
        self.over = False
        self.result: Callable[[], Any] = bool  # the task asks whether it is to go on: anything but an exception says so

    def __await__(self) -> Generator[Waiter, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def add_done_callback(self, wakeup: Callable[[Waiter], None], *, context: Context) -> None:
        self._wakeup, self._context = wakeup, context

    def wake(self, _: None = None) -> None:
        """Let the task go on, now."""
        self.over = True
        self._context.run(self._wakeup, self)

    def fail(self, error: BaseException) -> None:
        """Raise an exception where the task waits, now."""

        def result() -> NoReturn:
            raise error

        self.result = result
        self.wake()

    def cancel(self, msg: object = None) -> bool:
        """What Task.cancel calls."""
        if self.over:
            return False
        self.over, self.result = True, _cancelled
        self._loop.call_soon(self._wakeup, self, context=self._context)
        return True


def _cancelled() -> NoReturn:
    raise asyncio.CancelledError


@dataclass(slots=True)
class Later:
    """An answer that a handler gives later: whom to, and to which call of theirs. Plain data, so that a node's state
    can be copied. A handler makes one with `self.later()` and returns it; `self.answer` answers."""

    to: str = ""
    call: int | None = None
    early: Any = None  # the answer, where it was given before the handler returned
