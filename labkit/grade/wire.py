"""What the referee and a sandboxed node say to each other: one JSON object a line, each of exactly one type.

The referee says what happened to a node (`Boot`, `Event`); the node answers with the effects of that event, in order
(`Answer`). Nothing else is ever said: a line that is too long, of another type, out of turn or out of sequence ends the
grading of that submission. Values travel as JSON that keeps Python's types apart (`pack`, `unpack`), never as pickles.
"""

import base64
import dataclasses
import enum
import math
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from labkit.message import Message

LINE_LIMIT = 4 << 20  # bytes of one line
EFFECT_LIMIT = 50_000  # effects of one event
PRINT_LIMIT = 2_000  # characters that a node may print in one event; the rest is dropped
MEMORY_EXIT = 77  # the exit status of a node that ran out of memory


class WireError(Exception):
    """A line that the protocol does not allow."""


# -- the referee says


class Program(msgspec.Struct, forbid_unknown_fields=True):
    """To the zygote, once: the cells to run, in order, and the classes that the student is to define."""

    cells: list[tuple[str, str]]  # name, source
    given: list[str]  # names of the cells that are the exercise's own
    nodes: list[str]
    memory: int  # bytes of address space for each node
    cpu: int  # seconds of processor time for each node


class Command(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """To the zygote: start a process (its socket comes along), end it, say how it fares, or compile the cells."""

    do: Literal["start", "kill", "ask", "compile"]
    number: int = 0


class Fate(msgspec.Struct, forbid_unknown_fields=True):
    """The zygote's answer to every command: how a process ended, as `os.waitpid` has it, and what it used."""

    number: int
    status: int | None
    cpu: float
    peak: int = 0  # bytes of memory that it held at most


class Boot(msgspec.Struct, forbid_unknown_fields=True):
    """The first line to a process: which node it is. With no id it only loads the program and says how that went."""

    id: str
    program: str  # the class; one that is not the student's is made without the student's cells
    peers: list[str]
    nodes: list[str]
    reach: list[str] | None
    seed: str
    boot: int
    stored: Any  # the disk, packed
    traced: bool
    broken: Any = None  # the keys that cannot be read, packed
    buggify: tuple[str, bool | list[str]] | None = None  # the seed that enables sites, and which


class Event(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Something happens to a node: it boots, a message arrives, or what it asked to be woken for is due."""

    seq: int
    now: float
    wake: int | None = None
    message: Any = None  # packed
    sender: str | None = None
    call: int | None = None
    reply: int | None = None
    clock: tuple[float, float] | None = None  # offset and rate, when they changed
    full: bool | None = None  # whether the disk is, when that changed
    clients: list[str] | None = None  # all that there are, when there is a new one


# -- the node answers


class _Effect(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    pass


class Send(_Effect, tag="send"):
    to: str
    message: Any  # packed
    call: int | None
    reply: int | None


class Wake(_Effect, tag="wake"):
    """Wake me at `due`. By a timer's or a call's number the referee sees when that no longer matters."""

    due: float
    number: int
    timer: int | None
    call: int | None


class State(_Effect, tag="state"):
    data: dict[str, Any]


class Set(_Effect, tag="set"):
    id: int
    due: float
    name: str


class Cancel(_Effect, tag="cancel"):
    id: int


class Fired(_Effect, tag="timer"):
    id: int
    name: str


class Note(_Effect, tag="note"):
    text: str


class Rare(_Effect, tag="rare"):
    """A rare path that the node marks with `buggify` was taken."""

    name: str


class Error(_Effect, tag="error"):
    error: str
    where: str


class Store(_Effect, tag="store"):
    key: Any  # packed
    value: Any  # packed
    deleted: bool


class Sync(_Effect, tag="sync"):
    pass


class Failed(_Effect, tag="failed"):
    traceback: str


Effect = Send | Wake | State | Set | Cancel | Fired | Note | Rare | Error | Store | Sync | Failed


class Answer(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The effects of event `seq`, in the order in which the node's code caused them."""

    seq: int
    effects: list[Effect]
    printed: str = ""


class Loaded(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the program loads; if not, why, in a sentence and as a traceback."""

    ok: bool
    why: str
    traceback: str


encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
decode_program = msgspec.json.Decoder(Program).decode
decode_command = msgspec.json.Decoder(Command).decode
decode_fate = msgspec.json.Decoder(Fate).decode
decode_boot = msgspec.json.Decoder(Boot).decode
decode_event = msgspec.json.Decoder(Event).decode
decode_answer = msgspec.json.Decoder(Answer).decode
decode_loaded = msgspec.json.Decoder(Loaded).decode


# -- values
#
# Lists and finite scalars are themselves. All else is an object: a message has its class's name under "$", anything
# else what it is under "#".


def pack(value: Any) -> Any:
    """The value as JSON data from which `unpack` makes an equal one, of the same types."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"#": "float", "v": repr(value)}
    if kind is list:
        return [pack(item) for item in value]
    if isinstance(value, Message):
        return {"$": kind.__name__} | {name: pack(getattr(value, name)) for name in kind.__struct_fields__}
    if isinstance(value, enum.Enum):
        return {"#": "enum", "n": kind.__name__, "m": value.name, "v": pack(value.value)}
    if kind is tuple:
        return {"#": "tuple", "v": [pack(item) for item in value]}
    if kind is dict:
        return {"#": "dict", "v": [[pack(key), pack(item)] for key, item in value.items()]}
    if kind is set or kind is frozenset:
        return {"#": kind.__name__, "v": [pack(item) for item in value]}
    if kind is bytes:
        return {"#": "bytes", "v": base64.b64encode(value).decode()}
    if isinstance(value, msgspec.Struct):
        return {
            "#": "data",
            "n": kind.__name__,
            "v": {name: pack(getattr(value, name)) for name in kind.__struct_fields__},
        }
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: pack(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"#": "data", "n": kind.__name__, "v": fields}
    if isinstance(value, dict):  # a defaultdict, a Counter: a receiver gets a plain one
        return pack(dict(value))
    return msgspec.to_builtins(value)  # dates and the like travel as text, and their declared type brings them back


class Makers:
    """How `unpack` makes what has a class: a node looks the class up, the referee makes one like it."""

    def message(self, name: str, fields: dict[str, Any]) -> Any:
        raise NotImplementedError

    def enum(self, name: str, member: str, value: Any) -> Any:
        raise NotImplementedError

    def data(self, name: str, fields: dict[str, Any]) -> Any:
        raise NotImplementedError


def unpack(data: Any, make: Makers) -> Any:
    """The value that `pack` packed. Raises `WireError` if nothing packs to this."""
    kind = type(data)
    if kind is str or kind is int or kind is float or kind is bool or data is None:
        return data
    if kind is list:
        return [unpack(item, make) for item in data]
    if kind is not dict:
        raise WireError(f"a {kind.__name__} in a value")
    name = data.pop("$", None)
    try:
        if name is not None:
            return make.message(_name(name), {_name(key): unpack(item, make) for key, item in data.items()})
        return _special(data, make)
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"a value that nothing packs to: {error}") from None


def _special(data: dict[str, Any], make: Makers) -> Any:
    what, value = data["#"], data["v"]
    if what == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[value]
    if what == "bytes":
        return base64.b64decode(value, validate=True)
    if what == "enum":
        return make.enum(_name(data["n"]), _name(data["m"]), unpack(value, make))
    if what == "data":
        return make.data(_name(data["n"]), {_name(key): unpack(item, make) for key, item in value.items()})
    if type(value) is not list:
        raise WireError(f"a {what!r} of a {type(value).__name__}")
    if what == "dict":
        return {unpack(key, make): unpack(item, make) for key, item in value}
    items = [unpack(item, make) for item in value]
    return {"tuple": tuple, "set": set, "frozenset": frozenset}[what](items)


def _name(text: Any) -> str:
    if type(text) is str and text.isidentifier() and len(text) <= 100:
        return text
    raise WireError(f"{text!r:.50} is not a name")
