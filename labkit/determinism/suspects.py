"""What differs from process to process, watched: the clock, unseeded random numbers, addresses, hashes, and so on.

`watch` replaces the functions that give such things by ones that remember who called them. It is for a process that
does nothing else, and is not undone.
"""

from __future__ import annotations

import builtins
import datetime
import os
import random
import sys
import sysconfig
import time
from asyncio import events
from collections.abc import Callable
from types import FrameType
from typing import Any

from labkit.engine import process

Suspect = dict[str, Any]  # what, file, line, function, node (None: outside of every node), time, count

_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time")
_DRAWS = [name for name in random.__all__ if name[0].islower() and name not in ("seed", "getstate", "setstate")]
_PACKAGE = process.__file__.rsplit("/engine/", 1)[0] + "/"
_INSIDE = tuple(path for path in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Suspects:
    """Who asked for what differs from process to process."""

    def __init__(self, watched: str) -> None:
        self._watched = watched  # what the names of the examined program's files begin with
        self._seeded = False
        self._found: dict[tuple[Any, ...], Suspect] = {}

    def found(self) -> list[Suspect]:
        """Those found, in the order of their first call. Random numbers of a seeded generator are none."""
        return [
            suspect for suspect in self._found.values() if not (self._seeded and suspect["what"].startswith("random."))
        ]

    def watch(self) -> None:
        """Replace the functions of this process."""
        for name in _CLOCKS:
            self._replace(time, name, f"time.{name}()")
        for name in _DRAWS:
            self._replace(random, name, f"random.{name}()")
        for module, name, what in (
            (os, "urandom", "os.urandom()"),
            (random, "_urandom", "the computer's randomness (secrets, SystemRandom)"),
            (os, "getpid", "os.getpid()"),
            (os, "getenv", "os.environ"),
            (os, "listdir", "os.listdir()"),
        ):
            self._replace(module, name, what)
        self._replace(type(os.environ), "__getitem__", "os.environ")
        self._replace(builtins, "id", "id()", direct=True)
        self._replace(builtins, "hash", "hash()", direct=True)
        self._watch_seeds()
        self._watch_dates()

    def note(self, what: str, frame: FrameType | None, direct: bool = False) -> None:
        """Remember who asks, if it is the examined program."""
        while frame is not None and not direct and frame.f_code.co_filename.startswith((_PACKAGE, *_INSIDE)):
            if frame.f_code.co_filename.startswith(_PACKAGE) and "/protocols/" not in frame.f_code.co_filename:
                return  # labkit's own doing
            frame = frame.f_back
        if frame is None or not frame.f_code.co_filename.startswith(self._watched):
            return
        place = (what, frame.f_code.co_filename, frame.f_lineno)
        if place not in self._found:
            node, now = _where(frame)
            self._found[place] = {
                **{"what": what, "file": place[1], "line": place[2], "function": frame.f_code.co_name},
                **{"node": node, "time": now, "count": 0},
            }
        self._found[place]["count"] += 1

    def _replace(self, owner: Any, name: str, what: str, direct: bool = False) -> None:
        original: Callable[..., Any] | None = getattr(owner, name, None)
        if original is None:
            return

        def watched(*args: Any, **options: Any) -> Any:
            if what != "hash()" or type(args[0]) not in (int, float, bool, type(None)):
                self.note(what, sys._getframe(1), direct)
            return original(*args, **options)

        watched.__name__ = name
        setattr(owner, name, watched)

    def _watch_seeds(self) -> None:
        seed, suspects = random.seed, self

        def seeding(value: Any = None, *rest: Any) -> None:
            suspects._seeded = suspects._seeded or value is not None
            if value is None:
                suspects.note("random.seed() without a seed", sys._getframe(1))
            seed(value, *rest)

        class Random(random.Random):
            def __init__(self, value: Any = None) -> None:
                if value is None:
                    suspects.note("random.Random() without a seed", sys._getframe(1))
                super().__init__(value)

        Random.__qualname__ = "Random"
        random.seed, random.Random = seeding, Random  # type: ignore[misc,assignment]

    def _watch_dates(self) -> None:
        suspects, real, real_date = self, datetime.datetime, datetime.date

        class Kind(type):
            def __instancecheck__(cls, value: object) -> bool:
                return isinstance(value, real if issubclass(cls, real) else real_date)

        class Watched(real, metaclass=Kind):  # type: ignore[misc,valid-type]
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                suspects.note("datetime.now()", sys._getframe(1))
                return real.now(tz)

            @classmethod
            def utcnow(cls) -> Any:
                suspects.note("datetime.utcnow()", sys._getframe(1))
                return real.now(datetime.timezone.utc).replace(tzinfo=None)  # noqa: UP017

            @classmethod
            def today(cls) -> Any:
                suspects.note("datetime.today()", sys._getframe(1))
                return real.now()

        class WatchedDate(real_date, metaclass=Kind):  # type: ignore[misc,valid-type]
            @classmethod
            def today(cls) -> Any:
                suspects.note("date.today()", sys._getframe(1))
                return real_date.today()

        Watched.__name__, WatchedDate.__name__ = "datetime", "date"
        datetime.datetime, datetime.date = Watched, WatchedDate  # type: ignore[misc]


def _where(frame: FrameType | None) -> tuple[str | None, float | None]:
    """In which node the code runs, and at which virtual time: (None, None) outside of every node."""
    while frame is not None and frame.f_code.co_filename != process.__file__:
        frame = frame.f_back
    loop: Any = events._get_running_loop()
    current = getattr(loop, "current", None)
    return (None, None) if frame is None or current is None else (current.id, loop.now)
