"""Exercise: a consistent snapshot of a bank. What is asked is Chandy and Lamport 1985, section 3. The bank trades and
begins its snapshots by itself (the exercise's given class sees to it); the runs differ in the channels."""

from __future__ import annotations

import random
from functools import partial

from labkit.check.cuts import (
    all_record,
    all_trade,
    complete,
    consistent_cut,
    every_coin_once,
    exact_channels,
    initiator_told,
)
from labkit.check.invariants import no_errors
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part

ONE = 1.55  # seconds: n1's first snapshot, at 0.4, and no other
ALL = 5.0  # seconds: five snapshots, the last three together; trade ends at 4.0
LONGEST = 0.3  # seconds that a message may take
COMPLETE = 1.1  # seconds from a snapshot's beginning until it must be complete: three messages, and a little


def channels_in_order(cluster: Cluster, seconds: float) -> None:
    """Every channel has a delay of its own, always the same: so it keeps the order of what is sent through it."""
    draw = random.Random(f"channels/{cluster.seed}")
    for one in cluster.ids:
        for other in cluster.ids:
            if one != other:
                delay = draw.choice([0.01, 0.05, 0.15, LONGEST])
                cluster.link(one, other, one_way=True, latency=delay)
    cluster.advance(seconds)


def one(cluster: Cluster) -> None:
    """One snapshot, by n1."""
    channels_in_order(cluster, ONE)


def several(cluster: Cluster) -> None:
    """One after the other, and three at a time, by different branches."""
    channels_in_order(cluster, ALL)


def overtaking(cluster: Cluster) -> None:
    """The same over channels that do not keep any order."""
    draw = random.Random(f"overtaking/{cluster.seed}")
    cluster.link(latency=(0.005, draw.choice([0.1, LONGEST])))
    cluster.advance(ALL)


RECORDED = 2 * LONGEST + 0.1  # seconds: the markers of who began, and of those who recorded then

moving = partial(all_trade, transfers=3, seconds=ONE)
recorded, told = partial(all_record, seconds=RECORDED), partial(initiator_told, seconds=COMPLETE)
EVERYTHING = (no_errors, every_coin_once, consistent_cut, recorded, told, exact_channels)
IN_ANY_ORDER = (
    no_errors,
    partial(every_coin_once, fifo=False),
    partial(consistent_cut, fifo=False),
    partial(all_record, seconds=RECORDED, fifo=False),
    partial(initiator_told, seconds=COMPLETE, fifo=False),
    partial(exact_channels, fifo=False),
)
GUARDS = (moving, partial(complete, snapshots=1, seconds=ONE))

exercise = Exercise(
    name="snapshot",
    title="A snapshot of a bank",
    nodes=("Bank",),
    parts=(
        Part("cut", "Every branch records once, and no money is in two branches", 2, one,
             (no_errors, every_coin_once, consistent_cut, recorded), (moving,), 4),
        Part("told", "Who began the snapshot is told everything, and when it is complete", 2, one,
             (no_errors, told), GUARDS, 4),
        Part("channels", "The money under way is counted, and counted once", 2, one,
             (no_errors, exact_channels), GUARDS, 4),
        Part("several", "Several snapshots, also at the same time", 2, several, EVERYTHING, GUARDS, 4),
        Part("overtaking", "Channels on which messages overtake one another", 2, overtaking, IN_ANY_ORDER, GUARDS, 4),
    ),
)  # fmt: skip
