"""The reference protocols in calm and in storms: their properties hold, and they get something done."""

import sys

import pytest

from labkit import Cluster
from labkit.check.invariants import judge
from labkit.explore.bugs import BUGS, Bug

SETTINGS = {(bug.correct, id(bug.setting)): bug for bug in BUGS}


def name_of(bug: Bug) -> str:
    nodes = bug.setting.nodes if isinstance(bug.setting.nodes, int) else len(bug.setting.nodes)
    return f"{bug.protocol}-{bug.correct.__name__}-{bug.setting.scenario.__name__}-{nodes}"


@pytest.mark.parametrize("bug", SETTINGS.values(), ids=name_of)
def test_the_unbroken_protocol_keeps_all_its_properties_in_a_storm(bug: Bug) -> None:
    arrived = answered = 0
    for seed in range(5):
        cluster, violation = bug.run(seed, correct=True)
        assert violation is None, f"seed {seed}: {violation}"
        arrived += sum(1 for _ in cluster.trace.select("deliver"))
        answered += sum(operation.outcome == "ok" for operation in cluster.history)
    assert arrived >= 40
    if bug.setting.scenario.__name__ == "storm":  # others are of few requests, some of which nobody can answer
        assert answered >= 5


@pytest.mark.parametrize("protocol", sorted({bug.protocol for bug in BUGS}))
def test_in_calm_nearly_every_request_is_answered(protocol: str) -> None:
    bug = next(bug for bug in BUGS if bug.protocol == protocol)
    cluster = bug.make_correct(seed=1, latency=(0.005, 0.025))
    vars(sys.modules[bug.setting.scenario.__module__])["storm"](cluster)
    done = [operation for operation in cluster.history if operation.outcome != "pending"]
    assert sum(operation.outcome == "ok" for operation in done) >= 0.9 * len(done) > 5
    assert judge(cluster.trace, bug.setting.properties) is None


@pytest.mark.parametrize("protocol", sorted({bug.protocol for bug in BUGS}))
def test_a_run_done_twice_is_the_same(protocol: str) -> None:
    bug = next(bug for bug in BUGS if bug.protocol == protocol)
    first, second = bug.run(3)[0], bug.run(3)[0]
    assert first.trace.digest() == second.trace.digest()


def test_a_raft_cluster_of_one_server_answers_at_once() -> None:
    from labkit.protocols.raft_log import Raft
    from labkit.protocols.sessions import Get, Put, Value

    cluster = Cluster(Raft, size=1, seed=1)
    cluster.run(0.5)
    client = cluster.client("c1")
    client.call("n1", Put(key="x", value=1, serial=1))
    assert client.call("n1", Get(key="x")) == Value(value=1)


def test_raft_remembers_its_log_when_all_servers_restart() -> None:
    from labkit.protocols.raft_log import Raft
    from labkit.protocols.sessions import Get, Put, Refused, Value

    cluster = Cluster(Raft, size=3, seed=2)
    cluster.run(0.5)
    client = cluster.client("c1")

    def ask(message):
        for node in cluster.ids * 3:
            answer = client.call(node, message)
            if not isinstance(answer, Refused):
                return answer
        raise AssertionError("nobody leads")

    ask(Put(key="x", value="kept", serial=1))
    for node in cluster.ids:
        cluster.crash(node)
    for node in cluster.ids:
        cluster.restart(node)
    cluster.run(1.0)
    assert ask(Get(key="x")) == Value(value="kept")
