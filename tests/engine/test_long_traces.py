"""A long trace is read like a short one, wherever its old events lie; and any moment of it can be asked for."""

import pytest

from labkit import Cluster, Message, Node, on
from labkit.check.invariants import moments
from labkit.engine import trace as module


class Entry(Message):
    index: int
    command: str


class Append(Message):
    entries: list[Entry]
    term: int = 0


class Teller(Node):
    def start(self):
        self.log: list[Entry] = []
        self.every(0.1, self.tell)

    def tell(self):
        self.broadcast(Append(entries=self.log[-2:]))

    @on(Append)
    def append(self, msg, sender):
        self.log = [*msg.entries, Entry(index=len(self.log), command=sender)][:3]


def run():
    cluster = Cluster(Teller, size=3, seed=4)
    cluster.run(2.0)
    cluster.crash("n2")
    cluster.partition({"n1"}, {"n3"})
    cluster.run(2.0)
    cluster.restart("n2")
    cluster.heal()
    cluster.run(4.0)
    return cluster.trace


@pytest.fixture
def short(monkeypatch):
    """Chunks of 100 events, of which one or two are kept as they are, and the rest in a file at once."""
    monkeypatch.setattr(module, "EVENTS", 100)
    monkeypatch.setattr(module, "_CHUNK", 100 * module.WIDTH)
    monkeypatch.setattr(module, "KEPT", 1)
    monkeypatch.setattr(module, "IN_MEMORY", 1)
    monkeypatch.setattr(module, "APART", 70)


def test_old_events_are_read_as_they_were_written(short, monkeypatch):
    trace = run()
    trace.settle()
    old = [chunk for chunk in trace._chunks if chunk.values is None]
    assert len(old) >= 3
    monkeypatch.setattr(module, "KEPT", 1000)
    plain = run()
    plain.settle()
    assert not plain._chunks
    assert list(trace) == list(plain)
    assert isinstance(trace[next(trace.select("send")).seq].data, Append)
    assert [trace[i] for i in (0, 99, 100, 150, len(trace) - 1)] == [plain[i] for i in (0, 99, 100, 150, -1)]
    assert trace[95:205] == plain[95:205]
    assert trace.columns(95, 205) == plain.columns(95, 205)
    assert trace.document() == plain.document()
    drop = next(trace.select("drop"))
    assert trace.message(drop) == plain.message(drop)
    assert trace.digest() == plain.digest()


def test_a_chunk_that_could_not_be_read_back_exactly_is_kept_as_it_is(short):
    class Table(Message):
        rows: dict[int, str]

    class Keeper(Node):
        def start(self):
            self.every(0.01, self.tell)

        def tell(self):
            self.broadcast(Table(rows={2: "two", 1: "one"}))

        @on(Table)
        def table(self, msg, sender):
            pass

    cluster = Cluster(Keeper, size=2, seed=1)
    cluster.run(2.0)
    cluster.trace.settle()
    assert {event.data for event in cluster.trace.select("send") if event.data.rows != {2: "two", 1: "one"}} == set()
    assert len(cluster.trace.digest()) == 64


def test_the_digest_does_not_depend_on_when_it_is_asked_for(short):
    once = run().digest()
    cluster = Cluster(Teller, size=3, seed=4)
    cluster.run(2.0)
    cluster.trace.digest()
    cluster.crash("n2")
    cluster.trace.digest()
    cluster.partition({"n1"}, {"n3"})
    cluster.run(2.0)
    cluster.restart("n2")
    cluster.heal()
    cluster.run(4.0)
    assert cluster.trace.digest() == once


def test_a_saved_trace_comes_back_the_same(short, tmp_path):
    trace = run()
    trace.save(tmp_path / "run.jsonl")
    again = module.Trace.open(tmp_path / "run.jsonl")
    assert again.document() == trace.document()


def test_any_moment_is_what_walking_there_gives(short):
    trace = run()
    for event, moment in moments(trace):
        if event.seq % 37 == 0 or event.kind in ("crash", "partition", "heal", "start"):
            there = trace.after(event.seq)
            assert (there.event, there.state, there.sides) == (event, moment.state, moment.sides)
    assert trace.at(3.0).sides and not trace.at(7.0).sides
    assert set(trace.at(3.0).state) == {"n1", "n3"}
    assert trace.at(-1.0).state == {} == trace.after(-1).state
    with pytest.raises(IndexError, match="of a trace of"):
        trace.after(len(trace))
