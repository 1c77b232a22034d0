"""Every workload with programs that are right, and with programs that are wrong in a way that it must find."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.maelstrom.harness import lines_of, try_program, try_sample

RIGHT = [
    ("echo", "echo.py", {}),
    ("echo", "echo.js", {}),
    ("echo", "echo.pl", {}),
    ("unique-ids", "unique_ids.py", {"availability": 1.0}),
    ("broadcast", "broadcast.py", {"latency": 0.01, "latency_dist": "exponential", "topology": "tree2"}),
    ("g-set", "g_set.py", {}),
    ("g-counter", "counter.py", {}),
    ("pn-counter", "counter.py", {}),
    ("kafka", "kafka.py", {}),
    ("lin-kv", "lin_kv.py", {"latency": 0.002, "latency_dist": "uniform"}),
    ("txn-list-append", "txn.py", {"latency": 0.002}),
    ("txn-rw-register", "txn.py", {"latency": 0.002}),
]
WRONG = [
    ("unique-ids", "unique_ids.py", "counter", "were not unique"),
    ("broadcast", "broadcast.py", "deaf", "messages of"),
    ("g-set", "g_set.py", "alone", "elements of"),
    ("g-set", "g_set.py", "twice", "nonsense"),
    ("pn-counter", "counter.py", "maximum", "final reads were wrong"),
    ("kafka", "kafka.py", "lossy", "lost-write"),
    ("kafka", "kafka.py", "reuse", "inconsistent-offset"),
    ("kafka", "kafka.py", "backwards", "nonmonotonic-poll"),
    ("kafka", "kafka.py", "holes", "poll-skip"),
    ("lin-kv", "lin_kv.py", "stale", "Not linearizable"),
    ("lin-kv", "lin_kv.py", "local", "Not linearizable"),
    ("txn-list-append", "txn.py", "local", "incompatible order"),
    ("txn-list-append", "txn.py", "torn", "G"),
    ("txn-list-append", "txn.py", "aborted", "G1a"),
    ("txn-rw-register", "txn.py", "aborted", "G1a"),
    ("txn-rw-register", "txn.py", "torn", "G"),
]
SAMPLES = [
    ("echo", "echo:EchoNode"),
    ("broadcast", "broadcast:BroadcastNode"),
    ("g-counter", "g_counter:GCounter"),
    ("txn-list-append", "list_append:ListAppend"),
]


@pytest.mark.parametrize(("workload", "program", "options"), RIGHT, ids=lambda part: str(part))
def test_a_right_program_is_valid(workload: str, program: str, options: dict[str, Any], tmp_path: Path) -> None:
    interpreter = {"js": "node", "pl": "perl"}.get(program.rpartition(".")[2])
    if interpreter and not shutil.which(interpreter):
        pytest.skip(f"{interpreter} is not installed")
    result = try_program(workload, program, tmp_path, **options)
    assert result.valid is True, result.verdicts
    assert not result.troubles
    assert result.figures["operations"]["ok"] > 10


@pytest.mark.parametrize(("workload", "program", "bug", "words"), WRONG)
def test_a_wrong_program_is_found_out(workload: str, program: str, bug: str, words: str, tmp_path: Path) -> None:
    latency = 0.005 if bug in ("torn", "aborted") else 0.0
    result = try_program(workload, program, tmp_path, bug, latency=latency, latency_dist="uniform")
    assert result.valid is False, result.verdicts
    verdict = result.verdicts["workload"]
    assert verdict.valid is False
    assert words in verdict.summary
    assert verdict.findings


@pytest.mark.parametrize(("workload", "sample"), SAMPLES)
def test_labkits_own_samples_are_valid(workload: str, sample: str, tmp_path: Path) -> None:
    result = try_sample(workload, sample, tmp_path, rate=60.0, latency=0.003, latency_dist="exponential")
    assert result.valid is True, result.verdicts
    assert not result.troubles


@pytest.mark.parametrize("bug", ["", "once"])
def test_a_partition_loses_what_is_told_only_once(bug: str, tmp_path: Path) -> None:
    options = {"nemesis": ("partition",), "nemesis_interval": 0.3, "time_limit": 1.5, "topology": "line"}
    result = try_program("broadcast", "broadcast.py", tmp_path, bug, **options)  # type: ignore[arg-type]
    assert result.valid is (not bug), result.verdicts
    events = lines_of(result.folder / "messages.jsonl")
    assert any(event["event"] == "drop" and event["why"] == "partition" for event in events)
    nemesis = [event["f"] for event in lines_of(result.folder / "history.jsonl") if event["process"] == "nemesis"]
    assert nemesis[0] == "start-partition" and nemesis[-1] == "stop-partition"
