"""Load balancing: nobody is lost, policies keep what their papers promise, hashing moves few keys, and a storm of
retries goes on until something ends it."""

import hashlib
from collections import Counter
from math import ceil
from random import Random as Source
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster
from labkit.protocols import balancing, health, policies, retrying
from labkit.protocols.balancing import Crowd, Server, by, shop
from labkit.protocols.hashing import Ring, bounded_owner, modulo, position, rendezvous
from labkit.protocols.join_idle_queue import Announcing, JoinIdleQueue

BALANCERS = {
    policy.__name__: (by(policy), Server)
    for policy in (
        policies.Random,
        policies.RoundRobin,
        policies.LeastConnections,
        policies.TwoChoices,
        policies.BoundedHashing,
    )
} | {
    "SmoothWeighted": (by(policies.SmoothWeighted, weights={"s1": 3, "s2": 1, "s3": 1, "s4": 1}), Server),
    "JoinIdleQueue": (JoinIdleQueue, Announcing),
}


class Morning(Crowd):
    """A crowd of which the last one comes at some time. Each is about one of many things."""

    LAST = 150

    def arrive(self):
        if self.asked < self.LAST:
            super().arrive()

    def key(self):
        return f"basket {self.random.randrange(40)}"


@pytest.mark.parametrize("name", BALANCERS)
@pytest.mark.parametrize("seed", range(3))
def test_everybody_is_served_once_by_every_policy(name, seed):
    balancer, server = BALANCERS[name]
    cluster = Cluster(nodes=shop(balancer, crowd=Morning, server=server), seed=seed)
    cluster.run(60.0)
    crowd, answered = cluster.nodes["crowd"], Counter(message.number for message in responses(cluster))
    assert (crowd.asked, crowd.served) == (150, 150)
    assert set(answered.values()) == {1}
    assert sum(cluster.nodes["balancer"].open.values()) == 0
    assert sum(cluster.nodes[f"s{n}"].done for n in range(1, 5)) == 150


def responses(cluster):
    sent = cluster.trace.select("send", node="balancer")
    return [event.data for event in sent if isinstance(event.data, balancing.Response)]


def test_every_policy_serves_the_same_customers():
    def work(balancer):
        cluster = Cluster(nodes=shop(balancer, crowd=Morning), seed=5)
        cluster.run(40.0)
        return [event.data.work for event in cluster.trace.select("send", node="crowd")]

    assert work(by(policies.Random)) == work(by(policies.LeastConnections)) != []


def test_with_one_server_the_mean_time_is_that_of_the_queue_m_m_1():
    class Steady(Crowd):
        RATE, WORK = 1.2, 0.5

    cluster = Cluster(nodes=shop(servers=1, crowd=Steady), seed=2, latency=0.0)
    cluster.run(8000.0)
    assert fmean(cluster.nodes["crowd"].took) == pytest.approx(1 / (2 - 1.2), rel=0.08)


def test_a_bounded_queue_refuses_what_has_no_room():
    class Small(Server):
        ROOM = 1

    class Rush(Morning):
        RATE = 40.0

    cluster = Cluster(nodes=shop(crowd=Rush, server=Small), seed=1)
    cluster.run(60.0)
    crowd = cluster.nodes["crowd"]
    assert crowd.refused > 50 and crowd.served + crowd.refused == 150
    states = cluster.trace.select("state")
    assert max(event.data.get("queue", 0) for event in states) == 1


# --- policies


@given(st.lists(st.integers(0, 9), min_size=2, max_size=8), st.integers(0, 99))
def test_least_connections_never_passes_over_an_idler_server(loads, seed):
    open = {f"s{n}": load for n, load in enumerate(loads)}
    chosen = policies.LeastConnections(open, Source(seed)).choose(open)
    assert open[chosen] == min(loads)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=8, unique=True), st.integers(0, 99))
def test_two_choices_never_takes_the_worst_of_all(loads, seed):
    open = {f"s{n}": load for n, load in enumerate(loads)}
    assert open[policies.TwoChoices(open, Source(seed)).choose(open)] < max(loads)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_weighted_turns_come_as_often_as_their_weight_in_every_cycle(weights):
    named = {f"s{n}": weight for n, weight in enumerate(weights)}
    policy = policies.SmoothWeighted(named, None, named)
    for _ in range(3):
        assert Counter(policy.choose({}) for _ in range(sum(weights))) == named


def test_weighted_turns_are_spread_as_nginx_spreads_them():
    policy = policies.SmoothWeighted("abc", None, {"a": 5, "b": 1, "c": 1})
    assert "".join(policy.choose({}) for _ in range(7)) == "aabacaa"


def test_join_idle_queue_never_lets_a_known_idle_server_wait():
    cluster = Cluster(nodes=shop(JoinIdleQueue, crowd=Morning, server=Announcing), seed=4)
    idle = []
    cluster.run(40.0)
    for event in cluster.trace.select("state", "send", node="balancer"):
        if event.kind == "state":
            idle = event.data.get("idle", idle)
        elif isinstance(event.data, balancing.Request) and idle:
            assert event.peer == idle[0]


# --- hashing

KEYS = [f"basket {n}" for n in range(400)]
names = st.lists(st.integers(0, 999).map(lambda n: f"s{n}"), min_size=2, max_size=8, unique=True)


def test_a_position_is_the_same_in_every_process():
    assert position("basket 1") == int(hashlib.sha256(b"basket 1").hexdigest()[:8], 16)


@settings(max_examples=30, deadline=None)
@given(names)
def test_a_server_that_comes_takes_keys_and_moves_no_others(servers):
    *before, comer = servers
    ring = Ring(before, virtual_nodes=20)
    old = {key: ring.owner(key) for key in KEYS}
    ring.add(comer)
    new = {key: ring.owner(key) for key in KEYS}
    assert all(new[key] in (old[key], comer) for key in KEYS)
    ring.remove(comer)
    assert {key: ring.owner(key) for key in KEYS} == old
    for key in KEYS[:40]:
        assert rendezvous(key, servers) in (rendezvous(key, before), comer)


def test_about_one_key_in_n_moves_on_a_ring_and_nearly_all_by_modulo():
    servers = [f"s{n}" for n in range(10)]
    keys = [f"k{n}" for n in range(5000)]
    small, large = Ring(servers[:9]), Ring(servers)
    assert 0.07 < fmean(small.owner(key) != large.owner(key) for key in keys) < 0.13  # 1/10
    assert 0.87 < fmean(modulo(key, servers[:9]) != modulo(key, servers) for key in keys) < 0.93  # 9/10
    assert 0.08 < fmean(rendezvous(key, servers[:9]) != rendezvous(key, servers) for key in keys) < 0.12


@given(names, st.randoms(use_true_random=False))
def test_a_ring_does_not_depend_on_who_came_first(servers, random):
    shuffled = random.sample(servers, len(servers))
    assert Ring(servers, 5).points == Ring(shuffled, 5).points
    assert sorted(Ring(servers, 5).walk("basket")) == sorted(servers)


@settings(max_examples=60, deadline=None)
@given(names, st.floats(1.0, 3.0), st.lists(st.integers(0, 5), max_size=60))
def test_no_server_ever_has_more_than_its_bound(servers, c, keys):
    ring, load = Ring(servers, virtual_nodes=3), dict.fromkeys(servers, 0)
    for number, key in enumerate(keys, 1):
        load[bounded_owner(ring, f"basket {key}", load, c)] += 1
        assert max(load.values()) <= ceil(c * number / len(servers))


def test_without_pressure_bounded_loads_change_nothing():
    ring = Ring(["s1", "s2", "s3"])
    for key in KEYS[:50]:
        assert bounded_owner(ring, key, {"s1": 0, "s2": 0, "s3": 0}, 2.0) == ring.owner(key)


# --- retries


class Insistent(retrying.Impatient):
    RATE, PATIENCE = 5.6, 2.0

    def work(self):
        return self.random.uniform(0.25, 0.75)


class Thrifty(Insistent):
    BUDGET = 0.1


class Patient(retrying.Considerate):
    PATIENCE = Insistent.PATIENCE


def after_a_short_stop(crowd, server=Server, seed=1):
    """All servers stop for four seconds. A minute later: which share of the customers is served in time?"""
    cluster = Cluster(nodes=shop(by(policies.LeastConnections), crowd=crowd, server=server), seed=seed, latency=0.001)
    cluster.run(20.0)
    for n in range(1, 5):
        cluster.pause(f"s{n}")
    cluster.run(4.0)
    for n in range(1, 5):
        cluster.resume(f"s{n}")
    cluster.run(60.0)
    node = cluster.nodes["crowd"]
    asked, served = node.asked, node.served
    cluster.run(20.0)
    return (node.served - served) / (node.asked - asked), node


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_retries_outlives_its_cause(seed):
    assert after_a_short_stop(Insistent, seed=seed)[0] < 0.05


class Small(Server):
    ROOM = 3


CURES = {"budget": (Thrifty, Server), "dropping": (Insistent, Patient), "bounded queue": (Insistent, Small)}


@pytest.mark.parametrize("cure", CURES)
@pytest.mark.parametrize("seed", range(2))
def test_a_budget_ends_the_storm_and_so_does_not_working_for_nobody(cure, seed):
    assert after_a_short_stop(*CURES[cure], seed=seed)[0] > 0.9


def test_backoff_alone_puts_the_storm_off_and_does_not_end_it():
    class Polite(Insistent):
        BACKOFF = 1.0

    assert after_a_short_stop(Polite)[0] < 0.05


def test_retries_keep_to_their_budget():
    _, node = after_a_short_stop(Thrifty)
    assert node.asked < node.sent <= node.asked * (1 + Thrifty.BUDGET) + Thrifty.BURST


# --- health


class Brisk(Morning):
    RATE, WORK, LAST = 20.0, 0.1, 400


class Watchful(health.Watchful):
    PROBE, OUTLIER = 0.5, 3

    def choose_policy(self):
        return policies.LeastConnections(self.servers, self.random)


def watched(balancer=Watchful, server=health.Checkable, seed=0):
    return Cluster(nodes=shop(balancer, crowd=Brisk, server=server), seed=seed, latency=0.001)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_lost_when_a_server_crashes_and_it_gets_work_again(seed):
    cluster = watched(seed=seed)
    cluster.run(5.0)
    cluster.crash("s2")
    cluster.run(3.0)
    assert "s2" in cluster.nodes["balancer"].down
    cluster.restart("s2")
    cluster.run(30.0)
    crowd = cluster.nodes["crowd"]
    assert crowd.served == crowd.asked == 400
    assert cluster.nodes["balancer"].down == [] and cluster.nodes["s2"].done > 20


def test_a_server_that_fails_everything_is_ejected_though_it_answers_every_ping():
    cluster = watched(server=[health.BlackHole, *[health.Checkable] * 3])
    cluster.run(40.0)
    crowd, balancer = cluster.nodes["crowd"], cluster.nodes["balancer"]
    assert crowd.served == crowd.asked == 400 and balancer.down == []
    failed = [event for event in cluster.trace.select("send", node="s1") if isinstance(event.data, balancing.Failed)]
    assert 3 <= len(failed) <= 10


def test_least_connections_loves_the_server_that_fails_everything():
    cluster = watched(by(policies.LeastConnections), server=[health.BlackHole, *[health.Checkable] * 3])
    cluster.run(40.0)
    crowd = cluster.nodes["crowd"]
    assert crowd.failed > 140 and crowd.failed + crowd.served == 400


def test_at_most_half_of_the_servers_are_ejected():
    cluster = watched(server=health.BlackHole)
    most = []
    cluster.run(until=lambda c: most.append(len(c.nodes["balancer"].ejected)) or False, limit=1.0)
    assert max(most) == 2


def test_the_balancer_of_no_choice_takes_turns():
    cluster = Cluster(nodes=shop(crowd=Morning), seed=1)
    cluster.run(60.0)
    passed = [event.peer for event in cluster.trace.select("send", node="balancer") if event.peer.startswith("s")]
    assert passed[:5] == ["s1", "s2", "s3", "s4", "s1"]
