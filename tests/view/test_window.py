"""A long run is cut to its last part for a saved notebook, and every moment of that part is as it was."""

import pytest

from labkit import Cluster, Fault
from labkit.view.moment import moment
from labkit.view.window import last
from tests.engine.faults.broken_nodes import Keeper

FAULTS = [
    Fault(0.1, "crash", "n1"),
    Fault(0.2, "restart", "n1"),
    Fault(0.25, "crash", "n2"),
    Fault(0.3, "pause", "n3"),
    Fault(0.3, "partition", ["n1"], ["n2", "n3"]),
]


@pytest.fixture(scope="module")
def run() -> Cluster:
    cluster = Cluster(Keeper, size=3, seed=1, faults=FAULTS)
    cluster.run(0.5)
    cluster.trace.mark(10, "early")
    cluster.trace.mark(len(cluster.trace) - 5, "late")
    return cluster


@pytest.mark.parametrize("events", [1, 10, 60, 200])
def test_the_moments_of_the_last_part_are_as_they_were(run: Cluster, events: int):
    whole, part = run.trace.document(), last(run.trace, events)
    times = part["events"]["time"]
    assert len(times) < len(run.trace) and times == sorted(times)
    shift = part["left_out"]["events"]
    assert len(times) == len(run.trace) - shift
    for seq in range(len(run.trace) - events, len(run.trace)):
        was, here = moment(whole, seq=seq), moment(part, seq=seq - shift)
        assert [(n.id, n.up, n.paused, n.boot, n.attributes, n.error) for n in here.nodes] == [
            (n.id, n.up, n.paused, n.boot, {k: v for k, v in n.attributes.items() if v is not None}, n.error)
            for n in was.nodes
        ]
        assert (here.groups, here.time) == (was.groups, was.time)
        assert [f.progress for f in here.flights] == [f.progress for f in was.flights]
    assert [mark["label"] for mark in part["marks"]] == (["late"] if events >= 5 else [])
    for mark in part["marks"]:
        assert times[mark["seq"]] == mark["time"]


def test_a_run_that_is_not_too_long_stays_whole(run: Cluster):
    assert last(run.trace, len(run.trace)) == run.trace.document()
