"""Exercise: a load balancer, judged on tail latency, spread, and what it does when servers are slow, dead, or too few.
What is asked is in the papers of notebook 05: fewest open requests or two choices (Mitzenmacher 2001), ejection of
outliers, consistent hashing with bounded loads (Mirrokni et al. 2018), and load shedding."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from labkit.check.balancing import left_alone, no_pile, passed_once, served, shared, taken_back, told_once
from labkit.check.invariants import no_errors
from labkit.check.overload import no_needless_refusal, no_storm, slowest, unserved
from labkit.check.stickiness import bounded, even, sticky
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part
from labkit.course.measure import Measure
from labkit.course.requests import request

SERVERS = ("s1", "s2", "s3", "s4")
SOON = 3.0  # seconds in which every order is done while one server is in trouble
PATIENCE = 1.0  # seconds that a customer waits in an overload
QUIET = 1.0  # seconds in which what is open can be done


def today(cluster: Cluster, **what: Any) -> None:
    """Tell the crowd what kind of day it is."""
    cluster.advance(cluster.now)  # boots it, the first time
    tell(cluster, "Today", **({"rate": 0.0, "regulars": 0, "star": 0.0} | what))


def tell(cluster: Cluster, name: str, **fields: Any) -> None:
    """The operator says something to the crowd, or through it to the balancers; nobody answers."""
    cluster.client("operator").invoke("crowd", request(cluster, name, **fields), timeout=0.05)


def run(cluster: Cluster, seconds: float, rate: float = 0.0, **what: Any) -> None:
    """So many seconds with so many customers a second."""
    today(cluster, rate=rate, **what)
    cluster.advance(cluster.now + seconds)


def quiet(cluster: Cluster) -> None:
    """Four equal servers, busy 60% of the time, and nothing goes wrong."""
    run(cluster, 6.0, rate=24.0)
    run(cluster, QUIET)


def unequal(cluster: Cluster) -> None:
    """Two of the four servers take three times as long; together they are busy two thirds of the time."""
    run(cluster, 15.0, rate=18.0)
    run(cluster, 20.0)


def trouble(cluster: Cluster) -> None:
    """One server crashes, or becomes slow, or its disk is full; four seconds later it is well again."""
    draw = random.Random(f"trouble/{cluster.seed}")
    victim, what = draw.choice(SERVERS), ("crash", "slow", "full")[cluster.seed % 3]
    run(cluster, draw.uniform(1.0, 2.0), rate=24.0)
    if what == "crash":
        cluster.crash(victim)
    elif what == "slow":
        cluster.slow(victim, 0.4)
    else:
        cluster.disk(victim, full=True)
    cluster.advance(cluster.now + 4.0)
    if what == "crash":
        cluster.restart(victim)
    elif what == "slow":
        cluster.slow(victim, None)
    else:
        cluster.disk(victim, full=False)
    cluster.advance(cluster.now + 5.0)
    run(cluster, SOON)


def regulars(cluster: Cluster) -> None:
    """Forty customers with a basket each, two balancers; a server goes and comes again, and then a celebrity comes."""
    draw = random.Random(f"sticky/{cluster.seed}")
    run(cluster, 6.0, rate=14.0, regulars=40)
    goes = draw.choice(SERVERS)
    for ids in ([id for id in SERVERS if id != goes], list(SERVERS)):
        tell(cluster, "Servers", ids=ids)
        cluster.advance(cluster.now + 4.0)
    run(cluster, 5.0, rate=18.0, regulars=40, star=0.7)
    run(cluster, QUIET)


def rush(cluster: Cluster) -> None:
    """For five seconds twice as many customers as can be served, then half as many."""
    run(cluster, 1.0, rate=20.0)
    run(cluster, 5.0, rate=80.0)
    run(cluster, 4.0, rate=20.0)
    run(cluster, PATIENCE + 0.5)


def cast(*servers: str, balancers: int = 1) -> dict[str, str]:
    """The nodes: a crowd, balancers b1, b2, ..., and servers s1, s2, ... of these classes."""
    front = {"crowd": "Crowd"} | {f"b{n}": "Balancer" for n in range(1, balancers + 1)}
    return front | {f"s{n}": server for n, server in enumerate(servers, 1)}


EQUAL = ("Server",) * 4

exercise = Exercise(
    name="load-balancer",
    title="A balancer for slow servers",
    nodes=("Balancer",),
    parts=(
        Part(
            "spread",
            "Every order is done once, and equal servers have equal work",
            2,
            quiet,
            (no_errors, told_once, no_needless_refusal, no_pile, shared, passed_once, partial(served, seconds=SOON)),
            cast=cast(*EQUAL),
        ),
        Part(
            "tail",
            "Unequal servers: the slowest orders are nearly as quick as can be",
            2,
            unequal,
            (no_errors, told_once, no_needless_refusal, partial(served, seconds=30.0)),
            cast=cast("Server", "Server", "SlowServer", "SlowServer"),
            measure=Measure("the slowest twentieth of the orders", "s", slowest, reference=0.915, full=1.3, none=3.0),
        ),
        Part(
            "trouble",
            "A server crashes, or is slow, or fails everything: no customer suffers",
            2,
            trouble,
            (
                no_errors,
                told_once,
                no_needless_refusal,
                partial(served, seconds=SOON),
                partial(left_alone, after=1.8, rate=4.0),
                partial(taken_back, after=3.0, within=2.0),
            ),
            cast=cast(*EQUAL),
        ),
        Part(
            "sticky",
            "A customer's orders meet the same server, until it has too many",
            2,
            regulars,
            (no_errors, told_once, sticky, even, bounded, partial(served, seconds=SOON)),
            cast=cast(*EQUAL, balancers=2),
        ),
        Part(
            "overload",
            "Twice as many customers as can be served: as many as possible are served in time",
            2,
            rush,
            (no_errors, told_once, no_needless_refusal, no_storm),
            cast=cast(*EQUAL),
            measure=Measure(
                "orders not done in time", "of all", partial(unserved, patience=PATIENCE), reference=0.369, full=1.15,
                none=1.6,
            ),
        ),
    ),
)  # fmt: skip
