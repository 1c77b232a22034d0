"""A verdict reaches the trace's document as plain data, and a replay opens at what it found."""

import json

import pytest

from labkit.check import History, linearizable
from labkit.errors import LabkitError
from labkit.view import Replay
from tests.view.protocol_runs import copies
from tests.view.runs import eventful_run
from tests.view.test_replay import unpack


def test_a_violation_is_told_by_the_events_of_the_trace():
    trace = copies().trace
    verdict = linearizable(History.of(trace), "register")
    assert verdict.outcome == "violated"
    replay = verdict.replay(trace)
    found = replay.document["evidence"]
    wrong = trace[found["wrong"]]
    assert (wrong.kind, wrong.node) == ("invoke", "a-client-with-a-long-name")
    assert [trace[seq].node for seq in found["orders"][0]["operations"]] == ["alice", "alice", "bob"]
    assert replay.views == ["cluster", "history"]
    assert replay.moment.mark["label"].startswith("not linearizable: a-client-with-a-long-name: read() -> 1 cannot")
    assert trace[replay.at].kind == "ok"
    assert json.loads(json.dumps(found)) == found
    assert unpack(replay.html())["evidence"] == found


def test_the_trace_itself_is_not_changed_by_a_verdict():
    trace = copies().trace
    linearizable(History.of(trace), "register").replay(trace)
    assert not trace.marks and "evidence" not in trace.document()


def test_a_history_without_fault_gives_an_order_of_all_operations_and_no_mark():
    trace = copies().trace
    history = [line for line in History.of(trace).events if line["process"] == "alice"]
    replay = Replay(trace, evidence=linearizable(history, "register"))
    assert len(replay.document["evidence"]["orders"][0]["operations"]) == 2
    assert not replay.document.get("marks")


def test_evidence_of_another_run_and_what_is_no_verdict_are_refused():
    verdict = linearizable(History.of(copies()), "register")
    with pytest.raises(LabkitError, match="the verdict is on another run: this trace has no operation of"):
        Replay(eventful_run(), evidence=verdict)
    with pytest.raises(LabkitError, match="and not a str"):
        Replay(eventful_run(), evidence="violated")
