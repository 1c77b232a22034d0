"""Exercise: a failure detector. What is asked is Chandra and Toueg 1996, section 2.4 (completeness, and accuracy from
some time on), and of Das, Gupta and Motivala 2002 that it costs each member the same, asks others before it suspects,
and knows old news from new. It is judged by what Chen, Toueg and Aguilera 2002 measure: detection time, mistakes, and
messages. Students may send what they like; the checks look at the public attribute `suspects`."""

from __future__ import annotations

import random
from functools import partial

from labkit.check.invariants import no_errors
from labkit.check.suspicions import (
    accurate,
    detected,
    detection_time,
    load,
    mistakes,
    no_storm,
    seldom,
    tells,
    withdrawn,
)
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part
from labkit.course.measure import Measure

LONGEST = 0.05  # seconds that a message takes at most, where the network is in order
SOON = 6.0  # seconds within which everybody must suspect who is down
SLOW = 3.0  # s: when the network becomes slow for good,
LEARNT = 30.0  # from when on nobody should still be surprised,
VERY_SLOW = 25.0  # and how long a crash may then go unseen
STORM = 1_500  # messages for each member: nobody needs as many, and a run ends there


def in_order(cluster: Cluster) -> None:
    cluster.link(latency=(0.005, LONGEST))


def until(cluster: Cluster, time: float) -> None:
    """Run on to a moment; not through a storm of messages."""
    most = 4 * STORM * len(cluster.ids)  # events
    if len(cluster.trace) < most:
        cluster.advance(max(time, cluster.now), lambda: len(cluster.trace) >= most)


def dead(cluster: Cluster) -> None:
    """Two members of six crash, at random moments. The network is in order."""
    draw = random.Random(f"dead/{cluster.seed}")
    in_order(cluster)
    for victim in draw.sample(cluster.ids, 2):
        until(cluster, cluster.now + draw.uniform(2.0, 4.0))
        cluster.crash(victim)
    until(cluster, cluster.now + SOON + 1)


def slow(cluster: Cluster) -> None:
    """The network becomes slow for good; how slow, nobody is told. Long after, a member crashes."""
    draw = random.Random(f"slow/{cluster.seed}")
    in_order(cluster)
    until(cluster, SLOW)
    cluster.link(latency=(0.2, draw.choice([0.8, 1.5, 2.5])))
    until(cluster, LEARNT + draw.uniform(3.0, 6.0))
    cluster.crash(draw.choice(cluster.ids))
    until(cluster, LEARNT + 6.0 + VERY_SLOW + 1)


def few(cluster: Cluster) -> None:
    """Twenty members, two of which crash. One message in twenty is lost."""
    draw = random.Random(f"few/{cluster.seed}")
    in_order(cluster)
    cluster.link(loss=0.05)
    until(cluster, draw.uniform(6.0, 8.0))
    for victim in draw.sample(cluster.ids, 2):
        cluster.crash(victim)
    until(cluster, 16.0)


def link(cluster: Cluster) -> None:
    """One link is cut, in one direction or both; later somebody crashes."""
    draw = random.Random(f"link/{cluster.seed}")
    in_order(cluster)
    one, other, victim = draw.sample(cluster.ids, 3)
    until(cluster, draw.uniform(1.0, 3.0))
    cluster.link(one, other, cut=True, one_way=draw.random() < 0.5)
    until(cluster, 12.0)
    cluster.crash(victim)
    until(cluster, 12.0 + SOON + 1)


def back(cluster: Cluster) -> None:
    """A member crashes, comes back, and crashes again; once it is restarted at once. Meanwhile a link holds its
    messages, and lets them arrive when they are old."""
    draw = random.Random(f"back/{cluster.seed}")
    in_order(cluster)
    victim, one, other, quick = draw.sample(cluster.ids, 4)
    until(cluster, draw.uniform(2.5, 3.5))
    cluster.link(one, other, clog=True, one_way=True)
    cluster.crash(victim)
    until(cluster, 10.0)
    cluster.restart(victim)
    until(cluster, 14.0)
    cluster.link(one, other, clog=False, one_way=True)
    until(cluster, draw.uniform(17.0, 18.0))
    cluster.restart(quick)
    until(cluster, 21.0)
    cluster.crash(victim)
    until(cluster, 21.0 + SOON + 1)


complete = partial(detected, within=SOON)
learnt = partial(
    seldom,
    most=2,
    why="the network has been as slow as this for long; who made a mistake must wait longer the next time",
    since=LEARNT,
)
one_is_bad = "only one link is bad; whom others hear from is alive"
old_news = "who is back must be trusted again, and what was said of its last life is old news"
refuted = partial(
    withdrawn, within=3.0, why="a lost message is no crash, and who hears that it is suspected can say no"
)
late_but_alive = "it is slow, and its messages come; who hears from it, or of it, must trust it again"
comes_late = partial(withdrawn, within=12.0, why=late_but_alive, back=late_but_alive)
believed = partial(withdrawn, within=3.0, why=one_is_bad)
trusted = partial(withdrawn, within=3.0, why=f"{one_is_bad}, or it is back, and this is old news", back=old_news)
asks_others = partial(
    seldom, most=2, why="only one link is bad, and others reach it well; ask them before you suspect, or listen to them"
)
not_again = partial(seldom, most=3, why="what was said of its last life is old news, whenever it comes")
calm = partial(no_storm, each=STORM)
ALWAYS = (no_errors, calm, tells)

exercise = Exercise(
    name="failure-detector",
    title="A failure detector",
    nodes=("Detector",),
    parts=(
        Part("dead", "Whoever crashes is suspected, soon, by everybody; and nobody else is", 2, dead,
             (*ALWAYS, partial(accurate, longest=LONGEST), complete), size=6,
             measure=Measure("time to detect a crash", "s", detection_time, reference=0.9, full=1.5, none=4.0)),
        Part("slow", "On a network that has become slow, mistakes come to an end", 2, slow,
             (*ALWAYS, learnt, comes_late, partial(detected, within=VERY_SLOW)), size=4,
             measure=Measure("mistakes", "mistakes", mistakes, reference=22.0, full=3.0, none=12.0)),
        Part("few", "A member sends few messages, in a group of twenty", 2, few,
             (*ALWAYS, complete, refuted), size=20,
             measure=Measure("messages that a member sends each second", "messages", load, reference=7.5, full=1.25,
                             none=3.0)),
        Part("link", "One bad link makes nobody suspected", 2, link,
             (*ALWAYS, believed, asks_others, complete), size=6),
        Part("back", "Who comes back is trusted again, whatever was said before", 2, back,
             (*ALWAYS, trusted, not_again, complete), size=6),
    ),
)  # fmt: skip
