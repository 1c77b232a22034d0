"""Shrinking: from a run that violates a property to the few messages and faults without which it would not.

Every candidate is run, and kept if the same property is violated. First go the faults; then the run is pinned down as a
list of deliveries, of which only those stay that are needed (the others never arrive, which nobody can tell from late);
then what is left is pulled together in time; and all of that again until nothing changes. The result is 1-minimal:
without any single one of its faults or deliveries the property is not violated (Zeller and Hildebrandt, "Simplifying
and Isolating Failure-Inducing Input", TSE 2002). The order of the passes follows Hypothesis (MacIver and Donaldson,
"Test-Case Reduction via Test-Case Generation", ECOOP 2020): what removes most comes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from labkit.check.invariants import Violation
from labkit.engine.faults import Fault, Faults
from labkit.engine.timetable import Delivery, Timetable
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.explore.causes import past, steps
from labkit.explore.running import Plan, Run, Stage

Item = TypeVar("Item")
STEADY = 0.01  # seconds that a message takes where nothing else is needed
OVERRIDDEN = frozenset({"latency", "loss", "burst", "duplicate", "reorder", "bandwidth", "queue", "one_way"})


def minimal(items: Sequence[Item], fails: Callable[[list[Item]], bool]) -> list[Item]:
    """A part of the items, in their order, that still fails, while it does not without any single one of them.

    `fails(items)` is true of all items. Large parts are left out first, then smaller ones, down to single ones.
    """
    kept = list(items)
    if not kept or fails([]):
        return []
    size = len(kept)
    while size > 1:
        size = (size + 1) // 2
        kept, _ = _without_parts(kept, size, fails)
    changed = True
    while changed:
        kept, changed = _without_parts(kept, 1, fails)
    return kept


def _without_parts(kept: list[Item], size: int, fails: Callable[[list[Item]], bool]) -> tuple[list[Item], bool]:
    """Leave out one part of this size after another, from the last, wherever that still fails."""
    changed, end = False, len(kept)
    while end > 0:
        start = max(0, end - size)
        fewer = kept[:start] + kept[end:]
        if len(kept) > end - start and fails(fewer):
            kept, changed = fewer, True
        end = start
    return kept, changed


class _Spent(Exception):
    """No more runs may be made."""


@dataclass
class Shrunk:
    """The smallest run found: how to have it again, what came of it, how many runs that took, and whether it was
    shrunk to the end."""

    plan: Plan
    run: Run
    runs: int
    complete: bool


def shrink(stage: Stage, first: Run, *, runs: int = 3000, seconds: float = 15.0) -> Shrunk:
    """Make a run that violates a property as small as can be, within so many runs and seconds."""
    assert first.violation is not None
    search = _Shrinker(stage, first, runs, seconds)
    try:
        search.go()
        complete = True
    except (_Spent, KeyboardInterrupt):
        complete = False
    return Shrunk(search.best.plan, search.best, search.runs, complete)


class _Shrinker:
    def __init__(self, stage: Stage, first: Run, runs: int, seconds: float):
        assert first.violation is not None
        self.stage, self.best, self.runs = stage.only(first.trace, first.violation), first, 0
        self._limit, self._deadline = runs, time.monotonic() + seconds
        self._property = self._violation.property
        at_end = self._violation.seq >= len(first.trace) - 1
        self._until = None if at_end else self._violation.time * 1.5 + 0.5
        self._tried: dict[str, bool] = {}

    @property
    def _violation(self) -> Violation:
        assert self.best.violation is not None
        return self.best.violation

    @property
    def plan(self) -> Plan:
        return self.best.plan

    def fails(self, plan: Plan) -> bool:
        """Whether a run violates the same property; if so, it is the best so far."""
        key = repr(plan)
        if key not in self._tried:
            if self.runs >= self._limit or time.monotonic() > self._deadline:
                raise _Spent
            self.runs += 1
            try:
                run = self.stage.run(plan, self._until)
            except LabkitError:
                self._tried[key] = False  # a scenario or a property that cannot stand this run
                return False
            self._tried[key] = run.violation is not None and run.violation.property == self._property
            if self._tried[key]:
                self.best = run
        elif self._tried[key] and repr(self.plan) != key:
            self.best = self.stage.run(plan, self._until)
        return self._tried[key]

    def go(self) -> None:
        self._write_down()
        if isinstance(self.plan.schedule, Timetable) or self._pin():
            self._keep_past()
            self._drop_faults()
            self._settle_crashes()
            while True:
                before = repr(self.plan)
                self._drop_machines()
                self._drop_deliveries()
                self._drop_faults()
                self._cut_time()
                self._pull_together()
                if repr(self.plan) == before:
                    break
        else:
            self._drop_faults()
            self._pull_together()

    # --- passes

    def _write_down(self) -> None:
        """Take the faults that the scenario does by itself among the given ones."""
        if len(self.best.faults) > len([fault for fault in self.plan.faults if fault.time <= self.best.seconds]):
            self.fails(self.plan._replace(faults=Faults(self.best.faults), scripted=True))

    def _drop_faults(self) -> None:
        plan = self.plan
        minimal(list(plan.faults), lambda fewer: self.fails(plan._replace(faults=Faults(fewer))))

    def _pin(self) -> bool:
        """Write down when each message arrived, in place of the priorities and the links' troubles."""
        plan, faults = self.plan, self.plan.faults
        deliveries = delivered(self.best.trace, self._violation)
        silent = plan._replace(faults=Faults(), schedule=Timetable(rest=None))
        before = self.best
        lateness = (STEADY,) if self.fails(silent) else (None, STEADY)
        self.best = before  # a run without any message shows nothing, and if it violates this, it is about progress
        rest = [fault for fault in faults if not (fault.action == "link" and fault.options.keys() <= OVERRIDDEN)]
        return any(
            self.fails(plan._replace(faults=Faults(kept), schedule=Timetable(deliveries, rest=late)))
            for kept in (rest, faults)
            for late in lateness
        )

    def _settle_crashes(self) -> None:
        """Let a crash that waited for an event strike at its time, or wait for the one event just before it: so that
        other events may go."""
        for fault in self.plan.faults:
            if fault.when is None:
                continue
            struck = _struck(self.best.trace, fault)
            others = list(self.plan.faults)
            if struck is None or fault not in others:
                continue
            place = others.index(fault)
            for simpler in struck:
                if self.fails(self.plan._replace(faults=Faults([*others[:place], simpler, *others[place + 1 :]]))):
                    break

    def _keep_past(self) -> None:
        """Let only those messages arrive that are in the causal past of the violation."""
        plan, schedule = self.plan, self.plan.schedule
        assert isinstance(schedule, Timetable)
        if schedule.rest is None:
            events = past(self.best.trace, self._violation)
            needed = delivered(self.best.trace, self._violation, {e.id for e in events if e.kind == "deliver"})
            messages = {delivery.message for delivery in needed}
            self._with(plan, [delivery for delivery in schedule.deliveries if delivery.message in messages])

    def _drop_machines(self) -> None:
        """Let nothing arrive at a node or a client, nothing from it, or nothing of a kind."""
        aspects: tuple[Callable[[Delivery], str], ...] = (
            lambda delivery: delivery.receiver,
            lambda delivery: delivery.sender,
            lambda delivery: delivery.kind,
        )
        for aspect in aspects:
            for value in dict.fromkeys(map(aspect, self.plan.schedule.deliveries)):
                plan = self.plan
                self._with(plan, [d for d in plan.schedule.deliveries if aspect(d) != value])

    def _drop_deliveries(self) -> None:
        self._keep_past()
        plan = self.plan
        minimal(plan.schedule.deliveries, lambda fewer: self._with(plan, fewer))

    def _with(self, plan: Plan, deliveries: list[Delivery]) -> bool:
        """Whether the plan with these deliveries alone still violates the property."""
        return self.fails(plan._replace(schedule=Timetable(deliveries, plan.schedule.rest)))

    def _cut_time(self) -> None:
        """Leave out stretches of time in which nothing happens that is needed: what arrives then never does, and the
        faults that follow strike sooner."""
        plan, trace = self.plan, self.best.trace
        times = sorted({0.0, *(event.time for event in steps(trace, self._violation))})
        stretches = [(a, b) for a, b in pairwise(times) if b - a > 0.001]
        minimal(stretches, lambda kept: self.fails(_cut(plan, trace, [s for s in stretches if s not in kept])))

    def _pull_together(self) -> None:
        """Let messages take the same time where that is possible, and faults strike sooner and weaker."""
        plan, schedule = self.plan, self.plan.schedule
        if isinstance(schedule, Timetable):
            unusual = [d for d in schedule.deliveries if d.seconds != STEADY]
            if unusual and schedule.rest is None:

                def steadied(late: list[Delivery]) -> Plan:
                    times = [d if d in late else d._replace(seconds=STEADY) for d in schedule.deliveries]
                    return plan._replace(schedule=Timetable(times, None))

                minimal(unusual, lambda late: self.fails(steadied(late)))
            self._shorten()
        for _ in range(100):
            size = len(self.plan.faults)
            simpler = (other for other in self.plan.faults.smaller() if len(other) == size)
            if not any(self.fails(self.plan._replace(faults=other)) for other in simpler):
                break

    def _shorten(self) -> None:
        """Round the times that are left, and halve the long ones."""
        for place in range(len(self.plan.schedule.deliveries)):  # type: ignore[union-attr]
            for change in (lambda s: round(s, 2), lambda s: round(s, 3), lambda s: round(s / 2, 3)):
                plan, schedule = self.plan, self.plan.schedule
                assert isinstance(schedule, Timetable)
                delivery = schedule.deliveries[place]
                other = delivery._replace(seconds=change(delivery.seconds))
                if delivery.seconds != STEADY and other != delivery:
                    times = [*schedule.deliveries[:place], other, *schedule.deliveries[place + 1 :]]
                    self.fails(plan._replace(schedule=Timetable(times, schedule.rest)))


def delivered(trace: Trace, violation: Violation, only: set[int | None] | None = None) -> list[Delivery]:
    """The messages that had arrived by the time of a violation (those with these ids only, if given), each with how
    long it took."""
    sent: dict[int | None, tuple[tuple[str, str, str, int], float]] = {}
    last: dict[tuple[str | None, str | None], int | None] = {}
    counts: dict[tuple[str, str, str], int] = {}
    arrivals: dict[int | None, float] = {}
    found: list[Delivery] = []
    for event in trace[: violation.seq + 1]:
        if event.kind == "send":
            channel = (str(event.node), str(event.peer), type(event.data).__name__)
            counts[channel] = counts.get(channel, 0) + 1
            sent[event.id] = (*channel, counts[channel]), event.time
            last[event.node, event.peer] = event.id
        elif event.kind == "duplicate":
            sent[event.id] = sent[last[event.node, event.peer]]
        elif event.kind == "wait":
            arrivals.setdefault(event.id, event.time)
        elif event.kind == "deliver" and event.id in sent and (only is None or event.id in only):
            message, time = sent[event.id]
            found.append(Delivery(*message, seconds=arrivals.get(event.id, event.time) - time))
    return found


def _cut(plan: Plan, trace: Trace, cuts: list[tuple[float, float]]) -> Plan:
    """A plan without some stretches of time. Deliveries are named by the number of their message, and what is sent in
    a stretch that goes is not counted any more."""

    def shifted(time: float) -> float:
        return time - sum(min(time, end) - start for start, end in cuts if start < time)

    schedule = plan.schedule
    assert isinstance(schedule, Timetable)
    sends = [
        ((event.node, event.peer, type(event.data).__name__), event.time, any(a < event.time <= b for a, b in cuts))
        for event in trace.select("send")
    ]
    channels: dict[tuple[str | None, str | None, str], list[tuple[float, bool]]] = {}
    for channel, moment, gone in sends:
        channels.setdefault(channel, []).append((moment, gone))
    kept = []
    for delivery in schedule.deliveries:
        messages = channels.get(delivery.message[:3], [])
        if delivery.number > len(messages):
            continue
        sent, gone = messages[delivery.number - 1]
        arrives = sent + delivery.seconds
        if not gone and not any(a < arrives <= b for a, b in cuts if a >= sent):
            before = sum(left_out for _, left_out in messages[: delivery.number])
            kept.append(delivery._replace(number=delivery.number - before))
    sooner = Faults(fault.at(round(shifted(fault.time), 6)) for fault in plan.faults)
    return plan._replace(faults=sooner, schedule=Timetable(kept, schedule.rest))


def _struck(trace: Trace, fault: Fault) -> list[Fault] | None:
    """Simpler faults than one that waited for an event: at the time when it struck, or waiting from just before."""
    if fault.action != "crash" or not isinstance(fault.when, tuple):
        return None
    id, (kind, node, _) = fault.args[0], fault.when
    for event in trace.select("crash", node=id):
        if event.data == "fault" and event.time >= fault.time:
            begin = max(0.0, event.time - 1e-4)
            waited = [e for e in trace.select(kind, node=node) if begin < e.time <= event.time and e.seq < event.seq]
            simpler = [Fault(event.time, "crash", id)]
            if kind == "write":
                waited = waited or [event]
            return [*simpler, *(Fault(begin, "crash", id, when=(kind, node, n)) for n in (1, len(waited)) if n)]
    return None
