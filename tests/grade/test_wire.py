"""Values cross the wire unchanged, and nothing that was not packed is taken for a value."""

import contextlib
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.grade import wire
from labkit.grade.referee import Mirrors

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.binary()
)
keys = st.integers(-5, 5) | st.text(max_size=3) | st.tuples(st.integers(0, 3), st.text(max_size=2))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.frozensets(keys, max_size=4)
        | st.sets(keys, max_size=4)
    ),
    max_leaves=12,
)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "#", "v", "n", "m", "term", "__init__", "class"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def there_and_back(value: Any) -> Any:
    return wire.unpack(msgspec.json.decode(wire.encode(wire.pack(value))), Mirrors())


def kinds(value: Any) -> Any:
    """The types in a value, all the way down."""
    if isinstance(value, list | tuple):
        return type(value), [kinds(item) for item in value]
    if isinstance(value, dict):
        return dict, [(key, kinds(item)) for key, item in value.items()]
    return type(value)


@given(values)
def test_a_value_arrives_equal_and_of_the_same_types(value: Any) -> None:
    got = there_and_back(value)
    assert got == value
    assert kinds(got) == kinds(value)


def test_not_a_number_arrives_as_such() -> None:
    assert math.isnan(there_and_back(math.nan))


@given(json)
def test_what_is_no_value_is_refused_and_breaks_nothing(data: Any) -> None:
    with contextlib.suppress(wire.WireError):
        wire.unpack(data, Mirrors())


@given(json)
def test_what_is_no_answer_is_refused(data: Any) -> None:
    with pytest.raises(msgspec.MsgspecError):
        wire.decode_answer(wire.encode({"seq": 0, "effects": [data]}))


@pytest.mark.parametrize(
    "effect",
    [
        '["note", 7]',
        '["set", 1.5, 2.0, "tick"]',
        '["set", true, 2.0, "tick"]',
        '["note", "x", "y"]',
        '["grade", 100]',
        '["wake", "soon", 1, null, null]',
        '["wake", 1e999, 1, null, null]',
        '{"note": "x"}',
    ],
)
def test_an_effect_has_exactly_its_types(effect: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        wire.decode_answer(f'{{"seq": 0, "effects": [{effect}]}}'.encode())


def test_there_is_a_limit_to_the_kinds_of_message() -> None:
    mirrors = Mirrors()
    with pytest.raises(wire.WireError, match="kinds"):
        for number in range(1000):
            wire.unpack({"$": f"Kind{number}"}, mirrors)
