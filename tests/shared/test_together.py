"""Shared memory, seen: processes and memory as nodes of a cluster do what the search says they can do."""

import pytest

from labkit.protocols.bakery import SafeBakery
from labkit.protocols.consensus_objects import FromCompareAndSwap
from labkit.protocols.peterson import Peterson
from labkit.protocols.register_constructions import AtomicForMany
from labkit.shared import play, run_together, search


def test_peterson_lets_in_one_at_a_time_in_a_cluster():
    cluster = run_together(Peterson, 2, seed=3)
    cluster.run(5.0)
    phases = {}
    entered = 0
    for event in cluster.trace.select("state"):
        phases[event.node] = event.data.get("phase", phases.get(event.node))
        assert list(phases.values()).count("critical") < 2
        entered += event.data.get("phase") == "critical"
    assert entered > 10


def test_the_memory_shows_what_it_holds():
    cluster = run_together(Peterson, 2, seed=1)
    cluster.run(1.0)
    memory = cluster.nodes["memory"]
    assert set(map(type, memory.flag)) == {bool}
    assert memory.turn in (0, 1)


def test_a_run_is_the_same_for_the_same_seed():
    digests = []
    for _ in range(2):
        cluster = run_together(SafeBakery, 3, seed=5, rounds=1)
        cluster.run(5.0)
        digests.append(cluster.trace.digest())
    assert digests[0] == digests[1]


def test_all_agree_in_a_cluster_though_one_crashes():
    cluster = run_together(FromCompareAndSwap, 3, seed=2)
    cluster.run(0.005)
    cluster.crash("p0")
    cluster.run(1.0)
    assert cluster.nodes["p1"].result == cluster.nodes["p2"].result


@pytest.mark.parametrize(("program", "n"), [(Peterson, 2), (SafeBakery, 2), (AtomicForMany, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_a_schedule_is_followed_by_the_cluster(program, n, seed):
    import random

    draw, schedule = random.Random(seed), []
    for _ in range(25):
        run = play(program, n, schedule, rounds=1)
        able = [me for me in range(n) if run.locals[me].step is not None]
        if not able:
            break
        schedule.append(draw.choice(able))
    run = play(program, n, schedule, rounds=1)
    cluster = run.cluster()
    assert cluster.nodes["memory"]._space.shown(cluster.nodes["memory"]._memory) == run.memory
    assert [cluster.nodes[f"p{me}"].phase for me in range(n)] == run.phases


def test_a_finding_with_buffers_and_choices_is_followed_too():
    class SafeTurn(Peterson):
        turn = SafeBakery.number.of

    for found in (search(Peterson, 2, buffered=True).finding, search(SafeTurn, 2).finding):
        cluster = found.run.cluster()
        assert [cluster.nodes[f"p{me}"].phase for me in range(2)] == ["critical", "critical"]


def test_a_run_can_be_replayed():
    assert "labkit-replay" in search(Peterson, 2, buffered=True).finding.run.replay().fragment()
