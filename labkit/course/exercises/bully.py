"""Exercise: the bully algorithm. What is asked is Garcia-Molina 1982, in its textbook form (Election, Answer,
Coordinator), under its assumptions: nothing is lost, and messages take at most 25 ms."""

from __future__ import annotations

import random

from labkit.check.invariants import no_errors
from labkit.check.succession import SETTLE, asks_first, elections_cost, falls_quiet, highest_leads, is_told
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part
from labkit.course.measure import Measure
from labkit.engine.faults import Fault

CALM = SETTLE + 0.3  # seconds


def links(cluster: Cluster, name: str) -> random.Random:
    """Messages take as long as the algorithm assumes, or less; those of one node maybe hardly any time."""
    draw = random.Random(f"{name}/{cluster.seed}")
    cluster.link(latency=draw.choice([(0.001, 0.025), 0.025, 0.010]))
    if draw.random() < 0.5:
        cluster.link(draw.choice(cluster.ids), latency=draw.choice([0.001, (0.001, 0.025)]))
    return draw


def up(cluster: Cluster) -> list[str]:
    """Who is up, the highest first."""
    return [id for id in reversed(cluster.ids) if cluster.up(id)]


def crash_the_highest(cluster: Cluster) -> None:
    for node in up(cluster)[:1]:
        cluster.crash(node)


def boot(cluster: Cluster) -> None:
    """Some are switched on, some are not."""
    draw = links(cluster, "boot")
    for node in draw.sample(cluster.ids, draw.randint(0, 3)):
        cluster.crash(node)
    cluster.advance(CALM)


def crashes(cluster: Cluster) -> None:
    """The leader crashes; and when there is a new one, that one."""
    draw = links(cluster, "crashes")
    cluster.advance(CALM + draw.uniform(0, 0.2))
    for _ in range(3):
        crash_the_highest(cluster)
        cluster.advance(cluster.now + CALM + draw.uniform(0, 0.2))


def during(cluster: Cluster) -> None:
    """The leader crashes, and its successor while it is being elected; sometimes the next one too."""
    draw = links(cluster, "during")
    cluster.advance(CALM + draw.uniform(0, 0.2))
    crash_the_highest(cluster)
    victims = up(cluster)[: draw.choice([1, 2])]
    if draw.random() < 0.7 and not cluster.scripted:
        since = cluster.now + 0.001  # its own looks at the leader count too
        faults = [Fault(since, "crash", node, when=("send", node, draw.randint(1, 8))) for node in victims]
        cluster.inject(faults)
    else:
        for node in victims:
            cluster.advance(cluster.now + draw.uniform(0, 0.25))
            cluster.crash(node)
    cluster.advance(cluster.now + CALM + 0.5)


def returns(cluster: Cluster) -> None:
    """Nodes crash and come back, the highest above all, also while others are holding an election."""
    draw = links(cluster, "returns")
    cluster.advance(CALM)
    for _ in range(draw.randint(2, 5)):
        node = draw.choice([cluster.ids[-1], draw.choice(cluster.ids)])
        (cluster.crash if cluster.up(node) else cluster.restart)(node)
        cluster.advance(cluster.now + draw.choice([draw.uniform(0, 0.3), CALM]))
    if not cluster.up(cluster.ids[-1]):
        cluster.restart(cluster.ids[-1])
    cluster.advance(cluster.now + CALM)


def seven(cluster: Cluster) -> None:
    """Seven nodes; the leader crashes twice."""
    draw = links(cluster, "seven")
    cluster.advance(CALM)
    for _ in range(2):
        crash_the_highest(cluster)
        cluster.advance(cluster.now + CALM + draw.uniform(0, 0.2))


RULES = (no_errors, asks_first, is_told, highest_leads, falls_quiet)
COST = Measure("Election and Answer messages", "messages", elections_cost, reference=130.0, full=1.5, none=4.0)

exercise = Exercise(
    name="bully",
    title="The bully algorithm",
    nodes=("Bully",),
    parts=(
        Part("highest", "Everybody agrees on the highest that is up", 2, boot, RULES),
        Part("crash", "A leader that crashes is noticed, and replaced", 2, crashes, RULES),
        Part("during", "Crashes during an election: nobody waits for ever", 2, during, RULES),
        Part("return", "Who comes back takes part; the highest takes over", 2, returns, RULES),
        Part("messages", "An election takes no more messages than it must", 2, seven, RULES, size=7, measure=COST),
    ),
)
