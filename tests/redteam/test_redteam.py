"""Attacks on the grader: each ends with the right status, no points that it did not earn, and nothing learned."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.course import Exercise, load
from labkit.grade import sandbox
from labkit.grade.grader import Outcome, run
from labkit.grade.processes import Limits
from labkit.grade.submission import Program
from tests.grade.course import EXERCISE, GIVEN, SANDBOXES, SOLUTION
from tests.redteam import attacks

WHOLE = load(EXERCISE)
QUIET = replace(WHOLE, parts=WHOLE.parts[:1])  # one part is enough to be attacked in
SHORT = Limits(event_cpu=0.5, event_wall=1.5, total_wall=20.0, memory=300 << 20)


def graded(
    solution: str, where: str = "", limits: Limits = SHORT, exercise: Exercise = QUIET, seeds: int = 1
) -> Outcome:
    found = sandbox.probe(where or None)
    return run(exercise, Program([("cell 2", GIVEN), ("cell 4", solution)], ["cell 2"]), found, seeds, limits)


def score(outcome: Outcome) -> float:
    return outcome.result.score if outcome.result is not None else 0.0


def said(outcome: Outcome) -> str:
    parts = outcome.result.parts if outcome.result is not None else ()
    return " ".join([outcome.message, *(part.message for part in parts)])


def test_the_reference_solution_has_full_marks() -> None:
    outcome = graded(SOLUTION, exercise=WHOLE)
    assert (outcome.status, score(outcome)) == ("ok", 10)


@pytest.mark.parametrize("attack", attacks.CRASHES)
def test_what_ends_its_own_process_has_crashed(attack: str) -> None:
    outcome = graded(attacks.CRASHES[attack])
    assert (outcome.status, score(outcome)) == ("crashed", 0), outcome.message


@pytest.mark.parametrize("attack", attacks.TIMEOUTS)
def test_what_goes_on_for_ever_runs_out_of_time(attack: str) -> None:
    outcome = graded(attacks.TIMEOUTS[attack], limits=Limits(event_cpu=0.5, event_wall=1.5, total_wall=4.0))
    assert (outcome.status, score(outcome)) == ("timeout", 0), outcome.message


@pytest.mark.parametrize("attack", attacks.MEMORY)
def test_what_takes_all_memory_runs_out_of_it(attack: str) -> None:
    outcome = graded(attacks.MEMORY[attack], limits=Limits(memory=200 << 20, event_cpu=20.0))
    assert (outcome.status, score(outcome)) == ("out of memory", 0), outcome.message


@pytest.mark.parametrize("attack", attacks.TAMPERING)
def test_what_speaks_out_of_turn_has_tampered(attack: str) -> None:
    outcome = graded(attacks.TAMPERING[attack])
    assert (outcome.status, score(outcome)) == ("tampered", 0), outcome.message


@pytest.mark.parametrize("attack", attacks.REFUSED)
def test_what_is_refused_earns_nothing(attack: str) -> None:
    outcome = graded(attacks.REFUSED[attack])
    assert (outcome.status, score(outcome)) == ("wrong", 0), said(outcome)


@pytest.mark.parametrize("where", SANDBOXES)
@pytest.mark.parametrize("attack", attacks.SPIES)
def test_a_spy_finds_nothing(attack: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    other = tmp_path / "other.ipynb"
    other.write_text("secret")
    os.chmod(tmp_path, 0o755)
    here = Path(sandbox.__file__).resolve()
    secrets = [
        here,
        here.parent.parent / "cli.py",
        here.parent.parent / "course" / "exercise.py",
        Path(__file__),
        other,
    ]
    secrets += sorted((here.parent.parent / "protocols").glob("*.py"))
    # Folders on the way to what may be read have to be there, wherever the checkout and Python lie.
    way = {part for shown in (here, sys.prefix, sys.base_prefix) for part in Path(shown).parts}
    solution = f"SECRETS = {[str(path) for path in secrets]}\nWAY = set({sorted(way)})\n" + attacks.SPIES[attack]
    outcome = graded(solution, where)
    assert (outcome.status, score(outcome)) == ("wrong", 0)
    assert "LOOT []" in said(outcome), said(outcome)
    assert "hunter2" not in json.dumps(said(outcome))


@pytest.mark.parametrize("where", SANDBOXES)
def test_the_tools_of_a_spy_work(where: str) -> None:
    """Guards against a test that passes because the attack itself is broken."""
    outcome = graded(attacks.at_start("attempt('sum', lambda: 1 + 1)\ntell()", attacks.TRY), where)
    assert "LOOT ['sum: 2']" in said(outcome)


@pytest.mark.parametrize("attack", attacks.HARMLESS)
def test_what_is_merely_odd_keeps_its_marks(attack: str) -> None:
    outcome = graded(attacks.HARMLESS[attack])
    assert (outcome.status, score(outcome)) == ("ok", QUIET.max), said(outcome)
    assert sum(map(len, outcome.printed)) < 30_000


def test_a_wrong_solution_earns_no_more_when_it_replaces_what_the_child_uses() -> None:
    wrong = SOLUTION.replace('        self.disk["term"], self.disk["voted_for"] = term, voted_for\n', "")
    patched = (
        "import labkit.engine.process as p, labkit.engine.disk as d, random\n"
        "random.Random.random = lambda self: 0.5\n"
        "d.Disk.get = lambda self, key, default=None: {'term': 10 ** 6}.get(key, default)\n" + wrong
    )
    memory = replace(WHOLE, parts=tuple(part for part in WHOLE.parts if part.name == "memory"))
    for solution in (wrong, patched):
        outcome = graded(solution, exercise=memory, seeds=2)
        assert (outcome.status, score(outcome)) == ("wrong", 0)
