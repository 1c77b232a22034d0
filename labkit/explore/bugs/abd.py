"""Mistakes in the quorum register ABD."""

from __future__ import annotations

import random

from labkit import Cluster
from labkit.check.answers import answers_linearizable
from labkit.check.invariants import no_errors
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.workload import STEP, Program, client_random, drive
from labkit.protocols.abd import Read, Register, Write

linearizable = answers_linearizable("register")


def reader_and_writer(cluster: Cluster, name: str) -> Program:
    """A client that reads and writes one register at any server."""
    draw, number = client_random(cluster, name), 0
    while True:
        yield draw.uniform(0, 0.08)
        number += 1
        request = Read(key="x") if draw.random() < 0.6 else Write(key="x", value=f"{name}.{number}")
        yield draw.choice(cluster.ids), request, 0.3


def storm(cluster: Cluster) -> None:
    """Four clients in a storm of 2 s, and in the calm after it."""
    drive(cluster, {name: reader_and_writer(cluster, name) for name in ("c1", "c2", "c3", "c4")}, 2.5)


def reboots(cluster: Cluster) -> None:
    """Servers are restarted all the time while four clients are at work."""
    draw = random.Random(f"{cluster.seed}/reboots")
    every = draw.choice([0.02, 0.05, 0.1])

    def reboot() -> None:
        if cluster.now < 2.0 and draw.random() < STEP / every:
            cluster.restart(draw.choice(cluster.ids))

    drive(cluster, {name: reader_and_writer(cluster, name) for name in ("c1", "c2", "c3", "c4")}, 2.5, reboot)


SAFETY = (no_errors, linearizable)
SLOW = (0.005, 0.06)
STORM = Setting(storm, SAFETY, 3, seconds=2.0, latency=SLOW)
FOUR = Setting(storm, SAFETY, 4, seconds=2.0, latency=SLOW)
REBOOTS = Setting(reboots, SAFETY, 3, kinds=(), latency=SLOW)
LATE = Setting(reboots, SAFETY, 3, kinds=(), latency=(0.002, 0.25))


class ReadsWithoutWritingBack(Register):
    def update(self, number, tag, value):
        if self.pending[number]["kind"] == "read":
            self.pending[number]["value"] = value
            self.complete(number)
        else:
            super().update(number, tag, value)


class ReadsOneReplica(Register):
    def go_on(self, number):
        operation = self.pending[number]
        if operation["kind"] == "read" and operation["phase"] == "query":
            operation["answers"] = dict.fromkeys([self.id, *self.peers], self.stored(operation["key"]))
        super().go_on(number)


class HalfIsEnough(Register):
    def majority(self):
        return (len(self.peers) + 1) // 2


class OverwritesLaterValues(Register):
    def store(self, key, tag, value):
        self.registers = self.registers | {key: (tag, value)}
        self.disk["registers"] = self.registers


class IgnoresTheOthersTags(Register):
    def new_tag(self, operation):
        return (self.stored(operation["key"])[0][0] + 1, self.id)


class HasTagsWithoutIds(Register):
    def new_tag(self, operation):
        return (super().new_tag(operation)[0], "")


class ForgetsItsReplica(Register):
    def store(self, key, tag, value):
        if tag > self.stored(key)[0]:
            self.registers = self.registers | {key: (tag, value)}


class CountsOldAnswers(Register):
    def start(self):
        super().start()
        self.operation = 0


class CountsBothPhasesTogether(Register):
    def update(self, number, tag, value):
        answers = self.pending[number]["answers"]
        super().update(number, tag, value)
        if number in self.pending:
            self.pending[number]["answers"] = answers
            self.go_on(number)


BUGS = (
    Bug("abd-no-write-back", "abd", Register, ReadsWithoutWritingBack,
        "A read does not wait until a majority has what it returns: a later read may return an older value.",
        STORM, (linearizable,)),
    Bug("abd-reads-one-replica", "abd", Register, ReadsOneReplica,
        "A read asks nobody but its own server.",
        STORM, (linearizable,)),
    Bug("abd-half-is-enough", "abd", Register, HalfIsEnough,
        "n // 2 answers are taken for a majority: two halves of four servers have none in common.",
        FOUR, (linearizable,)),
    Bug("abd-later-value-overwritten", "abd", Register, OverwritesLaterValues,
        "A server takes over any value that it is sent, also one that is older than its own.",
        STORM, (linearizable,)),
    Bug("abd-tag-of-its-own", "abd", Register, IgnoresTheOthersTags,
        "A writer counts on from its own server's tag, and a later write may get a lower tag than an earlier one.",
        STORM, (linearizable,)),
    Bug("abd-tag-without-id", "abd", Register, HasTagsWithoutIds,
        "Two writers may give the same tag to two values, and servers keep the one that came first.",
        STORM, (linearizable,)),
    Bug("abd-replica-forgotten", "abd", Register, ForgetsItsReplica,
        "The replica is not on stable storage: a server that restarts has acknowledged what it does not have.",
        REBOOTS, (linearizable,)),
    Bug("abd-old-answers-counted", "abd", Register, CountsOldAnswers,
        "After a restart, operations are numbered from 1 again, and answers to those before the crash count.",
        LATE, (linearizable,)),
    Bug("abd-phases-counted-together", "abd", Register, CountsBothPhasesTogether,
        "Answers to the query count as answers to the update, so nobody needs to store the value.",
        STORM, (linearizable,)),
)  # fmt: skip
