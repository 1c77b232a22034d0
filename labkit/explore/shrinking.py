"""Shrinking: from a run that violates a property to the few messages, requests and faults without which it would not.

Every candidate is run, and kept if the same property is violated. First the run is written down: what the scenario did
to the cluster and what its clients asked, as data (`labkit.explore.recording`), and when each message arrived
(`labkit.explore.pinning`). Then whatever is not needed goes, the coarse before the fine: all that is outside the
violation's past, the faults, a client with all its requests, stretches of time, all messages to a node or of a kind,
single requests, single messages (those left out never arrive, which nobody can tell from late). What is left is pulled
together in time; and all of that again until nothing changes. The result is 1-minimal: without any single one of its
faults, requests or deliveries the property is not violated (Zeller and Hildebrandt, TSE 2002). The order of the passes
follows Hypothesis (MacIver and Donaldson, "Test-Case Reduction via Test-Case Generation", ECOOP 2020): what removes
most comes first.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from labkit.engine.faults import Faults
from labkit.engine.timetable import Delivery, Timetable
from labkit.explore.candidates import Candidates, Spent, length
from labkit.explore.causes import past, steps
from labkit.explore.minimal import minimal
from labkit.explore.pinning import Pinned, cut, delivered, struck, unasked
from labkit.explore.recording import Recording, written_down
from labkit.explore.running import Plan, Run, Stage
from labkit.explore.smaller import smaller_world

STEADY = 0.01  # seconds that a message takes where nothing else is needed
OTHERS = 400  # runs to begin with, at most
PATIENCE = 40  # runs in a row that show no shorter violation
SMALL = 40  # steps: short enough to go on message by message
JUST_AFTER = 1e-6  # seconds
OVERRIDDEN = frozenset({"latency", "loss", "burst", "duplicate", "reorder", "bandwidth", "queue", "one_way"})


@dataclass
class Shrunk:
    """The smallest run found: how to have it again, what came of it, how many runs that took, and whether it was
    shrunk to the end."""

    plan: Plan
    run: Run
    runs: int
    complete: bool


def shrink(stage: Stage, first: Run, *, runs: int = 3000, seconds: float = 15.0, others: Iterable[Plan] = ()) -> Shrunk:
    """Make a run that violates a property as small as can be, within so many runs and seconds.

    others: plans of more runs of the same search. One of them may show the violation in fewer steps, and be a better
    beginning.
    """
    assert first.violation is not None
    search = _Shrinker(stage, first, runs, seconds)
    try:
        search.look_at(others, seconds / 3)
        search.go()
        complete = not search.hurried
    except (Spent, KeyboardInterrupt):
        complete = False
    best = min(search.best, search.begun, key=lambda run: (length(run), run is not search.best))
    return Shrunk(best.plan, best, search.runs, complete)


class _Shrinker(Candidates):
    def __init__(self, stage: Stage, first: Run, runs: int, seconds: float):
        super().__init__(stage, first, runs, seconds)
        self.begun = first  # the run that was shrunk
        self.hurried = False  # whether there was no time to look at as many others as there might be

    def look_at(self, others: Iterable[Plan], seconds: float) -> None:
        """Begin with one of these runs, if it violates the property in fewer steps, and sooner."""
        end, failed, begin = time.monotonic() + seconds, 0, self.runs
        for plan in others:
            before, size = self.best, length(self.best)
            enough = failed >= 4 * PATIENCE or size <= SMALL or self.at_end
            if enough or self.runs - begin >= OTHERS:
                return
            if time.monotonic() > end:
                self.hurried = True
                return
            soon = self.violation.time
            failed += 1
            if self.fails(plan, soon):
                failed, self.best = (0, self.best) if length(self.best) < size else (failed, before)

    def go(self) -> None:
        self._write_down()
        self.begun = self.best
        self._search_smaller()
        if isinstance(self.plan.schedule, Timetable) or self._pin():
            self._keep_past()
            self._drop_faults()
            self._settle_crashes()
            while True:
                before = repr(self.plan)
                self._ask_when_asked()
                self._drop_clients()
                self._drop_requests()
                self._drop_machines()
                self._cut_time(coarse=True)
                self._drop_deliveries()
                self._drop_faults()
                self._cut_time()
                self._end_sooner()
                self._pull_together()
                if repr(self.plan) == before:
                    break
        else:
            while True:
                before = repr(self.plan)
                self._drop_clients()
                self._drop_faults()
                self._drop_requests()
                self._end_sooner()
                self._pull_together()
                if repr(self.plan) == before:
                    break
        self._end()

    # --- the whole run as data

    def _write_down(self) -> None:
        """Take what the scenario does by itself among the given faults, and what its clients ask into a recording."""
        plan, run = self.plan, self.best
        if plan.recording is not None:
            return
        recording = written_down(run.trace, run.seconds if self.soon is None else min(run.seconds, self.soon))
        given = [fault for fault in plan.faults if fault.time <= run.seconds]
        # What a scenario does at a moment, it does after all that is due then.
        after = [fault if fault in given else fault.at(fault.time + JUST_AFTER) for fault in run.faults]
        for faults in (run.faults, after):
            if self.fails(plan._replace(faults=Faults(faults), scripted=True, recording=recording)):
                return
        if len(run.faults) > len(given):
            self.fails(plan._replace(faults=Faults(run.faults), scripted=True))

    def _search_smaller(self) -> None:
        """Meet the violation again in a smaller world, and in a smaller one than that, until it is not met any more."""
        failed, draw = 0, random.Random(f"{self.plan.seed}/smaller")
        while failed < PATIENCE and self.plan.recording is not None and not self.at_end:
            before, size = self.best, length(self.best)
            if size <= SMALL:
                break
            failed += 1
            plan = smaller_world(self.plan, self.violation.time, draw)
            if self.fails(plan):
                if length(self.best) < 0.9 * size:
                    failed = 0
                else:
                    self.best = before

    def _pin(self) -> bool:
        """Write down when each message arrived, in place of the priorities and the links' troubles."""
        plan, faults = self.plan, self.plan.faults
        deliveries = delivered(self.best.trace, self.violation)
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

    def _end(self) -> None:
        """End the run at the violation."""
        recording = self.plan.recording
        if recording is not None and not self.at_end:
            self.fails(
                self.plan._replace(recording=Recording(recording.requests, round(self.violation.time + 0.001, 3)))
            )

    def _end_sooner(self) -> None:
        """End a run sooner that violates a property only at its end: one about progress. Not so soon that it would be
        violated without any fault, just because nothing can have happened yet."""
        plan = self.plan
        if plan.recording is None or not self.at_end:
            return
        low, high = 0.0, plan.recording.seconds
        while high - low > 0.05:
            middle = round((low + high) / 2, 3)
            shorter, before = plan._replace(recording=Recording(plan.recording.requests, middle)), self.best
            undisturbed = self.fails(shorter._replace(faults=Faults(), schedule=None))
            self.best = before
            if not undisturbed and self.fails(shorter):
                high = middle
            else:
                low = middle

    # --- faults

    def _drop_faults(self) -> None:
        plan = self.plan
        minimal(list(plan.faults), lambda fewer: self.fails(plan._replace(faults=Faults(fewer))))

    def _settle_crashes(self) -> None:
        """Let a crash that waited for an event strike at its time, or wait for the one event just before it: so that
        other events may go."""
        for fault in self.plan.faults:
            if fault.when is None:
                continue
            simpler = struck(self.best.trace, fault)
            others = list(self.plan.faults)
            if simpler is None or fault not in others:
                continue
            place = others.index(fault)
            for other in simpler:
                if self.fails(self.plan._replace(faults=Faults([*others[:place], other, *others[place + 1 :]]))):
                    break

    # --- requests

    def _drop_clients(self) -> None:
        """Leave out a client with all that it asks."""
        recording = self.plan.recording
        for client in dict.fromkeys(request.client for request in recording.requests) if recording else ():
            assert self.plan.recording is not None
            self._asking([n for n, request in enumerate(self.plan.recording.requests) if request.client != client])

    def _ask_when_asked(self) -> None:
        """Write down when clients asked indeed, so that none asks sooner because an earlier request of its is gone."""
        recording = self.plan.recording
        if recording is None:
            return
        times: dict[str, list[float]] = {}
        for event in self.best.trace.select("invoke"):
            times.setdefault(str(event.node), []).append(event.time)
        made = {client: iter(moments) for client, moments in times.items()}
        requests = [r._replace(time=next(made.get(r.client, iter(())), r.time)) for r in recording.requests]
        self.fails(self.plan._replace(recording=Recording(requests, recording.seconds)))

    def _drop_requests(self) -> None:
        if self.plan.recording is None:
            return
        plan, pinned = self.plan, Pinned(self.best.trace)
        minimal(range(len(self.plan.recording.requests)), lambda kept: self._asking(kept, plan, pinned))

    def _asking(self, kept: list[int], plan: Plan | None = None, pinned: Pinned | None = None) -> bool:
        """Whether a plan with these requests alone, by their places, still violates the property."""
        plan, pinned = plan or self.plan, pinned or Pinned(self.best.trace)
        assert plan.recording is not None
        recording = Recording([plan.recording.requests[place] for place in kept], self.soon or plan.recording.seconds)
        schedule = plan.schedule
        if _is_exact(schedule):
            schedule = Timetable(pinned.deliveries(unasked=unasked(plan.recording, kept)), None)
        return self.fails(plan._replace(recording=recording, schedule=schedule))

    # --- deliveries

    def _keep_past(self) -> None:
        """Let only those messages arrive that are in the causal past of the violation."""
        if _is_exact(self.plan.schedule):
            pinned = Pinned(self.best.trace)
            needed = {event.seq for event in past(self.best.trace, self.violation)}
            self._without(pinned.arrived.keys() - needed, self.plan, pinned)

    def _drop_machines(self) -> None:
        """Let nothing arrive at a node or a client, nothing from it, or nothing of a kind."""
        aspects: tuple[Callable[[Delivery], str], ...] = (
            lambda delivery: delivery.receiver,
            lambda delivery: delivery.sender,
            lambda delivery: delivery.kind,
        )
        for aspect in aspects:
            for value in dict.fromkeys(map(aspect, self.plan.schedule.deliveries)):
                pinned = Pinned(self.best.trace)
                gone = {seq for seq, (_, delivery) in pinned.arrived.items() if aspect(delivery) == value}
                self._without(gone, self.plan, pinned)

    def _drop_deliveries(self) -> None:
        self._keep_past()
        plan, pinned = self.plan, Pinned(self.best.trace)
        everything = list(pinned.arrived)
        minimal(everything, lambda kept: self._without(set(everything) - set(kept), plan, pinned))

    def _without(self, gone: Iterable[int], plan: Plan, pinned: Pinned) -> bool:
        """Whether a plan without these deliveries still violates the property."""
        gone = set(gone)
        if _is_exact(plan.schedule):
            fewer = pinned.deliveries(gone)
        else:
            names = {pinned.arrived[seq][1].message for seq in gone}
            fewer = [delivery for delivery in plan.schedule.deliveries if delivery.message not in names]
        return self.fails(self._shorter(plan._replace(schedule=Timetable(fewer, plan.schedule.rest))))

    # --- time

    def _shorter(self, plan: Plan) -> Plan:
        """The same plan, up to soon after the violation."""
        if plan.recording is None or self.soon is None:
            return plan
        return plan._replace(recording=Recording(plan.recording.requests, min(plan.recording.seconds, self.soon)))

    def _cut_time(self, coarse: bool = False) -> None:
        """Leave out stretches of time in which nothing happens that is needed: what arrives then never does, and the
        faults and requests that follow come sooner."""
        plan, trace = self._shorter(self.plan), self.best.trace
        times = sorted({0.0, *(event.time for event in steps(trace, self.violation))})
        if coarse:
            times = [self.violation.time * n / 16 for n in range(17)]
        stretches = [(a, b) for a, b in pairwise(times) if b - a > 0.001]
        minimal(stretches, lambda kept: self.fails(cut(plan, trace, [s for s in stretches if s not in kept])))

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
        self._ask_sooner()
        for _ in range(100):
            size = len(self.plan.faults)
            simpler = (other for other in self.plan.faults.smaller() if len(other) == size)
            if not any(self.fails(self.plan._replace(faults=other)) for other in simpler):
                break

    def _ask_sooner(self) -> None:
        """Let clients ask sooner, so that less has to happen until then."""
        recording = self.plan.recording
        if recording is None or not (self.at_end or _is_exact(self.plan.schedule)):
            return
        for place in range(len(recording.requests)):
            for share in (0.0, 0.5, 0.75, 0.9):
                assert self.plan.recording is not None
                requests = list(self.plan.recording.requests)
                before = requests[place - 1].time if place else 0.0
                sooner = round(before + share * (requests[place].time - before), 3)
                if sooner < requests[place].time - 0.001:
                    requests[place] = requests[place]._replace(time=sooner)
                    if self.fails(self.plan._replace(recording=Recording(requests, self.plan.recording.seconds))):
                        break

    def _shorten(self) -> None:
        """Round the times that are left, and halve the long ones."""
        for place in range(len(self.plan.schedule.deliveries)):
            for change in (lambda s: round(s, 2), lambda s: round(s, 3), lambda s: round(s / 2, 3)):
                plan, schedule = self.plan, self.plan.schedule
                assert isinstance(schedule, Timetable)
                delivery = schedule.deliveries[place]
                other = delivery._replace(seconds=change(delivery.seconds))
                if delivery.seconds != STEADY and other != delivery:
                    times = [*schedule.deliveries[:place], other, *schedule.deliveries[place + 1 :]]
                    self.fails(plan._replace(schedule=Timetable(times, schedule.rest)))


def _is_exact(schedule: object) -> bool:
    """Whether messages that it does not name never arrive."""
    return isinstance(schedule, Timetable) and schedule.rest is None
