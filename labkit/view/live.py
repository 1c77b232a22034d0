"""The live view: a widget that plays the trace and asks the kernel for more of it.

The kernel only answers. The player in the browser plays what it has, and asks the cluster to run on shortly before it
gets there; so a slow kernel makes the picture wait, never stutter, and two views of one cluster never disagree.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
import uuid
from collections.abc import Iterable
from typing import Any

import anywidget
import traitlets

from labkit.errors import LabkitError
from labkit.view import assets
from labkit.view.languages import LANGUAGES, chosen_language
from labkit.view.layout import positions
from labkit.view.replay import Replay
from labkit.view.runs import Runs
from labkit.view.views import chosen
from labkit.view.window import last

WINDOW = 5_000  # events in one message
SLICE = 0.05  # real seconds that one request may run the cluster
NOTICE = 1 / 30  # real seconds between two notices that the trace has grown
KEPT_EVENTS = 30_000  # in a saved recording, at most: about half a megabyte
KEEP = 0.4  # real seconds of quiet before the saved recording is made anew


class LiveView(anywidget.AnyWidget):
    """The widget of one `show()`: it answers the player's requests on the kernel's main loop."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    header = traitlets.Dict().tag(sync=True)
    speed = traitlets.Float(0.1).tag(sync=True)
    height = traitlets.Int(None, allow_none=True).tag(sync=True)
    views = traitlets.List(traitlets.Unicode()).tag(sync=True)
    language = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        cluster: Any,
        loop: asyncio.AbstractEventLoop,
        *,
        speed: float,
        height: int | None,
        views: Iterable[str] | None = None,
        at: float | None = None,
        language: str | None = None,
    ):
        self._cluster = cluster
        self._loop = loop
        self._handle: Any = None
        self._open_at: float | None = cluster.now if at is None else at
        self._stays = at is not None  # where it opens, instead of playing on from there to now
        self._mine = False
        self._noticed = 0.0
        self._notice: asyncio.TimerHandle | None = None
        self._keeping: asyncio.TimerHandle | None = None
        self._kept: tuple[Any, ...] = ()
        self._awaits_end = False
        self._runs = Runs(cluster)
        self._shown = 0  # the run that was looked at last
        self._bookmarks: list[dict[str, Any]] = []
        self._spoken = ""  # the language of the page, which its recording speaks too
        header = cluster.trace.header()
        header.pop("marks", None)
        header |= {"positions": positions(header["nodes"], header["edges"]), "run": uuid.uuid4().hex[:12]}
        frontend = {"_esm": assets.script("widget.js"), "_css": assets.style()}
        super().__init__(
            **frontend,
            header=header,
            speed=speed,
            height=height,
            views=chosen(views),
            language=chosen_language(language),
        )
        self._unwatch = [cluster.watch(lambda: self._grown(0))]
        self.on_msg(self._heard)

    def keep_in(self, handle: Any) -> None:
        """Keep a recording in this display, so that a saved notebook holds one."""
        self._handle = handle

    def recording(self, at: float | None = None) -> Replay:
        """The run that was looked at last, so far, opening at a virtual time; at now if none is given."""
        cluster = self._runs[self._shown].cluster
        at = float(cluster.now if at is None else at)
        kept_events = last(cluster.trace, KEPT_EVENTS)
        replay = Replay(kept_events, speed=self.speed, at=at, views=self.views, language=self.language or self._spoken)
        missing = replay.document.get("left_out", {"events": 0})["events"]
        kept = [mark | {"count": mark["count"] - missing} for mark in self._bookmarks if mark["count"] > missing]
        if kept:
            replay.document["bookmarks"] = kept
        replay.document |= self._runs.recorded(self._shown, KEPT_EVENTS)
        replay._live = self.header["run"]
        return replay

    def __repr__(self) -> str:
        nodes = len(self.header["nodes"])
        return f"{self.header['title']}, live: {nodes} nodes. Without its kernel, see the recording below."

    def _heard(self, widget: Any, message: dict[str, Any], buffers: Any) -> None:
        """May be called on another thread: only hands over."""
        self._loop.call_soon_threadsafe(self.answer, message)

    def answer(self, message: dict[str, Any]) -> None:
        """Do what the player asks, and tell it what is new."""
        kind = message.get("type")
        have = message.get("have") or 0
        run = message.get("run") or 0
        if not 0 <= run < len(self._runs):
            return  # of a page that was open before the kernel was restarted
        if kind == "hello":
            self._spoken = spoken if (spoken := message.get("language")) in LANGUAGES else ""
            now = self._runs[run].cluster.now
            more: dict[str, Any] = {
                "open_at": now if self._open_at is None else self._open_at,
                "bookmarks": self._bookmarks,
            }
            self._send_events(run, "hello", have, runs=self._runs.described(), stay=self._stays, **more)
            self._open_at, self._stays = None, False
        elif kind == "pull":
            self._send_events(run, "pull", have)
        elif kind == "advance":
            self._send_events(run, "advance", have, error=self._try(self._advance, run, float(message["to"])))
        elif kind == "fault":
            error = self._try(self._runs.strike, run, *_deed(message))
            self._send_events(run, "fault", have, error=error)
        elif kind == "fork":
            self._fork(run, float(message["time"]), int(message["count"]), message)
        elif kind == "settled":
            self._shown = run
            self._keep_soon(message.get("at"))
        elif kind == "bookmarks":
            self._bookmarks = list(message.get("bookmarks") or [])
            self._keep_soon(message.get("at"))

    def _fork(self, run: int, time: float, count: int, message: dict[str, Any]) -> None:
        error = self._try(self._runs.fork, run, time, count, *_deed(message))
        if error is None:
            run = self._shown = len(self._runs) - 1
            self._unwatch.append(self._runs[run].cluster.watch(lambda: self._grown(run)))
        self.send({"type": "forked", "run": run, "runs": self._runs.described(), "error": error})

    def _try(self, do: Any, *args: Any) -> str | None:
        self._mine = True
        try:
            do(*args)
        except LabkitError as error:
            return str(error)
        except Exception as error:
            traceback.print_exc()
            return f"{type(error).__name__}: {error}"
        finally:
            self._mine = False
        return None

    def _advance(self, run: int, to: float) -> None:
        """Run towards `to`, in parts, for as long as one slice of real time lasts."""
        cluster = self._runs[run].cluster
        end = time.perf_counter() + SLICE
        part = (to - cluster.now) / 8
        while cluster.now < to and time.perf_counter() < end:
            cluster.advance(min(to, cluster.now + max(part, 1e-6)))

    def _send_events(self, run: int, answers: str, start: int, *, error: str | None = None, **more: Any) -> None:
        cluster = self._runs[run].cluster
        trace, faults = cluster.trace, cluster.faults
        length = len(trace)
        start = min(start, length)
        stop = min(length, start + WINDOW)
        message = {
            "type": "events",
            "run": run,
            "answers": answers,
            "start": start,
            "columns": trace.columns(start, stop),
            "length": length,
            "now": cluster.now,
            "faults": str(faults),
            "fault_count": len(faults),
            "marks": trace.marks,
            "error": error,
        }
        self.send(message | more)

    def _grown(self, run: int) -> None:
        """The trace grew. If others did it, the player is told, but no more often than it can use."""
        if self._mine:
            return
        self._keep_when_cell_ends()
        if time.monotonic() - self._noticed >= NOTICE:
            self._send_notice(run)
        elif self._notice is None:
            self._notice = self._loop.call_later(NOTICE, self._send_notice, run)

    def _send_notice(self, run: int) -> None:
        self._notice = None
        self._noticed = time.monotonic()
        cluster = self._runs[run].cluster
        self.send({"type": "more", "run": run, "now": cluster.now, "length": len(cluster.trace)})

    def _keep_when_cell_ends(self) -> None:
        """The recording is part of the output of the cell that ran the cluster, not of some moment after it."""
        shell = _shell()
        if shell is None:
            self._keep_soon()
        elif not self._awaits_end:
            self._awaits_end = True
            shell.events.register("post_run_cell", self._cell_ended)

    def _cell_ended(self, result: Any) -> None:
        self._awaits_end = False
        _shell().events.unregister("post_run_cell", self._cell_ended)
        self._keep(None)

    def _keep_soon(self, at: float | None = None) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
        self._keeping = self._loop.call_later(KEEP, self._keep, at)

    def _keep(self, at: float | None) -> None:
        self._keeping = None
        cluster = self._runs[self._shown].cluster
        lengths = tuple(len(run.cluster.trace) for run in self._runs)
        state = (self._shown, lengths, cluster.now, at, repr(self._bookmarks), *self.views)
        if self._handle is not None and state != self._kept:
            self._kept = state
            self._handle.update(self.recording(at))

    def close(self) -> None:
        """Let go of the cluster, and of the browser's side."""
        for unwatch in getattr(self, "_unwatch", []):
            unwatch()
        for timer in (self._notice, self._keeping):
            if timer is not None:
                timer.cancel()
        super().close()


def _deed(message: dict[str, Any]) -> tuple[Any, ...]:
    return message.get("action"), message.get("args") or [], message.get("options") or {}


def show(
    cluster: Any,
    *views: str,
    speed: float = 0.1,
    height: int | None = None,
    at: float | None = None,
    language: str | None = None,
) -> None:
    """Show a cluster live, with its controls.

    views: what is shown, in this order, by name: `show(cluster, "cluster", "logs")`; by default the cluster, the state
    of every node and the space-time diagram. The page's menu adds and removes views at any time. speed: virtual seconds
    in one real second, at first. height: pixels of the picture itself. at: where the view opens, in virtual seconds; at
    now if not given. language: "en" or "zh"; by default what `labkit.view.language` chose, else the page's. Outside a
    notebook it prints where the cluster stands. Raises LabkitError for a name that no view has, for a language that
    there is not, and for a moment that has not been.
    """
    shown = chosen(views)
    if at is not None and not 0 <= at <= cluster.now:
        raise LabkitError(f"at={at:g}: the run has come to {cluster.now:g} s; run the cluster on, or open it earlier")
    loop = _kernel_loop()
    if loop is None:
        print(repr(Replay(cluster.trace, at=float(cluster.now if at is None else at))))
        return
    from IPython.display import display

    opens = None if at is None else float(at)
    options: dict[str, Any] = {"speed": float(speed), "height": height, "at": opens, "language": language}
    view = LiveView(cluster, loop, views=shown, **options)
    display(view)
    handle = display(view.recording(at), display_id=True)
    view.keep_in(handle)


def _kernel_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of the notebook's kernel; None in a plain script or terminal."""
    if _shell() is None:
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        from tornado.ioloop import IOLoop

        return getattr(IOLoop.current(instance=False), "asyncio_loop", None)


def _shell() -> Any:
    """The kernel's shell; None outside a notebook."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()  # type: ignore[no-untyped-call]
    return shell if getattr(shell, "kernel", None) is not None else None
