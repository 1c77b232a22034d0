"""The exercise bully: right answers get full marks, each wrong one loses its part and is told why, and the referee
judges as the notebook does."""

from pathlib import Path

import pytest

from labkit import Cluster, Fault
from labkit.check.succession import asks_first, falls_quiet, highest_leads, is_told
from labkit.course import load
from labkit.course.exercise import judge
from labkit.course.result_view import result_text
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.course.bully_answers import COROUTINE, MUTANTS, cells, coroutine, handlers, made, mutant

STUB = Path(__file__).parents[2] / "exercises" / "bully.ipynb"
PARTS = {part.name: part for part in load("bully").parts}


def judged(program, part, seeds=range(3), shrinking=4):
    return judge(PARTS[part], lambda **options: Cluster(program, **options), list(seeds), ("Bully",), shrinking)


@pytest.mark.parametrize("program", [handlers, coroutine], ids=["handlers", "coroutine"])
def test_right_answers_get_full_marks(program):
    program = program()
    result = load("bully").evaluate(lambda **options: Cluster(program, **options), range(8))
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("changes", "part", "told", "seeds"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_wrong_answer_loses_its_part_and_is_told_why(changes, part, told, seeds):
    result = judged(mutant(changes), part, seeds)
    assert not result.passed
    assert told in result.message


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    program = made(cells(STUB)["solution"])
    result = load("bully").evaluate(lambda **options: Cluster(program, **options), range(2))
    assert result.score == 0
    assert all("raised NotImplementedError" in part.message for part in result.parts)


@pytest.mark.parametrize(
    "body", ["self.take(None)", "self.take(self.id)", "self.take(max(self.id, *self.peers))"],
    ids=["nobody", "myself", "the highest there is"],
)  # fmt: skip
def test_nothing_is_won_by_saying_who_leads(body):
    program = made(f"class Bully(Elector):\n    def start(self):\n        {body}\n")
    result = load("bully").evaluate(lambda **options: Cluster(program, **options), range(4))
    assert result.score == 0, result_text(result)


def test_what_the_assumptions_do_not_cover_is_not_judged():
    cluster = Cluster(handlers(), size=5, seed=1)
    cluster.run(1.0)
    cluster.link(loss=0.5)
    cluster.crash("n5")
    cluster.run(5.0)
    assert all(rule(cluster.trace) is None for rule in (asks_first, is_told, highest_leads, falls_quiet))


def test_a_failure_keeps_to_the_assumptions_and_is_a_test_that_fails_until_the_bug_is_gone():
    wrong = mutant({"self._election = self.after(2 * T, self.election)": "pass"})
    failure = judged(wrong, "during", range(10), shrinking=40).failure
    assert {fault.action for fault in failure.faults} <= {"crash", "link"}
    assert sum(fault.action == "crash" for fault in failure.faults) >= 1
    with pytest.raises(AssertionError, match="not for ever"):
        exec(failure.test, {"Bully": wrong, "__name__": "__main__"})
    exec(failure.test, {"Bully": handlers(), "__name__": "__main__"})


@pytest.mark.parametrize("count", range(1, 7))
def test_the_solution_survives_a_crash_between_any_two_of_the_heirs_messages(count):
    cluster = Cluster(handlers(), size=5, seed=count)
    cluster.run(1.2)
    cluster.crash("n5")
    cluster.inject([Fault(cluster.now + 0.001, "crash", "n4", when=("send", "n4", count))])
    cluster.run(1.5)
    assert {node.leader for node in cluster.nodes.values() if cluster.up(node.id)} == {"n3"}
    assert highest_leads(cluster.trace) is None


@pytest.mark.parametrize("source", [COROUTINE, "mutant"], ids=["coroutine", "mutant"])
def test_the_referee_judges_as_the_notebook_does(source):
    if source == "mutant":
        source = cells()["solution"].replace("self.send(sender, Answer())", "pass")
    program = made(source)
    with Child([("cell 1", cells()["given"]), ("cell 2", source)], ["Bully"], probe()) as child:
        build = builder(child)
        for name in ("highest", "messages"):
            near = judge(PARTS[name], lambda **options: Cluster(program, **options), range(1), ("Bully",), 4)
            far = judge(PARTS[name], build, range(1), ("Bully",), 4)
            assert far.to_json() == near.to_json()
