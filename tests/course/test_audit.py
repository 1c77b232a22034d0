"""`labkit audit` on the course's own exercise, and on answers that are not as they should be."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.cli import main
from tests.course.answered import SOLUTIONS

FINE = (
    'RIGHT = {}\nMUTANTS = [("votes twice", [("and self.voted_for in (None, msg.candidate)", "")], {"memory": ""})]\n'
)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with one solved notebook; the answers beside it are for the test to write."""
    shutil.copy(SOLUTIONS / "raft-election.ipynb", tmp_path)
    (tmp_path / "answers").mkdir()
    return tmp_path


def audited(course: Path, data: str, *options: str) -> tuple[int, str]:
    (course / "answers" / "raft_election.py").write_text(data)
    result = CliRunner().invoke(main, ["audit", "raft-election", "--solutions", str(course), "--seeds", "6", *options])
    return result.exit_code, result.output


def test_an_exercise_that_is_in_order_has_a_line_in_the_table(course: Path) -> None:
    status, output = audited(course, FINE)
    assert status == 0
    row = output.splitlines()[-1].split()
    assert " ".join(row[:-1]) == "raft-election 5 10 1 of 1 1 of 1 0"


def test_a_mutant_that_wins_is_named_with_the_part_that_it_wins(course: Path) -> None:
    harmless = FINE.replace('"")], {', '"and self.voted_for in (msg.candidate, None)")], {')
    status, output = audited(course, harmless)
    assert status == 1
    assert "raft-election: mutant “votes twice” wins memory" in output


def test_a_mutant_that_is_not_told_why_is_named(course: Path) -> None:
    status, output = audited(course, FINE.replace('{"memory": ""}', '{"memory": "the moon"}'))
    assert status == 1
    assert "raft-election: mutant “votes twice” is not told “the moon” in memory" in output


def test_a_right_answer_that_loses_is_named_with_the_reason(course: Path) -> None:
    silent = 'RIGHT = {"silent": "class Raft(Node):\\n    def start(self):\\n        pass"}\n'
    status, output = audited(course, silent + FINE.partition("\n")[2])
    assert status == 1
    assert "raft-election: right answer “silent” loses quiet: " in output


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("RIGHT = {}\n", "defines no MUTANTS"),
        (FINE.replace("and self.voted_for", "and self.voted"), "which is not in the solution"),
        (FINE.replace('"memory"', '"memories"'), "which parts does the mutant 'votes twice' lose? The parts are quiet"),
        (FINE.replace('{"memory": ""}', "{}"), "which parts does the mutant 'votes twice' lose?"),
        (FINE + "MUTANTS.append(1)\n", "MUTANTS[1] is 1: give (name, [(line, becomes)], {part: words})"),
        ("RIGHT = [", "'[' was never closed"),
        ("RIGHT, MUTANTS = {'a': 1}, []", "RIGHT['a'] is 1: give the text of the solution cell"),
    ],
)
def test_answers_that_are_not_as_they_should_be_are_explained(course: Path, data: str, words: str) -> None:
    status, output = audited(course, data)
    assert status == 3
    assert words in output and "raft_election.py" in output


def test_a_course_without_answers_is_told_what_is_missing(course: Path) -> None:
    result = CliRunner().invoke(main, ["audit", "raft-election", "--solutions", str(course)])
    assert result.exit_code == 3
    assert "raft_election.py is missing" in result.output
    result = CliRunner().invoke(main, ["audit", "rpc", "--solutions", str(course)])
    assert result.exit_code == 3
    assert "rpc.ipynb is missing: run this where the course is, or give --solutions" in result.output
    result = CliRunner().invoke(main, ["audit", "nothing", "--solutions", str(course)])
    assert result.exit_code == 3
