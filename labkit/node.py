"""Node: what a student writes. A node is a class with handlers for the messages it understands; labkit runs many of
it."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from labkit.engine.disk import Disk
from labkit.engine.timers import Timer
from labkit.engine.waiting import Later
from labkit.errors import HandlerError
from labkit.look import Shown
from labkit.message import Message

if TYPE_CHECKING:
    from labkit.engine.process import Process

Handler = TypeVar("Handler", bound=Callable[..., Any])


def on(*kinds: type[Message]) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of these messages. It is called as `handler(self, msg, sender)`, and may be a
    coroutine::

        @on(Ping)
        def ping(self, msg, sender):
            self.send(sender, Pong(n=msg.n))

    A handler that returns a Message answers the sender. Raises HandlerError if what is given is not a class of
    messages, or the method does not take (self, msg, sender).
    """
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Message)):
            raise HandlerError(f"@on({kind!r}): give the class of the messages to handle, as in @on(Ping)")
    if not kinds:
        raise HandlerError("@on() names no message: write @on(Ping)")

    def mark(method: Handler) -> Handler:
        given = list(inspect.signature(method).parameters.values())
        needed = [p for p in given if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        takes_all = any(p.kind is p.VAR_POSITIONAL for p in given)
        if (len(needed) > 3 or len(given) < 3) and not takes_all:
            raise HandlerError(
                f"the handler {method.__name__}({', '.join(p.name for p in given)}) cannot be called: "
                "a handler takes (self, msg, sender)"
            )
        method._handles = kinds  # type: ignore[attr-defined]
        return method

    return mark


class Node(Shown):
    """A node of a distributed system. Subclass it; `start` is called at boot and again after every restart.

    Public attributes are the node's state: shown live, recorded in the trace, and lost in a crash. `self.disk` is what
    survives one. All times are in seconds of virtual time, by this node's own clock.
    """

    __slots__ = {
        "__dict__": None,
        "__weakref__": None,
        "_process": None,
        "send": """send(to: str, msg: Message) -> None

        Send a message and go on. It may be lost, late, doubled or overtaken.

        Raises UnknownNode, or MessageError if a field of the message cannot be sent.
        """,
    }
    _process: Process
    send: Callable[[str, Message], None]
    _handlers: dict[type[Message], str] = {}

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        own: dict[type[Message], str] = {}
        for name, method in vars(cls).items():
            for kind in getattr(method, "_handles", ()):
                if own.get(kind, name) != name:
                    raise HandlerError(
                        f"{cls.__name__} has two handlers for {kind.__name__}: {own[kind]} and {name}; keep one"
                    )
                own[kind] = name
        cls._handlers = cls._handlers | own

    # --- who I am

    @property
    def id(self) -> str:
        """This node's id, such as "n1"."""
        return self._process.id

    @property
    def peers(self) -> tuple[str, ...]:
        """The ids of the other nodes that this one has a link to: all others, unless the cluster has a topology."""
        return self._process.peers

    @property
    def connections(self) -> tuple[str, ...]:
        """The same as `peers`, in the words of `DistributedSystem`."""
        return self._process.peers

    @property
    def now(self) -> float:
        """What this node's own clock shows, in seconds. It may be skewed (`cluster.clock`)."""
        return self._process.clock()

    @property
    def random(self) -> random.Random:
        """This node's random numbers. They come from the run's seed: use them and nothing else that is random."""
        return self._process.random

    @property
    def disk(self) -> Disk:
        """A mapping that survives crashes. Every write is durable at once, unless `self.disk.autosync = False`."""
        return self._process.disk

    # --- what a node may override

    def start(self) -> Any:
        """Called at boot, and again after every restart. May be a coroutine."""

    # --- messages

    def broadcast(self, msg: Message) -> None:
        """Send a message to each of `self.peers`."""
        for peer in self._process.peers:
            self._process.send(peer, msg)

    def call(self, to: str, msg: Message, *, timeout: float | None) -> Coroutine[Any, Any, Any]:
        """Send a message and wait for the answer: the Message that the other node's handler returns.

        `timeout` is in seconds; None waits for ever. Raises TimeoutError when it is over. The other node may have done
        the work all the same: no answer tells nothing. Raises RemoteError if the answer is an `Error`.
        """
        return self._process.call(to, msg, timeout)

    def later(self) -> Later:
        """The answer to a message that cannot be answered yet. The handler returns it and keeps it::

            @on(Put)
            def put(self, msg, sender):
                self.waiting[self.append(msg)] = later = self.later()
                return later

        and when the time has come, maybe in another handler, `self.answer(later, Done())`. A coroutine that awaits does
        the same; but a node of plain handlers alone is a value that a search can copy.
        """
        return Later()

    def answer(self, later: Later, msg: Message) -> None:
        """Give the answer that a handler promised with `later`."""
        if later.to:
            self._process.send(later.to, msg, None, later.call)
        else:
            later.early = msg

    def receive(self) -> Coroutine[Any, Any, tuple[Any, str]]:
        """Wait for the next message that has no handler. Returns (msg, sender). For those who prefer one loop to
        handlers."""
        return self._process.receive()

    # --- time

    def after(self, delay: float, method: Callable[..., Any], *args: Any) -> Timer:
        """Call `method(*args)` once, `delay` seconds from now."""
        return Timer(self._process, delay, method, args)

    def every(self, interval: float, method: Callable[..., Any], *args: Any) -> Timer:
        """Call `method(*args)` every `interval` seconds, the first time one interval from now."""
        if not interval > 0:
            raise HandlerError(f"every({interval!r}, ...): the interval is a number of seconds above zero")
        return Timer(self._process, interval, method, args, interval)

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Wait, while others go on. `asyncio.sleep` does the same."""
        return self._process.sleep(seconds)

    def note(self, text: str) -> None:
        """Put a remark in the trace and on the picture."""
        self._process.note(text)

    def buggify(self, name: str, probability: float = 0.1) -> bool:
        """Whether to take a rare path of this program's own, such as to flush early or to give up at once::

            if self.buggify("tiny-batch"):
                batch = batch[:1]

        False, unless the cluster was built with `buggify=`. Then some sites are enabled for the whole run, by name and
        seed, and an enabled one is taken with this probability. As in FoundationDB (Zhou et al., SIGMOD 2021, section
        4.2).
        """
        return self._process.takes(name, probability)

    # --- how the engine finds handlers

    @classmethod
    def _table(cls) -> dict[type[Message], Callable[..., Any]]:
        return {kind: getattr(cls, name) for kind, name in cls._handlers.items()}

    @classmethod
    def _handler_for(cls, kind: type) -> Callable[..., Any] | None:
        for base in kind.__mro__[1:]:
            if base in cls._handlers:
                return getattr(cls, cls._handlers[base])  # type: ignore[no-any-return]
        return None

    @classmethod
    def _why_no_handler(cls, kind: type) -> str:
        name = kind.__name__
        if any(known.__name__ == name for known in cls._handlers):
            return (
                f"{cls.__name__} handles an older {name}: {name} was defined again since; "
                f"run the cell of {cls.__name__} again too"
            )
        known = ", ".join(sorted(handled.__name__ for handled in cls._handlers))
        return f"{cls.__name__} has no handler for {name} (it handles {known}): add a method with @on({name})"

    def __repr__(self) -> str:
        state = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"<{type(self).__name__} {self.id}{': ' + state if state else ''}>"
