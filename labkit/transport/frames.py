"""What travels on a connection: frames, and the messages in them.

A frame is its length, four bytes with the highest first, and so many bytes of MessagePack. The first frame each way
is a greeting (`Hello`, `Welcome`); all others are packets, `[id, call, reply, message]`: the sender's number for this
message, its number for a call that awaits an answer, the number of the call that this answers (or nil), and the
message as a map with its type's name under "$". Nothing in a frame can run code: it is decoded to the message types
that the program declares, or refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Union

import msgspec

from labkit.errors import LabkitError
from labkit.message import Message

VERSION = 1
MAX_FRAME = 16 << 20  # bytes of one packet; a message holds less
MAX_GREETING = 1 << 10  # bytes of the first frame, from whoever it comes

Packet = tuple[int, int | None, int | None, Any]  # id, call, reply, message

_header = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_outline = msgspec.msgpack.Decoder(tuple[int, int | None, int | None, msgspec.Raw]).decode


class FrameError(LabkitError):
    """What came is not labkit's protocol: the connection is closed, with this reason."""


class Unreadable(LabkitError):
    """A packet whose message this program cannot read. The packet is dropped; the connection stays."""

    def __init__(self, id: int, why: str):
        super().__init__(why)
        self.id = id


class Hello(msgspec.Struct, array_like=True, tag="labkit-hello"):
    """The first frame of the side that dials: who it is, and whom it looks for ("" if it takes anyone)."""

    version: int
    id: str
    to: str


class Welcome(msgspec.Struct, array_like=True, tag="labkit-welcome"):
    """The answer to it: who answers, or why it will not talk."""

    version: int
    id: str
    refused: str


def framed(body: bytes) -> bytes:
    """The bytes with their length before them."""
    return _header.pack(len(body)) + body


def greeting(message: Hello | Welcome) -> bytes:
    """A greeting as a frame."""
    return framed(_encode(message))


def read_greeting(body: bytes, kind: type[Any]) -> Any:
    """The greeting in the first frame. Raises FrameError if it is none, or of another version."""
    try:
        message = msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise FrameError("the other end does not speak labkit's protocol (its first frame is no greeting)") from None
    if message.version != VERSION:
        raise FrameError(f"the other end speaks version {message.version} of the protocol, this labkit {VERSION}")
    return message


class Splitter:
    """Cuts a stream of bytes into the bodies of frames. `limit` may be raised between two frames."""

    def __init__(self, limit: int):
        self.limit = limit
        self._rest = bytearray()

    def split(self, data: bytes) -> Iterator[bytes]:
        """The bodies of the frames that `data` completes. Raises FrameError at a frame above the limit."""
        rest = self._rest
        whole: bytes | bytearray = data
        if rest:
            rest += data
            if len(rest) < 4 or len(rest) - 4 < int.from_bytes(rest[:4]) <= self.limit:
                return
            whole = rest
        start, size = 0, len(whole)
        while size - start >= 4:
            (length,) = _header.unpack_from(whole, start)
            if length > self.limit:
                raise FrameError(
                    f"a frame of {length:,} bytes came, where {self.limit:,} are the most "
                    "(a message that is too large, or not labkit's protocol)"
                )
            end = start + 4 + length
            if end > size:
                break
            body = bytes(whole[start + 4 : end])
            start = end
            yield body
        self._rest = bytearray(whole[start:])


class Codec:
    """Packets of one program: every message that it handles, and others that it declares, found by name.

    Where two classes have one name, the one that the node handles counts; then the newest of the node's own module;
    then the newest anywhere (in a notebook, the one whose cell ran last).
    """

    def __init__(self, handled: Iterable[type[Message]], module: str):
        self.module = module
        self._known: dict[str, type[Message]] = {}
        for kind in handled:
            other = self._known.setdefault(_tag(kind), kind)
            if other is not kind:
                raise LabkitError(
                    f"two messages called {_tag(kind)} are handled, of {other.__module__} and {kind.__module__}: "
                    "on a network they cannot be told apart; rename one of them"
                )
        self._decode = self._make_decoder()

    def encode(self, id: int, call: int | None, reply: int | None, message: Message) -> bytes:
        """A packet as a frame. (A message that no receiver would take was refused when it was sent.)"""
        return framed(_encode((id, call, reply, message)))

    def decode(self, body: bytes) -> Packet:
        """The packet in a frame. Raises FrameError if it is none, and Unreadable if its message is not known here."""
        try:
            return self._decode(body)  # type: ignore[no-any-return]
        except Exception:
            return self._decode_slowly(body)

    def _make_decoder(self) -> Any:
        kinds = tuple(self._known.values())
        union = Union[kinds] if kinds else msgspec.UnsetType  # noqa: UP007
        return msgspec.msgpack.Decoder(tuple[int, int | None, int | None, union]).decode  # type: ignore[valid-type]

    def _decode_slowly(self, body: bytes) -> Packet:
        """A message of a type that has not come before, or that is wrong in some way: which?"""
        try:
            id, call, reply, raw = _outline(body)
            data = msgspec.msgpack.decode(raw)
        except Exception as error:
            raise FrameError(f"a frame came that is no packet: {error}") from None
        tag = data.get("$") if isinstance(data, dict) else None
        if not isinstance(tag, str):
            raise FrameError("a packet came without a message in it")
        kind = self._known.get(tag) or self._find(tag)
        if kind is None:
            raise Unreadable(id, f"unknown message type {tag!r:.100}: no such Message is declared here")
        try:
            message = msgspec.msgpack.decode(raw, type=kind)
        except Exception as error:
            raise Unreadable(id, f"not a {tag} as it is declared here: {error}") from None
        if tag not in self._known:
            self._known[tag] = kind
            self._decode = self._make_decoder()
        return id, call, reply, message

    def _find(self, tag: str) -> type[Message] | None:
        found = [kind for kind in _below(Message) if _tag(kind) == tag]
        own = [kind for kind in found if kind.__module__ == self.module]
        return next(reversed(own or found), None)


def _tag(kind: type[Message]) -> str:
    return str(kind.__struct_config__.tag)


def _below(kind: type[Message]) -> Iterator[type[Message]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
