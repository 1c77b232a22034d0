"""Progress of a lock with leases: every job is done in the end (see `labkit.check.leases` for the messages)."""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Violation
from labkit.check.leases import SERVER, STORAGE, Lock, pairs
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

PATIENCE = 3.0  # seconds without a fault in which a job is done: several leases
DISTURBANCES = ("start", "crash", "partition", "heal", "link", "clock", "pause", "resume", "slow")


class Jobs:
    """The jobs that wait, and since when nothing was wrong."""

    def __init__(self, lock: Lock):
        self.lock = lock
        self.waiting: dict[tuple[str, Any], tuple[str, str, float]] = {}  # worker, text, when asked
        self.done = 0
        self.calm = 0.0
        self.paused: set[str] = set()
        self.crashed: dict[str, float] = {}

    def take(self, event: Event) -> None:
        node = str(event.node)
        if event.kind == "invoke":
            self.waiting[node, event.id] = (str(event.peer), plain(event.data)["text"], event.time)
        elif event.kind in ("ok", "info"):
            self.waiting.pop((node, event.id), None)
            self.done += event.kind == "ok"
        elif event.kind in DISTURBANCES:
            self.calm = event.time
            if event.kind == "crash":
                self.crashed[node] = event.time
                self.waiting = {job: what for job, what in self.waiting.items() if what[0] != node}
            if event.kind in ("pause", "resume", "crash"):
                (self.paused.add if event.kind == "pause" else self.paused.discard)(node)

    def late(self, now: float) -> tuple[str, str, float] | None:
        """A job that has waited too long, though nothing is wrong."""
        moment = self.lock.moment
        if not moment.clean or moment.sides or self.paused or not {SERVER, STORAGE} <= set(moment.state):
            return None
        return next((job for job in self.waiting.values() if now > max(job[2], self.calm) + PATIENCE), None)


def finished(trace: Trace) -> Violation | None:
    """A job is done `PATIENCE` seconds after it was asked for, and after the last fault, unless its worker crashed."""
    lock = Lock(trace)
    jobs = Jobs(lock)
    event = None
    for event in lock.follow():
        jobs.take(event)
        if late := jobs.late(event.time):
            return _unfinished(lock, jobs, event, *late, event.time)
    late = jobs.late(trace.now)
    return _unfinished(lock, jobs, event, *late, trace.now) if late and event else None


def _unfinished(lock: Lock, jobs: Jobs, event: Event, worker: str, text: str, asked: float, now: float) -> Violation:
    since = max(asked, jobs.calm)
    waited = (
        f"{worker} was given the job {text!r} at {asked:.3f} s, and has not done it {now - since:.1f} s after the last"
    )
    what = f"{waited} fault: {_why(lock, jobs, worker, since)}"
    return Violation("Every job is done", what, event.seq, event.time, (worker,))


def _why(lock: Lock, jobs: Jobs, worker: str, since: float) -> str:
    asked = [time for (who, _), time in lock.asked.items() if who == worker and time >= since]
    granted = [(time, to, token) for time, to, token in lock.grants]
    if not any(who == worker for who, _ in lock.asked):
        return "it has not sent an Acquire"
    if any(to == worker and time >= since for time, to, _ in granted):
        tokens = [token for time, to, token in granted if to == worker and time >= since and type(token) is int]
        accepted = max((line[0] for line in lock.lines), default=0)
        if tokens and accepted > max(tokens):
            return f"it was granted token {max(tokens)}, and {STORAGE} has seen token {accepted}: it refuses all"
        return f"it was granted the lock {len(tokens)} times since. Does it write, and is it told that it was written?"
    if not asked:
        return (
            "it asked for the lock, had no answer, and has not asked again. Messages get lost, and the lock may have "
            "been another's: ask again"
        )
    if not granted:
        return f"{SERVER} has never granted the lock to anybody"
    time, to, token = granted[-1]
    down = f", which crashed at {jobs.crashed[to]:.3f} s" if jobs.crashed.get(to, 0) > time else ""
    return (
        f"{SERVER} granted the lock last at {time:.3f} s, to {to}{down} (token {token}), and has refused it since. A "
        f"lease ends by itself: {SERVER} must count it too"
    )


def jobs_were_done(trace: Trace) -> Violation | None:
    """A guard: of a run in which nothing was written nothing can be said."""
    if any(pairs(event.data.get("lines")) for event in trace.select("state", node=STORAGE)):
        return None
    what = f"{STORAGE} never showed a line: keep in self.lines what was written, as pairs of token and text"
    return Violation("Something is written", what, max(len(trace) - 1, 0), trace.now, (STORAGE,))
