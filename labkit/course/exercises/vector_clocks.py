"""Exercise: vector clocks and causal broadcast. What is asked is Birman, Schiper and Stephenson 1991, section 5.1, with
the comparison of Fidge and Mattern. Nodes talk by themselves (the exercise's given class sees to it); the runs differ
in the network and in what is restarted."""

from __future__ import annotations

import random
from functools import partial

from labkit.check.chat import all_shown, all_talk, causes_first, exact_stamps, right_comparisons, shown_once
from labkit.check.invariants import no_errors
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part

TEXTS = 5  # that each member says
TALK = 2.5  # seconds until everybody has said them
CALM = 2.5  # seconds: longer than any message takes


def in_step(cluster: Cluster) -> None:
    """All messages take equally long: nothing ever has to wait for its causes."""
    cluster.link(latency=0.020)
    cluster.advance(TALK + CALM)


def overtaking(cluster: Cluster) -> None:
    """Messages overtake one another, and one member is far away from another."""
    draw = random.Random(f"overtaking/{cluster.seed}")
    cluster.link(latency=(0.005, draw.choice([0.1, 0.4])), reorder=draw.choice([0.0, 0.3]))
    here, there = draw.sample(cluster.ids, 2)
    cluster.link(here, there, one_way=True, latency=(0.4, 0.8))
    cluster.advance(TALK + CALM)


def trouble(cluster: Cluster) -> None:
    """Copies of messages, a link that holds everything for a while, and a member that joins late."""
    draw = random.Random(f"trouble/{cluster.seed}")
    cluster.link(latency=(0.005, 0.2), reorder=0.2, duplicate=draw.choice([0.1, 0.4]))
    late, here, there = draw.choice(cluster.ids), *draw.sample(cluster.ids, 2)
    cluster.pause(late)
    cluster.link(here, there, one_way=True, clog=True)
    cluster.advance(draw.uniform(0.3, 1.0))
    cluster.resume(late)
    cluster.advance(cluster.now + draw.uniform(0.1, 0.6))
    cluster.heal()
    cluster.advance(TALK + 2 * CALM)


def reboots(cluster: Cluster) -> None:
    """Members are restarted while messages wait. Nothing is lost on the way."""
    draw = random.Random(f"reboots/{cluster.seed}")
    cluster.link(latency=(0.005, 0.4), reorder=0.2)
    for _ in range(5):
        cluster.advance(cluster.now + draw.uniform(0.1, 0.3))
        cluster.restart(draw.choice(cluster.ids))
    cluster.advance(TALK + 2 * CALM)


ONCE = (no_errors, causes_first, shown_once, all_shown)
GUARDS = (partial(all_talk, texts=TEXTS, seconds=TALK + CALM),)

exercise = Exercise(
    name="vector-clocks",
    title="Vector clocks and causal broadcast",
    nodes=("Member",),
    parts=(
        Part(
            "stamps",
            "Every message carries exactly what its author knew",
            2,
            in_step,
            (no_errors, exact_stamps),
            GUARDS,
            4,
        ),
        Part(
            "compare",
            "Two stamps tell before, after and concurrent apart",
            2,
            in_step,
            (no_errors, right_comparisons),
            GUARDS,
            4,
        ),
        Part("causes", "Nothing is shown before its causes", 2, overtaking, (no_errors, causes_first), GUARDS, 4),
        Part("once", "Everything is shown in the end, and once", 2, trouble, ONCE, GUARDS, 4),
        Part("restart", "All this across restarts", 2, reboots, (exact_stamps, *ONCE), GUARDS, 4),
    ),
)
