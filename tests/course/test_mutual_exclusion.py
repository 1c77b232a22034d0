"""The exercise mutual-exclusion: right answers get full marks, each wrong one loses its part and is told why, and the
referee judges as the notebook does."""

from dataclasses import replace

import pytest

from labkit import Cluster
from labkit.course import load
from labkit.course.result_view import result_html, result_text
from labkit.grade.grader import run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program
from labkit.shared import search
from tests.course.mutual_exclusion_answers import MUTANTS, OTHERS, PARTS, cells, made, mutant
from tests.grade.course import SANDBOXES

NAME = "mutual-exclusion"


def exercise(parts=None):
    """The exercise with all its parts, or only with these."""
    whole = load(NAME)
    return replace(whole, parts=tuple(part for part in whole.parts if parts is None or part.name in parts))


def judged(program, seeds=4, parts=None):
    def build(*, nodes, **options):
        return Cluster(nodes={id: program[name] for id, name in nodes.items()}, **options)

    return exercise(parts).evaluate(build, range(seeds))


@pytest.mark.parametrize("answers", [{}, OTHERS], ids=["the solution", "other styles"])
def test_right_answers_get_full_marks(answers):
    result = judged(made(**answers))
    assert (result.score, result.max) == (10, 10), result_text(result)


@pytest.mark.parametrize(("part", "lines", "become", "told"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_wrong_answer_loses_its_part_and_is_told_why(part, lines, become, told):
    result = judged(mutant(part, lines, become), seeds=12, parts={part})
    assert result.score == 0, result_text(result)
    assert told in result.parts[0].message, result_text(result)


def test_the_untouched_stub_gets_nothing_and_is_told_why():
    stub = {
        "schedules": "class Schedules(Node):\n    pass",
        "two": "class TwoLock(Lock):\n    pass",
        "many": "class ManyLock(Lock):\n    async def acquire(self):\n        raise NotImplementedError",
        "consensus": "class TwoAgree(Consensus):\n    pass",
        "register": "class Replica(Node):\n    pass",
    }
    result = judged(made(**stub))
    assert result.score == 0
    assert "has no acquire()" in result.parts[1].message


@pytest.mark.parametrize("body", ["pass", "await self.step()"])
def test_a_lock_that_lets_everybody_in_gets_nothing(body):
    source = f"(Lock):\n    async def acquire(self):\n        {body}\n    async def release(self):\n        pass"
    result = judged(made(two="class TwoLock" + source, many="class ManyLock" + source), parts={"two", "many"})
    assert result.score == 0
    assert "without having written anything" in result.parts[0].message


def test_a_lock_that_lets_nobody_in_gets_nothing():
    source = (
        "class TwoLock(Lock):\n    x = Register(0)\n    async def acquire(self):\n"
        "        while await self.x.read() == 0:\n            pass\n    async def release(self):\n        pass"
    )
    assert judged(made(two=source), parts={"two"}).score == 0


def test_a_failure_is_the_shortest_schedule_as_a_table_a_picture_and_a_test():
    _, part, lines, become, _ = MUTANTS[3]
    program = mutant(part, lines, become)
    result = judged(program, parts={part})
    failure = result.parts[0].failure
    assert len(failure.steps) == len(search(program["TwoLock"], 2).finding.schedule)
    assert "The shortest schedule" in result_text(result)
    assert "labkit-replay" in result_html(result)
    space = dict(program)
    exec(failure.test, space)
    with pytest.raises(AssertionError, match="together"):
        space["test_mutual_exclusion"]()
    space = made()
    space["TwoLock"] = space["ManyLock"]  # another lock, for which the schedule does no harm
    exec(failure.test.replace(str([*range(0)]), "[]"), space)
    search(space["TwoLock"], 2, rounds=1)


@pytest.mark.parametrize("where", SANDBOXES[:1])
@pytest.mark.parametrize("wrong", [False, True])
def test_the_referee_gives_the_verdict_of_the_notebook(where, wrong):
    _, part, lines, become, _ = MUTANTS[3]
    sources = cells() | OTHERS
    sources = sources | ({part: cells()[part].replace(lines, become)} if wrong else {})
    parts = {"schedules", "two", "consensus"}
    outcome = run(
        exercise(parts),
        Program([("given", sources["given"]), *((name, sources[name]) for name in PARTS)], ["given"]),
        probe(where),
        1,
    )
    assert outcome.result is not None, outcome.message
    assert outcome.result.to_json() == judged(made(**{n: sources[n] for n in PARTS}), seeds=1, parts=parts).to_json()
    assert outcome.result.score == (4 if wrong else 6)


def test_a_program_that_says_of_all_its_states_that_they_are_one_is_found_out():
    liar = cells()["two"] + (
        "\nimport labkit.shared.process as process\nprocess.digest = lambda key: 'always the same'\n"
    )
    original = __import__("labkit.shared.process", fromlist=["digest"]).digest
    try:
        result = judged(made(two=liar), parts={"two"})
    finally:
        __import__("labkit.shared.process", fromlist=["digest"]).digest = original
    assert result.score == 0
    assert "not a function of what its steps returned" in result.parts[0].message


def test_the_given_locks_are_those_that_the_schedules_are_judged_by():
    from labkit.course.exercises.mutual_exclusion import LOCKS

    given = made()
    for name, lock in (("Careless", LOCKS["careless"]), ("Swapped", LOCKS["swapped"])):
        mine, theirs = search(given[name], 2), search(lock, 2)
        assert mine.finding.schedule == theirs.finding.schedule
        assert mine.states == theirs.states
