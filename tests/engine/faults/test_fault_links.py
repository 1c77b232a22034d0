"""Links: bandwidth and queues, bursts, corruption, clogs, and partitions that are not clean."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.engine.damage import alter, mix
from tests.engine.faults.broken_nodes import Letter, Number, Source, came, numbers


class Burst(Source):
    """n1 sends ten at once."""

    def start(self):
        if self.id == "n1":
            self.after(1.0, self.tick)

    def tick(self):
        for n in range(10):
            self.send("n2", Number(n=n))


def drops(cluster, why):
    return sum(event.data == why for event in cluster.trace.select("drop"))


def test_a_narrow_link_sends_one_message_after_the_other():
    cluster = Cluster(Burst, size=2, latency=0.05)
    size = len(msgspec.msgpack.encode(Number(n=0)))
    cluster.link("n1", "n2", bandwidth=10 * size)
    cluster.run(3.0)
    assert came(cluster) == [(n, round(1.05 + 0.1 * (n + 1), 6)) for n in range(10)]


def test_what_comes_to_a_full_queue_is_dropped():
    cluster = Cluster(Burst, size=2, latency=0.05)
    cluster.link("n1", "n2", bandwidth=100, queue=3)
    cluster.run(3.0)
    assert numbers(cluster) == [0, 1, 2, 3]  # one on the wire, three waiting
    assert drops(cluster, "queue") == 6


def test_bursts_lose_as_many_in_all_and_more_in_a_row():
    def runs(**settings):
        cluster = Cluster(Source, size=2, latency=0.01, seed=4)
        cluster.link("n1", "n2", loss=0.2, **settings)
        cluster.run(1000.0)
        got = set(numbers(cluster))
        lost = [n not in got for n in range(cluster.nodes["n1"].sent - 1)]
        begins = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
        return sum(lost) / len(lost), sum(lost) / begins

    share, length = runs()
    assert share == pytest.approx(0.2, abs=0.02) and length == pytest.approx(1.25, rel=0.05)
    share, length = runs(burst=10)
    assert share == pytest.approx(0.2, abs=0.03) and length == pytest.approx(10, rel=0.2)


def test_a_corrupted_message_is_dropped_by_its_receiver_when_it_comes():
    cluster = Cluster(Source, size=2, latency=0.05)
    cluster.link("n1", "n2", corrupt=0.5)
    cluster.run(50.0)
    sent = cluster.nodes["n1"].sent
    assert 0.4 < drops(cluster, "corrupt") / sent < 0.6
    assert len(numbers(cluster)) + drops(cluster, "corrupt") == pytest.approx(sent, abs=1)
    sends = {event.id: event.time for event in cluster.trace.select("send")}
    assert all(e.time == pytest.approx(sends[e.id] + 0.05) for e in cluster.trace.select("drop"))


def test_without_a_checksum_the_receiver_gets_a_valid_message_with_other_contents():
    class Posts(Node):
        def start(self):
            self.got = []
            self.every(0.1, self.tick)

        def tick(self):
            self.broadcast(Letter())

        @on(Letter)
        def letter(self, msg, sender):
            self.got = [*self.got, msg]

    cluster = Cluster(Posts, size=2, latency=0.01)
    cluster.link("n1", "n2", corrupt=1.0, checksum=False, one_way=True)
    cluster.run(20.0)
    got = cluster.nodes["n2"].got
    changed = {
        field
        for letter in got
        for field in Letter.__struct_fields__
        if getattr(letter, field) != getattr(Letter(), field)
    }
    assert changed == {"n", "x", "text", "raw", "flag", "pair", "table"}
    assert all(letter != Letter() for letter in got)
    assert all(msgspec.msgpack.decode(msgspec.msgpack.encode(letter), type=Letter) == letter for letter in got)
    assert all(letter == Letter() for letter in cluster.nodes["n1"].got)
    altered = {event.id: event.data for event in cluster.trace.select("corrupt")}
    delivered = list(cluster.trace.select("deliver", node="n2"))
    assert [altered[e.id] for e in delivered] == got == [cluster.trace.message(e) for e in delivered]


DATA = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(value=DATA, draw=st.randoms(use_true_random=False))
def test_damage_changes_a_value_within_its_type(value, draw):
    def shape(value):
        if isinstance(value, list | tuple):
            return type(value), [shape(item) for item in value]
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return type(value), len(value) if isinstance(value, str | bytes) else 0

    before = repr(value)
    altered = alter(value, draw)
    assert repr(value) == before
    assert shape(altered) == shape(value)


@given(old=st.lists(st.integers()), new=st.lists(st.integers()), draw=st.randoms(use_true_random=False))
def test_a_torn_list_begins_new_and_ends_old(old, new, draw):
    mixture = mix(old, new, draw)
    assert any(mixture == new[:cut] + old[cut:] for cut in range(len(new) + 1))


def test_a_clogged_link_lets_everything_come_at_its_release_in_order():
    cluster = Cluster(Source, size=3, latency=(0.001, 0.05))
    cluster.run(1.0)
    cluster.link("n1", "n2", clog=True)
    before = numbers(cluster)
    cluster.run(2.05)
    assert numbers(cluster) == before
    assert len(numbers(cluster, "n3")) > len(before) + 15
    cluster.link("n1", "n2", clog=False)
    cluster.run(0.2)
    assert numbers(cluster) == list(range(len(numbers(cluster))))
    late = [time for _, time in came(cluster) if time == pytest.approx(3.05)]
    assert len(late) >= 19
    assert {event.data for event in cluster.trace.select("wait")} == {"clog"}


def test_heal_releases_what_is_clogged_everywhere():
    cluster = Cluster(Source, size=2, latency=0.01)
    cluster.link(clog=True)
    cluster.run(1.0)
    assert numbers(cluster) == []
    cluster.heal()
    cluster.run(1.0)
    assert numbers(cluster) == list(range(19))


class Everyone(Node):
    def start(self):
        self.heard = set()
        self.every(0.1, self.tick)

    def tick(self):
        self.broadcast(Number(n=0))

    @on(Number)
    def number(self, msg, sender):
        self.heard = self.heard | {sender}


def hearing(cluster):
    cluster.run(1.0)
    return {id: sorted(node.heard) for id, node in cluster.nodes.items()}


def test_a_node_in_two_groups_is_a_bridge():
    cluster = Cluster(Everyone, size=5)
    cluster.partition({"n1", "n2", "n3"}, {"n3", "n4", "n5"})
    heard = hearing(cluster)
    assert heard["n3"] == ["n1", "n2", "n4", "n5"]
    assert heard["n1"] == ["n2", "n3"] and heard["n5"] == ["n3", "n4"]


def test_a_one_way_partition_lets_through_what_comes_back():
    cluster = Cluster(Everyone, size=4)
    cluster.partition({"n1"}, {"n2", "n3"}, one_way=True)
    assert hearing(cluster) == {"n1": ["n2", "n3", "n4"], "n2": ["n3", "n4"], "n3": ["n2", "n4"], "n4": []}


def test_links_refuse_what_they_cannot_do():
    cluster = Cluster(Source, size=2)
    for settings, text in (
        ({"bandwidth": 0}, "bytes a second, above zero"),
        ({"queue": 1.5}, "a whole number"),
        ({"burst": 0.5}, "1 or more"),
        ({"corrupt": 2}, "between 0 and 1"),
        ({"loss": True}, "between 0 and 1"),
        ({"clog": 1}, "True or False"),
        ({"speed": 1}, "no setting 'speed'|no option 'speed'"),
        ({"cut": None}, "True or False"),
    ):
        with pytest.raises(LabkitError, match=text):
            cluster.link("n1", "n2", **settings)
    with pytest.raises(LabkitError, match="two groups"):
        Cluster(Source, size=1).partition({"n1"}, one_way=True)


def test_a_message_without_contents_cannot_be_altered_and_is_dropped():
    class Beat(Message):
        pass

    class Heart(Node):
        def start(self):
            self.beats = 0
            self.broadcast(Beat())

        @on(Beat)
        def beat(self, msg, sender):
            self.beats += 1

    cluster = Cluster(Heart, size=2)
    cluster.link(corrupt=1.0, checksum=False)
    cluster.run(1.0)
    assert drops(cluster, "corrupt") == 2
