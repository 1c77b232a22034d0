"""Recorded runs that the view's tests show."""

from functools import cache

from labkit import Cluster
from tests.view.election import Raft


@cache
def eventful_run() -> dict:
    """Five nodes: an election, a partition, a second leader marked as a violation, a crash, a restart, losses."""
    cluster = Cluster(Raft, size=5, seed=7, title="Raft")
    cluster.run(0.9)
    leader = next(id for id in cluster.nodes if cluster.nodes[id].role == "leader")
    others = [id for id in cluster.ids if id != leader]
    cluster.partition([leader, others[0]], others[1:])
    cluster.run(until=lambda c: sum(node.role == "leader" for node in c.nodes.values()) == 2, limit=5)
    cluster.trace.mark(len(cluster.trace) - 1, f"two leaders at once: {leader} and another")
    cluster.run(0.2)
    cluster.crash(leader)
    cluster.run(0.3)
    cluster.heal()
    cluster.link(loss=0.1)
    cluster.restart(leader)
    cluster.run(0.5)
    return cluster.trace.document()


def big_run(size: int, seconds: float) -> dict:
    """A Raft cluster of any size, with heartbeats."""
    cluster = Cluster(Raft, size=size, seed=3, title="Raft")
    cluster.run(seconds)
    return cluster.trace.document()
