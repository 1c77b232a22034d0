"""Mistakes in a lock service with leases."""

from __future__ import annotations

import random

from labkit import Cluster
from labkit.check.answers import answers_linearizable
from labkit.check.invariants import no_errors
from labkit.check.locks import mutual_exclusion, tokens_are_unique, tokens_only_grow
from labkit.engine import latency
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.workload import Program, client_random, drive
from labkit.protocols.lease_lock import LEASE, Add, Granted, LockServer, Read, Storage, Worker

linearizable = answers_linearizable("set")


def member(cluster: Cluster, name: str) -> Program:
    """A client that adds elements to the set, and reads it, through any worker."""
    draw, number = client_random(cluster, name), 0
    while True:
        yield draw.uniform(0, 0.1)
        number += 1
        request = Add(value=f"{name}.{number}") if draw.random() < 0.7 else Read()
        yield draw.choice(cluster.ids[2:]), request, 0.7


def storm(cluster: Cluster) -> None:
    """Three clients in a storm of 4 s, and in the calm after it."""
    drive(cluster, {name: member(cluster, name) for name in ("c1", "c2", "c3")}, 5.0)


def outages(cluster: Cluster) -> None:
    """The same, while the storage is down now and then, so that some leases run out before the work is done."""
    draw = random.Random(f"{cluster.seed}/outages")
    change = [0.2]

    def switch() -> None:
        if cluster.now >= change[0]:
            (cluster.crash if cluster.up("n2") and cluster.now < 4.0 else cluster.restart)("n2")
            change[0] = cluster.now + draw.uniform(0.1, 0.6)

    drive(cluster, {name: member(cluster, name) for name in ("c1", "c2", "c3", "c4")}, 5.0, switch)


NODES = {"n1": LockServer, "n2": Storage, "n3": Worker, "n4": Worker, "n5": Worker}
FENCED = (no_errors, tokens_only_grow, tokens_are_unique, linearizable)
# Who is paused cannot know that its lease is over: then only fencing helps.
STORM = Setting(storm, FENCED, NODES, 4.0)
PAUSES = Setting(storm, FENCED, NODES, 4.0, kinds=("pause", "crash", "delay"), down=3)
PUNCTUAL = Setting(
    outages, (*FENCED, mutual_exclusion), NODES, 4.0, down=3,
    kinds=("crash", "loss", "delay", "duplicate", "reorder"), latency=(0.005, 0.05),
)  # fmt: skip
SLOW = Setting(outages, (*FENCED, mutual_exclusion), NODES, kinds=(), latency=latency.Exponential(mean=0.08))
CLOCKS = Setting(outages, (*FENCED, mutual_exclusion), NODES, 4.0, kinds=("clock", "loss"), down=3)


class ChecksNoToken(Storage):
    def let_in(self, token):
        self.accepted = token
        return True


class ForgetsTheToken(Storage):
    def start(self):
        self.disk.pop("accepted", None)
        super().start()


class ForgetsItsTokens(LockServer):
    def start(self):
        self.disk.pop("token", None)
        super().start()


class GrantsAtOnce(LockServer):
    def start(self):
        super().start()
        self.holder = None


class ReleasesForAnyone(LockServer):
    def release(self, msg, sender):
        self.holder = None


class NeverStopsHolding(Worker):
    def lease_over(self):
        if not self.holding:
            super().lease_over()


class CountsFromTheAnswer(Worker):
    RESEND = 0.25

    def granted(self, msg, sender):
        super().granted(msg, sender)
        if self.holding and msg.request == self.attempt:
            self.lease_timer.reset(LEASE)


class ReadsTheClock(Worker):
    def acquire(self):
        super().acquire()
        self.lease_timer.cancel()
        self.lease_until = self.now + LEASE
        self.lease_timer = self.after(LEASE / 10, self.lease_over)

    def lease_over(self):
        if self.now < self.lease_until:
            self.lease_timer = self.after(LEASE / 10, self.lease_over)
        else:
            super().lease_over()


class TakesOldGrants(Worker):
    def granted(self, msg, sender):
        if self.wish is not None and not self.holding:
            super().granted(Granted(request=self.attempt, token=msg.token), sender)


BUGS = (
    Bug("lock-token-not-checked", "lease_lock", Storage, ChecksNoToken,
        "The storage lets in every token: a holder that was paused writes after its lease is over.",
        PAUSES, (tokens_only_grow, linearizable), seed=0),
    Bug("lock-storage-forgets-token", "lease_lock", Storage, ForgetsTheToken,
        "The storage forgets in a crash which token it has seen.",
        PAUSES, (tokens_only_grow, linearizable), seed=0),
    Bug("lock-tokens-reused", "lease_lock", LockServer, ForgetsItsTokens,
        "After a crash, the lock service counts its tokens from 1 again, and the storage refuses them all.",
        PUNCTUAL, (tokens_are_unique,), seed=0),
    Bug("lock-granted-after-crash", "lease_lock", LockServer, GrantsAtOnce,
        "After a crash, the lock service grants the lock at once, though a lease may still run.",
        PUNCTUAL, (mutual_exclusion,), seed=6),
    Bug("lock-released-by-anyone", "lease_lock", LockServer, ReleasesForAnyone,
        "A late release of an earlier holder takes the lock from the present one.",
        PUNCTUAL, (mutual_exclusion,), seed=12),
    Bug("lock-lease-not-checked", "lease_lock", Worker, NeverStopsHolding,
        "A holder does not look whether its lease is over.",
        PUNCTUAL, (mutual_exclusion,), seed=1),
    Bug("lock-lease-from-answer", "lease_lock", Worker, CountsFromTheAnswer,
        "A holder counts its lease from when the grant arrived, not from when it asked.",
        SLOW, (mutual_exclusion,), seed=21),
    Bug("lock-wall-clock", "lease_lock", Worker, ReadsTheClock,
        "A holder checks its lease against the time of day, which jumps, instead of a monotonic clock.",
        CLOCKS, (mutual_exclusion,), seed=8),
    Bug("lock-old-grant-taken", "lease_lock", Worker, TakesOldGrants,
        "A worker takes a grant that answers an earlier request of its own, whose lease is over.",
        SLOW, (mutual_exclusion,), seed=3),
)  # fmt: skip
