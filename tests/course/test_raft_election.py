"""The exercise raft-election: a failure can be had again, and `check` explains itself."""

import json

import pytest

from labkit import Cluster, Fault, Faults, LabkitError, Node
from labkit.check.election import election_safety
from labkit.course import check, load
from labkit.course.result_view import result_text
from labkit.protocols.raft import Raft as Reference
from tests.course.answered import answers

RAFT = answers("raft-election")
HANDLERS = RAFT.program(RAFT.solution)
FORGETFUL = RAFT.program(RAFT.mutant("forgets its term and vote in a crash"))
FICKLE = RAFT.program(RAFT.mutant("votes twice in a term"))


def judged(program, seeds=20):
    return load("raft-election").evaluate(lambda **options: Cluster(program, **options), range(seeds))


def test_the_protocol_of_the_notebook_gets_full_marks():
    result = judged(Reference)
    assert (result.score, result.max) == (10, 10), result_text(result)


def test_a_failure_is_a_test_that_gives_the_same_violation_again():
    failure = next(part for part in judged(FORGETFUL).parts if part.name == "memory").failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, {"Raft": FORGETFUL, "__name__": "__main__"})
    assert failure.message in str(raised.value)
    exec(failure.test, {"Raft": HANDLERS, "__name__": "__main__"})  # without the bug it passes
    marks = failure.document["marks"]
    assert marks[0]["label"] == failure.message
    assert marks[0]["seq"] == len(failure.document["events"]["time"]) - 1


def test_a_failure_is_made_small():
    result = judged(FORGETFUL)
    memory = next(part for part in result.parts if part.name == "memory")
    assert len([fault for fault in memory.failure.faults if fault.action == "restart"]) <= 1
    assert len(memory.failure.steps) <= min(8, memory.failure.before)
    assert any("restarts" in what for _, _, what, fault in memory.failure.steps if fault)


def test_results_are_the_same_every_time_and_are_plain_data():
    first, second = judged(FICKLE, seeds=5), judged(FICKLE, seeds=5)
    assert first.to_json() == second.to_json()
    json.dumps(first.to_json())
    bundle = first._repr_mimebundle_()
    assert "0 of 10 points" in bundle["text/plain"]
    assert "Watch it happen" in bundle["text/html"]


def test_check_takes_the_class_from_the_notebook():
    namespace = {"check": check, "Raft": HANDLERS}
    exec("result = check('raft-election', seeds=2)", namespace)
    assert namespace["result"].score == 10
    exec("result = check('raft-election', seed=7)", namespace)
    assert namespace["result"].parts[0].message == "held in 1 run"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("check('raft-election')", "has no class Raft"),
        ("check('paxos')", "there is no exercise 'paxos'; there are: rpc, failure-detector"),
        ("Raft = Node; check('raft-election', seeds=0)", "seeds=0"),
    ],
)
def test_check_explains_what_is_missing(call, words):
    with pytest.raises(LabkitError, match=words):
        exec(call, {"check": check, "Node": Node})


def test_two_leaders_after_a_power_cut_are_found():
    cluster = Cluster(FORGETFUL, size=5, seed=7)
    cluster.run(until=lambda c: any(node.role == "leader" for node in c.nodes.values()))
    old = next(node.id for node in cluster.nodes.values() if node.role == "leader")
    others = [id for id in cluster.ids if id != old]
    cluster.partition(others)
    for id in others:
        cluster.restart(id)
    cluster.run(1.0)
    violation = election_safety(cluster.trace)
    assert violation is not None
    assert old in violation.nodes
    assert cluster.faults == Faults(cluster.faults)
    assert all(isinstance(fault, Fault) for fault in cluster.faults)
