"""Exercise: a lock with leases and fencing tokens. What is asked is the lease of Gray and Cheriton 1989 (section 2, and
section 5 on clocks), and the sequencer of Burrows 2006 (section 2.4), which Kleppmann 2016 calls a fencing token."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from labkit.check.invariants import no_errors
from labkit.check.leases import DRIFT, SERVER, STORAGE, fenced, one_holder, tokens_grow, told_the_truth, under_the_lock
from labkit.check.shifts import PATIENCE, finished, jobs_were_done
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part
from labkit.course.requests import request
from labkit.engine.faults import Fault

CAST = {SERVER: "LockServer", STORAGE: "Storage", "n3": "Worker", "n4": "Worker", "n5": "Worker"}
WORKERS = ("n3", "n4", "n5")
TICK = 0.05  # seconds: how often a customer looks whether to come again
FOREVER = 60.0

Strike = Callable[[], None]


class Shift:
    """A shift: each worker's customer brings a job, and the next when it is done, while faults strike."""

    def __init__(self, cluster: Cluster, part: str, jobs: int, patience: float = FOREVER):
        self.cluster, self.patience = cluster, patience
        self.draw = random.Random(f"{part}/{cluster.seed}")
        self.left = dict.fromkeys(WORKERS, jobs)
        self.number = 0

    def run(self, limit: float, strikes: list[tuple[float, Strike]] | None = None) -> None:
        """Bring jobs until all are done, for so many seconds at most."""
        coming = sorted(strikes or [], key=lambda strike: strike[0])
        while self.cluster.now < limit and (coming or any(self.left.values()) or not all(map(self.idle, WORKERS))):
            self.cluster.advance(round(self.cluster.now + TICK, 3))
            while coming and coming[0][0] <= self.cluster.now:
                coming.pop(0)[1]()
            for worker in WORKERS:
                if self.left[worker] and self.idle(worker) and self.cluster.up(worker):
                    self.bring(worker)

    def idle(self, worker: str) -> bool:
        operations = self.cluster.client(f"c{worker[1:]}").operations
        return not operations or operations[-1].outcome != "pending"

    def bring(self, worker: str) -> None:
        self.left[worker] -= 1
        self.number += 1
        seconds = round(self.draw.choice([self.draw.uniform(0.02, 0.1), self.draw.uniform(0.1, 0.25)]), 3)
        job = request(self.cluster, "Job", text=f"line {self.number}", seconds=seconds)
        self.cluster.client(f"c{worker[1:]}").invoke(worker, job, timeout=self.patience)

    def links(self, **settings: Any) -> None:
        """Change the links to the lock service and to the storage."""
        for one in (SERVER, STORAGE):
            self.cluster.link(one, **settings)

    def close(self) -> None:
        """The faults are over. All that is still to be done is done."""
        self.links(latency=None, loss=0.0, duplicate=0.0, reorder=0.0, cut=False)
        for id in self.cluster.ids:
            self.cluster.resume(id)
            if not self.cluster.up(id):
                self.cluster.restart(id)
        self.cluster.advance(self.cluster.now + PATIENCE + 0.2)


def holder(cluster: Cluster) -> str | None:
    """Who holds the lock, as the workers themselves say. Read from the trace, as everything is."""
    holding: dict[str, object] = {}
    for event in cluster.trace.select("state", "crash"):
        node = str(event.node)
        holding[node] = event.data.get("holding", holding.get(node)) if event.kind == "state" else None
    return next((node for node, value in holding.items() if value is True), None)


def drifting(cluster: Cluster, draw: random.Random, most: float) -> None:
    """Every clock shows another time, and gains or loses as much as it may."""
    for id in cluster.ids:
        cluster.clock(id, offset=round(draw.uniform(-5, 5), 3), rate=1 + draw.choice([-most, most]))


def exclusion(cluster: Cluster) -> None:
    """Messages are late, lost and doubled; and now and then nobody reaches the storage, so that leases run out."""
    shift = Shift(cluster, "exclusion", jobs=6)
    draw = shift.draw
    drifting(cluster, draw, DRIFT)
    if draw.random() < 0.5:  # the worst that good clocks may do
        for id in cluster.ids:
            cluster.clock(id, rate=1 + DRIFT if id == SERVER else 1 - DRIFT)
    shift.links(latency=draw.choice([(0.001, 0.01), (0.005, 0.15)]), loss=0.1, duplicate=0.2)
    strikes: list[tuple[float, Strike]] = []
    for number in range(4):
        start = 0.3 + 2.2 * number + draw.uniform(0, 0.3)
        strikes.append((start, lambda: cluster.link(STORAGE, cut=True)))
        strikes.append((start + 1.5, lambda: cluster.link(STORAGE, cut=False)))
    shift.run(12.0, strikes)
    shift.close()


def crashed_holder(cluster: Cluster) -> None:
    """Who holds the lock crashes, again and again."""
    shift = Shift(cluster, "crash", jobs=6, patience=4.0)

    def strike() -> None:
        cluster.crash(holder(cluster) or shift.draw.choice(WORKERS))

    def repair() -> None:
        for worker in WORKERS:
            if not cluster.up(worker):
                cluster.restart(worker)

    times = [0.4 + 1.5 * number + shift.draw.uniform(0, 0.4) for number in range(4)]
    strikes: list[tuple[float, Strike]] = [(time, strike) for time in times]
    strikes += [(time + shift.draw.uniform(0.3, 1.0), repair) for time in times]
    shift.run(9.0, strikes)
    cluster.advance(cluster.now + PATIENCE + 0.2)


def pauses(cluster: Cluster) -> None:
    """Who holds the lock is paused for longer than its lease; messages to the storage are slow; clocks are bad."""
    shift = Shift(cluster, "fence", jobs=6)
    draw = shift.draw
    drifting(cluster, draw, draw.choice([0.0, 0.3]))
    strikes: list[tuple[float, Strike]] = []

    def pause() -> None:
        cluster.pause(holder(cluster) or draw.choice(WORKERS))

    def resume() -> None:
        for worker in WORKERS:
            cluster.resume(worker)

    for number in range(4):
        time = 0.3 + 1.6 * number + draw.uniform(0, 0.3)
        strikes.append((time, pause))
        strikes.append((time + draw.uniform(0.7, 1.2), resume))
    slow = draw.choice(WORKERS)
    cluster.link(slow, STORAGE, one_way=True, latency=draw.choice([(0.005, 0.025), (0.1, 1.0)]))
    shift.run(9.0, strikes)
    shift.close()


def restarts(cluster: Cluster) -> None:
    """Lock service and storage crash, also in the middle of a write, and come back."""
    shift = Shift(cluster, "restart", jobs=12)
    draw = shift.draw
    drifting(cluster, draw, DRIFT)
    strikes: list[tuple[float, Strike]] = []
    slow = draw.choice(WORKERS)
    cluster.link(slow, STORAGE, one_way=True, latency=draw.choice([(0.005, 0.025), (0.3, 0.9)]))

    def repair() -> None:
        for node in (SERVER, STORAGE):
            if not cluster.up(node):
                cluster.restart(node)

    for number in range(5):
        victim, time = draw.choice([SERVER, STORAGE]), 0.4 + 1.1 * number + draw.uniform(0, 0.3)
        if draw.random() < 0.5:  # between a write and what should follow it; and up again soon
            fault = Fault(time + TICK, "crash", victim, when=(draw.choice(["write", "send"]), victim, 1))
            strikes.append((time - TICK, lambda fault=fault: plan(cluster, fault)))  # type: ignore[misc]
            strikes += [(time + TICK * tick, repair) for tick in range(1, 18)]
        else:
            strikes.append((time, lambda victim=victim: cluster.crash(victim)))  # type: ignore[misc]
            strikes.append((time + draw.uniform(0.01, 0.5), repair))
    shift.run(10.0, strikes)
    shift.close()


def plan(cluster: Cluster, fault: Fault) -> None:
    """Timetable a fault; in a run whose faults are all given, it is among them."""
    if not cluster.scripted:
        cluster.inject([Fault(max(fault.time, cluster.now + 0.001), fault.action, *fault.args, when=fault.when)])


HONEST = (no_errors, under_the_lock, told_the_truth)
GUARDS = (jobs_were_done,)

exercise = Exercise(
    name="fenced-lock",
    title="A fenced lock",
    nodes=("LockServer", "Storage", "Worker"),
    parts=(
        Part("exclusion", "One worker at a time, as long as clocks are good", 3, exclusion,
             (*HONEST, one_holder, finished), GUARDS, cast=CAST),
        Part("crash", "A holder that crashes does not keep the lock", 2, crashed_holder,
             (*HONEST, one_holder, finished), GUARDS, cast=CAST),
        Part("fence", "Who wakes up late does no harm", 3, pauses,
             (*HONEST, tokens_grow, fenced, finished), GUARDS, cast=CAST),
        Part("restart", "Tokens never go back, whoever is restarted", 2, restarts,
             (*HONEST, one_holder, tokens_grow, fenced, finished), GUARDS, cast=CAST),
    ),
)  # fmt: skip
