"""Programs that go wrong are reported with node, line and last words; nothing hangs, and nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from labkit.maelstrom.options import Options
from labkit.maelstrom.program import CannotStart
from labkit.maelstrom.report import report
from labkit.maelstrom.runner import Result
from tests.maelstrom.harness import PROGRAMS, alive, alone, logged_pids, patiently, with_program

SHORT: dict[str, Any] = {"node_count": 2, "rate": 60.0, "time_limit": 0.8}
SILENT = {
    "dies-at-once": ["ended with exit status 1", "no luck today"],
    "never-init": ["did not come up", "did not answer within", "goes wrong: never-init"],
    "init-error": ["did not come up", "error 13", "cannot"],
    "init-without-reply-to": ["did not come up", "without in_reply_to"],
    "deaf": ["did not come up", "did not answer within"],
}
IMPATIENT = {"never-init", "init-without-reply-to", "deaf"}  # those that would be waited for to the end
UNANSWERED = {"silent", "no-reply-to"}
WRONG = {
    "prints": ["no message: it is not JSON", "debug: echoing", "goes wrong: prints"],
    "array": ["is not a JSON object", "[1, 2, 3]"],
    "no-body": ["it has no 'body'", '{"src": "n0", "dest": "c1"}'],
    "giant": ["a line of more than 16 MB"],
    "forged": ["it sent a message as 'n77', which nobody is"],
    "wrong-type": ["its type is 'echo', not 'echo_ok'", "No echo ever succeeded"],
    "no-echo": ["it has no field 'echo'"],
    "no-type": ["it has no field 'type', which should be 'echo_ok'"],
    "silent": ["no echo ever succeeded", "did not answer within 0.3 s"],
    "no-reply-to": ["without in_reply_to"],
    "refuses": ["no echo ever succeeded", "temporarily-unavailable: not now"],
    "crashes": ["no echo ever succeeded", "crash: who knows"],
    "dies-later": ["ended with exit status 1", "ValueError: five is too many"],
    "killed-later": ["was killed by SIGKILL"],
}


def test_programs_that_do_not_come_up_are_named_with_their_last_words(tmp_path: Path) -> None:
    def make(how: str, more: float) -> Options:
        limit = {"init_timeout": 1.5 * more} if how in IMPATIENT else {}
        return with_program("echo", "bad.py", tmp_path / how, how, **SHORT, **limit)

    results = patiently(SILENT, make, lambda how, error: all(word in str(error) for word in SILENT[how]))
    for (how, words), error in zip(SILENT.items(), results, strict=True):
        assert isinstance(error, CannotStart), how
        assert all(word in str(error) for word in words), (how, str(error))
        assert "n0" in str(error) or "n1" in str(error), how
        for folder in (tmp_path / how / "echo").iterdir():
            assert not any(alive(pid) for pid in logged_pids(folder)), how


def test_programs_that_go_wrong_are_reported_with_the_line_and_their_last_words(tmp_path: Path) -> None:
    def make(how: str, more: float) -> Options:
        timeout = {"timeout": 0.3} if how in UNANSWERED else {}
        return with_program("echo", "bad.py", tmp_path, how, **SHORT | {"time_limit": 0.8 * more}, **timeout)

    def told(how: str, result: Any) -> bool:
        return isinstance(result, Result) and all(word in report(result) for word in WRONG[how])

    results = patiently(WRONG, make, told)
    counts = {}
    for (how, words), result in zip(WRONG.items(), results, strict=True):
        assert isinstance(result, Result), (how, result)
        assert result.valid is False, how
        text = report(result)
        assert all(word in text for word in words), (how, text)
        assert text.splitlines()[-2].startswith("INVALID: "), how
        assert not any(alive(pid) for pid in logged_pids(result.folder)), how
        counts[how] = result.figures["operations"]
    assert counts["refuses"]["fail"] == counts["refuses"]["count"]  # a definite error: it did not happen
    assert counts["crashes"]["info"] == counts["crashes"]["count"]  # an indefinite one: nobody knows


def test_a_message_to_nobody_is_told_but_breaks_nothing(tmp_path: Path) -> None:
    result = alone(with_program("echo", "bad.py", tmp_path, "unknown-destination", **SHORT))
    assert result.valid is True
    assert "it sent a message to 'n99', which is not there" in report(result)


def test_a_child_that_holds_the_pipes_is_ended_too(tmp_path: Path) -> None:
    result = alone(with_program("echo", "bad.py", tmp_path, "child-holds-pipes", **SHORT))
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
