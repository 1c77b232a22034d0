"""The exercise mutual-exclusion, beyond what is asked of every exercise: its failures are the shortest schedules, and
what a program says of itself it is held to."""

import pytest

from labkit.course.result_view import result_html, result_text
from labkit.shared import process, search
from tests.course.answered import answers

NAME = "mutual-exclusion"


def judged(source, parts, seeds=1):
    return answers(NAME).judge(answers(NAME).solution + "\n" + source, range(seeds), parts)


@pytest.mark.parametrize("body", ["pass", "await self.step()"])
def test_a_lock_that_lets_everybody_in_gets_nothing(body):
    source = f"(Lock):\n    async def acquire(self):\n        {body}\n    async def release(self):\n        pass\n"
    result = judged("class TwoLock" + source + "class ManyLock" + source, {"two", "many"})
    assert result.score == 0
    assert "without having written anything" in result.parts[0].message


def test_a_lock_that_lets_nobody_in_gets_nothing():
    source = (
        "class TwoLock(Lock):\n    x = Register(0)\n    async def acquire(self):\n"
        "        while await self.x.read() == 0:\n            pass\n    async def release(self):\n        pass"
    )
    assert judged(source, {"two"}).score == 0


def test_a_lock_whose_processes_never_try_gets_nothing():
    source = "class TwoLock(TwoLock):\n    async def run(self):\n        pass"
    result = judged(source, {"two"})
    assert result.score == 0
    assert "leave `run` as it is" in result.parts[0].message


def test_a_failure_is_the_shortest_schedule_as_a_table_a_picture_and_a_test():
    tried = answers(NAME)
    source = tried.mutant("gives way before it says that it wants to enter")
    result = tried.judge(source, range(1), {"two"})
    failure = result.parts[0].failure
    space = tried.namespace(source)
    assert len(failure.steps) == len(search(space["TwoLock"], 2).finding.schedule)
    assert "The shortest schedule" in result_text(result)
    assert "labkit-replay" in result_html(result)
    exec(failure.test, space)
    with pytest.raises(AssertionError, match="together"):
        space["test_mutual_exclusion"]()


def test_a_program_that_says_of_all_its_states_that_they_are_one_is_found_out(monkeypatch):
    monkeypatch.setattr(process, "digest", lambda key: "always the same")
    result = judged("", {"two"})
    assert result.score == 0
    assert "not a function of what its steps returned" in result.parts[0].message


def test_the_given_locks_are_those_that_the_schedules_are_judged_by():
    from labkit.course.exercises.mutual_exclusion import LOCKS

    given = answers(NAME).namespace("")
    for name, lock in (("Careless", LOCKS["careless"]), ("Hyman", LOCKS["hyman"])):
        mine, theirs = search(given[name], 2), search(lock, 2)
        assert mine.finding.schedule == theirs.finding.schedule
        assert mine.states == theirs.states
