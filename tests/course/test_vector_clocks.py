"""The exercise vector-clocks: nothing is won by doing nothing, and a failure is small and can be had again."""

import pytest

from labkit.course.result_view import result_text
from tests.course.answered import answers

CHAT = answers("vector-clocks")


@pytest.mark.parametrize(
    "body",
    ["pass", "self.show(Said(self.id, text, {}))", "self.broadcast(Said(self.id, text, {self.id: 1}))"],
    ids=["says nothing", "tells nobody", "shows nothing"],
)
def test_nothing_is_won_by_doing_nothing(body):
    result = CHAT.judge(f"class Member(Chatter):\n    def say(self, text):\n        {body}", range(2))
    assert result.score == 0, result_text(result)


def test_parts_without_the_comparison_count_before_it_is_written():
    source = CHAT.solution
    start = source.index("        smaller = any(")
    end = source.index("        # END SOLUTION", start)
    unfinished = source[:start] + "raise NotImplementedError\n".rjust(34) + source[end:]
    result = CHAT.judge(unfinished, range(20))
    assert {part.name for part in result.parts if part.passed} >= {"stamps", "causes", "once", "restart"}


def test_a_failure_is_made_small_and_can_be_had_again():
    forgetful = CHAT.mutant("forgets what waits")
    (part,) = CHAT.judge(forgetful, range(6), {"restart"}, shrinking=60).parts
    failure = part.failure
    assert sum(fault.action == "restart" for fault in failure.faults) == 1, "shrunk to the restart that matters"
    with pytest.raises(AssertionError, match="must survive it too"):
        exec(failure.test, CHAT.namespace(forgetful))
    exec(failure.test, CHAT.namespace(CHAT.solution))  # without the bug it passes


def test_the_given_cell_holds_what_the_text_promises():
    assert CHAT.namespace("")["Said"].__struct_fields__ == ("origin", "text", "vt")
