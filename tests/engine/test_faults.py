"""The network's troubles, and faults as values that replay exactly."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster, Fault, Faults, LabkitError, Message, Node, on
from labkit.protocols.raft import Raft


class Tick(Message):
    n: int


class Chatty(Node):
    def start(self):
        self.got = 0
        self.every(0.01, self.tick)

    def tick(self):
        self.broadcast(Tick(n=self.random.randrange(100)))

    @on(Tick)
    def hear(self, msg, sender):
        self.got += 1


def count(cluster, kind, src=None, dst=None, why=None):
    sends = {e.id: e for e in cluster.trace.select("send", "duplicate")}
    found = 0
    for event in cluster.trace.select(kind):
        send = sends.get(event.id)
        found += (
            (src is None or send.node == src)
            and (dst is None or send.peer == dst)
            and (why is None or event.data == why)
        )
    return found


def test_loss_duplication_and_reordering_strike_as_often_as_they_are_told():
    cluster = Cluster(Chatty, size=2, seed=3)
    cluster.link("n1", "n2", loss=0.3, duplicate=0.2, one_way=True)
    cluster.run(20.0)
    sent = count(cluster, "send", "n1")
    assert 0.25 < count(cluster, "drop", "n1", why="loss") / sent < 0.35
    assert 0.10 < count(cluster, "duplicate", "n1") / sent < 0.18  # of those that were not lost
    assert count(cluster, "drop", "n2") == 0


def test_reordered_messages_are_overtaken():
    class Order(Chatty):
        def start(self):
            self.order = []
            if self.id == "n1":
                for n in range(50):
                    self.after(0.1 * n, self.one, n)

        def one(self, n):
            self.send("n2", Tick(n=n))

        @on(Tick)
        def hear(self, msg, sender):
            self.order = [*self.order, msg.n]

    def order(**settings):
        cluster = Cluster(Order, size=2, latency=0.05)
        if settings:
            cluster.link(**settings)
        cluster.run(10.0)
        return cluster.nodes["n2"].order

    assert order() == list(range(50))
    late = order(reorder=0.5)
    assert sorted(late) == list(range(50))
    assert late != sorted(late)


def test_a_one_way_cut_cuts_one_way_and_heal_mends_it():
    cluster = Cluster(Chatty, size=2)
    cluster.link("n1", "n2", cut=True, one_way=True)
    cluster.run(1.0)
    assert cluster.nodes["n2"].got == 0
    assert cluster.nodes["n1"].got > 50
    cluster.heal()
    cluster.run(1.0)
    assert cluster.nodes["n2"].got > 50


def test_a_partition_cuts_between_its_groups_only_also_for_messages_on_their_way():
    cluster = Cluster(Chatty, size=5, latency=0.05)
    cluster.run(0.2)
    cluster.partition({"n1", "n2"})
    cluster.run(1.0)
    sides = {"n1": 0, "n2": 0, "n3": 1, "n4": 1, "n5": 1}
    sends = {e.id: e for e in cluster.trace.select("send")}
    after = [e for e in cluster.trace.select("deliver") if e.time > 0.2]
    assert after
    assert all(sides[sends[e.id].node] == sides[e.node] for e in after)
    assert any(e.data == "partition" and sends[e.id].time < 0.2 for e in cluster.trace.select("drop"))


def test_messages_to_a_node_that_is_down_are_dropped():
    cluster = Cluster(Chatty, size=2)
    cluster.run(0.5)
    cluster.crash("n2")
    cluster.run(0.5)
    assert count(cluster, "drop", dst="n2", why="down") > 20


def test_a_fault_on_one_link_changes_nobody_elses_luck():
    def latencies(**fault):
        cluster = Cluster(Chatty, size=3, seed=9)
        if fault:
            cluster.link("n1", "n2", **fault, one_way=True)
        cluster.run(2.0)
        return [(e.time, e.due, e.data.n) for e in cluster.trace.select("send") if (e.node, e.peer) != ("n1", "n2")]

    assert latencies() == latencies(loss=0.5, duplicate=0.3, reorder=0.4)


def storm(cluster: Cluster, seed: int, steps: int) -> None:
    draw = random.Random(seed)
    for _ in range(steps):
        strike = draw.randrange(8)
        node, other = draw.sample(cluster.ids, 2)
        if strike == 0:
            cluster.crash(node)
        elif strike == 1:
            cluster.restart(node)
        elif strike == 2:
            cluster.partition({node, other})
        elif strike == 3:
            cluster.heal()
        elif strike == 4:
            cluster.link(node, other, loss=0.5, latency=(0.01, 0.2), one_way=draw.random() < 0.5)
        elif strike == 5:
            cluster.clock(node, offset=draw.uniform(-1, 1), rate=draw.uniform(0.5, 2))
        elif strike == 6:
            cluster.run(until=lambda c: draw.random() < 0.05, limit=0.3)
        else:
            cluster.run(draw.choice([0.0, 0.013, 0.2]))
    cluster.run(0.5)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), steps=st.integers(0, 25), latency=st.sampled_from([0.0, 0.01, (0.005, 0.025)]))
def test_faults_replay_to_the_same_digest(seed, steps, latency):
    """What was done by hand, at odd moments and between simultaneous events, replays exactly; also as JSON and as
    pasted Python."""
    options = {"size": 4, "seed": seed, "latency": latency}
    first = Cluster(Raft, **options)
    storm(first, seed, steps)
    for faults in (first.faults, Faults.from_json(first.faults.to_json()), eval(str(first.faults))):
        again = Cluster(Raft, **options, faults=faults)
        again.run(first.now)
        assert again.trace.digest() == first.trace.digest()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), frames=st.lists(st.floats(0.0001, 0.3), min_size=1, max_size=60))
def test_playing_in_frames_gives_the_same_trace_as_running_at_once(seed, frames):
    live, whole = Cluster(Raft, size=3, seed=seed), Cluster(Raft, size=3, seed=seed)
    for frame in frames:
        live.advance(live.now + frame)
    whole.run(live.now)
    assert live.trace.digest() == whole.trace.digest()


def test_faults_done_before_the_start_hold_from_the_start():
    cluster = Cluster(Chatty, size=2)
    cluster.link(loss=1.0)
    cluster.crash("n2")
    cluster.run(0.5)
    assert not cluster.up("n2")
    assert count(cluster, "deliver") == 0
    assert [fault.time for fault in cluster.faults] == [0.0, 0.0]


def test_faults_refuse_what_they_are_not():
    with pytest.raises(LabkitError, match="no fault 'explode'"):
        Fault(1.0, "explode")
    with pytest.raises(LabkitError, match="zero or more"):
        Fault(-1.0, "heal")
    with pytest.raises(LabkitError, match="not a list of faults"):
        Faults.from_json("{")
