"""Messages: the values that nodes send to one another.

A message is frozen, and it is copied by value when it is sent: the receiver gets what the message said at that moment,
never an object that it shares with the sender. What could not cross a real network is refused at `send`, with the name
of the field.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from labkit.errors import MessageError

_SCALARS = (int, float, str, bytes, bool, type(None))
_SMALL = {int: f"{-(2**63)} <= {{}} < {2**64}", str: "len({}) < 65536", bytes: "len({}) < 65536"}
LARGEST = 16_000_000  # bytes of an encoded message
_encode = msgspec.msgpack.Encoder().encode


@typing.dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Message(msgspec.Struct, frozen=True, gc=False, tag_field="$", tag=True):
    """A message. Subclass it and declare the fields with their types::

        class Ping(Message):
            n: int
            note: str = ""

    Fields may be numbers, strings, bytes, booleans, None, lists, tuples, dicts, sets, enums and other messages, as
    deep as needed. Declare them exactly (`list[Entry]`, `tuple[int, str]`, not a bare `list` that holds tuples): the
    declared type is what the receiver gets back. Messages compare by value, and cannot be changed after they are made.
    """


class Error(Message):
    """An answer that says no: a handler returns it, and the `call` that it answers raises RemoteError.

    The codes are Maelstrom's, or from 1000 on your own: 10 not supported, 11 temporarily unavailable, 13 crash (nobody
    knows whether it was done), 14 abort, 20 key does not exist, 22 precondition failed, 30 transaction conflict.
    """

    code: int
    text: str = ""


def by_value(message: Any) -> Any:
    """The message as its receiver gets it: the same object where it is immutable all the way down, else a copy.

    Raises MessageError, naming the field, if a field cannot be encoded or is not of its declared type.
    """
    return message if is_flat[type(message)](message) else _copy(message)


def another(message: Any) -> Any:
    """One more copy of a message that was copied before, for one more reader: itself where it has nothing to change."""
    kind = type(message)
    return message if is_flat[kind](message) else _decoders[kind](_encode(message))


class _Tests(dict[type, Callable[[Any], bool]]):
    """For each class of messages, the test that every field of a message holds a scalar of exactly its declared type,
    so that there is nothing to copy. Made when first asked for."""

    def __missing__(self, kind: type) -> Callable[[Any], bool]:
        test = self[kind] = _prepare(kind)
        return test


is_flat = _Tests()
_decoders: dict[type, Callable[[bytes], Any]] = {}


def _prepare(kind: type) -> Callable[[Any], bool]:
    """The test and the decoder of one class. Raises MessageError if it is no class of messages."""
    if not issubclass(kind, Message) or kind is Message:
        raise MessageError(
            f"only a Message can be sent, not {kind.__name__!r}: "
            f"declare `class {kind.__name__.title()}(Message): ...` with its fields"
        )
    try:
        hints = typing.get_type_hints(kind)
        _decoders[kind] = msgspec.msgpack.Decoder(kind).decode
    except (NameError, TypeError) as error:
        raise MessageError(f"the declaration of {kind.__name__} cannot be used: {error}") from error
    tests, names = [], {}
    for index, field in enumerate(kind.__struct_fields__):
        allowed = _scalars_of(hints.get(field))
        if not allowed:
            tests = ["False"]  # a container or another message: always copied
            break
        names[f"t{index}"] = allowed[0] if len(allowed) == 1 else allowed
        tests.append(f"type(m.{field}) {'is' if len(allowed) == 1 else 'in'} t{index}")
        for sized, test in _SMALL.items():
            if allowed == (sized,):
                tests.append(test.format(f"m.{field}"))
            elif sized in allowed:
                tests.append(f"(type(m.{field}) is not {sized.__name__} or {test.format(f'm.{field}')})")
    return eval(f"lambda m: {' and '.join(tests) or 'True'}", names)  # type: ignore[no-any-return]


def _scalars_of(hint: Any) -> tuple[type, ...]:
    """The scalar types that a declared type allows, or nothing if it allows anything else."""
    if hint in _SCALARS:
        return (hint,)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [_scalars_of(part) for part in typing.get_args(hint)]
        if all(parts):
            return tuple(scalar for part in parts for scalar in part)
    return ()


def _copy(message: Message) -> Message:
    """The message after a trip through its encoding."""
    kind = type(message)
    try:
        data = _encode(message)
        copy = _decoders[kind](data)
    except Exception as error:
        raise MessageError(_explain(message, error)) from None
    if len(data) > LARGEST:
        raise MessageError(
            f"{kind.__name__} is too large: {len(data):,} bytes, and a message holds at most {LARGEST:,}; "
            "send the data in parts"
        )
    if copy != message:
        for field in kind.__struct_fields__:
            sent, got = getattr(message, field), getattr(copy, field)
            if sent != got and sent == sent:
                raise MessageError(
                    f"{kind.__name__}.{field} would arrive changed: sent {sent!r}, received {got!r}. "
                    "Declare the field's exact type (for example list[tuple[int, str]]), or send plain lists and dicts"
                )
    return copy


def _explain(message: Message, error: Exception) -> str:
    """Which field cannot be sent, and why."""
    kind = type(message)
    hints = typing.get_type_hints(kind)
    for field in kind.__struct_fields__:
        value = getattr(message, field)
        try:
            data = _encode(value)
        except Exception as cause:
            return (
                f"{kind.__name__}.{field} cannot be sent: {cause}. A message is data: numbers, strings, lists, dicts, "
                f"other messages (it holds a {type(value).__name__})"
            )
        try:
            msgspec.msgpack.decode(data, type=hints[field])
        except Exception as cause:
            return f"{kind.__name__}.{field} is not what it is declared to be: {cause} (it holds {value!r})"
    return f"{kind.__name__} cannot be sent: {error}"
