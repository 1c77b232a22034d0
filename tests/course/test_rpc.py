"""The exercise rpc: right answers get full marks, each misconception loses its parts and is told its name, and the
referee judges as the notebook does."""

from dataclasses import replace
from pathlib import Path

import pytest

from labkit import Cluster, LabkitError
from labkit.check.election import election_safety
from labkit.course import check, load
from labkit.course.exercise import judge
from labkit.course.result_view import result_text
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.course.rpc_answers import COROUTINE, GIVEN, MUTANTS, answer, cells, coroutine, handlers, mutant

STUB = Path(__file__).parents[2] / "exercises" / "rpc.ipynb"
PARTS = {part.name: part for part in load("rpc").parts}


def judged(program, part, seeds=4, shrinking=4):
    return judge(PARTS[part], lambda **options: Cluster(program, **options), range(seeds), ("Rpc",), shrinking)


@pytest.mark.parametrize("program", [handlers, coroutine], ids=["handlers", "coroutine"])
def test_right_answers_get_full_marks(program):
    program = program()
    result = load("rpc").evaluate(lambda **options: Cluster(program, **options), range(6))
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("changes", "lost"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_misconception_loses_its_parts_and_is_named(changes, lost):
    program = mutant(changes)
    for part, words in lost.items():
        result = judged(program, part)
        assert not result.passed, f"{part} held"
        assert words in result.message


def test_a_part_is_won_by_who_masters_only_that():
    """A bank that makes everything twice still answers everybody."""
    twice = next(changes for name, changes, _ in MUTANTS if name == "makes what comes twice twice")
    assert judged(mutant(twice), "asks").passed


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    program = answer(cells(STUB)["solution"])
    result = load("rpc").evaluate(lambda **options: Cluster(program, **options), range(2))
    assert result.score == 0
    assert all("raised NotImplementedError" in part.message for part in result.parts)


@pytest.mark.parametrize("name", ["keeps nothing on the disk", "gives the answer to whoever asked last"])
def test_a_failure_is_a_test_that_gives_the_same_violation_again(name):
    changes, lost = next(mutant[1:] for mutant in MUTANTS if mutant[0] == name)
    failure = judged(mutant(changes), next(iter(lost)), shrinking=20).failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, {**GIVEN, "Rpc": mutant(changes)})
    assert failure.message in str(raised.value)
    exec(failure.test, {**GIVEN, "Rpc": handlers()})  # without the bug it passes


def test_a_failure_is_made_small():
    forgetful = next(changes for name, changes, _ in MUTANTS if name == "keeps nothing on the disk")
    failure = judged(mutant(forgetful), "crash", shrinking=60).failure
    assert [fault.action for fault in failure.faults] == ["restart"]
    assert len(failure.steps) < failure.before


def test_check_takes_the_class_from_the_notebook():
    namespace = {"check": check}
    with pytest.raises(LabkitError, match="has no class Rpc"):
        exec("check('rpc')", namespace)
    exec(cells()["given"], namespace)
    exec(cells()["solution"], namespace)
    exec("result = check('rpc', seed=3)", namespace)
    assert namespace["result"].score == 10


def test_results_are_the_same_every_time():
    changes = next(changes for name, changes, _ in MUTANTS if name == "forgets that it has forgotten")
    first, second = judged(mutant(changes), "matched", 3), judged(mutant(changes), "matched", 3)
    assert first.to_json() == second.to_json()
    assert first.failure.document == second.failure.document


def test_an_exercise_has_another_version_when_another_module_judges_it():
    exercise = load("rpc")
    asks = exercise.parts[0]
    assert replace(exercise, parts=(asks,)).version == replace(exercise, parts=(asks,)).version
    changed = replace(asks, properties=(*asks.properties, election_safety))
    assert replace(exercise, parts=(changed,)).version != replace(exercise, parts=(asks,)).version


@pytest.mark.parametrize("source", [cells()["solution"], COROUTINE, "mutant"], ids=["handlers", "coroutine", "mutant"])
def test_the_referee_judges_as_the_notebook_does(source):
    if source == "mutant":
        source = cells()["solution"].replace("if msg.number not in answers:", "if True:")
    program = answer(source)
    with Child([("cell 1", cells()["given"]), ("cell 2", source)], ["Rpc"], probe()) as child:
        build = builder(child)
        for name in ("once", "crash"):
            near = judge(PARTS[name], lambda **options: Cluster(program, **options), range(1), ("Rpc",), 4)
            far = judge(PARTS[name], build, range(1), ("Rpc",), 4)
            assert far.to_json() == near.to_json()
            assert (far.failure and far.failure.document) == (near.failure and near.failure.document)
