"""Every exercise of the course: right answers get full marks, each wrong one loses its parts and is told why, the
untouched stub gets nothing, and the referee judges as the notebook does."""

import pytest

from labkit.course.answers import Mutant
from labkit.course.exercise import SHRINKING_RUNS
from labkit.course.exercises import NAMES
from labkit.course.result_view import result_text
from labkit.grade.grader import run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program
from tests.course.answered import answers
from tests.grade.course import SANDBOXES

RIGHT = [(name, right) for name in NAMES for right in answers(name).right]
WRONG = [pytest.param(name, mutant, id=f"{name}: {mutant.name}") for name in NAMES for mutant in answers(name).mutants]


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_tried_by_two_right_answers_and_six_wrong_ones_and_each_part_is_lost_by_one(name: str) -> None:
    tried = answers(name)
    assert len(tried.right) >= 2 and len(tried.mutants) >= 6
    assert {part for mutant in tried.mutants for part in mutant.loses} == {part.name for part in tried.exercise.parts}
    assert 2 <= len(tried.exercise.parts) <= 5


@pytest.mark.parametrize(("name", "right"), RIGHT)
def test_right_answers_get_full_marks(name: str, right: str) -> None:
    result = answers(name).judge(answers(name).right[right], range(8))
    assert result.score == result.max, result_text(result)


@pytest.mark.parametrize(("name", "mutant"), WRONG)
def test_a_wrong_answer_loses_the_parts_that_it_breaks_and_is_told_why(name: str, mutant: Mutant) -> None:
    tried = answers(name)
    source, left = tried.mutant(mutant.name), dict(mutant.loses)
    for seeds in (3, 20):  # most are found out soon
        result = tried.judge(source, range(seeds), left, shrinking=4)
        for part in result.parts:
            if not part.passed:
                assert left.pop(part.name) in part.message, result_text(result)
        if not left:
            return
    raise AssertionError(f"it wins {', '.join(left)}: {result_text(result)}")


@pytest.mark.parametrize("name", NAMES)
def test_the_untouched_stub_gets_nothing_and_is_told_why(name: str) -> None:
    result = answers(name).judge(answers(name).stub, range(2))
    assert result.score == 0, result_text(result)
    assert "NotImplementedError" in result.parts[0].message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", SANDBOXES[:1])
def test_the_referee_gives_the_verdict_of_the_notebook(name: str, where: str) -> None:
    tried = answers(name)
    mutant = tried.mutants[0]
    part = [next(iter(mutant.loses))]
    for source in (list(tried.right.values())[-1], tried.mutant(mutant.name)):
        program = Program([("given", tried.given), ("solution", source)], ["given"])
        outcome = run(tried.only(part), program, probe(where), 2)
        assert outcome.result is not None, outcome.message
        here = tried.judge(source, range(2), part, shrinking=SHRINKING_RUNS)
        assert outcome.result.to_json() == here.to_json()
