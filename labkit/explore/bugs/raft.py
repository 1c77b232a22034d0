"""Mistakes in Raft."""

from __future__ import annotations

from labkit import Cluster
from labkit.check.answers import answers_linearizable
from labkit.check.election import (
    elected_by_majority,
    election_safety,
    one_vote_per_term,
    terms_only_grow,
)
from labkit.check.invariants import no_errors
from labkit.check.replication import (
    at_most_once,
    committed_entries_stay,
    leader_completeness,
    log_matching,
    state_machine_safety,
)
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.workload import Program, answered, client_random, drive
from labkit.protocols.raft_log import Raft
from labkit.protocols.sessions import Append, Cas, Get, Put

linearizable = answers_linearizable("kv")


# --- settings


def store_client(cluster: Cluster, name: str, pause: float = 0.1, patience: float = 0.4) -> Program:
    """A client that reads and writes one key and appends to another, asks again under the same serial number when no answer
    comes, and follows the servers' word on who leads."""
    draw, serial, server = client_random(cluster, name), 0, cluster.ids[0]
    while True:
        yield draw.uniform(0, 2 * pause)
        serial += 1
        value = f"{name}.{serial}"
        request = draw.choice(
            [
                Get(key="x"),
                Put(key="x", value=value, serial=serial),
                Append(key="y", value=value, serial=serial),
                Get(key="y"),
                Cas(key="x", old=None, new=value, serial=serial),
            ]
        )
        for _ in range(8):
            operation = yield server, request, patience
            if answered(operation):
                break
            hint = getattr(operation.reply, "leader", None) if operation is not None else None
            server = hint or draw.choice(cluster.ids)
            yield 0.02


def storm(cluster: Cluster) -> None:
    """Three clients at work in a storm of 3 s, and in the calm after it."""
    drive(cluster, {name: store_client(cluster, name) for name in ("c1", "c2", "c3")}, 4.0)


SAFETY = (
    no_errors, election_safety, one_vote_per_term, elected_by_majority, terms_only_grow, log_matching,
    leader_completeness, state_machine_safety, committed_entries_stay, at_most_once, linearizable,
)  # fmt: skip
STORM = Setting(storm, SAFETY, 3)


class ForgetsItsVote(Raft):
    def enter_term(self, term, voted_for=None):
        self.term, self.voted_for = term, voted_for
        self.disk["term"] = term


BUGS = (
    Bug("votes forgotten in a crash", "raft", Raft, ForgetsItsVote,
        "the vote is not on stable storage, so a server that restarts votes again in the same term",
        STORM, (one_vote_per_term, election_safety)),
)  # fmt: skip
