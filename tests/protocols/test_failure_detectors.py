"""Failure detectors: in time every crashed node is suspected, and when the network is quiet nobody else is."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster, latency, nemesis
from labkit.check.detectors import completeness, eventual_accuracy, strong_accuracy
from labkit.check.suspicions import Suspicions
from labkit.protocols import heartbeat, phi_accrual, swim
from labkit.protocols.phi_accrual import phi_of
from labkit.protocols.swim import ALIVE, CONFIRM, SUSPECT

DETECTORS = [heartbeat.FixedTimeout, heartbeat.EventuallyPerfect, phi_accrual.Process, swim.Member]
every_detector = pytest.mark.parametrize(
    "detector", DETECTORS, ids=lambda d: f"{d.__module__.split('.')[-1]}.{d.__name__}"
)
CALM = 8.0  # seconds in which the two halves of a partition find each other again, also in SWIM


def suspected(cluster):
    return {node.id: sorted(node.suspects) for node in cluster.nodes.values()}


@every_detector
def test_in_time_every_crashed_node_is_suspected_and_nobody_else(detector):
    for seed in range(10):
        cluster = Cluster(detector, size=6, seed=seed)
        cluster.run(3.0)
        cluster.crash("n2")
        cluster.crash("n5")
        cluster.run(5.0)
        assert suspected(cluster) == {id: ["n2", "n5"] for id in ("n1", "n3", "n4", "n6")}
        assert strong_accuracy(cluster.trace) is None


@every_detector
def test_in_storms_it_may_err_and_after_them_it_is_right(detector):
    for seed in range(8):
        storm = nemesis(seed, 5, 12, heal_at=10.0)
        cluster = Cluster(detector, size=5, seed=seed, faults=storm)
        cluster.run(12.0)
        cluster.crash("n4")
        cluster.run(CALM)
        assert completeness(cluster.trace, 5.0) is None, seed
        assert eventual_accuracy(cluster.trace, 5.0) is None, seed
        assert all(node.suspects == {"n4"} for node in cluster.nodes.values()), (seed, suspected(cluster))


@every_detector
def test_the_halves_of_a_partition_suspect_and_then_trust_each_other(detector):
    cluster = Cluster(detector, size=6, seed=3)
    cluster.run(2.0)
    cluster.partition(["n1", "n2"])
    cluster.run(4.0)
    assert suspected(cluster)["n1"] == ["n3", "n4", "n5", "n6"] and suspected(cluster)["n6"] == ["n1", "n2"]
    cluster.heal()
    cluster.run(CALM)
    assert not any(suspected(cluster).values())


@every_detector
def test_who_comes_back_is_trusted_again(detector):
    cluster = Cluster(detector, size=5, seed=4)
    cluster.run(2.0)
    for _ in range(3):
        cluster.crash("n1")
        cluster.run(4.0)
        assert all(names == ["n1"] for names in suspected(cluster).values())
        cluster.restart("n1")
        cluster.run(4.0)
        assert not any(suspected(cluster).values())


# --- heartbeats


def slow_network(detector):
    """Messages take up to a second, which is more than the timeout; returns when somebody is suspected falsely."""
    cluster = Cluster(detector, size=4, seed=2, latency=(0.1, 1.0))
    cluster.run(120.0)
    return [mistake.since for mistake in Suspicions(cluster.trace).mistakes]


def test_on_a_slow_network_a_fixed_timeout_errs_for_ever_and_an_adaptive_one_stops():
    assert max(slow_network(heartbeat.FixedTimeout)) > 119
    mistakes = slow_network(heartbeat.EventuallyPerfect)
    assert mistakes and max(mistakes) < 100


def test_a_timeout_grows_with_each_mistake_and_only_for_the_node_it_was_made_about():
    cluster = Cluster(heartbeat.EventuallyPerfect, size=3, seed=1)
    cluster.run(1.0)
    for _ in range(2):
        cluster.pause("n2")
        cluster.run(1.0)
        cluster.resume("n2")
        cluster.run(1.0)
    assert cluster.nodes["n1"].timeouts == pytest.approx({"n2": 0.45, "n3": 0.25})


# --- phi


def test_phi_says_how_many_in_ten_to_the_phi_come_later():
    assert [round(phi_of(1.0 + z, 1.0, 1.0), 2) for z in (0.0, 1.2816, 2.3263, 3.0902)] == [0.3, 1.0, 2.0, 3.0]
    assert phi_of(1e9, 1.0, 0.1) == math.inf


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0.01, 5), st.floats(0.01, 5))
def test_phi_grows_with_the_silence(one, other, mean, deviation):
    less, more = sorted([one, other])
    assert phi_of(less, mean, deviation) <= phi_of(more, mean, deviation)


def test_phi_learns_how_regular_a_network_is():
    def wait(spread):
        cluster = Cluster(phi_accrual.Process, size=2, seed=1, latency=(0.01, 0.01 + spread))
        cluster.run(20.0)
        cluster.crash("n2")
        at = cluster.now
        cluster.run(until=lambda c: c.nodes["n1"].suspects)
        return cluster.now - at

    assert wait(0.01) < wait(0.1) < wait(0.4)


# --- SWIM


def test_a_member_sends_the_same_however_many_there_are():
    def load(size):
        cluster = Cluster(swim.Member, size=size, seed=1)
        cluster.run(4.0)
        return sum(1 for _ in cluster.trace.select("send")) / size / 4.0 * swim.Member.PERIOD

    assert load(5) == pytest.approx(2, rel=0.1)
    assert load(60) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("one_way", [True, False])
def test_one_bad_link_makes_nobody_suspect_thanks_to_the_others(one_way):
    def suspicions(helpers):
        class Swim(swim.Member):
            K = helpers

        cluster = Cluster(Swim, size=5, seed=1)
        cluster.link("n1", "n2", cut=True, one_way=one_way)
        cluster.run(20.0)
        return [event for event in cluster.trace.select("state") if event.data.get("suspects")]

    assert suspicions(helpers=0)
    assert not suspicions(helpers=3)


def test_a_member_that_hears_it_is_suspected_refutes_it():
    cluster = Cluster(swim.Member, size=4, seed=1)
    cluster.run(1.0)
    cluster.nodes["n1"].news("n3", cluster.nodes["n3"].incarnation, SUSPECT)
    cluster.run(1.5)
    assert cluster.nodes["n3"].incarnation == 1
    assert all(node.states["n3"] == (1, ALIVE) for node in cluster.nodes.values() if node.id != "n3")


def test_a_suspicion_lets_a_paused_member_off_that_would_else_be_declared_faulty():
    def ever_faulty(periods):
        class Swim(swim.Member):
            SUSPICION = periods

        cluster = Cluster(Swim, size=6, seed=2)
        cluster.run(1.0)
        cluster.pause("n2")
        cluster.run(0.6)
        cluster.resume("n2")
        cluster.run(3.0)
        assert not any(suspected(cluster).values())
        return any("n2" in (event.data.get("faulty") or ()) for event in cluster.trace.select("state"))

    assert ever_faulty(0) and not ever_faulty(5)


def test_round_robin_pings_everybody_within_two_rounds():
    cluster = Cluster(swim.Member, size=8, seed=3)
    cluster.run(2 * 7 * swim.Member.PERIOD + swim.Member.PERIOD)
    pinged = {event.peer for event in cluster.trace.select("send", node="n1") if type(event.data).__name__ == "Ping"}
    assert pinged == set(cluster.ids) - {"n1"}


@settings(max_examples=50)
@given(st.permutations([(0, ALIVE), (0, SUSPECT), (0, CONFIRM), (1, ALIVE), (1, SUSPECT), (2, ALIVE), (2, CONFIRM)]))
def test_news_in_any_order_come_to_the_same(order):
    cluster = Cluster(swim.Member, size=3, seed=1, latency=latency.Exponential(mean=0.01))
    cluster.crash("n3")
    cluster.run(0.0)
    for incarnation, state in order:
        cluster.nodes["n1"].learn([("n3", incarnation, state)])
    assert cluster.nodes["n1"].states["n3"] == (2, CONFIRM)
