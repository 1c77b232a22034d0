"""The exercise fenced-lock: parts stand for themselves, nothing is won by doing nothing, whatever a storage shows is
judged, and a failure is small and can be had again."""

import pytest

from labkit.course.result_view import result_text
from tests.course.answered import answers

LOCK = answers("fenced-lock")


def test_a_lock_without_fencing_is_still_a_lock():
    unfenced = LOCK.mutant("lets in everybody")
    points = {part.name: part.points for part in LOCK.judge(unfenced, range(2)).parts}
    assert points["exclusion"] == 3 and points["crash"] == 2 and points["fence"] == 0


def test_nothing_is_won_by_doing_nothing():
    silent = """
class LockServer(Node):
    pass

class Storage(Node):
    def start(self):
        self.lines = []

class Worker(Node):
    @on(Job)
    def job(self, msg, sender):
        pass
"""
    assert LOCK.judge(silent, range(2)).score == 0


@pytest.mark.parametrize("lines", ["7", "[7]", "[['one', 'line']]", "[[1, 'line', 2]]", "{'1': 'line'}"])
def test_a_storage_that_shows_something_else_than_lines_loses_its_parts_and_is_told_so(lines):
    odd = LOCK.solution.replace('self.disk["lines"] = self.lines', f'self.disk["lines"] = self.lines = {lines}')
    result = LOCK.judge(odd, range(1))
    assert {part.name for part in result.parts if part.passed} == set(), result_text(result)


def test_a_failure_is_made_small_and_is_a_test():
    unfenced = LOCK.mutant("lets in everybody")
    (part,) = LOCK.judge(unfenced, range(2), {"fence"}, shrinking=120).parts
    assert len(part.failure.steps) < part.failure.before
    with pytest.raises(AssertionError, match="Refuse a token"):
        exec(part.failure.test, LOCK.namespace(unfenced))
    exec(part.failure.test, LOCK.namespace(LOCK.solution))  # without the bug it passes
