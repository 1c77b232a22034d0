"""Mistakes in primary-backup replication."""

from __future__ import annotations

import random
from typing import Any

from labkit import Cluster
from labkit.check.answers import answers_linearizable
from labkit.check.invariants import no_errors
from labkit.check.replication import at_most_once
from labkit.explore.bugs.catalogue import Bug, Setting
from labkit.explore.bugs.raft import store_client
from labkit.explore.bugs.workload import STEP, Program, answered, client_random, drive
from labkit.protocols.primary_backup import Confirmed, Server, ViewService
from labkit.protocols.sessions import Get, execute, execute_once

linearizable = answers_linearizable("kv")


def storm(cluster: Cluster) -> None:
    """Three clients at work in a storm of 3 s, and in the calm after it."""
    drive(cluster, {name: store_client(cluster, name, pause=0.05, patience=0.2) for name in ("c1", "c2", "c3")}, 4.0)


def isolations(cluster: Cluster) -> None:
    """Three clients at work, while one server after the other is cut off, or crashes, for long enough to be
    replaced."""
    draw = random.Random(f"{cluster.seed}/isolations")
    until: dict[str, float] = {"": 0.3}

    def isolate() -> None:
        (troubled, end), *_ = until.items()
        if cluster.now < end or cluster.now > 3.0:
            return
        until.clear()
        if troubled:
            cluster.heal()
            if not cluster.up(troubled):
                cluster.restart(troubled)
            until[""] = cluster.now + draw.choice([0.05, 0.3, 0.6])
            return
        server = draw.choice(cluster.ids[1:])
        others = [id for id in cluster.ids if id != server]
        how = draw.random()
        if how < 0.4:
            cluster.partition({server}, set(others))
        elif how < 0.7:  # it still talks to one other server
            cluster.partition({server, draw.choice(others[1:])}, set(others))
        else:
            cluster.crash(server)
        until[server] = cluster.now + draw.choice([STEP, 0.3, 0.6, 1.2])

    clients = {name: store_client(cluster, name, pause=0.05, patience=0.2) for name in ("c1", "c2")}
    drive(cluster, clients | {"c3": reader(cluster, "c3")}, 4.0, isolate)


def failovers(cluster: Cluster) -> None:
    """Two patient clients at work, while one primary after the other is rebooted, and its backup takes over."""
    draw = random.Random(f"{cluster.seed}/failovers")
    due = [draw.uniform(0.3, 0.5)]

    def reboot() -> None:
        servers: Any = {id: node for id, node in cluster.nodes.items() if id != cluster.ids[0]}
        primaries = [(server.view, id) for id, server in servers.items() if server.role == "primary"]
        if primaries and due[0] <= cluster.now < 1.5:
            cluster.restart(max(primaries)[1])
            due[0] = cluster.now + draw.uniform(0.15, 0.5)

    drive(cluster, {name: store_client(cluster, name, pause=0.05, patience=0.5) for name in ("c1", "c2")}, 2.0, reboot)


def reader(cluster: Cluster, name: str) -> Program:
    """A client that reads again and again, and stays with a server as long as it gets answers."""
    draw = client_random(cluster, name)
    server = cluster.ids[1]
    while True:
        yield draw.uniform(0, 0.06)
        if not answered((yield server, Get(key=draw.choice(["x", "y"])), 0.1)):
            server = draw.choice(cluster.ids[1:])


SAFETY = (no_errors, at_most_once, linearizable)
NODES = {"n1": ViewService, "n2": Server, "n3": Server, "n4": Server}
STORM = Setting(storm, SAFETY, NODES)
FAILOVERS = Setting(failovers, SAFETY, NODES, kinds=(), latency=(0.005, 0.05))
ISOLATIONS = Setting(isolations, SAFETY, NODES, kinds=())


class AnswersBeforeTheBackup(Server):
    def command(self, msg, sender):
        if self.role == "primary" and self.ready and self.backup is not None and not isinstance(msg, Get):
            answer = execute_once(self.store, self.sessions, sender, msg)
            self.number += 1
            self.queue = self.queue | {self.number: (sender, msg)}
            self._waiting[self.number] = self.later()  # that nobody waits for
            self.forward(self.number)
            return answer
        return super().command(msg, sender)


class ReadsAlone(Server):
    def command(self, msg, sender):
        if self.role == "primary" and self.ready and isinstance(msg, Get):
            return execute(self.store, msg)
        return super().command(msg, sender)


class ConfirmsForAnyView(Server):
    def forwarded(self, msg, sender):
        if self.role == "primary":
            return Confirmed(view=msg.view, number=msg.number)
        return super().forwarded(msg, sender)


class TransfersNothing(Server):
    def change_view(self, msg, sender):
        super().change_view(msg, sender)
        if self.view == msg.number and self.role == "backup":
            self.ready, self.acknowledge = True, self.view

    def transfer(self):
        if self.role == "primary" and not self.ready:
            self.ready, self.acknowledge = True, self.view


class TransfersNoSessions(Server):
    def take_state(self, msg, sender):
        fresh = not self.ready
        answer = super().take_state(msg, sender)
        if answer is not None and fresh:
            self.sessions = {}
        return answer


class AppliesRetries(Server):
    def command(self, msg, sender):
        self.sessions = {}
        return super().command(msg, sender)


class ForwardsOutOfOrder(Server):
    def forwarded(self, msg, sender):
        if self.role != "backup" or not self.ready or msg.view != self.view:
            return None
        self.number = max(self.number, msg.number)
        execute_once(self.store, self.sessions, msg.client, msg.command)
        return Confirmed(view=msg.view, number=msg.number)


class ReadsAsBackup(Server):
    def command(self, msg, sender):
        if self.role == "backup" and self.ready and isinstance(msg, Get):
            return execute(self.store, msg)
        return super().command(msg, sender)


BUGS = (
    Bug("pb-answers-before-backup", "primary_backup", Server, AnswersBeforeTheBackup,
        "The primary answers before the backup has the update: the update is lost with the primary.",
        ISOLATIONS, (linearizable,), seed=0),
    Bug("pb-reads-alone", "primary_backup", Server, ReadsAlone,
        "A primary answers reads by itself, also when it was replaced without knowing it.",
        ISOLATIONS, (linearizable,), seed=0),
    Bug("pb-confirms-for-any-view", "primary_backup", Server, ConfirmsForAnyView,
        "A server that was promoted still confirms what the old primary forwards, and two primaries answer.",
        ISOLATIONS, (linearizable,), seed=3),
    Bug("pb-no-state-transfer", "primary_backup", Server, TransfersNothing,
        "A new backup does not get the state, so a change of view loses the updates before it.",
        ISOLATIONS, (linearizable,), seed=3),
    Bug("pb-no-session-transfer", "primary_backup", Server, TransfersNoSessions,
        "A new backup gets the store without the sessions: once promoted, it applies retries again.",
        FAILOVERS, (at_most_once, linearizable), seed=5),
    Bug("pb-retry-applied-twice", "primary_backup", Server, AppliesRetries,
        "There are no sessions: a command whose client asks again is applied again.",
        ISOLATIONS, (at_most_once,), seed=56),
    Bug("pb-out-of-order", "primary_backup", Server, ForwardsOutOfOrder,
        "The backup does operations in the order in which they arrive, not in the primary's.",
        FAILOVERS, (linearizable,), seed=8),
    Bug("pb-backup-reads", "primary_backup", Server, ReadsAsBackup,
        "The backup answers reads: it may know an update before the primary does, or of none that came after its view.",
        ISOLATIONS, (linearizable,), seed=0),
)  # fmt: skip
