"""A fork goes the same way up to its moment, and from there its own."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster, Fault, Faults, LabkitError, Message, Node, on
from labkit.protocols.raft import Raft
from tests.engine.faults.broken_nodes import Keeper, Letter


class Add(Message):
    n: int


class Total(Message):
    total: int


class Adder(Node):
    def start(self):
        self.total = 0
        self.every(0.02, self.tick)

    def tick(self):
        self.broadcast(Letter(n=self.random.randrange(100)))

    @on(Letter)
    def letter(self, msg, sender):
        self.last = msg.n

    @on(Add)
    def add(self, msg, sender):
        self.total += msg.n
        return Total(total=self.total)


def lived() -> Cluster:
    """Everything that can be done from outside, at odd moments."""
    cluster = Cluster(
        Adder, size=3, seed=4, latency=0.01, faults=[Fault(0.3, "pause", "n3"), Fault(2.0, "crash", "n1")]
    )
    cluster.link("n1", "n2", loss=0.2)
    client = cluster.client("c1")
    cluster.run(0.101)
    for n in range(3):
        client.call("n1", Add(n=n))
    cluster.client("c2").invoke("n2", Add(n=10))
    cluster.crash("n2")
    cluster.run(until=lambda c: c.nodes["n1"].total > 2 and c.now > 0.5, limit=2)
    cluster.restart("n2")
    cluster.inject([Fault(cluster.now + 0.1, "resume", "n3")])
    cluster.run(0.3)
    with suppress(LabkitError):
        cluster.drop("n1", "n3")
    client.call("n1", Add(n=100))
    cluster.run(0.4)
    return cluster


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**9))
def test_a_fork_at_any_event_shares_all_events_up_to_its_step(number):
    cluster = lived()
    seq = number % len(cluster.trace)
    fork = cluster.fork(at=seq)
    assert len(fork.trace) > seq and fork.trace.begins_like(cluster.trace, len(fork.trace))
    assert fork.trace[-1].time == fork.now == cluster.trace[seq].time


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 1))
def test_a_fork_that_changes_nothing_may_go_on_to_the_same_end(share):
    cluster = lived()
    fork = cluster.fork(at=share * cluster.now)
    assert len(fork.trace) == cluster.trace.count(fork.now)
    twin = cluster.fork()
    assert twin.trace.digest() == cluster.trace.digest() and twin.now == cluster.now
    assert str(twin.faults) == str(cluster.faults)


def test_what_was_timetabled_by_then_still_strikes_and_what_was_done_later_does_not():
    cluster = Cluster(Raft, size=3, seed=1, faults=[Fault(1.0, "crash", "n1")])
    cluster.run(0.5)
    cluster.crash("n2")
    cluster.run(1.0)
    fork = cluster.fork(at=0.4)
    fork.run(1.0)
    assert fork.up("n2") and not fork.up("n1")
    assert fork.faults == Faults([Fault(1.0, "crash", "n1")])


def test_another_future_is_a_run_like_any_other():
    cluster = Cluster(Raft, size=3, seed=1, title="Raft")
    cluster.run(2.0)
    before = cluster.trace.digest()
    fork = cluster.fork(at=1.0, title="without n1")
    fork.crash("n1")
    fork.run(1.0)
    assert cluster.trace.digest() == before and cluster.up("n1") and fork.title == "without n1"
    again = Cluster(Raft, size=3, seed=1, faults=fork.faults)
    again.run(2.0)
    assert again.trace.digest() == fork.trace.digest()
    deeper = fork.fork(at=1.5)
    deeper.restart("n1")
    deeper.run(0.5)
    assert deeper.up("n1") and deeper.trace.begins_like(fork.trace, fork.trace.count(1.5))


def test_within_an_instant_a_fault_can_strike_between_two_deliveries():
    cluster = Cluster(Adder, size=3, seed=1, latency=0.01)
    cluster.run(0.2)
    first, second = [event for event in cluster.trace.select("deliver") if event.time > 0.1][:2]
    assert first.time == second.time
    fault = Fault(0.0, "drop", second.peer, second.node, when=first.seq)
    fork = cluster.fork(at=first.seq, faults=[fault])
    fork.run(0.1)
    lost = next(fork.trace.select("drop"))
    assert (lost.time, lost.id) == (second.time, second.id) and fork.faults == [fault]


def test_code_that_is_not_deterministic_cannot_be_forked():
    tosses = iter(range(10**6))

    class Moody(Node):
        def start(self):
            self.every(0.1, self.tick)

        def tick(self):
            self.toss = next(tosses)

    cluster = Cluster(Moody, size=2, seed=1)
    cluster.run(1.0)
    with pytest.raises(LabkitError, match=r"cannot be forked.*\n.*event 7, at 0.1 s on n1"):
        cluster.fork(at=0.5)


def test_a_node_that_was_changed_from_outside_is_noticed():
    cluster = Cluster(Keeper, size=3, seed=1)
    cluster.run(0.1)
    cluster.nodes["n1"].round = 1000
    cluster.run(0.1)
    assert cluster.fork(at=0.05).now == 0.05
    with pytest.raises(LabkitError, match="changed from outside"):
        cluster.fork()


@pytest.mark.parametrize("at", [-1, 10**6, -0.5, 99.0, "now", True])
def test_a_moment_that_is_not_in_the_run_is_refused(at):
    cluster = Cluster(Raft, size=3)
    cluster.run(0.5)
    with pytest.raises(LabkitError):
        cluster.fork(at=at)


def test_a_fault_before_the_fork_is_refused():
    cluster = Cluster(Raft, size=3)
    cluster.run(0.5)
    with pytest.raises(LabkitError, match="before the fork"):
        cluster.fork(at=0.4, faults=[Fault(0.3, "crash", "n1")])
