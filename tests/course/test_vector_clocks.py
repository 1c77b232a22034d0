"""The exercise vector-clocks: right answers get full marks, each wrong one loses the right parts and is told why, and
the referee judges as the notebook does."""

from dataclasses import replace

import pytest

from labkit import Cluster
from labkit.course import load
from labkit.course.result_view import result_text
from labkit.grade.grader import run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program
from tests.course.vector_clocks_answers import COROUTINE, GIVEN, MUTANTS, cells, coroutine, handlers, made, mutant
from tests.grade.course import SANDBOXES

NAME = "vector-clocks"


def exercise(parts=None):
    """The exercise with all its parts, or only with these."""
    whole = load(NAME)
    return replace(whole, parts=tuple(part for part in whole.parts if parts is None or part.name in parts))


def judged(program, seeds=20, parts=None):
    return exercise(parts).evaluate(lambda **options: Cluster(program, **options), range(seeds))


@pytest.mark.parametrize("answer", [handlers, coroutine])
def test_right_answers_get_full_marks(answer):
    result = judged(answer(), seeds=5)
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("line", "becomes", "lost", "told"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_wrong_answer_loses_the_parts_that_it_breaks_and_is_told_why(line, becomes, lost, told):
    result = judged(mutant(line, becomes), seeds=2, parts=lost)
    failed = {part.name: part.message for part in result.parts if not part.passed}
    assert set(failed) == lost, result_text(result)
    assert any(told in failed[name] for name in lost), result_text(result)


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    result = judged(
        made("class Member(Chatter):\n    def say(self, text):\n        raise NotImplementedError"), seeds=2
    )
    assert result.score == 0
    assert "raised NotImplementedError" in result.parts[0].message


@pytest.mark.parametrize(
    "body",
    ["pass", "self.show(Said(self.id, text, {}))", "self.broadcast(Said(self.id, text, {self.id: 1}))"],
    ids=["says nothing", "tells nobody", "shows nothing"],
)
def test_nothing_is_won_by_doing_nothing(body):
    result = judged(made(f"class Member(Chatter):\n    def say(self, text):\n        {body}"), seeds=2)
    assert result.score == 0, result_text(result)


def test_parts_without_the_comparison_count_before_it_is_written():
    source = cells()["solution"]
    start = source.index("        smaller = any(")
    end = source.index("        # END SOLUTION", start)
    result = judged(made(source[:start] + "raise NotImplementedError\n".rjust(34) + source[end:]), seeds=2)
    assert {part.name for part in result.parts if part.passed} >= {"stamps", "causes", "once", "restart"}


def test_a_failure_is_made_small_and_can_be_had_again():
    forgetful = mutant(*next(m for m in MUTANTS if m[0] == "forgets what waits")[1:3])
    (part,) = judged(forgetful, seeds=6, parts={"restart"}).parts
    failure = part.failure
    assert sum(fault.action == "restart" for fault in failure.faults) == 1, "shrunk to the restart that matters"
    with pytest.raises(AssertionError, match="must survive it too"):
        exec(failure.test, {"Member": forgetful, "__name__": "__main__"})
    exec(failure.test, {"Member": handlers(), "__name__": "__main__"})  # without the bug it passes


@pytest.mark.parametrize("where", SANDBOXES[:1])
def test_the_referee_gives_the_verdict_of_the_notebook(where):
    lazy = MUTANTS[-2]
    wrong = cells()["solution"].replace(lazy[1], lazy[2])
    for source in (COROUTINE, wrong):
        outcome = run(
            exercise({"restart"}),
            Program([("given", cells()["given"]), ("solution", source)], ["given"]),
            probe(where),
            1,
        )
        assert outcome.result is not None, outcome.message
        assert outcome.result.to_json() == judged(made(source), seeds=1, parts={"restart"}).to_json()


def test_the_given_cell_holds_what_the_text_promises():
    assert GIVEN["Said"].__struct_fields__ == ("origin", "text", "vt")
    assert "# BEGIN SOLUTION" in cells()["solution"]
