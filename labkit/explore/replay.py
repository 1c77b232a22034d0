"""Search by replay, for nodes with coroutines, which cannot be copied: what a node does is looked up by its history,
and found out by replaying that (`labkit.explore.lives`).

Depth-first over all choices (Godefroid, "Model Checking for Programming Languages using VeriSoft", POPL 1997). States
are not recognised when they come again, so what counts is schedules. Sleep sets leave one of all schedules that differ
only in the order of steps of different nodes (Flanagan and Godefroid, "Dynamic Partial-Order Reduction for Model
Checking Software", POPL 2005, build on the same independence); every state within the depth is visited all the same. So
a property of states is judged rightly; a property of whole traces that depends on the order of steps at different nodes
needs the search without them.

A node's random numbers are those of seed 0, and time goes on: 1 ms with each step, and to the time at which a timer is
due. A timer that fires after it was due is late, as on a slow machine.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

from labkit.engine.trace import Trace
from labkit.explore.freezing import freeze
from labkit.explore.result import INTERRUPTED, Finding, Progress, depth_reached
from labkit.explore.rig import Option, Rig
from labkit.explore.schedule import Choice, Schedule
from labkit.explore.script import history_trace

INTERRUPTIBLE = frozenset({"deliver", "timer", "restart"})  # in the middle of these steps a node may crash
COMMUTING = frozenset({"deliver", "timer", "invoke"})  # at different nodes
LOOK_EVERY = 200
COLLECT = 1_000  # schedules between two garbage collections, which do not run otherwise


class Frame:
    """One choice of the schedule being searched: what may be chosen there, what was, and what sleeps."""

    __slots__ = ("asleep", "here", "options", "place")

    def __init__(self, here: Any, options: list[Option], asleep: dict[Any, Option]):
        self.here, self.options, self.asleep, self.place = here, options, asleep, 0


class Replay:
    """A search of all schedules up to a depth. `judge(rig)` says what is wrong with a state, or None;
    `finish(schedule)` what is wrong with a whole schedule, or None."""

    def __init__(
        self,
        rig: Rig,
        depth: int,
        judge: Callable[[Rig], str | None],
        finish: Callable[[Schedule], Finding | None] | None,
        bounds: tuple[int, float],
        reduce: bool,
        progress: Callable[[Progress], None] | None,
    ):
        self.rig, self.depth, self.judge, self.finish, self.reduce = rig, depth, judge, finish, reduce
        self.most, self.seconds = bounds
        self.tell = progress
        self.schedules = self.steps = self.longest = 0
        self.begun = time.monotonic()
        self.why = ""
        self.cut = False
        self.handled: dict[tuple[str, str], int] = {}
        self.wrong: tuple[Schedule, str] | None = None
        self.finding: Finding | None = None

    def run(self) -> None:
        """Search until all is seen, or something is wrong, or it is to stop."""
        frames: list[Frame] = []
        try:
            with self.rig.loop.running():
                gc.disable()
                while self._schedule(frames) and self._on(frames):
                    if self.schedules % LOOK_EVERY == 0 and not self._within():
                        break
        except KeyboardInterrupt:
            self.why = INTERRUPTED
        if not self.why and self.cut:
            self.why = depth_reached(self.depth)

    def _schedule(self, frames: list[Frame]) -> bool:
        """Run one schedule: from the last of the frames, by its choice there, and then by the first of each. Returns
        whether to go on."""
        rig = self.rig
        if frames:
            rig.back(frames[-1].here)
            if not self._take(frames, frames[-1]):
                return False
        else:
            rig.reset()
            if not self._fine([]):
                return False
        while len(frames) < self.depth:
            asleep = _inherited(frames[-1]) if frames and self.reduce else {}
            every = rig.options()
            options = [option for option in every if option.label not in asleep]
            if not options:
                if every:  # all that may follow is found elsewhere: this schedule is none of its own
                    return self._finished(frames)
                break
            frames.append(Frame(rig.here(), options, asleep))
            if not self._take(frames, frames[-1]):
                return False
        else:
            self.cut = self.cut or bool(rig.options())
        self.schedules += 1
        self.longest = max(self.longest, len(frames))
        return self._finished(frames)

    def _finished(self, frames: list[Frame]) -> bool:
        """Judge a schedule as a whole."""
        if self.finish is not None:
            self.finding = self.finish(self._choices(frames))
            if self.finding is not None:
                self.why = "a violation was found"
                return False
        return True

    def _take(self, frames: list[Frame], frame: Frame) -> bool:
        """Take a step for the first time, and look at where it leads. Where the node may crash in the middle of it is
        known now: those are other choices for the same place."""
        option = frame.options[frame.place]
        may_crash = option.do in INTERRUPTIBLE and option.until is None and self.rig.left["crashes"] != 0
        points = self.rig.take(option)
        if may_crash:
            after = frame.place + 1
            frame.options[after:after] = [option._replace(until=point) for point in points]
        self.steps += 1
        return self._fine(frames)

    def _fine(self, frames: list[Frame]) -> bool:
        wrong = self.judge(self.rig)
        if wrong is None:
            return True
        self.why = "a violation was found"
        self.wrong = self._choices(frames), wrong
        return False

    def _on(self, frames: list[Frame]) -> bool:
        """To the next schedule: the last choice that may be made in another way."""
        while frames:
            frame = frames[-1]
            done = frame.options[frame.place]
            if self.reduce and done.until is None:
                frame.asleep[done.label] = done
            frame.place += 1
            if frame.place < len(frame.options):
                return True
            frames.pop()
        return False

    def _choices(self, frames: list[Frame]) -> Schedule:
        """The frames as data: each step named as it was when it was taken."""
        here, choices = self.rig.here(), list[Choice]()
        for frame in frames:
            self.rig.back(frame.here)
            choices.append(self.rig.choice(frame.options[frame.place]))
        self.rig.back(here)
        return Schedule(choices)

    def _within(self) -> bool:
        if self.schedules % COLLECT == 0:
            gc.collect(1)
        if self.tell is not None:
            self.tell(self.so_far())
        if self.schedules >= self.most:
            self.why = f"it stopped at {self.most:,} schedules"
        elif time.monotonic() - self.begun > self.seconds:
            self.why = f"it stopped after {self.seconds:g} s"
        return not self.why

    def so_far(self) -> Progress:
        seconds = time.monotonic() - self.begun
        return Progress(self.schedules, self.steps, self.longest, 0, seconds, self.handled, "schedules")


def _inherited(frame: Frame) -> dict[Any, Option]:
    """What sleeps after the choice of a frame: what slept or was done before it, and is independent of it."""
    option = frame.options[frame.place]
    if option.do not in COMMUTING or option.until is not None:
        return {}
    return {
        label: other
        for label, other in frame.asleep.items()
        if other.node != option.node and other.do in COMMUTING and not _precedes(option, other)
    }


def _precedes(one: Option, other: Option) -> bool:
    """Whether the order of two steps is one of operations: one begins, the other may end."""
    return {one.do, other.do} == {"invoke", "deliver"}


def judging(
    errors: bool,
    invariants: Sequence[Any],
    broken: Callable[[Any, Any], str | None],
    told: Callable[[Trace], str | None] | None,
) -> Any:
    """What is wrong with the state of a rig, by its nodes' errors, by invariants, and by what clients were told."""
    known: dict[Any, str | None] = {}

    def judge_history(rig: Rig) -> str | None:
        assert told is not None
        key = tuple((*event[:3], freeze(event[3])) for event in rig.told)
        if key not in known:
            known[key] = told(history_trace(rig.told, rig.script))
        return known[key]

    def judge(rig: Rig) -> str | None:
        if errors and rig.error:
            return rig.error
        if invariants:
            moment = rig.moment()
            for invariant in invariants:
                wrong = broken(invariant, moment)
                if wrong:
                    return wrong
        if told is not None and rig.told and rig.told[-1][0] == "ok":
            return judge_history(rig)
        return None

    return judge
