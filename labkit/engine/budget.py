"""The watchdog: stops a handler that never returns, so that the kernel stays usable.

Virtual time cannot pass inside a plain `while True:`, so no step budget of the loop's own would ever see it. One idle
daemon thread looks, while a cluster runs, whether time still stands where it stood; after `SECONDS` of processor time,
or a million messages, it raises `EndlessLoop` in the running thread (as Ctrl-C would). Without threads (JupyterLite)
there is only the kernel's interrupt.
"""

from __future__ import annotations

import ctypes
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.engine.loop import VirtualLoop

SECONDS = 3.0  # of the run's processor time, in one step
PENDING_LIMIT = 1_000_000  # entries that may wait on the heap
_LOOK_EVERY = 0.2


class EndlessLoop(BaseException):
    """Raised in a node's code by the watchdog. Not an Exception, so that `except Exception` in a loop does not catch
    it."""

    def __str__(self) -> str:
        return "one step ran on and on without returning or waiting: an endless loop?"


class Flood(EndlessLoop):
    def __str__(self) -> str:
        return f"over {PENDING_LIMIT:,} messages and timers are waiting, and one step makes ever more: an endless loop?"


class Watchdog:
    """Watches the runs of this process, one at a time, from a thread that sleeps when there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._loop: VirtualLoop | None = None
        self._ident = 0
        self._thread: threading.Thread | None = None

    def watch(self, loop: VirtualLoop | None) -> VirtualLoop | None:
        """Watch this loop, run by the calling thread, or none. Returns the one watched before."""
        with self._lock:
            before, self._loop = self._loop, loop
            self._ident = threading.get_ident()
        if loop is not None and not self._wanted.is_set():
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="labkit-watchdog", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # no threads here
                    return before
            self._wanted.set()
        return before

    def _run(self) -> None:
        stuck: tuple[object, float] | None = None
        spent = last = 0.0
        while True:
            with self._lock:
                loop, ident = self._loop, self._ident
            if loop is None:
                self._wanted.clear()
                stuck = None
                if self._loop is None:
                    self._wanted.wait()
                continue
            step = (loop, loop.now)
            if step != stuck:
                stuck, spent, last = step, 0.0, _cpu(ident)
            else:
                now = _cpu(ident)
                spent, last = spent + now - last, now
                flood = len(loop.heap) > PENDING_LIMIT
                if spent >= SECONDS or flood:
                    why = Flood if flood else EndlessLoop
                    with self._lock:
                        if self._loop is loop and loop.now == step[1] and loop.current is not None:
                            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(why))
                    stuck = None
            time.sleep(_LOOK_EVERY)


def _cpu(ident: int) -> float:
    """Seconds of processor time that a thread has used; of real time where that cannot be told."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(ident))
    except (AttributeError, OSError):
        return time.monotonic()


watchdog = Watchdog()
