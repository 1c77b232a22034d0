"""The trace: reading it, keeping it, and having the same one back."""

import json

import pytest

from labkit import Cluster, LabkitError, Message, Node, Trace, on
from labkit.protocols.raft import Raft


@pytest.fixture
def cluster():
    cluster = Cluster(Raft, size=3, seed=5)
    cluster.run(1.0)
    cluster.crash("n1")
    cluster.run(0.5)
    return cluster


def test_a_trace_can_be_indexed_sliced_and_selected(cluster):
    trace = cluster.trace
    assert trace[0].kind == "start"
    assert trace[-1].seq == len(trace) - 1
    assert [event.seq for event in trace[3:6]] == [3, 4, 5]
    assert {event.node for event in trace.select("crash")} == {"n1"}
    assert all(event.node == "n2" for event in trace.select(node="n2"))
    deliver = next(trace.select("deliver"))
    assert type(trace.message(deliver)).__name__ == "RequestVote"
    with pytest.raises(IndexError):
        trace[len(trace)]


def test_times_never_go_back_and_every_message_ends_at_most_once(cluster):
    times = [event.time for event in cluster.trace]
    assert times == sorted(times)
    ends = [event.id for event in cluster.trace.select("deliver", "drop")]
    assert len(ends) == len(set(ends))
    assert set(ends) <= {event.id for event in cluster.trace.select("send", "duplicate")}


def test_a_trace_saved_and_opened_is_the_same(cluster, tmp_path):
    cluster.trace.mark(10, "look here", "bookmark")
    cluster.trace.save(tmp_path / "run.jsonl")
    again = Trace.open(tmp_path / "run.jsonl")
    assert again.document() == cluster.trace.document()
    assert again.digest() == cluster.trace.digest()
    assert Trace.from_document(json.loads(json.dumps(cluster.trace.document()))).digest() == cluster.trace.digest()


def test_a_bad_file_is_refused_with_its_line(cluster, tmp_path):
    path = tmp_path / "run.jsonl"
    cluster.trace.save(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:4], "[1, 2]", *lines[5:]]))
    with pytest.raises(LabkitError, match="line 5: an event is an array of 7 values"):
        Trace.open(path)
    path.write_text('{"format": "other"}\n')
    with pytest.raises(LabkitError, match="not a labkit trace"):
        Trace.open(path)
    path.write_text(json.dumps(cluster.trace.header() | {"version": 99}))
    with pytest.raises(LabkitError, match="version 99"):
        Trace.open(path)


def test_a_message_with_numbers_for_keys_has_a_digest():
    class Counts(Message):
        votes: dict[int, str]

    class Teller(Node):
        def start(self):
            self.broadcast(Counts(votes={2: "b", 1: "a"}))

        @on(Counts)
        def counts(self, msg, sender):
            self.votes = dict(reversed(msg.votes.items()))

    digests = set()
    for _ in range(2):
        cluster = Cluster(Teller, size=2)
        cluster.run(1.0)
        digests.add(cluster.trace.digest())
    assert len(digests) == 1
