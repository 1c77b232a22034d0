"""The exercise snapshot: nothing is won by doing nothing, and a failure is small and can be had again."""

import pytest

from labkit.course.result_view import result_text
from tests.course.answered import answers

BANK = answers("snapshot")


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
    result = BANK.judge(lazy, range(2))
    assert result.score == 0, result_text(result)


def test_a_bank_that_does_not_trade_wins_nothing():
    source = BANK.solution.replace("    def begin(", "    def trade(self):\n        pass\n\n    def begin(")
    assert BANK.judge(source, range(2)).score == 0


def test_a_failure_is_made_small_and_keeps_the_order_of_the_channels():
    naive = BANK.mutant("naive: records the branches only")
    (part,) = BANK.judge(naive, range(4), {"channels"}, shrinking=60).parts
    failure = part.failure
    assert "is lost" in failure.message and "until the channel's marker" in failure.message
    assert len(failure.steps) < failure.before
    with pytest.raises(AssertionError, match="is lost"):
        exec(failure.test, BANK.namespace(naive))
    exec(failure.test, BANK.namespace(BANK.solution))  # without the bug it passes


def test_the_given_cell_holds_what_the_text_promises():
    assert [when for when, _ in BANK.namespace("")["AUDITS"]] == [0.4, 1.6, 2.6, 2.65, 2.65]
