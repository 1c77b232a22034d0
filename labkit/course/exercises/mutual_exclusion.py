"""Exercise: locks, consensus and a shared memory. What is asked is Dijkstra 1965 (mutual exclusion), Herlihy 1991
(consensus from stronger objects), and Attiya, Bar-Noy and Dolev 1995 (a register made of messages)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from labkit.check.invariants import no_errors
from labkit.check.memory import atomic_register, register_answers
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part, SearchedPart
from labkit.course.requests import request
from labkit.course.searched import Judged, Setting, by_search
from labkit.engine.faults import Faults
from labkit.errors import LabkitError
from labkit.explore.bugs.workload import Program, drive
from labkit.shared import Array, Consensus, Finding, Lock, Register, play
from labkit.shared.objects import Step
from labkit.shared.process import CRITICAL, EXITING, REMAINDER

Build = Callable[..., Cluster]

# --- schedules: the locks of the exercise's given cell


class Careless(Lock):
    """Wait until the other's flag is down, then raise your own."""

    flag = Array(Register(False))

    async def acquire(self) -> None:
        while await self.flag[1 - self.me].read():
            pass
        await self.flag[self.me].write(True)

    async def release(self) -> None:
        await self.flag[self.me].write(False)


class Hyman(Lock):
    """Harris Hyman, "Comments on a Problem in Concurrent Programming Control", CACM 9(1), 1966."""

    flag = Array(Register(False))
    turn = Register(0)

    async def acquire(self) -> None:
        me, other = self.me, 1 - self.me
        await self.flag[me].write(True)
        while await self.turn.read() != me:
            while await self.flag[other].read():
                pass
            await self.turn.write(me)

    async def release(self) -> None:
        await self.flag[self.me].write(False)


LOCKS: dict[str, type[Lock]] = {"careless": Careless, "hyman": Hyman}


def schedules(build: Build, seeds: Sequence[int]) -> Judged:
    """The student's class shows a schedule for each lock; each is carried out here."""
    cluster = build(nodes={"n1": "Schedules"}, seed=0, faults=Faults())
    cluster.run(0.1)
    shown: dict[str, Any] = {}
    for event in cluster.trace.select("state", "error"):
        if event.kind == "error":
            return Judged(False, f"Schedules raised {event.data['error']} ({event.data['where']})")
        shown.update(event.data)
    for name, lock in LOCKS.items():
        schedule = shown.get(name)
        if not isinstance(schedule, list):
            return Judged(False, f"self.{name} is {schedule!r}: give a list such as [0, 1, 0], a process for each step")
        if not schedule:
            return Judged(False, f"self.{name} is empty: who takes the first step?")
        try:
            run = play(lock, 2, schedule)
        except LabkitError as error:
            return Judged(False, f"self.{name}: {error}")
        if run.violation is None:
            where = ", ".join(
                f"p{me} is in its {phase} section"
                if phase in (CRITICAL, REMAINDER)
                else f"p{me} is {phase}, its next step is {run.locals[me].step}"
                for me, phase in enumerate(run.phases)
            )
            return Judged(False, f"self.{name} does not break the lock: after its {len(schedule)} steps {where}")
    return Judged(True, "both schedules bring both processes into the critical section")


# --- locks: what is to be learnt from a schedule that breaks one


def explain_lock(finding: Finding) -> str:
    """The misconception that a finding shows."""
    run = finding.run
    if finding.property == "Mutual exclusion":
        inside = [me for me, phase in enumerate(run.phases) if phase == CRITICAL]
        return _together({me: _acquire(run.steps[me]) for me in inside})
    if finding.property == "Deadlock freedom":
        waiting = [me for me, phase in enumerate(run.phases) if phase not in (REMAINDER, "done")]
        resting = [me for me in range(run.n) if me not in waiting]
        stuck = [me for me in waiting if run.phases[me] == EXITING]
        if stuck:
            return f"p{stuck[0]} cannot get out: release must not wait for anybody"
        if resting:
            rest = " and ".join(f"p{me}" for me in resting)
            return (
                f"{rest} does not want to enter now, and may never again; a lock must not wait for one who does not "
                "try (and does release take back all that acquire said?)"
            )
        return (
            "each sees that the other wants to enter, and waits. Something must say who goes first if all try at once"
        )
    if finding.property == "Starvation freedom":
        return "others may pass it again and again. Who has just been in must let one go first who was waiting"
    return ""


def _acquire(steps: Sequence[Step]) -> list[Step]:
    """What a process did to get in: its steps since it began to try, up to the critical section."""
    last = max(number for number, step in enumerate(steps) if step.op == REMAINDER)
    return [step for step in steps[last + 1 :] if step.op != CRITICAL]


def _together(ways: dict[int, list[Step]]) -> str:
    """Why several are in: the first of the usual reasons."""
    for me, steps in ways.items():
        if not any(step.op == "write" for step in steps):
            return f"p{me} went in without having written anything, so nobody can know that it is there"
    shared = {step.place for step in next(iter(ways.values())) if step.op == "write"}
    for steps in ways.values():
        shared &= {step.place for step in steps if step.op == "write"}
    for me, steps in ways.items():
        if steps[0].op == "read":
            return (
                f"look, then write: p{me} looked before it had written that it wants to enter. Between a look and a "
                "write another may look too, and see nothing. Say first that you want to enter, then look"
            )
    for me, steps in ways.items():
        for step in steps:
            if step.op == "write" and step.place in shared and step.args == (me,):
                return (
                    f"p{me} wrote its own number where both write: so the one who comes last goes first, though the "
                    "other may be in already. Who comes last must be the one to wait"
                )
    for me, steps in ways.items():
        if steps[0].op == "write" and steps[0].place in shared:
            return (
                f"p{me} gave way before it said that it wants to enter: another came in between, saw nobody, and its "
                "own giving way undid the first. Say that you want to enter, and then give way"
            )
    return "follow the table from the top: what had each of them read when it went in, and what was written after that?"


REGISTERS = ("Register",)
two = by_search("TwoLock", Lock, REGISTERS, (Setting(2),), explain_lock)
many = by_search(
    "ManyLock", Lock, REGISTERS,
    (Setting(2, None, 5_000), Setting(2, 2, 40_000, 10), Setting(3, 1, 60_000, 10)), explain_lock,
)  # fmt: skip


# --- consensus


def explain_consensus(finding: Finding) -> str:
    """The misconception that a finding shows."""
    results = finding.run.results
    if finding.property == "Agreement":
        if all(value == finding.inputs[me] for me, value in results.items()):
            return "each decides what it proposed itself. Only one can be first: who is not must take the other's value"
        return "each takes the other's value. Exactly one must keep its own: who found the bit clear"
    if finding.property == "Validity":
        return "it looked for the winner's proposal before that was written down. Write what you propose, then compete"
    if finding.property == "Wait-freedom":
        return "do not wait for the other: what you need from it must be there before it competes"
    return ""


two_agree = by_search("TwoAgree", Consensus, ("Register", "TestAndSet"), (Setting(2, 1),), explain_consensus)


# --- a register made of messages


def _customer(cluster: Cluster, name: str, at: Sequence[str], writes: float) -> Program:
    """A client that writes (so often) or reads, at any of these replicas."""
    draw, number = random.Random(f"{cluster.seed}/{name}"), 0
    while True:
        yield draw.uniform(0, 0.1)
        number += 1
        if draw.random() < writes:
            yield draw.choice(at), request(cluster, "Write", value=f"{name}.{number}"), 60.0
        else:
            yield draw.choice(at), request(cluster, "Read"), 60.0


def storm(cluster: Cluster) -> None:
    """Clients and a slow network, or one in which one replica's messages to all but one are slow; two replicas of
    five crash meanwhile."""
    draw = random.Random(f"storm/{cluster.seed}")
    lost = draw.sample(cluster.ids, 2)
    lasting = [id for id in cluster.ids if id not in lost]
    crashes = sorted((draw.uniform(0.5, 2.0), id) for id in lost)
    at = dict.fromkeys(("c1", "c2", "c3", "c4", "c5", "c6"), lasting)
    if cluster.seed % 2:
        writer, quick, last = lasting
        at |= {"c1": [writer], "c3": [quick], "c4": [last], "c5": [quick, last]}
        crashes = [(time + 1.5, id) for time, id in crashes]
        cluster.link(latency=(0.005, 0.02))
        cluster.link(quick, last, latency=0.06)
        for other in (last, *lost):
            cluster.link(writer, other, one_way=True, latency=0.3)
    else:
        cluster.link(latency=(0.005, draw.choice([0.03, 0.3])))
    writes = {"c1": 0.8} if cluster.seed % 2 else {"c1": 0.4, "c2": 0.4}

    def strike() -> None:
        while crashes and crashes[0][0] <= cluster.now:
            cluster.crash(crashes.pop(0)[1])

    drive(cluster, {name: _customer(cluster, name, at[name], writes.get(name, 0.0)) for name in at}, 4.0, strike)
    cluster.advance(cluster.now + 3.5)


REPLICAS = {f"n{number}": "Replica" for number in range(1, 6)}

exercise = Exercise(
    name="mutual-exclusion",
    title="A lock that no interleaving breaks",
    nodes=("Schedules", "TwoLock", "ManyLock", "TwoAgree", "Replica"),
    parts=(
        SearchedPart("schedules", "A schedule that breaks each of two locks", 2, schedules),
        SearchedPart("two", "A lock for two, of registers alone", 2, two),
        SearchedPart("many", "A lock for any number, of registers alone", 2, many),
        SearchedPart("consensus", "Wait-free consensus of two, by test-and-set", 2, two_agree),
        Part("register", "A register made of messages, linearizable though two of five crash", 2, storm,
             (no_errors, atomic_register), (register_answers,), cast=REPLICAS),
    ),
)  # fmt: skip
