"""The exercise failure-detector: right answers get full marks, each misconception loses its parts and is told its name,
and the referee judges as the notebook does."""

from dataclasses import replace
from pathlib import Path

import pytest

from labkit import Cluster
from labkit.course import load
from labkit.course.exercise import judge
from labkit.course.result_view import result_text
from labkit.grade.grader import run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program
from tests.course.failure_detector_answers import (
    COROUTINE,
    HEARTBEATS,
    MUTANTS,
    cells,
    coroutine,
    handlers,
    made,
    mutant,
)
from tests.grade.course import SANDBOXES

EXERCISE = load("failure-detector")
PARTS = {part.name: part for part in EXERCISE.parts}
STUB = Path(__file__).parents[2] / "exercises" / "failure-detector.ipynb"


def judged(program, part, seeds=3, shrinking=1):
    return judge(PARTS[part], lambda **options: Cluster(program, **options), range(seeds), ("Detector",), shrinking)


def told(program, part, seeds=3):
    """What is said of the first run that fails, as it is; else of the figure that is measured."""
    judging, figures = PARTS[part], []
    for seed in range(seeds):
        cluster = Cluster(program, size=judging.size, seed=seed)
        judging.drive(cluster)
        broken = next((found for holds in judging.properties if (found := holds(cluster.trace))), None)
        if broken is not None:
            return broken.message
        if judging.measure is not None:
            figures.append(judging.measure.of(cluster.trace))
    if judging.measure is None or judging.measure.share(figures) == 1:
        return "held"
    return judging.measure.sentence(figures)


@pytest.mark.parametrize("program", [handlers, coroutine], ids=["handlers", "coroutine"])
def test_right_answers_get_full_marks(program):
    program = program()
    result = EXERCISE.evaluate(lambda **options: Cluster(program, **options), range(4))
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("part", "becomes", "lost"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_misconception_loses_its_part_and_is_named(part, becomes, lost):
    program = mutant(part, becomes)
    for name, words in lost.items():
        assert words in told(program, name)


def test_heartbeats_to_all_that_adapt_are_quick_and_dear():
    program = made(HEARTBEATS)
    assert judged(program, "dead").passed and judged(program, "slow").passed
    few, link = judged(program, "few", seeds=1), judged(program, "link", seeds=1)
    assert few.points == 0 and "times the reference's" in few.message
    assert link.points == 0 and "whom others hear from is alive" in link.message


def test_heartbeats_with_a_fixed_timeout_are_told_to_wait_longer():
    result = judged(made(HEARTBEATS.replace("0.7, 2.0", "0.7, 1.0")), "slow", seeds=1)
    assert result.points == 0 and "wait longer the next time" in result.message


def test_long_timeouts_save_mistakes_and_cost_time():
    slow_and_sure = made(HEARTBEATS.replace("0.7, 2.0", "3.5, 1.0"))
    assert judged(slow_and_sure, "slow").passed
    dead = judged(slow_and_sure, "dead")
    assert 0 <= dead.points < 1


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    program = made(cells(STUB)["solution"])
    result = EXERCISE.evaluate(lambda **options: Cluster(program, **options), range(2), shrinking=1)
    assert result.score == 0
    assert all("raised NotImplementedError" in part.message for part in result.parts)


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("pass", "has no attribute suspects"),
        ("self.suspects = set()", "silence is the only sign"),
        ("self.suspects = set(self.peers)", "for not having spoken yet"),
        ("self.suspects = {self.id}", "suspects itself"),
        ("self.suspects = 'n2'", "make it a set of ids"),
    ],
)
def test_nothing_is_won_by_doing_nothing(start, told):
    program = made(f"class Detector(Node):\n    def start(self):\n        {start}\n")
    results = [judged(program, part, seeds=1) for part in PARTS]
    assert sum(result.points for result in results) == 0
    assert told in results[0].message


def test_a_failure_is_a_test_that_gives_the_same_violation_again():
    _, part, becomes, _ = next(m for m in MUTANTS if m[0] == "asks nobody else")
    failure = judged(mutant(part, becomes), "link", seeds=1, shrinking=20).failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, {"Detector": mutant(part, becomes), "__name__": "__main__"})
    assert failure.message in str(raised.value)
    exec(failure.test, {"Detector": handlers(), "__name__": "__main__"})  # without the bug it passes


@pytest.mark.parametrize("where", SANDBOXES[:1])
def test_the_referee_gives_the_verdict_of_the_notebook(where):
    _, part, becomes, _ = next(m for m in MUTANTS if m[0] == "is impatient")
    wrong = cells()["solution"].replace(part, becomes)
    exercise = replace(EXERCISE, parts=(PARTS["dead"],))
    for source in (COROUTINE, wrong):
        program = Program([("given", cells()["given"]), ("solution", source)], ["given"])
        outcome = run(exercise, program, probe(where), 1)
        assert outcome.result is not None, outcome.message
        near = exercise.evaluate(lambda source=source, **options: Cluster(made(source), **options), range(1))
        assert outcome.result.to_json() == near.to_json()
