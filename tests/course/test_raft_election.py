"""The exercise raft-election: right answers get full marks, wrong ones lose the right parts, and a failure can be had
again."""

import json

import pytest

from labkit import Cluster, Fault, Faults, LabkitError, Node
from labkit.check.election import election_safety
from labkit.course import check, load
from labkit.course.result_view import result_text
from labkit.protocols.raft import Raft as Reference
from tests.course.raft_election_answers import GIVEN, MUTANTS, cells, coroutine, handlers, mutant


def judged(program, seeds=20):
    return load("raft-election").evaluate(lambda **options: Cluster(program, **options), range(seeds))


@pytest.mark.parametrize("answer", [handlers, coroutine, lambda: Reference], ids=["handlers", "coroutine", "reference"])
def test_right_answers_get_full_marks_under_many_seeds(answer):
    result = judged(answer(), seeds=30)
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("line", "becomes", "lost"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_wrong_answer_loses_the_parts_that_it_breaks(line, becomes, lost):
    result = judged(mutant(line, becomes))
    failed = {part.name for part in result.parts if not part.passed}
    assert failed >= lost, result_text(result)
    assert result.score == 10 - 2 * len(failed)


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    namespace = dict(GIVEN)
    exec("class Raft(Node):\n    def start(self):\n        raise NotImplementedError", namespace)
    result = judged(namespace["Raft"], seeds=3)
    assert result.score == 0
    assert "n1 raised NotImplementedError" in result.parts[0].message


def test_a_failure_is_a_test_that_gives_the_same_violation_again():
    failure = next(part for part in judged(mutant(*MUTANTS[3][1:3])).parts if part.name == "memory").failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, {"Raft": mutant(*MUTANTS[3][1:3]), "__name__": "__main__"})
    assert failure.message in str(raised.value)
    exec(failure.test, {"Raft": handlers(), "__name__": "__main__"})  # without the bug it passes
    marks = failure.document["marks"]
    assert marks[0]["label"] == failure.message
    assert marks[0]["seq"] == len(failure.document["events"]["time"]) - 1


def test_a_failure_is_made_small():
    result = judged(mutant(*MUTANTS[3][1:3]))
    memory = next(part for part in result.parts if part.name == "memory")
    assert len([fault for fault in memory.failure.faults if fault.action == "restart"]) <= 1
    assert len(memory.failure.steps) <= min(8, memory.failure.before)
    assert any("restarts" in what for _, _, what, fault in memory.failure.steps if fault)


def test_results_are_the_same_every_time_and_are_plain_data():
    first, second = judged(mutant(*MUTANTS[0][1:3]), seeds=5), judged(mutant(*MUTANTS[0][1:3]), seeds=5)
    assert first.to_json() == second.to_json()
    json.dumps(first.to_json())
    bundle = first._repr_mimebundle_()
    assert "0 of 10 points" in bundle["text/plain"]
    assert "Watch it happen" in bundle["text/html"]


def test_check_takes_the_class_from_the_notebook():
    namespace = {"check": check, "Raft": handlers()}
    exec("result = check('raft-election', seeds=2)", namespace)
    assert namespace["result"].score == 10
    exec("result = check('raft-election', seed=7)", namespace)
    assert namespace["result"].parts[0].message == "held in 1 run"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("check('raft-election')", "has no class Raft"),
        ("check('paxos')", "there is no exercise 'paxos'; there are: rpc, vector-clocks"),
        ("Raft = Node; check('raft-election', seeds=0)", "seeds=0"),
    ],
)
def test_check_explains_what_is_missing(call, words):
    with pytest.raises(LabkitError, match=words):
        exec(call, {"check": check, "Node": Node})


def test_the_solution_is_what_its_notebook_says():
    assert "# BEGIN SOLUTION" in cells()["solution"]


def test_two_leaders_after_a_power_cut_are_found():
    forgetful = mutant(*MUTANTS[3][1:3])
    cluster = Cluster(forgetful, size=5, seed=7)
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
