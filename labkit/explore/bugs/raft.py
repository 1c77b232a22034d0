"""Mistakes in Raft."""

from __future__ import annotations

import random
from typing import Any

from labkit import Cluster
from labkit.check.answers import answers_linearizable
from labkit.check.election import (
    elected_by_majority,
    election_safety,
    leader_within,
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
from labkit.protocols.raft_log import Entry, Raft
from labkit.protocols.sessions import Append, Cas, Done, Get, Put, execute, execute_once

linearizable = answers_linearizable("kv")


# --- settings


def store_client(cluster: Cluster, name: str, pause: float = 0.1, patience: float = 0.4) -> Program:
    """A client that reads and writes one key and appends to another, asks again under the same serial number when no
    answer comes, and follows the servers' word on who leads."""
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


def leader_of(cluster: Cluster) -> str | None:
    """Who leads in the highest term, as the nodes say."""
    nodes: Any = cluster.nodes
    leaders = [(node.term, id) for id, node in nodes.items() if node.role == "leader"]
    return max(leaders)[1] if leaders else None


def figure_8(cluster: Cluster) -> None:
    """A leader is cut off before its entry is elsewhere, and so is the next one; the first comes back, spreads what it
    has, and is cut off again; then the second comes back (Figure 8, with three servers)."""
    draw = random.Random(f"{cluster.seed}/figure 8")

    def leads(*others: str | None) -> str:
        cluster.run(until=lambda cluster: leader_of(cluster) not in (None, *others), limit=1.0)
        return leader_of(cluster) or "n1"

    first = leads()
    cluster.partition({first})
    second = leads(first)
    cluster.partition({second})
    leads(second)
    cluster.advance(cluster.now + draw.uniform(0.03, 0.15))
    cluster.partition({first})
    leads(first)
    cluster.advance(cluster.now + 0.1)


def left_behind(cluster: Cluster) -> None:
    """A leader is cut off with a command that nobody else has, while the others elect a leader, twice; then it comes
    back."""
    draw = random.Random(f"{cluster.seed}/left behind")

    def leads(*others: str | None) -> str:
        cluster.run(until=lambda cluster: leader_of(cluster) not in (None, *others), limit=1.0)
        cluster.advance(cluster.now + draw.uniform(0.03, 0.15))
        return leader_of(cluster) or "n1"

    first = leads()
    cluster.partition({first})
    cluster.client("c1").invoke(first, Put(key="x", value="c1.1", serial=1), timeout=1.0)
    cluster.restart(leads(first))
    leads(first)
    cluster.heal()
    cluster.advance(cluster.now + 0.3)


def stale_survivor(cluster: Cluster) -> None:
    """One of three misses what the leader wrote; then the leader crashes, and only the other can take its place."""
    cluster.run(until=lambda cluster: leader_of(cluster) is not None, limit=2.0)
    leader = leader_of(cluster) or "n1"
    other = next(id for id in cluster.ids if id != leader)
    cluster.partition({leader, other})
    cluster.advance(cluster.now + 0.02)
    cluster.heal()
    cluster.crash(leader)
    cluster.advance(cluster.now + 1.2)


def quiet(cluster: Cluster) -> None:
    """Nothing goes wrong."""
    cluster.advance(1.0)


def deposed_leaders(cluster: Cluster) -> None:
    """Each leader is cut off for a while, with a patient client that waits for its answer, while others go on."""
    draw = random.Random(f"{cluster.seed}/deposed")
    change, healthy = [0.3], [True]

    def cut_off() -> None:
        leader = leader_of(cluster)
        if cluster.now < change[0] or leader is None:
            return
        if healthy[0]:
            cluster.partition({leader})
        else:
            cluster.heal()
        healthy[0] = not healthy[0]
        change[0] = cluster.now + draw.choice([0.2, 0.4, 0.6])

    patience = {"c1": 1.5, "c2": 0.1, "c3": 0.1}
    drive(cluster, {name: store_client(cluster, name, 0.03, long) for name, long in patience.items()}, 3.0, cut_off)


def failovers(cluster: Cluster) -> None:
    """Two clients at work, while one leader after the other is rebooted, and another takes its place."""
    draw = random.Random(f"{cluster.seed}/failovers")
    due = [draw.uniform(0.4, 0.6)]

    def reboot() -> None:
        leader = leader_of(cluster)
        if leader is not None and cluster.now >= due[0]:
            cluster.restart(leader)
            due[0] = cluster.now + draw.uniform(0.3, 0.6)

    drive(cluster, {name: store_client(cluster, name, pause=0.1, patience=0.2) for name in ("c1", "c2")}, 2.0, reboot)


def a_leader_in_time(trace: Any) -> Any:
    """Progress: in less than a second of calm, three rounds of the longest election timeout, there is a leader."""
    return leader_within(trace, 0.88)


SAFETY = (
    no_errors, election_safety, one_vote_per_term, elected_by_majority, terms_only_grow, log_matching,
    leader_completeness, state_machine_safety, committed_entries_stay, at_most_once, linearizable,
)  # fmt: skip
STORM = Setting(storm, SAFETY, 3)
FOUR_STORM = Setting(storm, SAFETY, 4)
FIVE_STORM = Setting(storm, SAFETY, 5)
FIGURE_8 = Setting(figure_8, SAFETY, 3, kinds=())
BEHIND = Setting(left_behind, SAFETY, 3, kinds=(), latency=(0.01, 0.06))
DEPOSED = Setting(deposed_leaders, SAFETY, 3, kinds=())
FAILOVERS = Setting(failovers, SAFETY, 3, kinds=())
FAST = (0.001, 0.002)  # seconds from node to node: so that votes are hardly ever split
STALE = Setting(stale_survivor, (*SAFETY, a_leader_in_time), 3, kinds=(), latency=FAST)
QUIET = Setting(quiet, (*SAFETY, a_leader_in_time), 2, kinds=(), latency=FAST)


# --- elections


class ForgetsItsVote(Raft):
    def enter_term(self, term, voted_for=None):
        self.term, self.voted_for = term, voted_for
        self.disk["term"] = term


class ForgetsItsTerm(Raft):
    def enter_term(self, term, voted_for=None):
        self.term, self.voted_for = term, voted_for


class VotesForAll(Raft):
    def request_vote(self, msg, sender):
        if msg.term == self.term and self.role == "follower" and self.is_up_to_date(msg):
            self.voted_for = None
        return super().request_vote(msg, sender)


class CountsOldVotes(Raft):
    def vote(self, msg, sender):
        self.observe_term(msg.term)
        if self.role == "candidate" and msg.granted:
            self.votes = self.votes | {sender}
            self.count_votes()


class CountsVotesTwice(Raft):
    def vote(self, msg, sender):
        self.observe_term(msg.term)
        if self.role == "candidate" and msg.term == self.term and msg.granted:
            self.votes = [*sorted(self.votes), sender]
            self.count_votes()


class HalfIsEnough(Raft):
    def count_votes(self):
        if self.role == "candidate" and len(self.votes) >= (len(self.peers) + 1) // 2:
            self.become_leader()


class ElectsAnyone(Raft):
    def is_up_to_date(self, msg):
        return True


class ComparesTermsOnly(Raft):
    def is_up_to_date(self, msg):
        return msg.last_log_term >= self.last_log_term()


class ResetsItsTimerForAnyone(Raft):
    def request_vote(self, msg, sender):
        answer = super().request_vote(msg, sender)
        if self.role == "follower":
            self.election_timer.reset(self.election_timeout())
        return answer


class HasAFixedTimeout(Raft):
    ELECTION_TIMEOUT = (0.200, 0.200)


# --- the log


class OneAtATime(Raft):
    """Correct: an entry in each message, so that logs grow in small steps."""

    BATCH = 1


class CommitsOldTermsByCounting(OneAtATime):
    def advance_commit_index(self):
        stored = sorted([len(self.log), *self.match_index.values()], reverse=True)
        n = stored[len(stored) // 2]
        if n > self.commit_index:
            self.commit_index = n
            self.apply_committed()


class CommitsWithTooFew(Raft):
    def advance_commit_index(self):
        stored = sorted([len(self.log), *self.match_index.values()], reverse=True)
        n = stored[len(stored) // 2 - 1]
        if n > self.commit_index and self.term_at(n) == self.term:
            self.commit_index = n
            self.apply_committed()


class CutsItsLog(Raft):
    def store_entries(self, msg):
        self.save_log(self.log[: msg.prev_log_index] + list(msg.entries))


class MatchesByLength(Raft):
    def matches(self, msg):
        return len(self.log) >= msg.prev_log_index


class CommitsWhatItHas(OneAtATime):
    def append_entries(self, msg, sender):
        answer = super().append_entries(msg, sender)
        if answer.success and msg.leader_commit > self.commit_index:
            self.commit_index = min(msg.leader_commit, len(self.log))
            self.apply_committed()
        return answer


class ForgetsItsLog(Raft):
    def save_log(self, log):
        self.log = log


# --- clients


class AppliesRetries(Raft):
    def apply(self, entry):
        return execute(self.store, entry.command)


class KeepsSessionsToItself(Raft):
    def apply(self, entry):
        if self.role == "leader":
            return execute_once(self.store, self.sessions, entry.client, entry.command)
        return execute(self.store, entry.command)


class AnswersTooSoon(Raft):
    def command(self, msg, sender):
        if self.role == "leader" and not isinstance(msg, Get):
            self.save_log([*self.log, Entry(term=self.term, command=msg, client=sender)])
            self.send_heartbeats()
            return Done()
        return super().command(msg, sender)


class ReadsItsOwnStore(Raft):
    def command(self, msg, sender):
        if self.role == "leader" and isinstance(msg, Get):
            return execute(self.store, msg)
        return super().command(msg, sender)


class AnswersForOthers(Raft):
    def become_follower(self):
        waiting = self._waiting
        super().become_follower()
        self._waiting = waiting


BUGS = (
    Bug("raft-vote-forgotten", "raft_log", Raft, ForgetsItsVote,
        "The vote is not on stable storage: a server that restarts votes again in the same term.",
        STORM, (one_vote_per_term, election_safety), seed=74),
    Bug("raft-term-forgotten", "raft_log", Raft, ForgetsItsTerm,
        "Neither term nor vote are on stable storage: a server that restarts begins again at term 0.",
        STORM, (terms_only_grow, one_vote_per_term), seed=0),
    Bug("raft-votes-for-all", "raft_log", Raft, VotesForAll,
        "A follower does not look whom it has voted for in this term already.",
        STORM, (election_safety, one_vote_per_term), seed=0),
    Bug("raft-old-votes-counted", "raft_log", Raft, CountsOldVotes,
        "A vote that was given in an earlier term counts for the present one.",
        STORM, (elected_by_majority, election_safety), seed=38),
    Bug("raft-votes-counted-twice", "raft_log", Raft, CountsVotesTwice,
        "A vote that the network delivers twice counts twice.",
        FIVE_STORM, (elected_by_majority, election_safety), seed=14),
    Bug("raft-half-elects", "raft_log", Raft, HalfIsEnough,
        "n // 2 votes are taken for a majority: of four servers, two may lead at once.",
        FOUR_STORM, (elected_by_majority, election_safety), seed=0),
    Bug("raft-anyone-elected", "raft_log", Raft, ElectsAnyone,
        "The election restriction is missing: a server whose log lacks committed entries becomes leader.",
        STORM, (leader_completeness, state_machine_safety, committed_entries_stay), seed=0),
    Bug("raft-length-ignored", "raft_log", Raft, ComparesTermsOnly,
        "Logs are compared by their last terms alone: of two that end with the same term, the shorter may win.",
        STORM, (leader_completeness, state_machine_safety, committed_entries_stay), seed=0),
    Bug("raft-timer-reset-for-anyone", "raft_log", Raft, ResetsItsTimerForAnyone,
        "A server resets its election timer for candidates that it refuses: they keep off the one who can win.",
        STALE, (a_leader_in_time,), seed=4),
    Bug("raft-fixed-timeout", "raft_log", Raft, HasAFixedTimeout,
        "Election timeouts are not random: all become candidates together, and split the votes for ever.",
        QUIET, (a_leader_in_time,), seed=0),
    Bug("raft-old-term-committed-by-counting", "raft_log", OneAtATime, CommitsOldTermsByCounting,
        "An entry of an earlier term is committed because a majority has it; a later leader overwrites it (Figure 8).",
        FIGURE_8, (leader_completeness, state_machine_safety), seed=2),
    Bug("raft-commits-with-too-few", "raft_log", Raft, CommitsWithTooFew,
        "An entry counts as committed once two of five servers have it.",
        FIVE_STORM, (leader_completeness, state_machine_safety), seed=13),
    Bug("raft-committed-entries-cut", "raft_log", Raft, CutsItsLog,
        "A follower cuts its log after prevLogIndex for every message, so a late one removes committed entries.",
        STORM, (committed_entries_stay, leader_completeness), seed=1),
    Bug("raft-match-by-length", "raft_log", Raft, MatchesByLength,
        "The consistency check looks whether there is an entry at prevLogIndex, not at its term.",
        STORM, (log_matching, state_machine_safety), seed=20),
    Bug("raft-commits-what-it-has", "raft_log", OneAtATime, CommitsWhatItHas,
        "A follower commits up to the leader's index even where its own log was not compared with the leader's.",
        BEHIND, (state_machine_safety, leader_completeness), seed=2),
    Bug("raft-log-forgotten", "raft_log", Raft, ForgetsItsLog,
        "The log is not on stable storage: a majority that restarts forgets what it committed.",
        STORM, (committed_entries_stay, leader_completeness), seed=0),
    Bug("raft-retry-applied-twice", "raft_log", Raft, AppliesRetries,
        "There are no sessions: a command whose client asks again is applied again.",
        STORM, (at_most_once,), seed=2),
    Bug("raft-sessions-of-the-leader", "raft_log", Raft, KeepsSessionsToItself,
        "Only the leader remembers what it has applied for whom, so the next leader applies retries again.",
        FAILOVERS, (at_most_once,), seed=11),
    Bug("raft-answers-too-soon", "raft_log", Raft, AnswersTooSoon,
        "The leader answers once the command is in its own log, before it is committed.",
        STORM, (linearizable,), seed=0),
    Bug("raft-reads-its-own-store", "raft_log", Raft, ReadsItsOwnStore,
        "A leader answers reads from its own store, without asking whether it still leads.",
        DEPOSED, (linearizable,), seed=3),
    Bug("raft-answers-for-others", "raft_log", Raft, AnswersForOthers,
        "A deposed leader keeps its clients waiting by index, and answers them when another command is applied there.",
        DEPOSED, (linearizable,), seed=0),
)  # fmt: skip
