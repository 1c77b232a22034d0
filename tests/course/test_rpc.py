"""The exercise rpc: each part stands for itself, a failure can be had again, and the referee judges as `check` does."""

from dataclasses import replace

import pytest

from labkit import Cluster, LabkitError
from labkit.check.election import election_safety
from labkit.course import check, load
from labkit.course.exercise import judge
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.course.answered import answers

RPC = answers("rpc")
PARTS = {part.name: part for part in load("rpc").parts}


def mutant(name):
    return RPC.program(RPC.mutant(name))


def judged(program, part, seeds=4, shrinking=4):
    return judge(PARTS[part], lambda **options: Cluster(program, **options), range(seeds), ("Rpc",), shrinking)


def test_a_part_is_won_by_who_masters_only_that():
    """A bank that makes everything twice still answers everybody."""
    assert judged(mutant("makes what comes twice twice"), "asks").passed


@pytest.mark.parametrize("name", ["keeps nothing on the disk", "gives the answer to whoever asked last"])
def test_a_failure_is_a_test_that_gives_the_same_violation_again(name):
    lost = next(mutant.loses for mutant in RPC.mutants if mutant.name == name)
    failure = judged(mutant(name), next(iter(lost)), shrinking=20).failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, RPC.namespace(RPC.mutant(name)))
    assert failure.message in str(raised.value)
    exec(failure.test, RPC.namespace(RPC.solution))  # without the bug it passes


def test_a_failure_is_made_small():
    failure = judged(mutant("keeps nothing on the disk"), "crash", shrinking=60).failure
    assert [fault.action for fault in failure.faults] == ["restart"]
    assert len(failure.steps) < failure.before


def test_check_takes_the_class_from_the_notebook():
    namespace = {"check": check}
    with pytest.raises(LabkitError, match="has no class Rpc"):
        exec("check('rpc')", namespace)
    exec(RPC.given, namespace)
    exec(RPC.solution, namespace)
    exec("result = check('rpc', seed=3)", namespace)
    assert namespace["result"].score == 10


def test_results_are_the_same_every_time():
    program = mutant("forgets that it has forgotten")
    first, second = judged(program, "matched", 3), judged(program, "matched", 3)
    assert first.to_json() == second.to_json()
    assert first.failure.document == second.failure.document


def test_an_exercise_has_another_version_when_another_module_judges_it():
    exercise = load("rpc")
    asks = exercise.parts[0]
    assert replace(exercise, parts=(asks,)).version == replace(exercise, parts=(asks,)).version
    changed = replace(asks, properties=(*asks.properties, election_safety))
    assert replace(exercise, parts=(changed,)).version != replace(exercise, parts=(asks,)).version


@pytest.mark.parametrize("source", [*RPC.right.values(), RPC.mutant("makes what comes twice twice")])
def test_the_referee_judges_as_the_notebook_does(source):
    program = RPC.program(source)
    with Child([("cell 1", RPC.given), ("cell 2", source)], ["Rpc"], probe()) as child:
        build = builder(child)
        for name in ("once", "crash"):
            near = judge(PARTS[name], lambda **options: Cluster(program, **options), range(1), ("Rpc",), 4)
            far = judge(PARTS[name], build, range(1), ("Rpc",), 4)
            assert far.to_json() == near.to_json()
            assert (far.failure and far.failure.document) == (near.failure and near.failure.document)
