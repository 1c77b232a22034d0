"""Elections by names: who is elected, what it costs by the papers' formulas, and what goes wrong when the papers'
assumptions do."""

import random
from itertools import permutations
from math import ceil, log2

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster, Fault, on
from labkit.check.election import one_leader
from labkit.protocols.bully import AreYouUp, Bully, Up
from labkit.protocols.chang_roberts import ChangRoberts
from labkit.protocols.hirschberg_sinclair import HirschbergSinclair
from labkit.protocols.itai_rodeh import ItaiRodeh


def coordinators(cluster):
    """Whom each running node takes for the coordinator."""
    return {node.leader for node in cluster.nodes.values() if cluster.up(node.id)}


def sends(cluster, since=0):
    """How many messages of elections were sent since an event."""
    sent = cluster.trace.select("send")
    return sum(event.seq >= since and not isinstance(event.data, AreYouUp | Up) for event in sent)


# --- bully


@pytest.mark.parametrize("size", [3, 5, 11])
def test_an_election_costs_as_many_messages_as_the_place_of_who_notices_says(size):
    ids = [f"n{place}" for place in range(1, size + 1)]
    for above, who in enumerate(reversed(ids[:-1]), start=1):

        class OneWatches(Bully):
            def watch(self, who=who):
                if self.id == who:
                    super().watch()

        cluster = Cluster(OneWatches, size=size, seed=above)
        cluster.run(1.0)
        assert coordinators(cluster) == {ids[-1]}
        before = len(cluster.trace)
        cluster.crash(ids[-1])
        cluster.run(1.0)
        assert coordinators(cluster) == {ids[-2]}
        assert sends(cluster, before) == above**2 + size - 2


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10_000), st.data())
def test_crashes_and_restarts_at_any_moment_end_with_the_highest_that_is_up(size, seed, data):
    cluster = Cluster(Bully, size=size, seed=seed)
    cluster.run(data.draw(st.floats(0, 0.5)))
    for _ in range(data.draw(st.integers(1, 6))):
        node = data.draw(st.sampled_from(cluster.ids))
        (cluster.crash if cluster.up(node) else cluster.restart)(node)
        cluster.run(data.draw(st.floats(0, 0.3)))
    cluster.run(1.5)
    up = [id for id in cluster.ids if cluster.up(id)]
    assert coordinators(cluster) == set(up[-1:])


@pytest.mark.parametrize("count", range(1, 9))
def test_a_coordinator_that_crashes_between_two_of_its_messages_is_replaced(count):
    cluster = Cluster(Bully, size=5, seed=count)
    cluster.run(1.0)
    cluster.crash("n5")
    cluster.inject([Fault(cluster.now + 0.001, "crash", "n4", when=("send", "n4", count))])
    cluster.run(2.0)
    assert coordinators(cluster) == {"n3"}


class AnswersAlways(Bully):
    """Says that it is up, whether it leads or not."""

    @on(AreYouUp)
    def asked_whether_up(self, msg, sender):
        return Up()


def race(program, seed):
    """The highest comes back while the next one is being elected, and its messages are quicker."""
    cluster = Cluster(program, size=4, seed=seed)
    cluster.link("n4", latency=0.001)
    cluster.run(1.0)
    cluster.crash("n4")
    cluster.run(0.13 + seed / 1000)
    cluster.restart("n4")
    cluster.run(2.0)
    return coordinators(cluster)


def test_news_that_comes_too_late_is_found_out_because_only_a_leader_answers():
    assert all(race(Bully, seed) == {"n4"} for seed in range(60))
    assert any(race(AnswersAlways, seed) != {"n4"} for seed in range(60))


def test_within_its_assumptions_two_lead_only_while_the_news_is_under_way():
    for seed in range(20):
        cluster = Cluster(Bully, size=5, seed=seed)
        cluster.run(0.5)
        for node in random.Random(seed).choices(cluster.ids, k=6):
            (cluster.crash if cluster.up(node) else cluster.restart)(node)
            cluster.run(0.4)
        assert one_leader(cluster.trace, grace=0.026) is None


def test_a_partition_gives_two_coordinators_and_its_end_does_not_change_that():
    cluster = Cluster(Bully, size=5, seed=1)
    cluster.run(1.0)
    cluster.partition({"n4", "n5"})
    cluster.run(1.0)
    cluster.heal()
    cluster.run(60.0)
    assert coordinators(cluster) == {"n3", "n5"}
    assert "n5 still leads, and n3 leads too" in str(one_leader(cluster.trace, grace=0.026))


def test_messages_that_take_longer_than_t_give_two_leaders_without_any_fault():
    slow = [Cluster(Bully, size=3, seed=seed, latency=(0.005, 0.120)) for seed in range(20)]
    for cluster in slow:
        cluster.run(5.0)
    assert any(one_leader(cluster.trace, grace=0.120) for cluster in slow)


def test_two_leaders_at_once_are_found_and_one_after_the_other_are_none():
    cluster = Cluster(Bully, size=2, seed=1)
    cluster.run(0.5)
    assert one_leader(cluster.trace, grace=0.026) is None
    cluster.crash("n2")
    cluster.run(0.5)
    assert cluster.nodes["n1"].role == "leader"
    assert one_leader(cluster.trace, grace=0.026) is None
    cluster.restart("n2")  # the news that n2 is back is under way for a moment
    cluster.run(0.5)
    assert one_leader(cluster.trace, grace=0.026) is None
    assert one_leader(cluster.trace) is not None


# --- rings


def ring(program, numbers, seed=0, graph=False, **options):
    """A finished election in a ring in which the nodes have these numbers."""
    made = type(program.__name__, (program,), {"NUMBERS": tuple(numbers)})
    names = {place: f"n{place + 1}" for place in range(len(numbers))}
    topology = nx.relabel_nodes(nx.cycle_graph(len(numbers)), names) if graph else None
    cluster = Cluster(made, None if graph else len(numbers), topology=topology, seed=seed, **options)
    cluster.run(60.0)
    return cluster


RINGS = [ChangRoberts, HirschbergSinclair]


@pytest.mark.parametrize("program", RINGS)
@settings(max_examples=40, deadline=None)
@given(numbers=st.lists(st.integers(0, 99), min_size=2, max_size=12, unique=True), seed=st.integers(0, 1000))
def test_the_highest_number_is_elected_and_everybody_told(program, numbers, seed):
    cluster = ring(program, numbers, seed)
    assert {node.leader for node in cluster.nodes.values()} == {max(numbers)}
    assert [node.number for node in cluster.nodes.values() if node.role == "leader"] == [max(numbers)]


@pytest.mark.parametrize("program", RINGS)
def test_a_ring_is_also_made_by_a_topology(program):
    cluster = ring(program, [3, 1, 4, 5, 2], graph=True)
    assert {node.leader for node in cluster.nodes.values()} == {5}


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_chang_and_roberts_messages_over_all_orders_are_as_their_paper_says(size):
    counts = [sends(ring(ChangRoberts, order)) for order in permutations(range(1, size + 1))]
    harmonic = sum(1 / k for k in range(1, size + 1))
    assert max(counts) == size * (size + 1) / 2 + size
    assert min(counts) == 2 * size - 1 + size
    assert sum(counts) / len(counts) == pytest.approx(size * harmonic + size)


def test_one_that_stands_is_enough_for_chang_and_roberts():
    class OneStands(ChangRoberts):
        WAIT = None

        def start(self):
            super().start()
            if self.id == "n2":
                self.stand()

    assert {node.leader for node in ring(OneStands, [7, 3, 9, 5]).nodes.values()} == {9}


@pytest.mark.parametrize("size", [2, 3, 5, 8, 9, 16, 17, 40])
def test_hirschberg_and_sinclair_stay_below_their_bound(size):
    for seed in range(8):
        order = random.Random(seed).sample(range(1, size + 1), size) if seed else range(1, size + 1)
        messages = sends(ring(HirschbergSinclair, order, seed)) - size  # less the news
        assert messages <= 8 * size * (1 + ceil(log2(size)))


def test_in_a_sorted_ring_hirschberg_and_sinclair_are_cheaper_and_chang_and_roberts_at_their_worst():
    worst = list(range(64, 0, -1))
    assert sends(ring(ChangRoberts, worst)) == 64 * 65 / 2 + 64
    assert sends(ring(HirschbergSinclair, worst)) < 64 * 65 / 4


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_dice_elect_exactly_one_of_nodes_that_are_all_alike(size):
    for seed in range(40):
        cluster = Cluster(ItaiRodeh, size=size, seed=seed)
        cluster.run(30.0)
        assert [node.role for node in cluster.nodes.values()].count("leader") == 1


def test_without_dice_and_in_step_nodes_that_are_alike_stay_alike_for_ever():
    class NoDice(ItaiRodeh):
        def die(self):
            return 1

    cluster = Cluster(NoDice, size=5, latency=0.010)
    for _ in range(200):
        cluster.run(0.0501)
        states = [(node.role, node.round, node.number) for node in cluster.nodes.values()]
        assert len(set(states)) == 1 and states[0][0] == "candidate"


@pytest.mark.parametrize("program", [Bully, ChangRoberts, HirschbergSinclair, ItaiRodeh])
def test_an_election_done_twice_is_the_same(program):
    digests = set()
    for _ in range(2):
        cluster = Cluster(program, size=5, seed=4)
        cluster.run(2.0)
        digests.add(cluster.trace.digest())
    assert len(digests) == 1
