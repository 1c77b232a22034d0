"""Real clocks and logical clocks: what their papers promise, held against the true time and the true causality."""

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster, latency
from labkit.check.causality import happened_before
from labkit.protocols import cristian, lamport_clock, ntp, vector_clock


def true_offset(cluster):
    """How far the server's clock is ahead of the client's, as somebody sees it who sees both."""
    return cluster.nodes["n1"].now - cluster.nodes["n2"].now


@settings(max_examples=40, deadline=None)
@given(
    offset=st.floats(-100, 100),
    forth=st.floats(0.001, 0.5),
    back=st.floats(0.001, 0.5),
    work=st.floats(0.0, 0.2),
)
def test_ntps_offset_is_wrong_by_half_the_difference_of_the_two_ways(offset, forth, back, work):
    class Server(ntp.Server):
        WORK = work

    cluster = Cluster(nodes={"n1": Server, "n2": ntp.Client})
    cluster.clock("n2", offset=offset)
    cluster.link("n2", "n1", one_way=True, latency=forth)
    cluster.link("n1", "n2", one_way=True, latency=back)
    cluster.run(forth + work + back + 0.01)
    client = cluster.nodes["n2"]
    assert client.delay == pytest.approx(forth + back, abs=1e-9)
    assert client.offset - true_offset(cluster) == pytest.approx((forth - back) / 2, abs=1e-9)
    assert abs(client.offset - true_offset(cluster)) <= client.error + 1e-9


@pytest.mark.parametrize("clients", [cristian.Client, ntp.Client])
def test_a_clock_that_is_read_over_a_bad_network_is_never_more_wrong_than_it_says(clients):
    server = {cristian.Client: cristian.Server, ntp.Client: ntp.Server}[clients]
    for seed in range(30):
        cluster = Cluster(nodes={"n1": server, "n2": clients}, seed=seed, latency=latency.Exponential(0.05, 0.01))
        cluster.link(loss=0.2)
        cluster.clock("n2", offset=seed - 15.0)
        cluster.run(5.0)
        client = cluster.nodes["n2"]
        assert abs(client.offset - true_offset(cluster)) <= client.error + 1e-9


def test_the_least_delay_of_eight_is_better_than_the_latest_sample():
    class Latest(ntp.Client):
        STAGES = 1

    def wrong_by(client):
        errors = []
        for seed in range(40):
            cluster = Cluster(nodes={"n1": ntp.Server, "n2": client}, seed=seed, latency=latency.Pareto(0.01, 1.2))
            cluster.run(10.0)
            errors.append(abs(cluster.nodes["n2"].offset - true_offset(cluster)))
        return sum(errors) / len(errors)

    assert wrong_by(ntp.Client) < wrong_by(Latest) / 3


def test_cristians_client_waits_for_a_round_trip_that_is_short_enough():
    class Careful(cristian.Client):
        MIN, ENOUGH = 0.005, 0.008

    cluster = Cluster(nodes={"n1": cristian.Server, "n2": Careful}, seed=3)
    cluster.run(until=lambda c: c.nodes["n2"].offset is not None)
    client = cluster.nodes["n2"]
    assert client.attempts > 1
    assert abs(client.offset - true_offset(cluster)) <= client.error <= 0.003


def test_a_lost_answer_is_not_taken_for_a_later_one():
    cluster = Cluster(nodes={"n1": cristian.Server, "n2": cristian.Client}, seed=1)
    cluster.link("n1", "n2", clog=True)
    cluster.run(1.2)
    cluster.heal()
    cluster.run(0.1)
    client = cluster.nodes["n2"]
    assert abs(client.offset - true_offset(cluster)) <= client.error


# --- logical clocks


def chatter(kind, stamp):
    """A process that sends to anybody at random, and stamps its events in notes."""

    class Chatter(kind):
        def started(self):
            self.after(self.random.uniform(0, 0.1), self.chat)

        def chat(self):
            self.post(self.random.choice(self.peers), "hello")
            self.after(self.random.uniform(0, 0.1), self.chat)

    Chatter.stamp_of = staticmethod(stamp)
    return Chatter


def sends(program, seed, size=4):
    """The messages of a run with their stamps, and whether one was sent before another, in truth."""
    cluster = Cluster(program, size=size, seed=seed)
    cluster.link(reorder=0.3)
    cluster.run(0.6)
    graph = happened_before(cluster.trace)
    stamped = [(e.seq, program.stamp_of(e)) for e in cluster.trace.select("send")]
    later = {seq: nx.descendants(graph, seq) for seq, _ in stamped}
    return [(a, b, other in later[one]) for one, a in stamped for other, b in stamped if one != other]


@pytest.mark.parametrize("seed", range(5))
def test_lamport_clocks_never_contradict_happened_before_but_order_more(seed):
    program = chatter(lamport_clock.Process, lambda event: event.data.time)
    pairs = sends(program, seed)
    assert all(a < b for a, b, happened in pairs if happened)
    assert any(a < b for a, b, happened in pairs if not happened), "the converse does not hold"


@pytest.mark.parametrize("seed", range(5))
def test_vector_clocks_are_exactly_happened_before(seed):
    pairs = sends(chatter(vector_clock.Process, lambda event: event.data.vt), seed)
    assert all(vector_clock.before(a, b) == happened for a, b, happened in pairs)
    assert any(vector_clock.concurrent(a, b) for a, b, _ in pairs)


class NeverMerges(vector_clock.Process):
    def take(self, msg, sender):
        self.tick()


class NeverTicks(vector_clock.Process):
    def tick(self):
        pass


class TakesOver(vector_clock.Process):
    def take(self, msg, sender):
        self.vt = msg.vt
        self.tick()


@pytest.mark.parametrize("broken", [NeverMerges, NeverTicks, TakesOver])
def test_without_one_of_its_rules_a_vector_clock_is_wrong(broken):
    pairs = sends(chatter(broken, lambda event: event.data.vt), 1)
    assert any(vector_clock.before(a, b) != happened for a, b, happened in pairs)


vectors = st.dictionaries(st.sampled_from(["n1", "n2", "n3"]), st.integers(0, 3))


@given(vectors, vectors)
def test_two_vectors_are_equal_or_before_or_after_or_concurrent(u, v):
    same = vector_clock.at_most(u, v) and vector_clock.at_most(v, u)
    cases = [same, vector_clock.before(u, v), vector_clock.before(v, u), vector_clock.concurrent(u, v)]
    assert cases.count(True) == 1


@given(vectors, vectors, vectors)
def test_the_supremum_is_the_least_vector_above_both(u, v, w):
    top = vector_clock.supremum(u, v)
    assert vector_clock.at_most(u, top) and vector_clock.at_most(v, top)
    if vector_clock.at_most(u, w) and vector_clock.at_most(v, w):
        assert vector_clock.at_most(top, w)


def test_what_happened_before_includes_duplicates_clients_and_restarts():
    from labkit.protocols.causal_broadcast import Process, Read

    cluster = Cluster(Process, size=2, seed=1)
    cluster.link(duplicate=1.0)
    cluster.client("c1").call("n1", Read(key="x"))
    cluster.restart("n2")
    cluster.run(0.5)
    graph = happened_before(cluster.trace)
    assert nx.is_directed_acyclic_graph(graph)
    asked = next(e.seq for e in cluster.trace.select("send", node="c1"))
    answered = next(e.seq for e in cluster.trace.select("deliver", node="c1"))
    assert nx.has_path(graph, asked, answered)
    for event in cluster.trace.select("deliver"):
        assert graph.in_degree(event.seq) >= 1
        kinds = {graph.nodes[seq]["event"].kind for seq in graph.predecessors(event.seq)}
        assert "send" in kinds
