"""Recorded runs of the reference protocols, for the views that show what they do."""

from functools import cache

from labkit import Cluster, Message, Node, on
from labkit.protocols import paxos, raft_log, two_phase_commit
from labkit.protocols.sessions import Put


def leader(cluster: Cluster) -> str:
    """The leader of the highest term."""
    return max((node.term, id) for id, node in cluster.nodes.items() if cluster.up(id) and node.role == "leader")[1]


@cache
def divergent_logs() -> dict:
    """Five servers: a leader cut off with one other stores what is never committed, and a new one is elected."""
    cluster = Cluster(raft_log.Raft, size=5, seed=4, title="Raft with a log")
    cluster.run(0.6)
    old, client = leader(cluster), cluster.client("c1")
    for n in range(4):
        client.call(old, Put(key="xyz"[n % 3], value=n, serial=n))
    cluster.run(0.1)
    rest = [id for id in cluster.ids if id != old]
    cluster.partition([old, rest[0]], rest[1:])
    for n in range(3):
        cluster.client(f"c{n + 2}").invoke(old, Put(key="x", value=10 + n, serial=0))
        cluster.run(0.03)
    cluster.run(0.8)
    for n in range(3):
        client.call(leader(cluster), Put(key="y", value=20 + n, serial=4 + n))
    cluster.run(0.2)
    cluster.crash(next(id for id in rest[1:] if id != leader(cluster)))
    cluster.run(0.2)
    return cluster.trace.document()


@cache
def long_log(entries: int = 60) -> dict:
    """Three servers with a log that is too long for a page."""
    cluster = Cluster(raft_log.Raft, size=3, seed=4, title="A long log")
    cluster.run(0.6)
    for n in range(entries):
        cluster.client("c1").call(leader(cluster), Put(key="x", value=n, serial=n))
    cluster.run(0.2)
    return cluster.trace.document()


class Write(Message):
    """Write a register."""

    value: int


class Read(Message):
    """Read it."""


class Answer(Message):
    """What was read."""

    value: int | None = None


class Copy(Node):
    """A register on several nodes that copy it to each other without agreement."""

    def start(self):
        self.value = None

    @on(Write)
    def write(self, msg, sender):
        self.value = msg.value
        if sender in self.peers:
            return None
        self.broadcast(msg)
        return Answer()

    @on(Read)
    def read(self, msg, sender):
        return Answer(value=self.value)


def copies() -> Cluster:
    """A read on n3 that comes too early: n2 was already read, and had the new value."""
    cluster = Cluster(Copy, size=3, seed=2, title="Copies without agreement")
    cluster.run(0.1)
    cluster.link("n1", "n3", latency=0.2)
    alice, bob, carol = (cluster.client(name) for name in ("alice", "bob", "a-client-with-a-long-name"))
    alice.call("n1", Write(value=1))
    cluster.run(0.3)
    alice.call("n1", Write(value=2))
    bob.call("n1", Read())
    carol.call("n3", Read())
    bob.invoke("n3", Read())
    cluster.run(0.4)
    return cluster


@cache
def rival_ballots() -> dict:
    """Five processes, two of which propose at the same time: the ballots outbid each other, and the one that wins has
    to propose the value that a minority had accepted before."""
    cluster = Cluster(paxos.Paxos, size=5, seed=6, title="Paxos")
    cluster.run(0.05)
    cluster.link(loss=0.25)
    cluster.client("c1").invoke("n1", paxos.Propose(value="apples"), timeout=3)
    cluster.client("c2").invoke("n4", paxos.Propose(value="pears"), timeout=3)
    cluster.run(1.5)
    return cluster.trace.document()


@cache
def commits() -> dict:
    """Five nodes: one transaction commits, one aborts for a lock, one stays in doubt while the coordinator is down."""
    programs = {"n1": two_phase_commit.Coordinator} | {f"n{n}": two_phase_commit.Participant for n in range(2, 6)}
    cluster = Cluster(nodes=programs, seed=5, title="Two-phase commit")
    cluster.run(0.05)
    cluster.client("c1").call("n1", two_phase_commit.Transact(key="x", value="1"))
    cluster.run(0.1)
    for client, value in (("c1", "2"), ("c2", "3")):
        cluster.client(client).invoke("n1", two_phase_commit.Transact(key="y", value=value), timeout=2)
    cluster.run(0.4)
    cluster.client("c3").invoke("n1", two_phase_commit.Transact(key="z", value="4"), timeout=2)
    in_doubt = "yes"
    cluster.run(until=lambda c: c.nodes["n2"].log.get(4) == in_doubt, limit=1)
    cluster.crash("n1")
    cluster.run(0.8)
    cluster.restart("n1")
    cluster.run(0.8)
    return cluster.trace.document()
