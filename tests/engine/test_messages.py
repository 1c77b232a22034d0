"""Messages are values: copied when sent, refused when they could not cross a network."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Cluster, Message, MessageError, Node, on
from labkit.message import by_value


class Entry(Message):
    term: int
    command: str


class Append(Message):
    entries: list[Entry] = []
    done: bool = False


class Free(Message):
    value: Any = None
    many: dict[str, list[int]] = {}


class Flat(Message):
    n: int = 0
    text: str | None = None
    share: float = 0.0


def test_a_flat_message_is_not_copied_and_a_nested_one_is():
    flat = Flat(n=1, text="x")
    assert by_value(flat) is flat
    entries = [Entry(1, "a")]
    message = Append(entries=entries)
    copy = by_value(message)
    entries.append(Entry(2, "b"))
    assert copy == Append(entries=[Entry(1, "a")])


def test_a_message_cannot_be_changed():
    with pytest.raises(AttributeError):
        Flat().n = 3


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Free(value=object()), "Free.value cannot be sent"),
        (Free(value=lambda: 1), "Free.value cannot be sent"),
        (Free(value=[(1, 2)]), r"Free.value would arrive changed: sent \[\(1, 2\)\], received \[\[1, 2\]\]"),
        (Free(value=Entry(1, "a")), "Free.value would arrive changed"),
        (Flat(n="one"), "Flat.n is not what it is declared to be"),
        (Flat(n=True), "Flat.n is not what it is declared to be"),
        (Append(entries=[1]), "Append.entries is not what it is declared to be"),
        (Free(many={"a": ["x"]}), "Free.many is not what it is declared to be"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_the_name_of_its_field(message, words):
    with pytest.raises(MessageError, match=words):
        by_value(message)


def test_what_is_no_message_is_refused():
    for wrong in ("text", 3, None, {"a": 1}, Entry):
        with pytest.raises(MessageError, match="only a Message can be sent"):
            by_value(wrong)


def test_a_whole_number_in_a_float_field_arrives_as_a_float():
    assert type(by_value(Flat(share=2)).share) is float


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain_data)
def test_any_plain_data_arrives_equal(value):
    assert by_value(Free(value=value)).value == value


def test_what_is_too_large_for_a_message_is_refused():
    class Blob(Message):
        data: bytes
        note: str | None = None

    class Count(Message):
        n: int
        m: int | str = 0

    blob = Blob(data=bytes(70_000), note="x" * 70_000)
    assert by_value(blob) == blob
    with pytest.raises(MessageError, match=r"Blob is too large: 16,000,0.. bytes.*in parts"):
        by_value(Blob(data=bytes(16_000_000)))
    with pytest.raises(MessageError, match="Blob is too large"):
        by_value(Blob(data=b"", note="x" * 16_000_000))
    for count in (Count(n=2**64 - 1, m=-(2**63)), Count(n=0, m="m")):
        assert by_value(count) is count
    with pytest.raises(MessageError, match=r"Count\.n cannot be sent"):
        by_value(Count(n=2**64))
    with pytest.raises(MessageError, match=r"Count\.m cannot be sent"):
        by_value(Count(n=0, m=-(2**63) - 1))


def test_what_a_receiver_changes_is_its_own_and_not_its_doubles_or_the_traces():
    class Basket(Message):
        things: list[str]

    class Shop(Node):
        def start(self):
            self.got = []
            if self.id == "n1":
                self.send("n2", Basket(things=["tea"]))

        @on(Basket)
        def basket(self, msg, sender):
            self.got = [*self.got, len(msg.things)]
            msg.things.append("cake")

    def sent(cluster):
        return [event.data.things for event in cluster.trace.select("send", "duplicate")]

    plain = Cluster(Shop, size=2, seed=1)
    plain.run(1.0)
    assert sent(plain) == [["tea"]]
    twice = Cluster(Shop, size=2, seed=1)
    twice.link(duplicate=1.0)
    twice.run(1.0)
    assert twice.nodes["n2"].got == [1, 1] and sent(twice) == [["tea"], ["tea"]]
    again = Cluster(Shop, size=2, seed=1)
    again.run(0.001)
    again.duplicate("n1", "n2", "Basket")
    again.run(1.0)
    assert again.nodes["n2"].got == [1, 1] and sent(again) == [["tea"], ["tea"]]
