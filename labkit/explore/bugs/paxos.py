"""Mistakes in Paxos."""

from __future__ import annotations

import random

from labkit import Cluster
from labkit.check.agreement import Consensus, agreement, validity
from labkit.check.answers import answers_linearizable
from labkit.check.invariants import no_errors
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.workload import STEP, Program, answered, client_random, drive
from labkit.protocols.paxos import Accepted, Paxos, Promise, Propose

linearizable = answers_linearizable(Consensus())


def proposer(cluster: Cluster, name: str) -> Program:
    """A client that proposes a value to some node, until it is told what was chosen; and then asks all of them."""
    draw = client_random(cluster, name)
    yield draw.uniform(0, 0.3)
    for _ in range(6):
        operation = yield draw.choice(cluster.ids), Propose(value=name), draw.choice([0.1, 0.5])
        if answered(operation):
            break
        yield draw.uniform(0, 0.2)
    while True:
        yield draw.uniform(0.1, 0.5)
        yield draw.choice(cluster.ids), Propose(value=name), 0.5


def storm(cluster: Cluster) -> None:
    """Three clients with three wishes, in a storm of 2 s; then calm, in which all learn what was chosen."""
    drive(cluster, {name: proposer(cluster, name) for name in ("c1", "c2", "c3")}, 3.0)
    for number, node in enumerate(cluster.ids):
        cluster.client(f"d{number}").invoke(node, Propose(value="late"), timeout=1.0)
    cluster.advance(cluster.now + 1.0)


def reboots(cluster: Cluster) -> None:
    """Nodes are restarted all the time, for 2 s, while three clients propose; then calm."""
    draw = random.Random(f"{cluster.seed}/reboots")
    every = draw.choice([0.02, 0.05, 0.1])

    def reboot() -> None:
        if cluster.now < 2.0 and draw.random() < STEP / every:
            cluster.restart(draw.choice(cluster.ids))

    drive(cluster, {name: proposer(cluster, name) for name in ("c1", "c2", "c3")}, 3.0, reboot)


SAFETY = (no_errors, agreement, validity, linearizable)
SLOW = (0.005, 0.15)  # seconds from node to node: as long as a proposer is patient, so that proposals overlap
STORM = Setting(storm, SAFETY, 3, seconds=2.0, latency=SLOW)
FOUR = Setting(storm, SAFETY, 4, seconds=2.0, latency=SLOW)
REBOOTS = Setting(reboots, SAFETY, 3, kinds=(), latency=SLOW)


class IgnoresWhatWasAccepted(Paxos):
    def value_to_propose(self):
        return self.wish


class TakesAnyAcceptedValue(Paxos):
    def value_to_propose(self):
        accepted = [value for n, value in self.promises.values() if n]
        return accepted[0] if accepted else self.wish


class TakesTheLowestBallot(Paxos):
    def value_to_propose(self):
        accepted = [proposal for proposal in self.promises.values() if proposal[0]]
        return min(accepted)[1] if accepted else self.wish


class ForgetsItsPromise(Paxos):
    def start(self):
        self.disk.pop("promised", None)
        super().start()


class ForgetsWhatItAccepted(Paxos):
    def start(self):
        self.disk.pop("accepted", None)
        super().start()


class ReusesNumbers(Paxos):
    def start(self):
        super().start()
        self.tried = 0

    def next_number(self):
        everyone = sorted([*self.peers, self.id])
        return (self.tried // len(everyone) + 1) * len(everyone) + everyone.index(self.id)

    def prepare_request(self, msg, sender):
        if msg.n < self.promised:
            return None
        self.promised = self.disk["promised"] = msg.n
        return Promise(n=msg.n, accepted_n=self.accepted_n, accepted_value=self.accepted_value)


class SharesNumbers(Paxos):
    def next_number(self):
        return max(self.tried, self.promised) + 1

    def prepare_request(self, msg, sender):
        if msg.n < self.promised:
            return None
        self.promised = self.disk["promised"] = msg.n
        return Promise(n=msg.n, accepted_n=self.accepted_n, accepted_value=self.accepted_value)


class BreaksItsPromise(Paxos):
    def accept_request(self, msg, sender):
        self.accepted_n, self.accepted_value = self.disk["accepted"] = msg.n, msg.value
        self.send_to_all(Accepted(n=msg.n, value=msg.value))


class HalfIsEnough(Paxos):
    def majority(self):
        return (len(self.peers) + 1) // 2


class CountsOldPromises(Paxos):
    def prepare(self):
        old = self.promises
        super().prepare()
        self.promises = old


class MixesProposals(Paxos):
    def learn(self, msg, sender):
        super().learn(Accepted(n=0, value=msg.value), sender)


BUGS = (
    Bug("paxos-accepted-ignored", "paxos", Paxos, IgnoresWhatWasAccepted,
        "A proposer proposes its own value, whatever the promises tell of proposals accepted before.",
        STORM, (agreement, linearizable), seed=0),
    Bug("paxos-any-accepted-value", "paxos", Paxos, TakesAnyAcceptedValue,
        "A proposer takes the first accepted value that it hears of, not that of the highest-numbered proposal.",
        STORM, (agreement, linearizable), seed=29),
    Bug("paxos-lowest-ballot", "paxos", Paxos, TakesTheLowestBallot,
        "A proposer takes the value of the lowest-numbered proposal among the promises.",
        STORM, (agreement, linearizable), seed=52),
    Bug("paxos-promise-forgotten", "paxos", Paxos, ForgetsItsPromise,
        "The promise is not on stable storage: after a restart, the acceptor accepts an old proposal.",
        REBOOTS, (agreement, linearizable), seed=95),
    Bug("paxos-acceptance-forgotten", "paxos", Paxos, ForgetsWhatItAccepted,
        "What an acceptor accepted is not on stable storage: after a restart, it tells of nothing.",
        REBOOTS, (agreement, linearizable), seed=0),
    Bug("paxos-number-reused", "paxos", Paxos, ReusesNumbers,
        "A proposer forgets in a crash which numbers it has tried, and proposes another value under an old one.",
        REBOOTS, (agreement, linearizable), seed=61),
    Bug("paxos-numbers-shared", "paxos", Paxos, SharesNumbers,
        "Two proposers may choose the same number, and each believes that the promises are for itself.",
        STORM, (agreement, linearizable), seed=16),
    Bug("paxos-promise-broken", "paxos", Paxos, BreaksItsPromise,
        "An acceptor accepts a proposal although it has promised a greater number.",
        STORM, (agreement, linearizable), seed=16),
    Bug("paxos-half-chooses", "paxos", Paxos, HalfIsEnough,
        "n // 2 is taken for a majority: two halves of four acceptors choose two values.",
        FOUR, (agreement, linearizable), seed=31),
    Bug("paxos-old-promises-counted", "paxos", Paxos, CountsOldPromises,
        "Promises for a proposer's earlier number count for its next one.",
        STORM, (agreement, linearizable), seed=13),
    Bug("paxos-proposals-mixed", "paxos", Paxos, MixesProposals,
        "A learner counts acceptances of different proposals together.",
        STORM, (agreement, linearizable), seed=29),
)  # fmt: skip
