"""Exercise: leader election with Raft. What is asked is Ongaro and Ousterhout 2014, section 5.2 and the vote's part of
Figure 2."""

from __future__ import annotations

import random
from functools import partial

from labkit.check.election import (
    elected_by_majority,
    election_safety,
    leader_within,
    one_vote_per_term,
    someone_led,
    terms_only_grow,
)
from labkit.check.invariants import no_errors
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part

CALM = 1.5  # seconds: several election timeouts of at most 0.3 s


def leaders(cluster: Cluster) -> list[str]:
    """Who leads, as the nodes themselves say. Read from the trace, as everything is."""
    roles: dict[str, object] = {}
    for event in cluster.trace.select("state", "crash", "start"):
        node = str(event.node)
        roles[node] = event.data.get("role", roles.get(node)) if event.kind == "state" else None
    return [node for node, role in roles.items() if role == "leader"]


def quiet(cluster: Cluster) -> None:
    """Nothing goes wrong."""
    cluster.advance(CALM + 1.0)


def chaos(cluster: Cluster) -> None:
    """Losses, partitions, crashes and restarts at random; then calm."""
    draw = random.Random(f"chaos/{cluster.seed}")
    latency = draw.choice(
        [None, (0.005, 0.4)]
    )  # up to longer than an election: votes of an old term arrive in a new one
    cluster.link(
        latency=latency,
        loss=draw.choice([0.0, 0.1, 0.3]),
        duplicate=draw.choice([0.0, 0.2]),
        reorder=draw.choice([0.0, 0.2]),
    )
    for _ in range(draw.randint(4, 9)):
        cluster.advance(cluster.now + draw.uniform(0.1, 0.5))
        strike = draw.choice(["crash", "crash leader", "restart", "partition", "heal"])
        node = draw.choice(cluster.ids)
        if strike == "crash":
            cluster.crash(node)
        elif strike == "crash leader":
            cluster.crash((leaders(cluster) or [node])[0])
        elif strike == "restart":
            cluster.restart(node)
        elif strike == "partition":
            cluster.partition(set(draw.sample(cluster.ids, draw.randint(1, 2))))
        else:
            cluster.heal()
    cluster.link(latency=None, loss=0.0, duplicate=0.0, reorder=0.0)
    cluster.heal()
    for node in cluster.ids:
        if not cluster.up(node):
            cluster.restart(node)
    cluster.advance(cluster.now + CALM + 0.5)


def reboots(cluster: Cluster) -> None:
    """Everybody is restarted in the middle of elections: who has voted must remember it."""
    draw = random.Random(f"reboots/{cluster.seed}")
    cluster.link(loss=0.2)
    for _ in range(12):
        cluster.advance(cluster.now + draw.uniform(0.02, 0.2))
        cluster.restart(draw.choice(cluster.ids))
    cluster.link(loss=0.0)
    cluster.advance(cluster.now + CALM + 0.5)


def minority(cluster: Cluster) -> None:
    """Two of five are cut off, the leader among them, and come back."""
    cluster.advance(CALM)
    draw = random.Random(f"minority/{cluster.seed}")
    first = (leaders(cluster) or [cluster.ids[0]])[0]
    cluster.partition({first, draw.choice([id for id in cluster.ids if id != first])})
    cluster.advance(cluster.now + CALM + 0.3)
    cluster.heal()
    cluster.advance(cluster.now + CALM + 0.3)


def successions(cluster: Cluster) -> None:
    """The leader crashes, and the next one too; then both come back."""
    cluster.advance(CALM + 0.2)
    crashed = []
    for _ in range(2):
        leader = leaders(cluster)
        if not leader:
            return
        crashed.append(leader[0])
        cluster.crash(leader[0])
        cluster.advance(cluster.now + CALM + 0.2)
    for node in crashed:
        cluster.restart(node)
    cluster.advance(cluster.now + CALM + 0.2)


progress = partial(leader_within, seconds=CALM)
SAFETY = (election_safety, one_vote_per_term, elected_by_majority, terms_only_grow)
GUARDS = (no_errors, someone_led)

exercise = Exercise(
    name="raft-election",
    title="Leader election with Raft",
    nodes=("Raft",),
    parts=(
        Part("quiet", "A quiet cluster elects one leader, and keeps it", 2, quiet, (progress, election_safety), GUARDS),
        Part(
            "succession",
            "When the leader crashes, the others elect another",
            2,
            successions,
            (progress, *SAFETY),
            GUARDS,
        ),
        Part(
            "minority",
            "A minority elects nobody, and an old leader steps down",
            2,
            minority,
            (progress, *SAFETY),
            GUARDS,
        ),
        Part(
            "memory", "A vote once given is remembered, also through a crash", 2, reboots, (progress, *SAFETY), GUARDS
        ),
        Part("chaos", "Never two leaders in a term, whatever happens", 2, chaos, (progress, *SAFETY), GUARDS),
    ),
)
