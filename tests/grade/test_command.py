"""`labkit grade`, as an instructor runs it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tests.grade.course import EXERCISE, SANDBOXES, SOLUTION, course, hand_in, notebook
from tests.redteam import attacks

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path) -> SimpleNamespace:
    exercises = course(tmp_path)
    return SimpleNamespace(
        path=tmp_path, exercises=exercises, submissions=tmp_path / "collected", out=tmp_path / "grades"
    )


def command(here: SimpleNamespace, *arguments: object) -> list[str]:
    options = ["--out", here.out, "--exercises", here.exercises, "--seeds", "1", *arguments]
    return [sys.executable, "-m", "labkit.cli", "grade", str(here.submissions), *map(str, options)]


def run(here: SimpleNamespace, *arguments: object) -> SimpleNamespace:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    done = subprocess.run(command(here, *arguments), capture_output=True, text=True, env=environment, timeout=280)
    return SimpleNamespace(status=done.returncode, said=done.stderr)


def table(here: SimpleNamespace) -> dict[str, dict[str, str]]:
    return {row["submission"]: row for row in csv.DictReader((here.out / "grades.csv").open())}


def test_a_class_is_graded_and_nobody_disturbs_the_others(here: SimpleNamespace) -> None:
    forgetful = SOLUTION.replace('        self.disk["term"], self.disk["voted_for"] = term, voted_for\n', "")
    handed_in = {
        "alice": SOLUTION,
        "bob": forgetful,
        "carol": None,
        "crash": attacks.CRASHES["os._exit in a handler"],
        "junk": attacks.TAMPERING["junk into every open file"],
        "memory": attacks.MEMORY["a list without end when the cell runs"],
        "fork": attacks.REFUSED["a fork bomb when the cell runs"],
        f"zoe/{EXERCISE}": SOLUTION,
    }
    for place, solution in handed_in.items():
        hand_in(here.submissions / f"{place}.ipynb", notebook(here.exercises, solution))
    (here.submissions / "essay.pdf").write_bytes(b"%PDF")
    (here.submissions / "broken.ipynb").write_text("{")
    hand_in(here.submissions / "other.ipynb", {"cells": [], "metadata": {"labkit": {"exercise": "paxos"}}})
    result = run(here)
    assert result.status == 0, result.said
    rows = table(here)
    assert {place: row["status"] for place, row in rows.items()} == {
        "alice": "ok",
        "bob": "wrong",
        "broken": "missing",
        "carol": "wrong",
        "crash": "crashed",
        "essay.pdf": "missing",
        "fork": "wrong",
        "junk": "tampered",
        "memory": "out of memory",
        "other": "missing",
        f"zoe/{EXERCISE}": "ok",
    }
    assert [rows[place]["score"] for place in ("alice", f"zoe/{EXERCISE}", "carol", "crash")] == ["10", "10", "0", "0"]
    assert 0 < float(rows["bob"]["score"]) < 10
    assert rows[f"zoe/{EXERCISE}"]["student"] == "zoe"
    assert "'paxos'" in rows["other"]["message"]
    for row in rows.values():
        assert "<h1>" in (here.out / row["feedback"]).read_text()
    assert "5 of 5 parts fail" in rows["carol"]["message"]

    # Again: nothing is graded twice, but what changed.
    before = {path: path.stat().st_mtime_ns for path in (here.out / "results").rglob("*.json")}
    hand_in(here.submissions / "bob.ipynb", notebook(here.exercises, SOLUTION))
    result = run(here)
    after = {
        path.relative_to(here.out / "results").stem for path, time in before.items() if path.stat().st_mtime_ns != time
    }
    assert after == {"bob"}
    assert "10 of them unchanged" in result.said
    assert table(here)["bob"]["status"] == "ok"
    here.submissions = here.submissions / "alice.ipynb"
    assert run(here, "--seeds", "2", "--exercise", EXERCISE).status == 0
    assert {path for path, time in before.items() if path.stat().st_mtime_ns != time} >= {
        here.out / "results" / "alice.json"
    }


def test_an_interrupted_grading_goes_on_where_it_stopped(here: SimpleNamespace) -> None:
    for number in range(24):
        hand_in(here.submissions / f"student{number:02}.ipynb", notebook(here.exercises, SOLUTION, play=f"# {number}"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command(here, "--seeds", "3"), stderr=subprocess.PIPE, env=environment, text=True, start_new_session=True
    )
    results = here.out / "results"
    for _ in range(1200):
        time.sleep(0.1)
        if results.exists() and len(list(results.glob("*.json"))) >= 2:
            break
    below = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=90)[1]
    assert process.returncode == 130, said
    assert "run the same command to go on" in said
    done = {path: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert 2 <= len(done) < 24
    assert 1 <= len(table(here)) <= len(done)
    assert not list(here.out.rglob(".writing-*"))
    assert _all_end(below)
    assert run(here, "--seeds", "3").status == 0
    assert {row["status"] for row in table(here).values()} == {"ok"}
    assert len(table(here)) == 24
    kept = [path for path, time in done.items() if path.stat().st_mtime_ns == time]
    assert len(kept) >= len(done) - 1  # one may have been written between the last look and the end


def _all_end(processes: list[psutil.Process]) -> bool:
    """Do they all end within seconds?"""
    _, alive = psutil.wait_procs(processes, timeout=10)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


@pytest.mark.parametrize("where", SANDBOXES)
def test_a_grading_that_is_killed_leaves_nothing_running(here: SimpleNamespace, where: str) -> None:
    hand_in(here.submissions / "alice.ipynb", notebook(here.exercises, attacks.TIMEOUTS["asleep for ever"]))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command(here, "--sandbox", where), stderr=subprocess.DEVNULL, env=environment)
    below: list[psutil.Process] = []
    for _ in range(100):
        time.sleep(0.1)
        below = psutil.Process(process.pid).children(recursive=True)
        if len(below) >= 6:
            break
    assert len(below) >= 6
    process.kill()
    process.wait()
    assert _all_end(below)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"submissions": "nowhere"}, "there is no folder"),
        ({"submissions": "essay.txt"}, "is not a notebook"),
        ({"submissions": "empty"}, "holds no notebooks"),
        ({"out": "essay.txt/out"}, "cannot be written"),
        ({"exercises": "empty"}, "does not hold rpc.ipynb"),
        ({"options": ["--exercise", "paxos"]}, "there is no exercise 'paxos'; there are: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(here: SimpleNamespace, change: dict[str, object], said: str) -> None:
    (here.path / "essay.txt").write_text("")
    (here.path / "empty").mkdir()
    hand_in(here.submissions / "alice.ipynb", notebook(here.exercises, SOLUTION))
    options = change.pop("options", [])
    for name, value in change.items():
        setattr(here, name, here.path / str(value))
    result = run(here, *options)
    assert result.status == 2
    assert result.said.startswith("labkit grade: ")
    assert said in result.said
    assert result.said.count("\n") == 1


def test_without_a_sandbox_it_refuses(here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    from labkit.errors import LabkitError
    from labkit.grade import command as grade_command
    from labkit.grade import sandbox

    only = sandbox.Sandbox(sandbox.RLIMITS, "limits")
    monkeypatch.setattr(sandbox, "probe", lambda only_=None: only)
    with pytest.raises(LabkitError, match="--unsafe"):
        grade_command._sandbox(None, unsafe=False)
    assert grade_command._sandbox(None, unsafe=True) is only


def test_the_json_says_what_the_grader_saw(here: SimpleNamespace) -> None:
    hand_in(here.submissions / "alice.ipynb", notebook(here.exercises, SOLUTION, given="x = 1"))
    assert run(here).status == 0
    (made,) = json.loads((here.out / "grades.json").read_text())["grades"]
    assert made["status"] == "ok"
    assert made["notes"] == ["given cells were changed; the instructor's were used (cell 2)"]
    assert [part["points"] for part in made["parts"]] == [2, 2, 2, 2, 2]
    assert made["events"] > 100
    assert made["sandbox"] in ("bubblewrap", "landlock+seccomp")
