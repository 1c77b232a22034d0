"""Mistakes in two-phase commit."""

from __future__ import annotations

import random
from typing import Any

from labkit import Cluster
from labkit.check.commitment import (
    all_decide,
    commit_needs_all_votes,
    decisions_stand,
    no_trivial_abort,
    same_decision,
)
from labkit.check.invariants import no_errors
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.workload import STEP, Program, client_random, drive
from labkit.protocols.two_phase_commit import (
    Acknowledged,
    Coordinator,
    Decision,
    Outcome,
    Participant,
    Transact,
    Vote,
)


def client(cluster: Cluster, name: str) -> Program:
    """A client that asks the coordinator for one transaction after the other, on two keys."""
    draw, number = client_random(cluster, name), 0
    while True:
        yield draw.uniform(0, 0.4)
        number += 1
        yield "n1", Transact(key=draw.choice(["x", "y"]), value=f"{name}.{number}"), 0.5


def storm(cluster: Cluster) -> None:
    """Two clients in a storm of 3 s; then 3 s of calm, in which whatever is open has to be decided."""
    drive(cluster, {name: client(cluster, name) for name in ("c1", "c2")}, 3.0)
    cluster.advance(cluster.now + 3.0)


def reboots(cluster: Cluster) -> None:
    """Nodes are restarted all the time for 2 s, the coordinator too; then 3 s of calm."""
    draw = random.Random(f"{cluster.seed}/reboots")
    every = draw.choice([0.03, 0.1, 0.2])

    def reboot() -> None:
        if draw.random() < STEP / every:
            cluster.restart(draw.choice(cluster.ids))

    drive(cluster, {name: client(cluster, name) for name in ("c1", "c2")}, 2.0, reboot)
    cluster.advance(cluster.now + 3.0)


def one_client(cluster: Cluster) -> None:
    """One client, while the coordinator is restarted now and then for half a second; then a second of calm."""
    draw = random.Random(f"{cluster.seed}/reboots")

    def reboot() -> None:
        if draw.random() < STEP / 0.1:
            cluster.restart("n1")

    drive(cluster, {"c1": client(cluster, "c1")}, 0.5, reboot)
    cluster.advance(cluster.now + 1.5)


def quiet(cluster: Cluster) -> None:
    """Nothing goes wrong."""
    drive(cluster, {"c1": client(cluster, "c1")}, 2.0)
    cluster.advance(cluster.now + 1.0)


def every_yes(trace: Any) -> Any:
    """AC3, for the participants n2, n3 and n4."""
    return commit_needs_all_votes(trace, lambda node: node != "n1")


def all_decide_soon(trace: Any) -> Any:
    """AC5, within a second: twice as long as any of the protocol's timeouts."""
    return all_decide(trace, 1.0)


SAFETY = (no_errors, same_decision, decisions_stand, every_yes, no_trivial_abort, all_decide)
NODES = {"n1": Coordinator, "n2": Participant, "n3": Participant, "n4": Participant}
STORM = Setting(storm, SAFETY, NODES, down=3)
REBOOTS = Setting(reboots, SAFETY, NODES, 2.0, kinds=("loss", "delay", "cut"))
LATE = Setting(storm, SAFETY, NODES, kinds=("delay", "loss", "crash"), down=3, latency=(0.005, 0.09))
QUIET = Setting(quiet, SAFETY, NODES, kinds=())
SOON = (*SAFETY, all_decide_soon)
TWO = {"n1": Coordinator, "n2": Participant, "n3": Participant}
ONE_CLIENT = Setting(one_client, SOON, TWO, kinds=())


class TellsBeforeItWrites(Coordinator):
    WRITE = 0.05

    def decide(self, transaction, decision):
        if decision == "abort":
            return super().decide(transaction, decision)
        self.votes = {other: votes for other, votes in self.votes.items() if other != transaction}
        self.unacknowledged = self.unacknowledged | {transaction: set(self.peers)}
        self.decision = self.decision | {transaction: decision}
        self.broadcast(Decision(transaction=transaction, decision=decision))
        self.answer(self._waiting.pop(transaction), Outcome(result=decision))
        self.after(self.WRITE, self.write_log, transaction, "commit")


class CommitsWithAMajority(Coordinator):
    def all_voted_yes(self, transaction):
        return len(self.votes[transaction]) > len(self.peers) / 2


class PresumesCommit(Coordinator):
    def decision_request(self, msg, sender):
        answer = super().decision_request(msg, sender)
        if answer is not None and msg.transaction not in self.decision:
            return Decision(transaction=msg.transaction, decision="commit")
        return answer


class ForgetsTooSoon(Coordinator):
    def acknowledged(self, msg, sender):
        if msg.transaction in self.unacknowledged:
            self.unacknowledged = {t: who for t, who in self.unacknowledged.items() if t != msg.transaction}
            self.log = {t: record for t, record in self.log.items() if t != msg.transaction}
            self.disk["log"] = self.log


class TellsOnce(Coordinator):
    def tell_again(self):
        pass

    def decision_request(self, msg, sender):
        return None


class AbortsAlone(Participant):
    def ask(self, transaction):
        if self.log.get(transaction) == "yes":
            self.decide(transaction, "abort")


class CommitsAlone(Participant):
    def ask(self, transaction):
        if self.log.get(transaction) == "yes":
            self.decide(transaction, "commit")


class ForgetsItsVote(Participant):
    def write_log(self, transaction, record):
        self.log = self.log | {transaction: record}
        if record != "yes":
            self.disk["log"] = {t: r for t, r in self.log.items() if r != "yes"}


class PromisesNothing(Participant):
    def decision_request(self, msg, sender):
        if self.log.get(msg.transaction) == "yes":
            self.decide(msg.transaction, "abort")
        return super().decision_request(msg, sender)


class AbortsWithoutARecord(Participant):
    def decision_request(self, msg, sender):
        if msg.transaction not in self.log:
            return Decision(transaction=msg.transaction, decision="abort")
        return super().decision_request(msg, sender)


class NeverAsks(Participant):
    def ask(self, transaction):
        pass


class LetsDecisionsChange(Participant):
    def decided(self, msg, sender):
        if msg.transaction in self.writes:
            self.decide(msg.transaction, msg.decision)
        if msg.decision == "commit":
            self.send(self.coordinator(), Acknowledged(transaction=msg.transaction))

    def vote_request(self, msg, sender):
        if self.log.get(msg.transaction) == "yes":
            self.decide(msg.transaction, "abort")
            return Vote(transaction=msg.transaction, yes=False)
        return super().vote_request(msg, sender)


BUGS = (
    Bug("2pc-told-before-logged", "two_phase_commit", Coordinator, TellsBeforeItWrites,
        "The coordinator tells the decision to commit before it is on its log: after a crash, it presumes abort.",
        REBOOTS, (same_decision, decisions_stand), seed=78),
    Bug("2pc-majority-commits", "two_phase_commit", Coordinator, CommitsWithAMajority,
        "The coordinator commits when most have voted Yes, not all.",
        STORM, (every_yes, same_decision), seed=9),
    Bug("2pc-commit-presumed", "two_phase_commit", Coordinator, PresumesCommit,
        "Of a transaction that it does not know, the coordinator says commit; its log is made to presume abort.",
        REBOOTS, (same_decision, every_yes), seed=0),
    Bug("2pc-forgotten-too-soon", "two_phase_commit", Coordinator, ForgetsTooSoon,
        "The coordinator forgets a commit at the first acknowledgement: who asks later hears abort.",
        STORM, (same_decision,), seed=2),
    Bug("2pc-told-once", "two_phase_commit", Coordinator, TellsOnce,
        "The decision is told once and never again: a participant that missed it may be blocked for ever.",
        ONE_CLIENT, (all_decide_soon,), seed=0),
    Bug("2pc-aborts-alone", "two_phase_commit", Participant, AbortsAlone,
        "A participant that has voted Yes and hears nothing aborts by itself.",
        STORM, (same_decision,), seed=0),
    Bug("2pc-commits-alone", "two_phase_commit", Participant, CommitsAlone,
        "A participant that has voted Yes and hears nothing commits by itself.",
        STORM, (same_decision, every_yes), seed=0),
    Bug("2pc-vote-forgotten", "two_phase_commit", Participant, ForgetsItsVote,
        "The vote is not on the log: after a restart, the participant believes that it has not voted, and aborts.",
        REBOOTS, (same_decision,), seed=57),
    Bug("2pc-uncertain-helps", "two_phase_commit", Participant, PromisesNothing,
        "A participant that is asked by another aborts and says so, though it has voted Yes itself.",
        STORM, (same_decision,), seed=0),
    Bug("2pc-abort-not-recorded", "two_phase_commit", Participant, AbortsWithoutARecord,
        "Who has not voted says abort to one who asks, forgets it, and votes Yes when the request comes at last.",
        LATE, (same_decision,), seed=119),
    Bug("2pc-never-asks", "two_phase_commit", Participant, NeverAsks,
        "An uncertain participant does not ask: of an abort, the coordinator never speaks again.",
        ONE_CLIENT, (all_decide_soon,), seed=0),
    Bug("2pc-vote-changed", "two_phase_commit", Participant, LetsDecisionsChange,
        "A vote request that comes twice is answered with No the second time.",
        STORM, (same_decision, decisions_stand), seed=0),
)  # fmt: skip
