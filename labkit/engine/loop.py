"""Virtual time: an asyncio event loop over a heap, which never sleeps, reads no real clock and opens no socket.

The heap holds `(due, count, callback, argument)`; `advance` takes the earliest entry, moves the clock there and makes
the call. An entry is one *step* of one node: the event and everything that it makes ready at that same instant (tasks
to start, futures to resolve) run before the next entry does. `count` breaks ties in the order of scheduling, so that
payloads are never compared and nothing depends on hashes or addresses.

The loop runs to completion inside another running loop, such as Jupyter's: `running` swaps the thread's running loop
for the time of the call, and puts everything back. The idea of a loop with virtual time is FoundationDB's (Zhou et
al., SIGMOD 2021, section 4).
"""

from __future__ import annotations

import _signal
import asyncio
import contextvars
import gc
import signal
import sys
import threading
from asyncio import events
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from heapq import heapify, heappop, heappush
from sys import _getframe
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from labkit.engine.budget import PENDING_LIMIT, EndlessLoop, watchdog
from labkit.engine.refused import guarded, refuse
from labkit.errors import BudgetExceeded, LabkitError

if TYPE_CHECKING:
    from labkit.engine.process import Process

_Future = asyncio.Future
_handler_of = _signal.getsignal  # signal.getsignal makes an enum of what it finds, and takes ten times as long
_TASKS = vars(asyncio.tasks)
_ASYNCIO = frozenset(id(vars(module)) for name, module in sys.modules.items() if name.startswith("asyncio."))

SLICE = 10_000  # steps between two looks at the budgets
STANDSTILL = 50_000  # steps in a row at one instant: nodes that answer one another without delay
COLLECT = 50_000  # steps between two garbage collections, which do not run otherwise
_END = 1 << 62  # the number of the entry that ends an `advance`: after all others of its time

Entry = tuple[float, int, Callable[[Any], Any], Any]  # due, number, callback, argument


class Handle(msgspec.Struct, eq=False):
    """A callback of asyncio's that is ready, or waits for its time. (A Struct, because it is made in C.)"""

    callback: Callable[..., Any]
    args: tuple[Any, ...]
    context: contextvars.Context
    _when: float = 0.0
    _cancelled: bool = False

    def cancel(self) -> None:
        self._cancelled = True

    def cancelled(self) -> bool:
        return self._cancelled

    def when(self) -> float:
        return self._when

    def run(self) -> None:
        if not self._cancelled:
            self.context.run(self.callback, *self.args)


class _Numbered:
    """Hashes by order of first use as a key, not by address: sets of tasks (asyncio.wait, TaskGroup) then have the
    same order in every run."""

    _number: int

    def __hash__(self) -> int:
        try:
            return self._number
        except AttributeError:
            self._number = number = self.get_loop().number()  # type: ignore[attr-defined]
            return number


class Task(_Numbered, asyncio.Task):
    pass


class Future(_Numbered, asyncio.Future):
    pass


class _Finished(Exception):
    """Raised by the entry that ends an `advance`."""


def _finish(argument: None) -> NoReturn:
    raise _Finished


@refuse
class VirtualLoop(asyncio.AbstractEventLoop):
    """The event loop of a simulated cluster. `now` is in virtual seconds since the start."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heap: list[Entry] = []
        self.ready: deque[Handle] = deque()
        self.overdue: list[Handle] = []  # calls whose time had passed when they were asked for
        self.current: Process | None = None  # whose code is running
        self.between: Callable[[], None] = lambda: None  # called now and then between two steps, to tidy up
        self.taken = 0  # steps so far
        self._count = 0
        self._last = 1 << 60
        self._numbers = 0
        self._depth = 0
        self._prepared = False
        self._ended = False

    # --- the engine's side

    def push(self, due: float, callback: Callable[[Any], Any], argument: Any) -> int:
        """Put a call on the heap. Returns its number, unique in the run."""
        self._count = count = self._count + 1
        heappush(self.heap, (due, count, callback, argument))
        return count

    def push_last(self, due: float, callback: Callable[[Any], Any], argument: Any) -> None:
        """Put a call on the heap that comes after everything else at that time. It leaves the numbers of all others as
        they were."""
        self._last += 1
        heappush(self.heap, (due, self._last, callback, argument))

    def advance(self, until: float, steps: int, stop: Callable[[], bool] | None = None) -> int:
        """Take steps while the earliest is due by `until` and `stop` (asked after every step) is false.

        Returns how many were taken. Raises BudgetExceeded if there are more than `steps` of them, if more than a
        million entries wait, or if time stands still.
        """
        if until < self.now:
            return 0
        taken, still, before, over = 0, 0, self.now, ""
        slice = self._slice if stop is None else partial(self._slice_until, stop)
        end: Entry = (until, _END, _finish, None)
        with self.running():
            heappush(self.heap, end)
            self._ended = False
            try:
                while taken < steps and not over:
                    size = min(SLICE, steps - taken)
                    done = slice(size)
                    taken += done
                    if done < size:
                        return taken
                    self.between()
                    if taken % COLLECT == 0:
                        gc.collect(1)
                    still, before = (still + done if self.now == before else 0), self.now
                    if len(self.heap) > PENDING_LIMIT:
                        over = f"over {PENDING_LIMIT:,} messages and timers are waiting: a storm, or endless timers"
                    elif still >= STANDSTILL:
                        over = (
                            f"{still:,} steps were taken and time stands still (nodes answer one another without delay)"
                        )
            finally:
                self.taken += taken
                self.current = None  # no node's code is running: nothing for the watchdog to stop
                if not self._ended:
                    self.heap.remove(end)
                    heapify(self.heap)
                self.between()
        self._over(over or f"{steps:,} steps were taken without reaching the end of the run")

    def _slice(self, size: int) -> int:
        """Take so many steps, or as many as there are before the end."""
        heap, pop, taken = self.heap, heappop, 0
        try:
            for taken in range(size):  # noqa: B007
                due, _, callback, argument = pop(heap)
                self.now = due
                callback(argument)
        except _Finished:
            self._ended = True
            return taken
        return size

    def _slice_until(self, stop: Callable[[], bool], size: int) -> int:
        for taken in range(size):
            if stop() or not self._slice(1):
                return taken
        return size

    def _over(self, what: str) -> NoReturn:
        busiest: dict[str, int] = {}
        for _, _, callback, argument in self.heap:
            label = getattr(getattr(callback, "__self__", None), "id", None) or (
                argument[2] if isinstance(argument, tuple) else "?"
            )
            busiest[str(label)] = busiest.get(str(label), 0) + 1
        most = max(busiest, key=lambda label: busiest[label], default="?")
        raise BudgetExceeded(f"stopped at {self.now:g} s: {what}; most of what waits is for {most}")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Make this the thread's running loop, and undo every trace of it after."""
        if self._depth:
            raise LabkitError("the cluster is already running: a node must not call cluster.run()")
        self._depth += 1
        outer = events._get_running_loop()
        task = _swap_task(outer, None)
        events._set_running_loop(self)
        try:
            if self._prepared:
                yield
            else:
                with self.prepared():
                    yield
        except EndlessLoop:  # it struck between two steps
            raise BudgetExceeded(f"stopped at {self.now:g} s: time stood still for too long") from None
        finally:
            events._set_running_loop(outer)
            _swap_task(outer, task)
            self.current = None
            self._depth -= 1

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """All of `running` that a run which is driven in many short pieces needs only once around all of them."""
        self._prepared = True
        hooks = sys.get_asyncgen_hooks()
        collecting = gc.isenabled()
        interrupt = _take_interrupts()
        sys.set_asyncgen_hooks(None, self.finalize)
        gc.disable()
        watched = watchdog.watch(self)
        try:
            with guarded():
                yield
        finally:
            watchdog.watch(watched)
            if collecting:
                gc.enable()
            sys.set_asyncgen_hooks(*hooks)
            if interrupt is not None:
                signal.signal(signal.SIGINT, interrupt)
            self._prepared = False

    def take_overdue(self) -> None:
        """Make the overdue calls ready, after what is ready by now: as asyncio does between two rounds."""
        self.overdue.sort(key=Handle.when)
        self.ready.extend(self.overdue)
        self.overdue.clear()

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    # --- asyncio's side: what tasks and futures ask of a loop

    def time(self) -> float:
        if self.current is None:
            return self.now
        clock = self.current.clock_
        return clock.offset + clock.rate * self.now

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None) -> Handle:  # type: ignore[override]
        handle = Handle(callback, args, copy_context() if context is None else context)
        self.ready.append(handle)
        return handle

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        return self._timer(self.time() + delay, callback, args, context)

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        return self._timer(when, callback, args, context)

    def _timer(self, when: float, callback: Callable[..., Any], args: tuple[Any, ...], context: Any) -> Handle:
        process = self.current
        if process is None:
            raise LabkitError("only a node's own code can set a timer in virtual time")
        handle = Handle(callback, args, copy_context() if context is None else context, when)
        if when <= process.clock():
            self.overdue.append(handle)
            self.call_soon(int)  # so that something is ready, and the turn of what is overdue comes
        else:
            due = process.true_time(when)
            process.wake(due if due > self.now else self.now, process.run_handle, handle)
        return handle

    def create_future(self) -> asyncio.Future[Any]:  # type: ignore[override]
        """A future. Those that asyncio makes for itself (in a Queue, a sleep) are never in a set: they need no number,
        and tasks wait for them faster."""
        if id(_getframe(1).f_globals) in _ASYNCIO:
            return _Future(loop=self)
        return Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None, **_: Any) -> Task:  # type: ignore[override]
        if self.current is None:
            raise LabkitError("only a node's own code can start a task in virtual time")
        return self.current.tasks.create(coro, name, context, unwatched=_by_asyncio(_getframe(1)))

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Future:  # type: ignore[override]
        """Runs it at once, in no virtual time: the simulation has one thread. Others get their turn before the result
        is there."""
        future = Future(loop=self)
        settle: Callable[[Any], None] = future.set_result
        try:
            result = func(*args)
        except Exception as error:
            settle, result = future.set_exception, error
        self.call_soon(lambda: None if future.done() else settle(result))
        return future

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """A stream to another node, known by its id: see `labkit.engine.streams`."""
        _no_such_options("create_connection", options, "ssl", "sock", "local_addr")
        return await self._caller().streams.connect(protocol_factory, host, port)

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Listen on a port of the node whose code calls: see `labkit.engine.streams`."""
        _no_such_options("create_server", options, "ssl", "sock")
        server = self._caller().streams.listen(protocol_factory, host, port)
        if options.get("start_serving", True):
            server.listen()
        return server

    def _caller(self) -> Process:
        if self.current is None:
            raise LabkitError("only a node's own code can open streams")
        return self.current

    def finalize(self, generator: Any) -> None:
        """An async generator that its owner left unfinished: let it run its `finally`, in a task of its own."""
        if self.current is not None and self.current.alive:
            self.call_soon(self.create_task, generator.aclose())

    async def shutdown_asyncgens(self) -> None:
        """Nothing to do: `finalize` does it."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Nothing to do: there is none."""

    def is_running(self) -> bool:
        return self._depth > 0

    def is_closed(self) -> bool:
        return False

    def close(self) -> None:
        pass

    get_debug = staticmethod(bool)  # False; asked for every future that is made

    def set_debug(self, enabled: bool) -> None:
        """Accepted, and without effect: what asyncio's debug mode warns of is an error here, or cannot happen."""

    def get_task_factory(self) -> None:
        return None

    def get_exception_handler(self) -> None:
        return None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What asyncio would log: exceptions that nobody looked at. The process reports those itself, at once; but
        from Python 3.12 on a stream's handler that fails is reported only here."""
        if context.get("message", "").endswith("client_connected_cb") and self.current is not None:
            self.current.error = context.get("exception")

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        pass


def _by_asyncio(frame: Any) -> bool:
    """Whether asyncio starts a task for itself, as wait_for and gather do: it looks at the outcome, or has reason not
    to."""
    while frame.f_globals is _TASKS and frame.f_code.co_name in ("create_task", "ensure_future", "_ensure_future"):
        frame = frame.f_back
    return frame.f_globals is _TASKS


def _no_such_options(name: str, options: dict[str, Any], *impossible: str) -> None:
    for option in impossible:
        if options.get(option):
            raise LabkitError(f"{name}({option}=...) is not possible in a simulated node: give a node's id and a port")


def _swap_task(loop: asyncio.AbstractEventLoop | None, task: Any) -> Any:
    """Take the outer loop's current task away, and give it back later: from 3.14 a thread has one current task, not
    one a loop."""
    if loop is None or sys.version_info < (3, 12):
        return None
    return asyncio.tasks._swap_current_task(loop, task)  # type: ignore[attr-defined]


def _take_interrupts() -> Any:
    """Let Ctrl-C and the kernel's interrupt stop the simulation: ipykernel's own handler would only cancel an async
    cell's task.

    Returns the handler to put back, or None if nothing was changed.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    handler = _handler_of(signal.SIGINT)
    if handler is signal.default_int_handler or handler is None:
        return None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return handler
