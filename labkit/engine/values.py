"""Plain data: what may be stored on a disk, and how a node's public state is shown."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import re
from copy import copy as shallow
from typing import Any

import msgspec

from labkit.errors import LabkitError
from labkit.message import Message

SCALARS = frozenset({int, float, str, bool, bytes, type(None)})
_AS_IS = frozenset({str, bool, type(None)})
_REMEMBERED = 10_000
_fixed: dict[int, tuple[Message, dict[str, Any]]] = {}  # see `_remember`


def copy(value: Any, where: str = "the value") -> Any:
    """A deep copy of plain data: scalars, enums, messages, and lists, tuples, dicts and sets of them.

    Raises LabkitError, saying where, for anything else.
    """
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is list:
        return [
            item if type(item) in SCALARS or id(item) in _fixed else copy(item, f"{where}[{index}]")
            for index, item in enumerate(value)
        ]
    if isinstance(value, Message):
        if id(value) not in _fixed:
            plain(value)
        if id(value) in _fixed:
            return value
        return kind(**{field: copy(getattr(value, field), f"{where}.{field}") for field in kind.__struct_fields__})
    if isinstance(value, enum.Enum):
        return value
    if kind is tuple:
        return tuple(copy(item, f"{where}[{index}]") for index, item in enumerate(value))
    if isinstance(value, dict):
        return {copy(key, f"a key of {where}"): copy(item, f"{where}[{key!r}]") for key, item in value.items()}
    if kind in (set, frozenset):
        return kind(copy(item, f"an item of {where}") for item in value)
    raise LabkitError(
        f"{where} is a {kind.__name__}; only data can be kept: numbers, strings, lists, dicts, sets, messages"
    )


def _remember(message: Message, form: dict[str, Any]) -> None:
    """Keep a message that is immutable all the way down with its plain form, so that a list of many (a log, say) is
    shown and stored without going through all of them anew each time that one is added."""
    if all(_is_fixed(getattr(message, field)) for field in message.__struct_fields__):
        if len(_fixed) >= _REMEMBERED:
            _fixed.clear()
        _fixed[id(message)] = message, form


def _is_fixed(value: Any) -> bool:
    return type(value) in SCALARS or id(value) in _fixed or isinstance(value, enum.Enum)


def snapshot(value: Any) -> Any:
    """What to compare a public attribute with later: a copy of a container, else the object itself."""
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is list:
        return [item if type(item) in SCALARS or id(item) in _fixed else snapshot(item) for item in value]
    if kind is tuple:
        return tuple([item if type(item) in SCALARS else snapshot(item) for item in value])
    if isinstance(value, dict):
        return {key: item if type(item) in SCALARS else snapshot(item) for key, item in value.items()}
    if kind in (set, frozenset):
        return kind(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value) if all(f.init for f in dataclasses.fields(value)) else value
    if _is_sized(value):
        try:
            return shallow(value)  # a deque, an array
        except Exception:
            return value
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal; of arrays, whose `==` is no truth value, whether all their items are."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except Exception:
        return bool(plain(one) == plain(other))


def _is_sized(value: Any) -> bool:
    return hasattr(value, "__iter__") and hasattr(value, "__len__") and not isinstance(value, type)


def plain(value: Any) -> Any:
    """The value as JSON data. A message or a dataclass is an object with its class name under "$"; a set is a sorted
    list; bytes are shown as Python writes them; what is not data is shown as its class name. Lists may share their
    items: those are not to be changed."""
    kind = type(value)
    if kind in _AS_IS:  # most values are; the rest of this function is slower
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**64 else repr(value)
    if kind in SCALARS:
        odd = kind is bytes or value != value or value in (float("inf"), float("-inf"))
        return repr(value) if odd else value
    if kind is list or isinstance(value, tuple):
        return [known[1] if (known := _fixed.get(id(item))) else plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else str(plain(key)): item if type(item) in _AS_IS else plain(item)
            for key, item in value.items()
        }
    if kind in (set, frozenset):
        return in_order(plain(item) for item in value)
    if isinstance(value, msgspec.Struct):
        if id(value) in _fixed:
            return dict(_fixed[id(value)][1])
        form = {"$": kind.__name__} | {field: plain(getattr(value, field)) for field in kind.__struct_fields__}
        if isinstance(value, Message) and kind.__struct_config__.frozen:
            _remember(value, dict(form))
        return form
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"$": kind.__name__} | {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "tolist") and not isinstance(value, type):
        return plain(value.tolist())  # numpy's
    if _is_sized(value):
        return [plain(item) for item in value]  # a deque, a range, an array
    return f"<{kind.__name__}>"


def in_order(items: Any) -> list[Any]:
    """Items of a set in an order that does not depend on hashes."""
    items = list(items)
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=lambda item: (type(item).__name__, repr(item)))


def is_shown(name: str, value: Any) -> bool:
    """Whether an attribute of a node is part of its public state: not private, and data rather than machinery."""
    if name[:1] == "_":
        return False
    return type(value) in SCALARS or not (
        isinstance(value, asyncio.Future) or callable(value) or hasattr(value, "cancel")
    )


def without_addresses(text: str) -> str:
    """Text in which no object's address appears: an address differs from run to run."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)
