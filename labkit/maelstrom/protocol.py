"""The Maelstrom protocol: what a line between a node and its network may hold, and what the error codes mean.

After Maelstrom's published protocol (https://github.com/jepsen-io/maelstrom, doc/protocol.md). A message is one line of
JSON with `src`, `dest` and `body`; the body of a request has `type` and `msg_id`, that of an answer `in_reply_to`.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

Body = dict[str, Any]


class Code(NamedTuple):
    """An error code. Definite: what was asked did not happen and never will; else nobody knows."""

    name: str
    definite: bool


CODES = {
    0: Code("timeout", False),
    1: Code("node-not-found", True),
    10: Code("not-supported", True),
    11: Code("temporarily-unavailable", True),
    12: Code("malformed-request", True),
    13: Code("crash", False),
    14: Code("abort", True),
    20: Code("key-does-not-exist", True),
    21: Code("key-already-exists", True),
    22: Code("precondition-failed", True),
    30: Code("txn-conflict", True),
}
TIMEOUT, NODE_NOT_FOUND, NOT_SUPPORTED, MALFORMED, CRASH = 0, 1, 10, 12, 13
NO_SUCH_KEY, PRECONDITION_FAILED = 20, 22


def name_of(code: Any) -> str:
    """The name of an error code; "custom" for one that Maelstrom does not define."""
    return CODES[code].name if isinstance(code, int) and code in CODES else "custom"


def is_definite(code: Any) -> bool:
    """Whether an error says that what was asked did not happen. Codes that Maelstrom does not define are indefinite."""
    return isinstance(code, int) and code in CODES and CODES[code].definite


class Message(NamedTuple):
    """A message on the network. `id` is the network's own number for it."""

    id: int
    src: str
    dest: str
    body: Body


class Malformed(Exception):
    """A line that is no message. The text says why."""


def decode(line: bytes) -> tuple[str, str, Body]:
    """The sender, receiver and body of a line. Raises Malformed, saying what is wrong with it."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is not JSON ({error})") from None
    if not isinstance(message, dict):
        raise Malformed(f"it is not a JSON object with src, dest and body, but {_kind(message)}")
    for field, wanted, kind in (("src", str, "a string"), ("dest", str, "a string"), ("body", dict, "an object")):
        if field not in message:
            raise Malformed(f"it has no {field!r}")
        if not isinstance(message[field], wanted):
            raise Malformed(f"its {field!r} is not {kind}, but {_kind(message[field])}")
    return message["src"], message["dest"], message["body"]


def encode(message: Message) -> bytes:
    """The line of a message, with its newline."""
    return canonical(message._asdict()).encode() + b"\n"


def canonical(value: Any) -> str:
    """A JSON value as text in which equal values are equal and keys can be compared (1, "1" and true all differ)."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def shortened(text: str, limit: int = 300) -> str:
    """The beginning of a long text, and how much of it there is."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text):,} characters)"
