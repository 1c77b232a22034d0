"""The exercise snapshot: right answers get full marks, each wrong one loses the right parts and is told why, and
the referee judges as the notebook does."""

from dataclasses import replace

import pytest

from labkit import Cluster
from labkit.course import load
from labkit.course.result_view import result_text
from labkit.grade.grader import run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program
from tests.course.snapshot_answers import COROUTINE, GIVEN, MUTANTS, cells, coroutine, handlers, made, mutant
from tests.grade.course import SANDBOXES

NAME = "snapshot"


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
    stub = "    @on(Transfer)\n    def transfer(self, msg, sender):\n        raise NotImplementedError"
    result = judged(made(f"class Bank(Branch):\n{stub}"), seeds=2)
    assert result.score == 0
    assert "raised NotImplementedError" in result.parts[0].message


@pytest.mark.parametrize(
    "body",
    ["pass", "self.record(snapshot)", "self.snapshots = {snapshot: {}}"],
    ids=["begins nothing", "records alone", "claims that it is done"],
)
def test_nothing_is_won_by_doing_nothing(body):
    lazy = f"""
class Bank(Branch):
    def begin(self, snapshot):
        {body}

    @on(Transfer)
    def transfer(self, msg, sender):
        self.take(msg, sender)
"""
    result = judged(made(lazy), seeds=2)
    assert result.score == 0, result_text(result)


def test_a_bank_that_does_not_trade_wins_nothing():
    source = cells()["solution"].replace("    def begin(", "    def trade(self):\n        pass\n\n    def begin(")
    assert judged(made(source), seeds=2).score == 0


def test_a_failure_is_made_small_and_keeps_the_order_of_the_channels():
    naive = mutant(*MUTANTS[0][1:3])
    (part,) = judged(naive, seeds=4, parts={"channels"}).parts
    failure = part.failure
    assert "is lost" in failure.message and "until the channel's marker" in failure.message
    assert len(failure.steps) < failure.before
    with pytest.raises(AssertionError, match="is lost"):
        exec(failure.test, {"Bank": naive, "__name__": "__main__"})
    exec(failure.test, {"Bank": handlers(), "__name__": "__main__"})  # without the bug it passes


@pytest.mark.parametrize("where", SANDBOXES[:1])
def test_the_referee_gives_the_verdict_of_the_notebook(where):
    naive = MUTANTS[0]
    wrong = cells()["solution"].replace(naive[1], naive[2])
    for source in (COROUTINE, wrong):
        outcome = run(
            exercise({"channels"}),
            Program([("given", cells()["given"]), ("solution", source)], ["given"]),
            probe(where),
            1,
        )
        assert outcome.result is not None, outcome.message
        assert outcome.result.to_json() == judged(made(source), seeds=1, parts={"channels"}).to_json()


def test_the_given_cell_holds_what_the_text_promises():
    assert [when for when, _ in GIVEN["AUDITS"]] == [0.4, 1.6, 2.6, 2.65, 2.65]
    assert "# BEGIN SOLUTION" in cells()["solution"]
