"""Messages as Maelstrom's bodies, and back.

The body of a message has its class's name in snake case as its `type`, and its fields as they are::

    class EchoOk(Message):          {"type": "echo_ok", "echo": "hello"}
        echo: Any

A field that would be a word of Python's own, such as `from`, is written `from_`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from labkit.errors import MessageError
from labkit.message import Message
from labkit.node import Node

Body = dict[str, Any]
RESERVED = ("type", "msg_id", "in_reply_to")


def snake(name: str) -> str:
    """A class's name as a type: CommitOffsetsOk is commit_offsets_ok."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Bodies:
    """The messages that a program knows, by their types."""

    def __init__(self, program: type[Node]):
        self._program = program
        self._kinds: dict[str, type[Message]] = {}
        self._names: dict[type[Message], dict[str, str]] = {}

    def encode(self, message: Message) -> Body:
        """The body of a message. Raises MessageError if it has a field with a name that the protocol reserves."""
        kind = type(message)
        fields = msgspec.to_builtins(message, str_keys=True)
        names = self._wire_names(kind)
        return {"type": snake(kind.__name__)} | {names[name]: fields[name] for name in names}

    def decode(self, body: Body) -> Message:
        """The message of a body. One whose class the program has not declared gets a class with the fields that came.

        Raises MessageError if the fields are not those that the class declares.
        """
        kind = self.kind(body)
        fields = {name: value for name, value in body.items() if name not in RESERVED}
        if kind is None:
            return _undeclared(body["type"], fields)
        inner = {wire: name for name, wire in self._wire_names(kind).items()}
        try:
            return msgspec.convert({inner.get(name, name): value for name, value in fields.items()}, kind)
        except msgspec.ValidationError as error:
            raise MessageError(f"{body['type']} is not a {kind.__name__} as this node declares it: {error}") from None

    def kind(self, body: Body) -> type[Message] | None:
        """The class of a body's message; None if the program has not declared it."""
        type = body["type"]
        if type not in self._kinds:
            self._kinds = {snake(kind.__name__): kind for kind in self._declared()}
        return self._kinds.get(type)

    def _declared(self) -> Iterator[type[Message]]:
        """All classes of messages; of those with the same name the best comes last: the program's own, and above all
        those that it handles."""
        known = list(_below(Message))
        yield from known
        yield from (kind for kind in known if kind.__module__ == self._program.__module__)
        yield from self._program._table()

    def _wire_names(self, kind: type[Message]) -> dict[str, str]:
        """The names of a class's fields, as msgspec encodes them, and as they stand in a body."""
        if kind not in self._names:
            names = {name: _without_keyword_mark(name) for name in kind.__struct_encode_fields__}
            if taken := [name for name in names.values() if name in RESERVED]:
                raise MessageError(
                    f"{kind.__name__}.{taken[0]}: a message on stdin and stdout cannot have a field of that name, "
                    f"because the protocol uses {', '.join(RESERVED)} itself"
                )
            self._names[kind] = names
        return self._names[kind]


def _below(kind: type) -> Iterator[type]:
    child: type
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _without_keyword_mark(name: str) -> str:
    return name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name


def _undeclared(type: str, fields: Body) -> Message:
    """A message of a class made for the occasion."""
    names = {name: f"{name}_" if keyword.iskeyword(name) else name for name in fields if name.isidentifier()}
    title = "".join(part.capitalize() for part in re.split(r"\W|_", type)) or "Message"
    kind: Any = msgspec.defstruct(title, [(name, Any) for name in names.values()], bases=(Message,), frozen=True)
    return kind(**{inner: fields[name] for name, inner in names.items()})  # type: ignore[no-any-return]
