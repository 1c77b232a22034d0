"""A process: one boot of one node. It runs the student's code, one step at a time, and watches what changes.

Every entry to the student's code has the same shape: run what the event calls for, then everything that this made
ready, then record what changed of the node's public state. An exception ends the process; the error is an event of the
trace, never of the kernel. Once a process is over, whatever still refers to it (a timer on the heap, a reply on its
way) is inert.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from labkit.engine import budget
from labkit.engine.buggify import Buggify, check_site
from labkit.engine.connection import Segment
from labkit.engine.disk import open_disk
from labkit.engine.loop import Handle, VirtualLoop
from labkit.engine.streams import Streams
from labkit.engine.tasks import Tasks
from labkit.engine.timers import Timer
from labkit.engine.tracebacks import student_frames, student_traceback
from labkit.engine.values import is_shown, plain, same, snapshot, without_addresses
from labkit.engine.waiting import Later, Waiter
from labkit.engine.world import Event, World
from labkit.errors import BudgetExceeded, HandlerError, NodeDown, RemoteError
from labkit.message import Error, Message

if TYPE_CHECKING:
    from labkit.node import Node

STEP_LIMIT = 100_000  # callbacks in one step: more is an endless loop that never lets time pass
CALLS = 1 << 32  # every boot of a node numbers its calls from a multiple of this of its own


class Stopped(BaseException):
    """The node crashes in the middle of a step: raised where it was, so that nothing more of the step runs."""


NODE_ERRORS = (Exception, asyncio.CancelledError, SystemExit, GeneratorExit, budget.EndlessLoop, Stopped)


class Clock:
    """A node's own clock: `offset + rate * time`. It belongs to the machine, so it outlives a crash."""

    __slots__ = ("offset", "rate")

    def __init__(self) -> None:
        self.offset, self.rate = 0.0, 1.0


class Process:
    """One boot of a node of class `program`.

    `boot` counts the node's boots from 1; `seed` is where its random numbers come from; `stored` is what its disk held
    when it booted, and `broken` the keys whose values it could not read; `buggify` decides which of the node's own rare
    paths are taken (None: none).
    """

    def __init__(
        self,
        program: type[Node],
        id: str,
        peers: tuple[str, ...],
        *,
        loop: VirtualLoop,
        world: World,
        seed: str,
        boot: int,
        clock: Clock,
        stored: dict[Any, Any],
        traced: bool = True,
        broken: Collection[Any] = (),
        buggify: Buggify | None = None,
    ):
        self.id, self.peers, self.loop, self.world, self.clock_ = id, peers, loop, world, clock
        self.alive = True
        self.timers, self.boots = 0, boot
        self.traced = traced
        self.buggify = buggify
        self.error: BaseException | None = None  # raised in this step by a coroutine
        self.traceback = ""
        self._calls: dict[int, Waiter] = {}
        self._answers: dict[int, Message] = {}
        self._called = (boot + 1) * CALLS  # an answer to an earlier boot's call is none to this boot's
        self._inbox: deque[tuple[Message, str]] = deque()
        self._receivers: deque[Waiter] = deque()
        self._receives = not program._handlers
        self.tasks = Tasks(id, loop)
        self._streams: Streams | None = None
        self._seen: dict[str, Any] | None = None
        self.disk = open_disk(self, stored, broken)
        self.random = random.Random(seed)
        self.send = world.sender(self)
        self.wake: Callable[[float, Callable[[Any], Any], Any], Any] = world.wake
        self.show: Callable[[Event], None] = world.record
        self._handlers = program._table()
        self.node = node = program.__new__(program)
        node._process = self
        node.send = self.send
        self._attributes = node.__dict__

    # --- steps: the ways in

    def boot(self) -> None:
        """Make the node and call its `start`."""
        self._enter(self._start)

    def _start(self) -> Any:
        self.node.__init__()  # type: ignore[misc]
        return self.node.start()

    def deliver(self, message: Any, sender: str, call: int | None = None, reply: int | None = None) -> None:
        """A message arrives: `reply` says which call of this process it answers, `call` that its sender awaits an
        answer."""
        self._enter(self._handle, message, sender, call, reply)

    def _handle(self, message: Any, sender: str, call: int | None, reply: int | None) -> None:
        if reply is not None:
            self._answered(reply, message)
        else:
            handler = self._handlers.get(type(message)) or self._find_handler(message)
            result = handler(self.node, message, sender)
            if result is not None:
                self._finish(result, sender, call)

    def taker(
        self, machine: Any, record: Callable[[Any], None], otherwise: Callable[[Any], None]
    ) -> Callable[[Any], None]:
        """The short way in, for a simulated network: a function that does all of `deliver` for a flight (see
        `labkit.engine.network`), or hands it to `otherwise` if it is not that simple."""
        loop, me, node, attributes, traced = self.loop, self.id, self.node, self._attributes, self.traced
        handlers, ready = self._handlers, loop.ready

        def take(flight: Any) -> None:
            if machine.disturbed or not self.alive:
                return otherwise(flight)
            id, sender, _, message, call, reply = flight
            if traced:
                record((loop.now, "deliver", me, sender, id, None, None))
            loop.current = self
            try:
                if reply is None:
                    handler = handlers.get(type(message)) or self._find_handler(message)
                    result = handler(node, message, sender)
                    if result is not None:
                        self._finish(result, sender, call)
                else:
                    self._answered(reply, message)
                if ready:
                    self._drain()
                if self.error is not None:
                    raise self.error
            except NODE_ERRORS as error:
                self._fail(error)
            else:
                if traced:
                    try:
                        changed = attributes != self._seen
                    except Exception:  # of two arrays, say, nobody can tell
                        changed = True
                    if changed:
                        self._observe()

        return take

    def fire(self, timer: Timer) -> None:
        """A timer is due, unless it was cancelled or set anew since."""
        if self.alive and timer.due == self.loop.now:
            if self.traced:
                self.world.record((self.loop.now, "timer", self.id, None, timer.id, None, timer.name))
            timer.due = None
            self._enter(timer.method, *timer.args)
            if timer.interval is not None and timer.due is None and self.alive and not timer.cancelled:
                timer.reset()

    def run_handle(self, handle: Handle) -> None:
        """A callback of asyncio's is due."""
        if self.alive and not handle.cancelled():
            self.loop.ready.append(handle)
            self._enter(self._drain)

    def resume(self, waiter: Waiter) -> None:
        """A sleep is over."""
        if self.alive and not waiter.over:
            self._enter(waiter.wake)

    def awaits(self, callback: Callable[[Any], Any], argument: Any, due: float) -> bool | None:
        """Whether the timer that was to fire at `due` is still set; None if the call is no timer's."""
        return argument.due == due if callback == self.fire else None

    def late(self, callback: Callable[[Any], Any], argument: Any, due: float) -> None:
        """Make a call that was due before now: the node was paused, slow or blocked."""
        if callback == self.fire:
            argument.due = self.world.now
        callback(argument)

    def expire(self, call: int) -> None:
        """A call's time is up, unless it was answered."""
        waiter = self._calls.pop(call, None)
        if self.alive and waiter is not None and not waiter.over:
            self._enter(waiter.fail, TimeoutError("no answer in time"))

    def _enter(self, function: Callable[..., Any], *args: Any) -> None:
        self.loop.current = self
        try:
            result = function(*args)
            if result is not None:
                self._finish(result, None, None)
            if self.loop.ready:
                self._drain()
            if self.error is not None:  # of a coroutine that went on after waiting
                raise self.error
        except NODE_ERRORS as error:
            self._fail(error)
        else:
            if self.traced and not same(self._attributes, self._seen):
                self._observe()

    def _drain(self) -> None:
        """Run what this step made ready, until nothing is."""
        loop, ready, left = self.loop, self.loop.ready, STEP_LIMIT
        while ready:
            turn = len(ready)
            left -= turn
            if left < 0:
                raise BudgetExceeded(
                    f"{self.id} ran {STEP_LIMIT:,} callbacks without letting time pass: a loop that never really waits?"
                )
            while turn:
                turn -= 1
                handle = ready.popleft()
                if not handle._cancelled:
                    handle.context.run(handle.callback, *handle.args)
                if self.error is not None:
                    raise self.error
            if loop.overdue:
                loop.take_overdue()
        if self.tasks.failed:
            self.tasks.raise_unseen()

    # --- handlers and coroutines

    def _find_handler(self, message: Any) -> Callable[..., Any]:
        """The handler of a message whose own class has none: a base class's, or the inbox of `receive`."""
        if isinstance(message, Segment):
            return self._to_stream
        found = self.node._handler_for(type(message))
        if found is not None:
            self._handlers[type(message)] = found
            return found
        if self._receives:
            self._handlers[type(message)] = self._to_inbox
            return self._to_inbox
        raise HandlerError(self.node._why_no_handler(type(message)))

    def _to_stream(self, node: Node, segment: Segment, sender: str) -> None:
        self.streams.arrived(sender, segment)

    def _to_inbox(self, node: Node, message: Any, sender: str) -> None:
        self._inbox.append((message, sender))
        while self._receivers:
            waiter = self._receivers.popleft()
            if not waiter.over:
                waiter.wake()
                break

    def _finish(self, result: Any, sender: str | None, call: int | None) -> None:
        """What a handler returned: nothing more to do, a coroutine to run, or the answer to its sender."""
        if isinstance(result, Message) and sender is not None:
            self.send(sender, result, None, call)
        elif type(result) is CoroutineType:
            self.tasks.serve(self._serve(result, sender, call))
            self.loop.ready.pop().run()  # its first step, now: the same on every version of Python
            if self.error is not None:
                raise self.error
        else:
            self._reply(result, sender, call)

    async def _serve(self, coroutine: Coroutine[Any, Any, Any], sender: str | None, call: int | None) -> None:
        try:
            result = await coroutine
            if result is not None:
                self._reply(result, sender, call)
        except asyncio.CancelledError:
            raise
        except (Exception, SystemExit, budget.EndlessLoop, Stopped) as error:
            self.error = error

    def _reply(self, result: Any, sender: str | None, call: int | None) -> None:
        if type(result) is Later and sender is not None:
            result.to, result.call = sender, call
            if result.early is not None:
                self.send(sender, result.early, None, call)
            return
        if sender is None:
            raise HandlerError(
                f"start() and timers return nothing, but one returned {result!r}; use self.send to send a message"
            )
        if not isinstance(result, Message):
            raise HandlerError(
                f"a handler returned {result!r}: it returns None, or a Message, which answers the sender"
            )
        self.send(sender, result, None, call)

    # --- what a node asks for

    def clock(self) -> float:
        clock = self.clock_
        return clock.offset + clock.rate * self.loop.now

    def _cannot_send(self, *message: Any) -> None:
        raise NodeDown(f"{self.id} is down, so it cannot send; after a restart, take the new node from cluster.nodes")

    async def call(self, to: str, message: Message, timeout: float | None) -> Any:
        self._called = number = self._called + 1
        self.send(to, message, number)
        self._calls[number] = waiter = Waiter(self.loop)
        if timeout is not None:
            self.wake(self.loop.now + timeout / self.clock_.rate, self.expire, number)
        try:
            await waiter
            answer = self._answers.pop(number)
        except TimeoutError:
            raise TimeoutError(f"{to} did not answer {type(message).__name__} within {timeout:g} s") from None
        except BaseException:
            self._calls.pop(number, None)  # cancelled: the answer will find nobody
            raise
        if type(answer) is Error:
            raise RemoteError(answer.code, answer.text)
        return answer

    def _answered(self, number: int, message: Message) -> None:
        waiter = self._calls.pop(number, None)  # None: the answer came too late
        if waiter is not None and not waiter.over:
            self._answers[number] = message
            waiter.wake()

    async def receive(self) -> tuple[Message, str]:
        self._receives = True
        while not self._inbox:
            waiter = Waiter(self.loop)
            self._receivers.append(waiter)
            await waiter
        return self._inbox.popleft()

    async def sleep(self, seconds: float) -> None:
        waiter = Waiter(self.loop)
        self.wake(self.loop.now + seconds / self.clock_.rate, self.resume, waiter)
        await waiter

    def true_time(self, local: float) -> float:
        """When this node's own clock shows `local`."""
        clock = self.clock_
        return local if clock.rate == 1.0 and clock.offset == 0.0 else (local - clock.offset) / clock.rate

    @property
    def streams(self) -> Streams:
        """The connections of this boot. Raises LabkitError where a node can have none."""
        if self._streams is None:
            self.world.open_streams()
            self._streams = Streams(self)
        return self._streams

    def note(self, text: str) -> None:
        if self.alive:
            self.world.record((self.loop.now, "note", self.id, None, None, None, str(text)))

    def takes(self, name: str, probability: float) -> bool:
        """Whether the program takes one of its rare paths. Every time that it does is recorded."""
        check_site(name, probability)
        taken = self.alive and self.buggify is not None and self.buggify.strikes(name, probability)
        if taken:
            self.world.record((self.world.now, "buggify", self.id, None, None, None, name))
        return taken

    # --- watching

    def _observe(self) -> None:
        """Record the public attributes that changed in this step."""
        seen, now = self._seen, self._attributes
        first = seen is None
        if seen is None:
            seen = self._seen = {}
        changed: dict[str, Any] = {}
        for name, value in now.items():
            if name in seen and (name[:1] == "_" or seen[name] is value or same(seen[name], value)):
                continue
            if name[:1] == "_":
                seen[name] = None  # never shown: a copy of it would cost a step as much as it has grown
            elif type(value) in (int, str, bool):
                seen[name] = value
                changed[name] = value
            else:
                seen[name] = snapshot(value)
                if is_shown(name, value):
                    changed[name] = plain(value)
        if len(seen) != len(now):
            for name in [name for name in seen if name not in now]:
                if is_shown(name, seen.pop(name)):
                    changed[name] = None
        if changed or first:
            self.show((self.loop.now, "state", self.id, None, None, None, changed))

    def _fail(self, error: BaseException) -> None:
        """The student's code raised: record it, in the student's own lines, and end the process."""
        self.error = None
        if not self.alive:  # a crash in the middle of the step
            self.loop.ready.clear()
            return
        frames = student_frames(error)
        where = f"line {frames[-1].lineno}, in {frames[-1].name}" if frames else "labkit"
        if isinstance(error, budget.EndlessLoop):
            where = where.split(", ")[-1]  # on which line of the loop it was stopped is chance
        text = without_addresses(f"{type(error).__name__}: {error}".removesuffix(": "))
        self.traceback = student_traceback(error)
        self.world.record((self.loop.now, "error", self.id, None, None, None, {"error": text, "where": where}))
        self.stop()
        self.world.failed(self, error)

    def stop(self) -> None:
        """The process is over: a crash. Nothing of it runs again."""
        self.alive = False
        self.send = self.node.send = self._cannot_send
        self._observe = _nothing  # type: ignore[method-assign]
        self.loop.current = self  # async generators that end with it are not another node's to finish
        self.loop.ready.clear()
        self.loop.overdue.clear()
        if self._streams is not None:
            self._streams.stop()
        self.tasks.close()
        self._calls.clear()
        self._receivers.clear()
        self.loop.ready.clear()
        self.loop.overdue.clear()


def _nothing() -> None:
    """What is seen of a node that is over."""
