"""A finding about what the clients were told shows all that contradicts the answer, not only the one who got it."""

import pickle

from labkit import Message, Node, on
from labkit.check import linearizable
from labkit.explore import explore


class Get(Message):
    key: str


class Put(Message):
    key: str
    value: int


class Done(Message):
    ok: bool = True


class Value(Message):
    value: int | None


class Copy(Message):
    key: str
    value: int


class Store(Node):
    """Answers before its backup has the value."""

    def start(self):
        self.data = {}

    @on(Put)
    def put(self, msg, sender):
        self.data = {**self.data, msg.key: msg.value}
        self.broadcast(Copy(key=msg.key, value=msg.value))
        return Done()

    @on(Copy)
    def copy(self, msg, sender):
        self.data = {**self.data, msg.key: msg.value}

    @on(Get)
    def get(self, msg, sender):
        return Value(value=self.data.get(msg.key))


def drive(cluster):
    for n in range(3):
        cluster.client("c1").call("n1", Put(key="x", value=n))
        cluster.client("c2").call("n2", Get(key="x"))


def one_copy(history):
    return linearizable(history, "kv")


def test_a_stale_read_is_shown_with_the_write_that_it_missed():
    report = explore(Store, drive, [one_copy], size=2, runs=20, workers=1)
    finding = report.finding
    assert finding is not None and not report
    told = [(event.node, event.peer) for event in finding.steps]
    assert told == [("n1", "c1"), ("c1", "n1"), ("n2", "c2"), ("c2", "n2")]
    assert finding.violation.time == finding.trace[finding.violation.seq].time
    assert finding.trace[finding.violation.seq].kind == "ok"


def test_the_replay_of_a_finding_shows_in_its_history_what_the_checker_found():
    finding = explore(Store, drive, [one_copy], size=2, runs=20, workers=1).finding
    assert finding is not None
    replay = finding.view()
    events, evidence = replay.document["events"], replay.document["evidence"]
    assert evidence["outcome"] == "violated" and evidence["consistency"] == "linearizable"
    assert (events["kind"][evidence["wrong"]], events["node"][evidence["wrong"]]) == ("invoke", "c2")
    assert {events["kind"][seq] for order in evidence["orders"] for seq in order["operations"]} == {"invoke"}
    assert "history" in replay.views
    assert len(replay.document["marks"]) == 1


def test_a_violation_is_the_same_with_and_without_its_verdict_and_leaves_it_at_home():
    violation = explore(Store, drive, [one_copy], size=2, runs=20, workers=1).finding.violation
    sent = pickle.loads(pickle.dumps(violation))
    assert violation.verdict is not None and sent.verdict is None
    assert sent == violation and hash(sent) == hash(violation)
