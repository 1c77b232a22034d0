"""Latencies as data: what they are distributed like, where they hold, and what they refuse."""

import statistics

import pytest

from labkit import Cluster, Fault, Faults, LabkitError, latency
from tests.engine.faults.broken_nodes import Source

SHAPES = [
    latency.Exponential(mean=0.03, floor=0.01),
    latency.LogNormal(median=0.03, sigma=0.5, floor=0.005),
    latency.Pareto(shortest=0.01, alpha=2.5),
    latency.Replay(samples=(0.01, 0.02, 0.03)),
]


def flights(cluster, src="n1", dst="n2"):
    return [event.due - event.time for event in cluster.trace.select("send", node=src) if event.peer == dst]


@pytest.mark.parametrize("model", SHAPES, ids=lambda model: type(model).__name__)
def test_a_distribution_holds_for_a_cluster_and_for_a_link(model):
    for cluster in (Cluster(Source, size=2, latency=model), Cluster(Source, size=2, latency=0.5)):
        if cluster._network.latency == 0.5:
            cluster.link("n1", "n2", latency=model)
        cluster.run(400.0)
        seen = flights(cluster)
        assert statistics.median(seen) == pytest.approx(model.quantile(0.5), rel=0.15)
        assert statistics.quantiles(seen, n=10)[-1] == pytest.approx(model.quantile(0.9), rel=0.15)
        assert min(seen) >= model.quantile(0.0) - 1e-9


def test_the_mean_of_an_exponential_counts_its_floor():
    cluster = Cluster(Source, size=2, latency=latency.Exponential(mean=0.03, floor=0.01))
    cluster.run(400.0)
    assert statistics.mean(flights(cluster)) == pytest.approx(0.03, rel=0.05)


def test_samples_are_replayed_in_order_from_a_place_that_the_seed_says():
    samples = (0.01, 0.02, 0.03, 0.04, 0.05)

    def replayed(seed):
        cluster = Cluster(Source, size=3, seed=seed, latency=0.1)
        cluster.link("n1", "n2", latency=latency.Replay(samples))
        cluster.run(1.3)
        return [round(flight, 6) for flight in flights(cluster)]

    for seed in range(5):
        seen = replayed(seed)
        first = samples.index(seen[0])
        assert seen == [samples[(first + place) % 5] for place in range(len(seen))]
    assert len({replayed(seed)[0] for seed in range(8)}) > 2


def test_a_link_changes_its_latency_live_and_back():
    cluster = Cluster(Source, size=2, latency=0.01)
    cluster.run(1.05)
    cluster.link("n1", "n2", latency=latency.Pareto(shortest=0.2, alpha=3))
    cluster.run(1.0)
    cluster.link("n1", "n2", latency=None)
    cluster.run(1.0)
    seen = flights(cluster)
    assert all(flight == pytest.approx(0.01) for flight in seen[:10] + seen[20:])
    assert min(seen[10:20]) >= 0.2


@pytest.mark.parametrize("model", SHAPES, ids=lambda model: type(model).__name__)
def test_a_distribution_prints_as_python_and_is_kept_as_json(model):
    assert eval(repr(model)) == model
    cluster = Cluster(Source, size=2)
    cluster.link("n1", "n2", latency=model)
    assert (
        eval(str(cluster.faults), {"Fault": Fault, "Faults": Faults, "latency": latency})
        == cluster.faults
        == Faults.from_json(cluster.faults.to_json())
    )


def test_latencies_refuse_what_they_are_not():
    for make, text in (
        (lambda: latency.Exponential(mean=-1), "mean is -1"),
        (lambda: latency.Exponential(mean=0.1, floor=0.2), "0.2 or more"),
        (lambda: latency.LogNormal(median="long", sigma=1), "median is 'long'"),
        (lambda: latency.Pareto(shortest=0, alpha=1), "above zero"),
        (lambda: latency.Replay(samples=[]), "at least one"),
        (lambda: latency.Replay(samples=[0.1, -0.1]), "each sample is -0.1"),
        (lambda: Cluster(Source, size=2, latency="fast"), "latency='fast': give a number of seconds, or a pair"),
        (lambda: Cluster(Source, size=2, latency=(0.2, 0.1)), "shortest, longest"),
        (lambda: Faults.from_json('[[1, "link", [], {"latency": {"$": "Normal"}}]]'), "no distribution"),
    ):
        with pytest.raises(LabkitError, match=text):
            make()
