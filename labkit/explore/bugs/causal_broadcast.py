"""Mistakes in causal broadcast with vector clocks."""

from __future__ import annotations

from typing import Any

from labkit import Cluster
from labkit.check.answers import answers_consistent
from labkit.check.broadcast import all_deliver, causal_delivery, no_duplication
from labkit.check.invariants import no_errors
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.workload import Program, client_random, drive
from labkit.protocols.causal_broadcast import Process, Read, Write

causal = answers_consistent("causal")


def member(cluster: Cluster, name: str, node: str) -> Program:
    """A client of one process, which stays with it as long as it gets answers."""
    draw, number = client_random(cluster, name), 0
    while True:
        yield draw.uniform(0, 0.2)
        number += 1
        key = draw.choice(["x", "y"])
        request = Read(key=key) if draw.random() < 0.5 else Write(key=key, value=f"{name}.{number}")
        yield node, request, 0.2


def storm(cluster: Cluster) -> None:
    """Each process has a client, in a storm of 2 s; then calm, until all have delivered everything."""
    drive(
        cluster, {f"c{number}": member(cluster, f"c{number}", node) for number, node in enumerate(cluster.ids, 1)}, 2.5
    )
    cluster.advance(cluster.now + 1.5)


def brief(cluster: Cluster) -> None:
    """Two processes have a client for a moment; then calm, until all have delivered everything."""
    drive(cluster, {name: member(cluster, name, node) for name, node in (("c1", "n1"), ("c2", "n2"))}, 0.3)
    cluster.advance(cluster.now + 0.7)


def all_deliver_soon(trace: Any) -> Any:
    """Agreement, within six rounds of gossip."""
    return all_deliver(trace, 0.6)


SAFETY = (no_errors, causal_delivery, no_duplication, causal, all_deliver)
STORM = Setting(storm, SAFETY, 3, 2.0, latency=(0.005, 0.1))
BRIEF = Setting(brief, (*SAFETY, all_deliver_soon), 3, kinds=(), latency=(0.005, 0.2))


class DeliversAtOnce(Process):
    def can_be_delivered(self, message):
        return True


class DeliversInSendersOrder(Process):
    def can_be_delivered(self, message):
        return message.vt[message.origin] == self.vt[message.origin] + 1


class MissesKeys(Process):
    def timestamp(self):
        stamp = super().timestamp()
        return {process: count for process, count in stamp.items() if count}

    def can_be_delivered(self, message):
        known = {process: count for process, count in self.vt.items() if count}
        return message.vt[message.origin] == self.vt[message.origin] + 1 and all(
            message.vt[process] <= count
            for process, count in known.items()
            if process in message.vt and process != message.origin
        )


class TakesOverTheClock(Process):
    def merged(self, message):
        return self.vt | message.vt


class ComparesSums(Process):
    def can_be_delivered(self, message):
        return sum(message.vt.values()) <= sum(self.vt.values()) + 1


class StampsBeforeItCounts(Process):
    def timestamp(self):
        self.vt = super().timestamp()
        return self.vt | dict.fromkeys(self.peers, 0)


class ForgetsItsClock(Process):
    def deliver(self, message):
        self.hand_over(message)


class DeliversTwice(Process):
    def is_new(self, message):
        return True

    def can_be_delivered(self, message):
        return all(
            count <= self.vt[process] + 1 if process == message.origin else count <= self.vt[process]
            for process, count in message.vt.items()
        )


class LooksOnce(Process):
    def deliver_what_can_be(self):
        if self.delayed and self.can_be_delivered(self.delayed[-1]):
            self.deliver(self.delayed[-1])
            self.delayed = self.delayed[:-1]


BUGS = (
    Bug("causal-delivered-at-once", "causal_broadcast", Process, DeliversAtOnce,
        "Messages are delivered as they arrive: a reply may come before what it replies to.",
        STORM, (causal_delivery, no_duplication), seed=0),
    Bug("causal-senders-order-only", "causal_broadcast", Process, DeliversInSendersOrder,
        "Only the order of each sender is kept, not what it had heard from others (FIFO, not causal).",
        STORM, (causal_delivery,), seed=0),
    Bug("causal-missing-keys", "causal_broadcast", Process, MissesKeys,
        "Clocks are compared only where both have an entry: a process that one does not know of is not waited for.",
        STORM, (causal_delivery,), seed=0),
    Bug("causal-clock-taken-over", "causal_broadcast", Process, TakesOverTheClock,
        "The clock of a message replaces the own one, instead of the maximum of both.",
        STORM, (causal_delivery, no_duplication, all_deliver), seed=0),
    Bug("causal-sums-compared", "causal_broadcast", Process, ComparesSums,
        "Clocks are compared by the sum of their entries.",
        STORM, (causal_delivery, no_duplication), seed=1),
    Bug("causal-own-count-only", "causal_broadcast", Process, StampsBeforeItCounts,
        "A message carries its sender's own count, and nothing of what the sender had heard.",
        STORM, (causal_delivery,), seed=0),
    Bug("causal-clock-forgotten", "causal_broadcast", Process, ForgetsItsClock,
        "What was delivered is not on stable storage: after a crash, a process gives old times to new messages.",
        STORM, (causal_delivery, no_duplication, all_deliver, causal), seed=0),
    Bug("causal-delivered-twice", "causal_broadcast", Process, DeliversTwice,
        "A message that the network delivers twice, or that is sent again, is delivered twice.",
        STORM, (no_duplication,), seed=0),
    Bug("causal-looked-at-once", "causal_broadcast", Process, LooksOnce,
        "After a delivery, nobody looks whether a delayed message can be delivered now.",
        BRIEF, (all_deliver_soon,), seed=164),
)  # fmt: skip
