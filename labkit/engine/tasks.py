"""The tasks of one process: closed when it crashes, and never left to fail in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from labkit.engine.loop import Task, VirtualLoop


class Tasks:
    """The tasks of the node `id` since it booted, those that are done left out now and then."""

    def __init__(self, id: str, loop: VirtualLoop):
        self._id, self._loop = id, loop
        self._tasks: list[Task] = []
        self._prune_at = 64
        self._named = 0
        self.failed: list[asyncio.Task[Any]] = []  # in this step, and perhaps nobody has looked

    def serve(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a handler's coroutine, which takes care of its own errors."""
        self._keep(Task(coroutine, loop=self._loop, name=self._id))

    def create(self, coroutine: Any, name: str | None, context: Context | None) -> Task:
        """asyncio.create_task, inside a node. A task that fails while nobody waits for it is an error of the node."""
        self._named += 1
        options: dict[str, Any] = {"loop": self._loop, "name": name or f"{self._id}-task-{self._named}"}
        if context is not None:
            options["context"] = context
        task = Task(coroutine, **options)
        task.add_done_callback(self._note_failure)
        self._keep(task)
        return task

    def _keep(self, task: Task) -> None:
        self._tasks.append(task)
        if len(self._tasks) > self._prune_at:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._prune_at = 2 * len(self._tasks) + 64

    @property
    def waiting(self) -> bool:
        """Whether one of them is not done."""
        return any(not task.done() for task in self._tasks)

    def _note_failure(self, task: asyncio.Task[Any]) -> None:
        if task._log_traceback and not self._awaited(task):  # type: ignore[attr-defined]  # nobody has looked at it yet
            self.failed.append(task)

    def _awaited(self, task: asyncio.Task[Any]) -> bool:
        """Whether a gather, wait or as_completed is about to be told of this task's end: it looks when all are done."""
        told = (handle.callback for handle in self._loop.ready if handle.args[:1] == (task,))
        return any(getattr(callback, "__module__", None) == "asyncio.tasks" for callback in told)

    def raise_unseen(self) -> None:
        """Raise the first of the exceptions that nobody has looked at."""
        failed, self.failed = self.failed, []
        for task in failed:
            if task._log_traceback:  # type: ignore[attr-defined]
                error = task.exception()
                assert error is not None
                raise error

    def close(self) -> None:
        """End them all, where they stand."""
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                try:
                    task.get_coro().close()  # type: ignore[union-attr]
                except BaseException as error:  # a `finally` or `except` of the student's that goes on after the end
                    if isinstance(error, KeyboardInterrupt):
                        raise
        self._tasks.clear()
