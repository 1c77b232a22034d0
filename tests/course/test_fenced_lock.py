"""The exercise fenced-lock: right answers get full marks, each wrong one loses its part and is told why, and the
referee judges as the notebook does."""

from pathlib import Path

import pytest

from labkit import Cluster
from labkit.course import load
from labkit.course.exercise import judge
from labkit.course.result_view import result_text
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.course.fenced_lock_answers import (
    CLASSES,
    COROUTINE,
    GIVEN,
    MUTANTS,
    cells,
    changed,
    coroutine,
    handlers,
    made,
    mutant,
)

STUB = Path(__file__).parents[2] / "exercises" / "fenced-lock.ipynb"
PARTS = {part.name: part for part in load("fenced-lock").parts}


def of(classes):
    """What builds a cluster of these classes."""
    return lambda nodes, **options: Cluster(nodes={id: classes[name] for id, name in nodes.items()}, **options)


def judged(classes, part, seeds=range(2), shrinking=2):
    return judge(PARTS[part], of(classes), list(seeds), CLASSES, shrinking)


@pytest.mark.parametrize("classes", [handlers, coroutine], ids=["handlers", "coroutine"])
def test_right_answers_get_full_marks(classes):
    result = load("fenced-lock").evaluate(of(classes()), range(3))
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("changes", "part", "told", "seeds"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_wrong_answer_loses_its_part_and_is_told_why(changes, part, told, seeds):
    result = judged(mutant(changes), part, seeds)
    assert not result.passed
    assert told in result.message


def test_a_lock_without_fencing_is_still_a_lock():
    """Parts are worth their points by themselves."""
    unfenced = mutant({"if msg.token < newest:": "if False:"})
    assert judged(unfenced, "exclusion").passed and judged(unfenced, "crash").passed
    assert not judged(unfenced, "fence").passed


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    result = load("fenced-lock").evaluate(of(made(cells(STUB)["solution"])), range(2))
    assert result.score == 0
    assert all("raised NotImplementedError" in part.message for part in result.parts)


def test_nothing_is_won_by_doing_nothing():
    silent = "\n".join(f"class {name}(Node):\n    def start(self):\n        self.holding = False" for name in CLASSES)
    silent = silent.replace("self.holding", "self.lines", 1) + "\n    @on(Job)\n    def job(self, msg, sender): pass\n"
    assert load("fenced-lock").evaluate(of(made(silent)), range(2)).score == 0


def test_a_failure_is_made_small_and_is_a_test():
    unfenced = mutant({"if msg.token < newest:": "if False:"})
    failure = judged(unfenced, "fence", range(2), shrinking=120).failure
    assert len(failure.steps) < failure.before
    with pytest.raises(AssertionError, match="Refuse a token"):
        exec(failure.test, {**GIVEN, **unfenced})
    exec(failure.test, {**GIVEN, **handlers()})  # without the bug it passes


@pytest.mark.parametrize("source", [COROUTINE, "mutant"], ids=["coroutine", "mutant"])
def test_the_referee_judges_as_the_notebook_does(source):
    if source == "mutant":
        source = changed({"if msg.token < newest:": "if False:"})
    with Child([("cell 1", cells()["given"]), ("cell 2", source)], list(CLASSES), probe()) as child:
        build = builder(child)
        for name in ("fence", "restart"):
            near = judge(PARTS[name], of(made(source)), range(1), CLASSES, 2)
            far = judge(PARTS[name], build, range(1), CLASSES, 2)
            assert far.to_json() == near.to_json()
