"""Recorded runs of small programs that place, spread, merge and queue: what the views of data show."""

import zlib
from functools import cache

from labkit import Cluster, Message, Node, on
from labkit.protocols import raft_log
from labkit.protocols.sessions import Put as RaftPut
from tests.view.protocol_runs import leader

SIZE = 1000  # positions on the ring


def position(name: str) -> int:
    """Where a name lies on the ring."""
    return zlib.crc32(name.encode()) % SIZE


class Store(Message):
    key: str


class Joined(Message):
    tokens: list[int]


class Handover(Message):
    keys: dict[str, int]


class Storage(Node):
    """A node of a hash ring with virtual nodes: it stores the keys that lie in its arcs, and hands them over."""

    VNODES, LATE = 4, {}

    def start(self):
        self.ring_size, self.tokens, self.keys = SIZE, [], {}
        self._ring = {}
        self.after(self.LATE.get(self.id, 0.0), self.join)

    def join(self):
        self.tokens = sorted(position(f"{self.id}/{n}") for n in range(self.VNODES))
        self._ring |= dict.fromkeys(self.tokens, self.id)
        self.broadcast(Joined(tokens=self.tokens))

    def owner(self, at):
        return self._ring[min((token for token in self._ring if token >= at), default=min(self._ring))]

    @on(Joined)
    def joined(self, msg, sender):
        if not self.tokens:
            self._ring |= dict.fromkeys(msg.tokens, sender)
            return
        known = sender in self._ring.values()
        self._ring |= dict.fromkeys(msg.tokens, sender)
        if not known:
            self.send(sender, Joined(tokens=self.tokens))
        going = {key: at for key, at in self.keys.items() if self.owner(at) == sender}
        self.keys = {key: at for key, at in self.keys.items() if key not in going}
        if going:
            self.send(sender, Handover(keys=going))

    @on(Handover)
    def handover(self, msg, sender):
        self.keys = self.keys | msg.keys

    @on(Store)
    def store(self, msg, sender):
        at = position(msg.key)
        if self.owner(at) == self.id:
            self.keys = self.keys | {msg.key: at}
        else:
            self.send(self.owner(at), msg)


@cache
def ring_run(size: int = 5, keys: int = 16, vnodes: int = 4) -> dict:
    """A hash ring: keys are stored, a node joins and takes over its share, another one crashes."""
    last = f"n{size}"
    kind = type("Storage", (Storage,), {"LATE": {last: 1.0}, "VNODES": vnodes})
    cluster = Cluster(kind, size=size, seed=3, title="A hash ring")
    cluster.run(0.3)
    for n in range(keys):
        cluster.nodes["n1"].send(cluster.ids[n % (size - 1)], Store(key=f"key{n}"))
    cluster.run(1.0)
    cluster.crash("n2")
    cluster.run(0.5)
    return cluster.trace.document()


class Work(Message):
    n: int


class WorkReply(Message):
    n: int


class Server(Node):
    """A server with one worker and a queue in front of it."""

    MEAN = 0.02  # seconds of work for each request

    def start(self):
        self.queue, self.active = [], 0

    @on(Work)
    async def work(self, msg, sender):
        self.queue.append(msg.n)
        if self.active:
            return
        self.active = 1
        while self.queue:
            await self.sleep(self.random.expovariate(1 / self.MEAN))
            self.send(sender, WorkReply(n=self.queue.pop(0)))
        self.active = 0


class Secretive(Node):
    """A server that does not say how much it has to do."""

    MEAN = 0.02

    @on(Work)
    async def work(self, msg, sender):
        await self.sleep(self.random.expovariate(1 / self.MEAN))
        return WorkReply(n=msg.n)


class Balancer(Node):
    """Sends work to the servers in turn, at random times."""

    EVERY = 0.011  # seconds from one request to the next, on average
    UNTIL = 2.4

    def start(self):
        self.sent = 0
        self.after(0.05, self.more)

    def more(self):
        self.send(self.peers[self.sent % len(self.peers)], Work(n=self.sent))
        self.sent += 1
        if self.now < self.UNTIL:
            self.after(self.random.expovariate(1 / self.EVERY), self.more)


@cache
def load_run(kind: type[Node] = Server, servers: int = 4) -> dict:
    """Servers behind a balancer: the third is slow from 0.8 s to 1.8 s, the second is down from 1.2 s to 1.7 s."""
    ids = [f"s{n + 1}" for n in range(servers)]
    every = type("Balancer", (Balancer,), {"EVERY": Balancer.EVERY * 4 / servers})
    cluster = Cluster(nodes={"lb": every, **dict.fromkeys(ids, kind)}, seed=5, title="Four servers")
    cluster.run(0.8)
    cluster.slow(ids[2], 0.06)
    cluster.run(0.4)
    cluster.crash(ids[1])
    cluster.run(0.5)
    cluster.restart(ids[1])
    cluster.run(0.1)
    cluster.slow(ids[2], None)
    cluster.run(1.2)
    return cluster.trace.document()


class Rumour(Message):
    facts: list[str]


class Gossip(Node):
    """Push gossip (Demers and others 1987): every round, tell everything to two nodes drawn at random."""

    FANOUT, ROUND = 2, 0.1

    def start(self):
        self.rumours = set()
        self.every(self.ROUND, self.tell)
        if self.id == "n1":
            self.after(0.15, self.hear, "fire")
        if self.id == "n4":
            self.after(0.55, self.hear, "flood")

    def hear(self, fact):
        self.rumours.add(fact)

    def tell(self):
        for peer in self.random.sample(self.peers, min(self.FANOUT, len(self.peers))):
            if self.rumours:
                self.send(peer, Rumour(facts=sorted(self.rumours)))

    @on(Rumour)
    def rumour(self, msg, sender):
        self.rumours |= set(msg.facts)


@cache
def gossip_run(size: int = 12, seconds: float = 1.6) -> dict:
    """Two rumours in a cluster; one node crashes and forgets both."""
    cluster = Cluster(Gossip, size=size, seed=2, title="Gossip")
    cluster.run(seconds * 0.75)
    cluster.crash("n3")
    cluster.run(seconds * 0.25)
    return cluster.trace.document()


class Counts(Message):
    counts: dict[str, int]


class GrowOnlyCounter(Node):
    """A G-counter (Shapiro and others 2011): one count a replica, merged by the maximum."""

    def start(self):
        self._counts = {}
        self.value = 0
        self.every(0.1, self.tell)
        self.every(0.25, self.increment)

    def increment(self):
        if self.now < 1.6 and self.random.random() < 0.7:
            self.merge({self.id: self._counts.get(self.id, 0) + 1})

    def merge(self, counts):
        for id, count in counts.items():
            self._counts[id] = max(count, self._counts.get(id, 0))
        self.value = sum(self._counts.values())

    def tell(self):
        self.send(self.random.choice(self.peers), Counts(counts=self._counts))

    @on(Counts)
    def told(self, msg, sender):
        self.merge(msg.counts)


@cache
def counter_run(size: int = 5) -> dict:
    """Replicas of a counter: a partition keeps two apart, and after it heals all agree."""
    cluster = Cluster(GrowOnlyCounter, size=size, seed=6, title="A grow-only counter")
    cluster.run(0.6)
    cluster.partition(list(cluster.ids[:2]), list(cluster.ids[2:]))
    cluster.run(0.9)
    cluster.heal()
    cluster.run(1.5)
    return cluster.trace.document()


@cache
def lossy_run() -> dict:
    """Raft with a log over links that lose and double messages, with the operations of a client."""
    cluster = Cluster(raft_log.Raft, size=5, seed=4, title="Raft over bad links")
    cluster.run(0.6)
    cluster.link(loss=0.08, duplicate=0.06)
    for n in range(12):
        cluster.client("c1").invoke(leader(cluster), RaftPut(key="x", value=n, serial=n), timeout=0.3)
        cluster.run(until=lambda c: c.history[-1].outcome != "pending", limit=1.0)
    cluster.partition(list(cluster.ids[:2]), list(cluster.ids[2:]))
    cluster.run(0.3)
    return cluster.trace.document()
