"""Every workload with programs that are right, and with programs that are wrong in a way that it must find."""

import shutil
from pathlib import Path
from typing import Any

from labkit.maelstrom.options import Options
from labkit.maelstrom.runner import Result
from tests.maelstrom.harness import lines_of, patiently, together, with_program, with_sample

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


def test_right_programs_are_valid(tmp_path: Path) -> None:
    interpreters = {"js": "node", "pl": "perl"}
    cases = [case for case in RIGHT if shutil.which(interpreters.get(case[1].rpartition(".")[2], "python3"))]
    results = patiently(
        cases,
        lambda case, more: with_program(case[0], case[1], tmp_path, time_limit=0.5 * more, **case[2]),
        lambda case, result: getattr(result, "valid", None) is not True or result.figures["operations"]["ok"] > 5,
    )
    for case, result in zip(cases, results, strict=True):
        assert isinstance(result, Result), (case, result)
        assert result.valid is True, (case, result.verdicts)
        assert not result.troubles, case
        assert result.figures["operations"]["ok"] > 5, case


def test_wrong_programs_are_found_out(tmp_path: Path) -> None:
    def make(case: tuple[str, str, str, str], more: float) -> Options:
        workload, program, bug, _ = case
        latency = 0.005 if bug in ("torn", "aborted") else 0.0
        network: dict[str, Any] = {"latency": latency, "latency_dist": "uniform"}
        return with_program(workload, program, tmp_path, bug, time_limit=0.8 * more, key_count=2, **network)

    def found(case: tuple[str, str, str, str], result: Any) -> bool:
        return isinstance(result, Result) and case[-1] in result.verdicts["workload"].summary

    for case, result in zip(WRONG, patiently(WRONG, make, found), strict=True):
        assert isinstance(result, Result), (case, result)
        assert result.valid is False, (case, result.verdicts)
        verdict = result.verdicts["workload"]
        assert verdict.valid is False and verdict.findings, case
        assert case[-1] in verdict.summary, (case, verdict.summary)


def test_labkits_own_samples_are_valid(tmp_path: Path) -> None:
    network = {"rate": 60.0, "latency": 0.003, "latency_dist": "exponential"}
    results = together([with_sample(workload, sample, tmp_path, **network) for workload, sample in SAMPLES])  # type: ignore[arg-type]
    for case, result in zip(SAMPLES, results, strict=True):
        assert isinstance(result, Result), (case, result)
        assert result.valid is True, (case, result.verdicts)
        assert not result.troubles, case


def test_a_partition_loses_what_is_told_only_once(tmp_path: Path) -> None:
    chaos: dict[str, Any] = {"nemesis": ("partition",), "nemesis_interval": 0.3, "topology": "line"}
    results = patiently(
        ("", "once"),
        lambda bug, more: with_program("broadcast", "broadcast.py", tmp_path, bug, time_limit=1.5 * more, **chaos),
        lambda bug, result: isinstance(result, Result) and (not bug or result.valid is False),
    )
    for result, valid in zip(results, (True, False), strict=True):
        assert isinstance(result, Result)
        assert result.valid is valid, result.verdicts
        events = lines_of(result.folder / "messages.jsonl")
        assert any(event["event"] == "drop" and event["why"] == "partition" for event in events)
        nemesis = [event["f"] for event in lines_of(result.folder / "history.jsonl") if event["process"] == "nemesis"]
        assert nemesis[0] == "start-partition" and nemesis[-1] == "stop-partition"
