"""`labkit maelstrom test` as a user runs it: words, exit statuses, and what is kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.maelstrom.command import test as command
from labkit.maelstrom.report import report
from labkit.maelstrom.runner import Result
from tests.maelstrom.harness import PROGRAMS, lines_of, together, with_program

LABKIT = [sys.executable, "-m", "labkit.cli", "maelstrom", "test"]
SHORT = ["--node-count", "2", "--time-limit", "0.5", "--rate", "60", "--recovery", "0.3"]


def labkit(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LABKIT, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60)


def test_a_valid_test_exits_with_0_and_keeps_what_happened(tmp_path: Path) -> None:
    done = labkit("-w", "broadcast", "--bin", str(PROGRAMS / "broadcast.py"), *SHORT, "--log-stderr", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VALID: Every one of" in done.stdout
    for word in ("operations", "availability", "latency", "stable after", "between servers"):
        assert word in done.stdout
    kept = tmp_path / "store" / "latest"
    assert kept.resolve() == (tmp_path / "store" / "current").resolve()
    assert kept.resolve().parent == tmp_path / "store" / "broadcast"
    results = json.loads((kept / "results.json").read_text())
    assert results["valid"] is True
    history, messages = lines_of(kept / "history.jsonl"), lines_of(kept / "messages.jsonl")
    assert [event["index"] for event in history] == list(range(len(history)))
    assert all({"time", "process", "type", "f", "value", "node"} <= event.keys() for event in history)
    assert results["figures"]["operations"]["count"] == sum(event["type"] == "invoke" for event in history)
    sent = [event for event in messages if event["event"] == "send"]
    assert results["figures"]["messages"]["all"]["sent"] == len(sent)
    assert [event["id"] for event in sent] == list(range(len(sent)))
    assert sent[0]["body"] == {"type": "init", "node_id": "n0", "node_ids": ["n0", "n1"], "msg_id": 1}
    topology = next(event["body"] for event in sent if event["body"]["type"] == "topology")
    assert topology["topology"] == {"n0": ["n1"], "n1": ["n0"]}


def test_an_invalid_test_exits_with_1_and_says_why(tmp_path: Path) -> None:
    done = labkit("-w", "unique-ids", "--bin", str(PROGRAMS / "unique_ids.py"), *SHORT, "--", "counter", cwd=tmp_path)
    assert done.returncode == 1
    assert "INVALID: " in done.stdout and "was given out 2 times, by n" in done.stdout


def test_a_test_that_tells_nothing_exits_with_2(tmp_path: Path) -> None:
    done = labkit("-w", "echo", "--bin", str(PROGRAMS / "echo.py"), *SHORT, "--rate", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "UNKNOWN: " in done.stdout and "raise --rate" in done.stdout


def test_messages_are_shown_on_demand(tmp_path: Path) -> None:
    program = ["--bin", str(PROGRAMS / "echo.py")]
    both = labkit("-w", "echo", *program, *SHORT, "--log-net-send", "--log-net-recv", cwd=tmp_path)
    assert both.returncode == 0
    for event in ("send", "receive"):
        assert f'{event:<7}  n1 -> c1  {{"type": "init_ok", "in_reply_to": 1}}' in both.stderr
    quiet = labkit("-w", "echo", *program, *SHORT, "--log-net-recv", "--", "\u2013this-is-the-programs", cwd=tmp_path)
    assert quiet.returncode == 0
    assert " receive  n1 -> c1  " in quiet.stderr and " send " not in quiet.stderr


def test_a_rate_that_the_clients_cannot_keep_up_with_is_told(tmp_path: Path) -> None:
    tests = [with_program("echo", "echo.py", tmp_path, rate=rate, concurrency=1) for rate in (100_000.0, 10.0)]
    missed, kept = together(tests)
    assert isinstance(missed, Result) and isinstance(kept, Result)
    assert "operations a second, not 100,000: all clients were waiting for answers" in report(missed)
    assert "operations a second" not in report(kept)


def test_too_little_availability_is_invalid(tmp_path: Path) -> None:
    program = ["--bin", str(PROGRAMS / "lin_kv.py")]
    done = labkit("-w", "lin-kv", *program, *SHORT, "--availability", "total", cwd=tmp_path)
    assert done.returncode == 1
    assert "100.00% were asked for" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-w", "ecko"], "--workload ecko"),
        (["-w", "echo", "--concurrency", "many"], "--concurrency many"),
        (["-w", "echo", "--latency-dist", "normal"], "--latency-dist normal"),
        (["-w", "echo", "--nemesis", "partition,fire"], "--nemesis fire"),
        (["-w", "echo", "--topology", "star"], "--topology star"),
        (["-w", "echo", "--nodes", "n1,n1"], "--nodes n1,n1"),
        (["-w", "txn-list-append", "--consistency-models", "perfect"], "--consistency-models perfect"),
        (["-w", "echo", "--rate", "fast"], "'fast' is not a valid number"),
        (["-w", "echo", "\u2013-nemesis", "partition"], "dash that is no hyphen: type --nemesis"),
        (["-w", "echo", "--nemesis", "none"], "choose from partition"),
        (["-w", "echo", "--ssh-private-key", "key"], "nothing here goes over SSH"),
        (["-w", "echo", "--node", "n1", "--node", "n2"], "--nodes n1,n2"),
        (["-w", "echo", "--time", "1"], "No such option '--time'"),
        (["-w", "echo", "--store", "/dev/null/x"], "--store"),
        (["-w", "echo", "--bin", "./absent"], "no program ./absent"),
        (["-w", "echo", "--bin", "README.md"], "chmod +x README.md"),
        (["-w", "echo", "--bin", "./empty"], "first line"),
    ],
)
def test_bad_input_exits_with_3_and_says_what_is_wrong(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "README.md").write_text("no program")
    (tmp_path / "empty").write_text("no program")
    (tmp_path / "empty").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["--bin", str(PROGRAMS / "echo.py"), "--time-limit", "0", *arguments])
    assert done.exit_code == 3
    assert words in done.output
    assert "Traceback" not in done.output


def test_the_same_seed_asks_the_same(tmp_path: Path) -> None:
    asked = []
    for result in together([with_program("echo", "echo.py", tmp_path, seed=seed) for seed in (1, 1, 2)]):
        assert isinstance(result, Result)
        asked.append([event["value"] for event in result.history if event["type"] == "invoke"])
    fewest = min(map(len, asked))
    first, again, other = (values[:fewest] for values in asked)
    assert first == again != other
