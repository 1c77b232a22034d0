"""Damage to data: what a flipped bit on a wire or a platter makes of a value, without leaving its type."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from labkit.message import Message

Path = tuple[Any, ...]


def alter(value: Any, draw: random.Random) -> Any:
    """The value with one scalar in it changed to another of the same type; the value itself if there is none.

    Enums, keys of dicts and members of sets stay as they are.
    """
    places = list(_scalars(value))
    if not places:
        return value
    path, scalar = draw.choice(places)
    return _put(value, path, _flip(scalar, draw))


def mix(old: Any, new: Any, draw: random.Random) -> Any:
    """What a write leaves that was stopped halfway: the beginning of the new value, and the end of the old one.

    None if there is no such mixture: a number, say, is written as a whole or not at all.
    """
    if isinstance(new, Message) and type(old) is type(new):
        fields = type(new).__struct_fields__
        cut = draw.randint(0, len(fields))
        return type(new)(**{f: getattr(new if i < cut else old, f) for i, f in enumerate(fields)})
    if type(new) is not type(old) or type(new) not in (str, bytes, list, tuple, dict):
        return None
    cut = draw.randint(0, len(new))
    if isinstance(new, dict):
        keys = list(new)
        written = {key: new[key] for key in keys[:cut]}
        return old | written
    return new[:cut] + old[cut:]


def _scalars(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    kind = type(value)
    if kind in (bool, int, float) or (kind in (str, bytes) and value):
        yield path, value
    elif isinstance(value, Message):
        for field in kind.__struct_fields__:
            yield from _scalars(getattr(value, field), (*path, field))
    elif kind in (list, tuple):
        for index, item in enumerate(value):
            yield from _scalars(item, (*path, index))
    elif kind is dict:
        for key, item in value.items():
            yield from _scalars(item, (*path, key))


def _put(value: Any, path: Path, scalar: Any) -> Any:
    """A copy of the value with another scalar at this place."""
    if not path:
        return scalar
    first, rest = path[0], path[1:]
    if isinstance(value, Message):
        fields = {field: getattr(value, field) for field in type(value).__struct_fields__}
        return type(value)(**fields | {first: _put(fields[first], rest, scalar)})
    if isinstance(value, dict):
        return value | {first: _put(value[first], rest, scalar)}
    items = list(value)
    items[first] = _put(items[first], rest, scalar)
    return tuple(items) if isinstance(value, tuple) else items


def _flip(scalar: Any, draw: random.Random) -> Any:
    if isinstance(scalar, bool):
        return not scalar
    if isinstance(scalar, int):
        return scalar ^ (1 << draw.randrange(max(2, abs(scalar).bit_length())))
    if isinstance(scalar, float):
        if not scalar or not math.isfinite(scalar):
            return 1.0
        return -scalar if draw.random() < 0.5 else scalar * 2
    place = draw.randrange(len(scalar))
    if isinstance(scalar, bytes):
        return scalar[:place] + bytes([scalar[place] ^ (1 << draw.randrange(8))]) + scalar[place + 1 :]
    letters = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter != scalar[place]]
    return scalar[:place] + draw.choice(letters) + scalar[place + 1 :]
