"""The exercise load-balancer: each part stands for itself, a failure can be had again, and the referee judges as the
notebook does."""

import pytest

from labkit.course import check, load
from labkit.course.exercise import judge
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.course.answered import answers

BALANCER = answers("load-balancer")
PARTS = {part.name: part for part in load("load-balancer").parts}
TWO_OF = """def choose(self, msg, without=None):
        if not msg.customer:
            return min(self.random.sample(self.servers, 2), key=self.open.get)
        return self.choose_by_name(msg, without)

    def choose_by_name(self, msg, without=None):"""


def judged(source, part, seeds=1, shrinking=2):
    return BALANCER.judge(source, range(seeds), [part], shrinking=shrinking).parts[0]


def test_a_part_is_won_by_who_masters_only_that():
    """A balancer without baskets still spreads its orders."""
    assert judged(BALANCER.mutant("a basket anywhere"), "spread").passed


def test_taking_turns_loses_the_tail_and_two_choices_less():
    two = BALANCER.solution.replace("def choose(self, msg, without=None):", TWO_OF)
    assert judged(BALANCER.mutant("takes turns"), "tail", seeds=3).points < judged(two, "tail", seeds=3).points


def test_a_failure_is_a_test_that_gives_the_same_violation_again():
    failure = judged(BALANCER.mutant("no bound"), "sticky", shrinking=4).failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, BALANCER.namespace(BALANCER.mutant("no bound")))
    assert failure.message in str(raised.value)
    exec(failure.test, BALANCER.namespace(BALANCER.solution))  # without the bug it passes


def test_check_takes_the_classes_from_the_notebook():
    namespace = {"check": check}
    exec(BALANCER.given, namespace)
    exec(BALANCER.solution, namespace)
    exec("result = check('load-balancer', seed=3)", namespace)
    assert namespace["result"].max == 10 and namespace["result"].score > 9


@pytest.mark.parametrize("style", ["coroutine", "mutant"])
def test_the_referee_judges_as_the_notebook_does(style):
    source = {
        "coroutine": BALANCER.right.get("coroutine"),
        "mutant": BALANCER.mutant("a basket anywhere"),
    }[style]
    near = judged(source, "sticky")
    cells = [("cell 1", BALANCER.given), ("cell 2", source)]
    with Child(cells, ["Balancer"], probe(), given=["cell 1"]) as child:
        far = judge(PARTS["sticky"], builder(child), range(1), ("Balancer",), 2)
    assert far.to_json() == near.to_json()
    assert near.passed == (style != "mutant")
