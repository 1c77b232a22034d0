"""The exercise load-balancer: right answers get full marks, each misconception loses its part and is told its name, and
the referee judges as the notebook does."""

from pathlib import Path

import pytest

from labkit import Cluster
from labkit.course import check, load
from labkit.course.exercise import judge
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.course.load_balancer_answers import COROUTINE, GIVEN, MUTANTS, answer, cells, coroutine, handlers, mutant

STUB = Path(__file__).parents[2] / "exercises" / "load-balancer.ipynb"
PARTS = {part.name: part for part in load("load-balancer").parts}
SLOW = {"lets everybody in": 1}  # seeds, where a run takes long


def judged(program, part, seeds=1, shrinking=2):
    def build(*, nodes, **options):
        classes = {id: program if name == "Balancer" else GIVEN[name] for id, name in nodes.items()}
        return Cluster(nodes=classes, **options)

    return judge(PARTS[part], build, range(seeds), ("Balancer",), shrinking)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("program", [handlers, coroutine], ids=["handlers", "coroutine"])
def test_right_answers_get_full_marks(program, part):
    result = judged(program(), part, seeds=3)
    assert result.passed, result.message


@pytest.mark.parametrize(("name", "changes", "lost"), MUTANTS, ids=[m[0] for m in MUTANTS])
def test_a_misconception_loses_its_part_and_is_named(name, changes, lost):
    program = mutant(changes)
    for part, words in lost.items():
        result = judged(program, part, seeds=SLOW.get(name, 3))
        assert not result.passed, f"{part} held"
        assert words in result.message


def test_a_part_is_won_by_who_masters_only_that():
    """A balancer without baskets still spreads its orders."""
    anywhere = next(changes for name, changes, _ in MUTANTS if name == "a basket anywhere")
    assert judged(mutant(anywhere), "spread").passed


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    program = answer(cells(STUB)["solution"])
    for part in PARTS:
        result = judged(program, part)
        assert result.points == 0 and "raised NotImplementedError" in result.message


def test_taking_turns_loses_some_of_the_tail_and_two_choices_little():
    source = cells()["solution"].replace("def choose(self, msg, without=None):", TWO_OF)
    turns = next(changes for name, changes, _ in MUTANTS if name == "takes turns")
    assert judged(mutant(turns), "tail", seeds=3).points < judged(answer(source), "tail", seeds=3).points


TWO_OF = """def choose(self, msg, without=None):
        if not msg.customer:
            return min(self.random.sample(self.servers, 2), key=self.open.get)
        return self.choose_by_name(msg, without)

    def choose_by_name(self, msg, without=None):"""


def test_a_failure_is_a_test_that_gives_the_same_violation_again():
    changes = next(changes for name, changes, _ in MUTANTS if name == "no bound")
    failure = judged(mutant(changes), "sticky", shrinking=4).failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, {**GIVEN, "Balancer": mutant(changes)})
    assert failure.message in str(raised.value)
    exec(failure.test, {**GIVEN, "Balancer": handlers()})  # without the bug it passes


def test_check_takes_the_classes_from_the_notebook():
    namespace = {"check": check}
    exec(cells()["given"], namespace)
    exec(cells()["solution"], namespace)
    exec("result = check('load-balancer', seed=3)", namespace)
    assert namespace["result"].max == 10 and namespace["result"].score > 9


def referees(source):
    with Child([("cell 1", cells()["given"]), ("cell 2", source)], ["Balancer"], probe(), given=["cell 1"]) as child:
        return judge(PARTS["sticky"], builder(child), range(1), ("Balancer",), 2)


@pytest.mark.parametrize("style", ["handlers", "coroutine", "mutant"])
def test_the_referee_judges_as_the_notebook_does(style):
    source = COROUTINE if style == "coroutine" else cells()["solution"]
    if style == "mutant":
        source = source.replace("if msg.customer:", "if False:")
    near, far = judged(answer(source), "sticky"), referees(source)
    assert far.to_json() == near.to_json()
    assert near.passed == (style != "mutant")
