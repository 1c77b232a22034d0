"""Histories: read, written, refused, and made from a cluster's clients."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Cluster, LabkitError, Message, Node, Trace, on
from labkit.check import History, linearizable
from labkit.check.operation import UNKNOWN
from tests.check.oracle import ASKED, Random, events_of


def lines(path, *events):
    path.write_text("\n".join(event if isinstance(event, str) else json.dumps(event) for event in events))
    return path


def event(process, type, f="read", **more):
    return {"process": process, "type": type, "f": f, **more}


@given(st.sampled_from(list(ASKED)), st.integers(0, 2**32))
def test_a_history_survives_its_file(tmp_path_factory, model, seed):
    history = History(events_of(model, Random(seed), 12))
    path = tmp_path_factory.mktemp("h") / "history.jsonl"
    history.save(path)
    again = History.open(path)
    assert again.events == history.events
    assert list(map(str, again)) == list(map(str, history))


def test_operations_have_what_was_asked_and_what_came_back():
    cas = event(1, "invoke", "cas", key="x", value=[1, 2])
    read = event(2, "invoke", key="x")
    history = History([cas, read, event(2, "ok", value=[7]), {**cas, "type": "ok", "result": False}, read])
    first, second, third = history
    assert (first.f, first.key, first.value, first.result, first.type) == ("cas", "x", (1, 2), False, "ok")
    assert (second.invoked, second.completed, second.result) == (1, 2, (7,))
    assert (third.type, third.completed, third.result is UNKNOWN) == ("info", None, True)
    assert [op.call for op in history] == ["cas(x, [1, 2]) -> False", "read(x) -> [7]", "read(x) -> ?"]


def test_an_unknown_result_equals_everything_but_has_no_truth():
    for value in (3, "x", None, (1, 2)):
        assert UNKNOWN == value and value == UNKNOWN  # noqa: SIM300
        assert not (UNKNOWN != value or value != UNKNOWN)  # noqa: SIM300
    with pytest.raises(LabkitError, match="compare it with =="):
        bool(UNKNOWN)


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        (['{"process": 1'], "line 1: this is not JSON"),
        ([[1, 2]], "line 1: an event is an object"),
        ([event(1, "invoke"), {"process": 1, "type": "ok"}], "line 2: the event has no 'f'"),
        ([event(1, "began")], "line 1: type 'began' is none of invoke, ok, fail, info"),
        (
            [event(1, "invoke"), "", event(1, "invoke")],
            r"line 3: process 1 invokes 'read' while its 'read' \(.*line 1\)",
        ),
        ([event("nemesis", "info", None), event(1, "begin")], "line 2: type 'begin'"),
        (
            [event(1, "invoke", time=10**18 + 1), event(1, "ok", time=10**18)],
            "time 1000000000000000000 comes before 10",
        ),
        (["[" * 100_000], "line 1: lists within lists, too deep to read"),
        ([event(1, "invoke"), "", "{"], "line 3: this is not JSON"),
        ([event(1, "ok")], "line 1: an 'ok' of process 1, which had invoked nothing"),
        ([event(1, "invoke"), event(1, "ok", "write")], "line 2: process 1 invoked 'read', but 'write' completes"),
        ([event(1, "invoke", time=2), event(1, "ok", time=1)], "line 2: time 1 comes before 2 above it"),
        ([event(1, "invoke", key="x"), event(1, "ok", key="y")], "line 2: the request had key 'x', the answer 'y'"),
        ([event(1.5, "invoke")], "line 1: process 1.5 is neither"),
        ([event(1, "invoke", "txn", value=[["r", "x"]])], r"line 1: \['r', 'x'\] is no part of a transaction"),
        ([event(1, "invoke", "txn", value=3)], "line 1: a transaction's value is a list"),
    ],
)
def test_a_bad_line_is_named(tmp_path, events, complaint):
    with pytest.raises(LabkitError, match=complaint):
        History.open(lines(tmp_path / "h.jsonl", *events))


def test_pairs_of_key_and_value_are_told_from_plain_values():
    read = [event(1, "invoke", value=["x", None]), event(1, "ok", value=["x", 3])]
    (op,) = History(read)
    assert (op.key, op.value, op.result) == ("x", None, 3)
    (op,) = History(read, independent=False)
    assert (op.key, op.result) == (None, ("x", 3))
    cas = [event(1, "invoke", "cas", value=[1, 2]), event(1, "ok", "cas", value=[1, 2])]
    (op,) = History(cas)  # a cas of a plain register looks like a pair, but nobody reads like one
    assert (op.key, op.value) == (None, (1, 2))
    (op,) = History([event(1, "invoke", "cas", value=["x", [1, 2]])], independent=True)
    assert (op.key, op.value) == ("x", (1, 2))
    with pytest.raises(LabkitError, match="a value is a pair"):
        History([event(1, "invoke", "write", value=3)], independent=True)


def test_what_is_no_text_is_named_by_its_line(tmp_path):
    (tmp_path / "h.jsonl").write_bytes(json.dumps(event(1, "invoke")).encode() + b"\n\xff\xfe\n")
    with pytest.raises(LabkitError, match="line 2: this is not JSON"):
        History.open(tmp_path / "h.jsonl")
    (tmp_path / "bom.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(event(1, "invoke")).encode())
    assert len(History.open(tmp_path / "bom.jsonl")) == 1
    with pytest.raises(LabkitError, match="cannot be read as a history: Is a directory"):
        History.open(tmp_path)


def test_the_nemesis_is_left_out():
    assert len(History([{"process": ":nemesis", "type": ":info", "value": {}}, event(1, "invoke")])) == 1
    assert len(History([event("nemesis", "info", "kill"), event("nemesis", "info", "kill"), event(1, "invoke")])) == 1


class Put(Message):
    key: str
    value: int


class GetRequest(Message):
    key: str


class Cas(Message):
    key: str
    old: int
    new: int


class Value(Message):
    value: int | None


class Done(Message):
    ok: bool = True


class Store(Node):
    def start(self):
        self.data = {}

    @on(Put)
    def put(self, msg, sender):
        self.data[msg.key] = msg.value
        return Done()

    @on(GetRequest)
    def get(self, msg, sender):
        return Value(value=self.data.get(msg.key))

    @on(Cas)
    def cas(self, msg, sender):
        equal = self.data.get(msg.key) == msg.old
        if equal:
            self.data[msg.key] = msg.new
        return Done(ok=equal)


def used():
    cluster = Cluster(Store, size=2, seed=1)
    client, other = cluster.client("c1"), cluster.client("c2")
    client.call("n1", Put(key="x", value=1))
    other.call("n1", Cas(key="x", old=1, new=2))
    other.call("n1", Cas(key="x", old=1, new=3))
    client.call("n2", GetRequest(key="x"))
    cluster.crash("n1")
    client.invoke("n1", Put(key="x", value=4), timeout=1.0)
    cluster.run(2)
    other.invoke("n2", GetRequest(key="x"))
    return cluster


EXPECTED = [
    "c1: put(x, 1)",
    "c2: cas(x, [1, 2]) -> True",
    "c2: cas(x, [1, 3]) -> False",
    "c1: get(x) -> nil",
    "c1: put(x, 4) -> ?",
    "c2: get(x) -> ?",
]


def test_a_clusters_history_is_told_by_the_names_of_its_messages(tmp_path):
    cluster = used()
    assert list(map(str, History.of(cluster))) == EXPECTED
    cluster.trace.save(tmp_path / "trace.jsonl")
    assert list(map(str, History.of(Trace.open(tmp_path / "trace.jsonl")))) == EXPECTED
    verdict = linearizable(History.of(cluster), "kv")
    assert str(verdict.operation) == "c1: get(x) -> nil" and verdict.states == ("2",)


class Move(Message):
    account: str
    amount: int


class Refused(Message):
    why: str


def test_other_names_are_explained_by_a_function():
    def meaning(request, reply):
        match request:
            case Put(key, value):
                return {"f": "add", "key": key, "value": value}
            case GetRequest(key):
                return {"f": "read", "key": key, "result": reply and reply.value}
            case _:
                return None

    told = [op.call for op in History.of(used(), meaning)]
    assert told == ["add(x, 1)", "read(x) -> nil", "add(x, 4) -> ?", "read(x) -> ?"]


class Bank(Node):
    @on(Move)
    def move(self, msg, sender):
        return Refused(why="no money")

    @on(Put)
    def put(self, msg, sender):
        return Done(ok=False) if msg.value < 0 else Refused(why="closed")


def test_names_that_tell_nothing_are_refused_with_what_to_do():
    cluster = Cluster(Bank, size=1)
    cluster.client("c1").call("n1", Move(account="a", amount=3))
    with pytest.raises(LabkitError, match=r"Move\(account, amount\): which field is the value\?.*meaning"):
        History.of(cluster)


def test_a_refusal_means_that_it_did_not_happen():
    cluster = Cluster(Bank, size=1)
    cluster.client("c1").call("n1", Put(key="x", value=3))
    cluster.client("c1").call("n1", Put(key="x", value=-3))
    assert [op.type for op in History.of(cluster)] == ["fail", "fail"]


def test_a_cluster_without_a_trace_has_no_history():
    cluster = Cluster(Store, size=1, trace=False)
    cluster.client("c1").call("n1", Put(key="x", value=3))
    with pytest.raises(LabkitError, match="keeps no trace"):
        History.of(cluster)
