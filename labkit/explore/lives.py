"""Local histories: what a node does after all that has happened to it, found out once by running it.

A coroutine cannot be copied, so a node that has some has no state to go back to. But what it does next is a function of
what has happened to it so far. So every history of one node is a value here (`Past`), and what follows it is looked up.
Only an event that is new after a history is run: in the process that there is, if that stopped just there, or else in a
new one, to which all events since its boot happen again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from labkit.engine.loop import VirtualLoop
from labkit.engine.process import CALLS, Clock, Process, Stopped
from labkit.engine.values import is_shown, plain
from labkit.engine.world import Runs
from labkit.errors import HandlerError, LabkitError, UnknownNode
from labkit.explore.freezing import freeze
from labkit.explore.local import Place, write
from labkit.explore.schedule import wake_name
from labkit.message import by_value

Label = tuple[str, str, int]  # "message" or "wake", the node that sent or set it, its number there
MOST = 200_000  # histories that are kept; beyond, all but those in use are forgotten


class Letter(NamedTuple):
    """A message under way. Two with the same `number` say the same."""

    src: str
    to: str
    message: Any
    call: int | None
    reply: int | None
    time: float
    number: int


class Wake(NamedTuple):
    """A timer, a sleep or another call that a node has asked for."""

    node: str
    due: float
    delay: float
    name: str | None


class Event(NamedTuple):
    """What happens to a node: it boots, a message arrives, a wake is due, or it crashes (and `kept` of its pending
    writes reach the disk). `until`: it crashes in the middle of it, at this point."""

    do: str
    time: float
    until: tuple[str, int] | None = None
    src: str = ""
    number: int = 0  # of the message
    call: int | None = None
    reply: int | None = None
    wake: Label | None = None
    kept: int = 0


@dataclass(slots=True, eq=False)
class Past:
    """A node after a history. `came`: what the last event made it send and ask for; `gone`: the wakes that would do
    nothing any more; `points`: where it could have crashed."""

    before: Past | None = None
    event: Event | None = None
    up: bool = False
    boots: int = 0
    count: int = 0  # messages and wakes so far
    came: tuple[tuple[Label, Any], ...] = ()
    gone: tuple[Label, ...] = ()
    durable: dict[Any, Any] = field(default_factory=dict)
    pending: tuple[Any, ...] = ()
    view: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    points: tuple[tuple[str, int], ...] = ()
    next: dict[Event, Past] = field(default_factory=dict)


class Messages:
    """A number for each message, the same for those that say the same."""

    def __init__(self) -> None:
        self.known: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, message: Any) -> int:
        number = self._numbers.setdefault(freeze(message), len(self.known))
        if number == len(self.known):
            self.known.append(message)
        return number


class Life:
    """One node, in all its histories, and the world of its processes. `others`: whom it may send to."""

    def __init__(self, place: Place, others: frozenset[str], loop: VirtualLoop, messages: Messages, seed: int):
        self.place, self.id, self.others, self.seed = place, place.id, others, seed
        self.loop, self.messages = loop, messages
        self.root = Past()
        self._pasts = 0
        self._here: Past | None = None  # where the process stopped
        self._process: Process | None = None
        self._ended: list[Process] = []
        self._durable: dict[Any, Any] = {}
        self._pending: list[Any] = []
        self._error: str | None = None
        self._wakes: dict[Label, tuple[float, Any, Any]] = {}

    def after(self, past: Past, event: Event) -> Past:
        """The history that goes on from another with an event."""
        found = past.next.get(event)
        if found is None:
            if self._here is not past:
                self._go_to(past)
            self._pasts += 1
            if self._pasts > MOST:
                self._forget()
            found = past.next[event] = self._step(past, event)
        return found

    def _forget(self) -> None:
        """Let go of all histories but those that someone holds: each that is wanted again is found out again."""
        waiting, self._pasts = [self.root], 0
        while waiting:
            past = waiting.pop()
            waiting += past.next.values()
            past.next = {}

    # --- running

    def _go_to(self, past: Past) -> None:
        """Make a process to which has happened all that has happened in a history since its last boot."""
        way: list[Past] = []
        while past.up:
            way.append(past)
            assert past.before is not None
            past = past.before
        self._end()
        self._durable, self._pending, self._count, self._boots = dict(past.durable), [], past.count, past.boots
        for later in reversed(way):
            assert later.event is not None
            again = self._step(past, later.event)
            if again.up != later.up or not _same(again.came, later.came):
                raise LabkitError(
                    f"{self.id} behaves differently when the same happens to it again. Does it use something that is "
                    "not its own: a global variable, time.time(), random.random(), an iteration of a set?"
                )
            past = self._here = later

    def _step(self, past: Past, event: Event) -> Past:
        """Let an event happen in the process that stopped in `past`."""
        self._take_apart()
        self._came: list[tuple[Label, Any]] = []
        self._points: list[tuple[str, int]] = []
        self._until, self._error = event.until, None
        self.loop.now = event.time
        before = set(self._wakes) - {event.wake}
        if event.do == "boot":
            self._boot()
        elif event.do == "crash":
            self._crash(event.kept)
        else:
            process = self._process
            assert process is not None
            if event.do == "deliver":
                message = by_value(self.messages.known[event.number])
                process.deliver(message, event.src, event.call, event.reply)
            else:
                assert event.wake is not None
                due, callback, argument = self._wakes.pop(event.wake)
                process.late(callback, argument, due)
        self.loop.current = None
        self._wakes = {label: wake for label, wake in self._wakes.items() if self._awaited(*wake)}
        self._here = Past(
            past, event, self._process is not None, self._boots, self._count,
            tuple((label, what) for label, what in self._came if label[0] == "message" or label in self._wakes),
            tuple(label for label in before if label not in self._wakes),
            dict(self._durable), tuple(self._pending), self._view(), self._error, tuple(self._points),
        )  # fmt: skip
        return self._here

    def _view(self) -> dict[str, Any]:
        if self._process is None:
            return {}
        attributes = self._process.node.__dict__.items()
        return {name: plain(value) for name, value in attributes if is_shown(name, value)}

    def _awaited(self, due: float, callback: Any, argument: Any) -> bool:
        """Whether a call that the process asked for would still do something."""
        process = self._process
        if process is None:
            return False
        awaited = process.awaits(callback, argument, due)
        if awaited is not None:
            return bool(awaited)
        if callback == process.expire:
            return argument in process._calls
        if callback == process.resume:
            return not argument.over
        return not argument.cancelled()

    def _boot(self) -> None:
        self._boots += 1
        seed = hashlib.sha256(f"{self.seed}/node/{self.id}/{self._boots}".encode()).hexdigest()
        self._process = Process(
            self.place.program, self.id, self.place.peers, loop=self.loop, world=self, seed=seed, boot=self._boots,
            clock=Clock(), stored=self._durable, traced=False,
        )  # fmt: skip
        self._process.boot()

    def _crash(self, kept: int) -> None:
        self._end()
        write(self._durable, self._pending[:kept])
        self._pending.clear()

    def _end(self) -> None:
        process, self._process = self._process, None
        self._wakes.clear()
        if process is not None:
            process.stop()
            self._ended.append(process)

    def _take_apart(self) -> None:
        """Processes that are over are full of circles: without this, only the garbage collector would free them."""
        for process in self._ended:
            process.node.__dict__.clear()
            process.__dict__.clear()
        self._ended.clear()

    # --- the world of the process

    @property
    def now(self) -> float:
        return self.loop.now

    def sender(self, process: Process) -> Callable[..., None]:
        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            if to not in self.others:
                raise UnknownNode(f"{self.id} cannot send to {to!r}: the nodes are {', '.join(sorted(self.others))}")
            if call is not None and not (type(call) is int and call > CALLS):
                raise HandlerError(f"send takes who gets it and the message: what is {call!r} for?")
            message = by_value(message)
            number = self.messages.number(message)
            self._count += 1
            letter = Letter(self.id, to, message, call, reply, self.loop.now, number)
            self._came.append((("message", self.id, self._count), letter))
            self._point("send")

        return send

    def _point(self, kind: str) -> None:
        """A point in a step at which a crash may strike, and strikes if it is to."""
        point = (kind, 1 + sum(other == kind for other, _ in self._points))
        self._points.append(point)
        if point == self._until:
            self._crash(0)
            raise Stopped(f"{self.id} crashed here")

    def wake(self, due: float, callback: Any, argument: Any) -> None:
        if callback.__self__.alive:
            self._count += 1
            label = ("wake", self.id, self._count)
            self._wakes[label] = due, callback, argument
            self._came.append((label, Wake(self.id, due, due - self.loop.now, wake_name(callback, argument))))

    def open_streams(self) -> None:
        raise LabkitError("streams cannot be searched: their retransmissions never end; send messages instead")

    def record(self, event: Any) -> None:
        if event[1] == "error":
            self._error = f"{event[2]} raised {event[6]['error']} ({event[6]['where']})"

    def store(self, process: Runs, key: Any, value: Any, deleted: bool) -> None:
        self._pending.append((key, value, deleted))

    def sync(self, process: Runs) -> None:
        if self._pending:
            write(self._durable, self._pending)
            self._pending.clear()
            self._point("disk")

    def failed(self, process: Runs, error: BaseException) -> None:
        self._crash(0)


def _same(came: tuple[tuple[Label, Any], ...], other: tuple[tuple[Label, Any], ...]) -> bool:
    """Whether the same was sent and asked for. (Of messages, the numbers tell: a NaN in one is not equal to itself.)"""
    return [(label, what._replace(message=None) if type(what) is Letter else what) for label, what in came] == [
        (label, what._replace(message=None) if type(what) is Letter else what) for label, what in other
    ]
