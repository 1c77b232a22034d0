"""Programs that go wrong are reported with node, line and last words; nothing hangs, and nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.maelstrom.program import CannotStart
from labkit.maelstrom.report import report
from tests.maelstrom.harness import PROGRAMS, alive, logged_pids, try_program

SHORT = {"node_count": 2, "rate": 60.0, "time_limit": 0.4, "timeout": 0.3}


def go_wrong(how: str, store: Path, **changed: object) -> str:
    """The report on a program that goes wrong, which must be invalid."""
    result = try_program("echo", "bad.py", store, how, **(SHORT | changed))  # type: ignore[arg-type]
    assert result.valid is False
    assert not any(alive(pid) for pid in logged_pids(result.folder))
    return report(result)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("dies-at-once", ["ended with exit status 1", "no luck today"]),
        ("never-init", ["did not come up", "did not answer within 0.7 s", "goes wrong: never-init"]),
        ("init-error", ["did not come up", "error 13", "cannot"]),
        ("init-without-reply-to", ["did not come up", "without in_reply_to"]),
        ("deaf", ["did not come up", "did not answer within 0.7 s"]),
    ],
)
def test_a_program_that_does_not_come_up_is_named(how: str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        try_program("echo", "bad.py", tmp_path, how, init_timeout=0.7, **SHORT)  # type: ignore[arg-type]
    for word in words:
        assert word in str(caught.value)
    assert "n0" in str(caught.value) or "n1" in str(caught.value)
    (folder,) = (tmp_path / "echo").iterdir()
    assert not any(alive(pid) for pid in logged_pids(folder))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("prints", ["no message: it is not JSON", "debug: echoing", "goes wrong: prints"]),
        ("array", ["is not a JSON object", "[1, 2, 3]"]),
        ("no-body", ["it has no 'body'", '{"src": "n0", "dest": "c1"}']),
        ("giant", ["a line of more than 16 MB"]),
        ("forged", ["it sent a message as 'n77', which nobody is"]),
        ("wrong-type", ["its type is 'echo', not 'echo_ok'", "No echo ever succeeded"]),
        ("no-echo", ["it has no field 'echo'"]),
        ("silent", ["no echo ever succeeded", "did not answer within 0.3 s"]),
        ("no-reply-to", ["without in_reply_to"]),
        ("refuses", ["no echo ever succeeded", "temporarily-unavailable: not now"]),
        ("crashes", ["no echo ever succeeded", "crash: who knows"]),
        ("dies-later", ["ended with exit status 1", "ValueError: five is too many"]),
        ("killed-later", ["was killed by SIGKILL"]),
    ],
)
def test_a_program_that_goes_wrong_is_reported_with_the_line_and_its_last_words(
    how: str, words: list[str], tmp_path: Path
) -> None:
    told = go_wrong(how, tmp_path)
    for word in words:
        assert word in told
    assert "INVALID" in told.splitlines()[-2]


def test_an_error_that_is_definite_is_a_failure_and_one_that_is_not_leaves_the_outcome_open(tmp_path: Path) -> None:
    refused = try_program("echo", "bad.py", tmp_path, "refuses", **SHORT).figures["operations"]  # type: ignore[arg-type]
    crashed = try_program("echo", "bad.py", tmp_path, "crashes", **SHORT).figures["operations"]  # type: ignore[arg-type]
    assert refused["fail"] == refused["count"] and crashed["info"] == crashed["count"]


def test_a_message_to_nobody_is_told_but_breaks_nothing(tmp_path: Path) -> None:
    result = try_program("echo", "bad.py", tmp_path, "unknown-destination", **SHORT)  # type: ignore[arg-type]
    assert result.valid is True
    assert "it sent a message to 'n99', which is not there" in report(result)


def test_a_child_that_holds_the_pipes_is_ended_too(tmp_path: Path) -> None:
    result = try_program("echo", "bad.py", tmp_path, "child-holds-pipes", **SHORT)  # type: ignore[arg-type]
    assert result.valid is True
    pids = logged_pids(result.folder)
    assert len(pids) == 4
    assert not any(alive(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_test_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labkit.cli", "maelstrom", "test", "-w", "echo", "--bin", str(PROGRAMS / "bad.py")]
    command += ["--node-count", "2", "--store", str(tmp_path), "--rate", "50", "--", "child-holds-pipes"]
    test = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    pids: list[int] = []
    try:
        deadline = time.monotonic() + 60
        history = tmp_path / "current" / "history.jsonl"
        while not (history.exists() and len(pids) == 4) and time.monotonic() < deadline:
            time.sleep(0.05)
            pids = logged_pids(history.parent) if history.exists() else []
        assert len(pids) == 4 and all(alive(pid) for pid in pids)
        os.kill(test.pid, number)
        _, errors = test.communicate(timeout=30)
    finally:
        test.kill()
    assert test.returncode == 130
    assert "interrupted" in errors
    assert not any(alive(pid) for pid in pids)
