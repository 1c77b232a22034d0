"""What a node keeps on its disk, as MessagePack that gives back equal values of the same types.

Scalars are themselves. All else is an array that begins with what it is.
"""

from __future__ import annotations

import enum
import sys
from typing import Any

from labkit.engine.values import SCALARS
from labkit.errors import LabkitError
from labkit.message import Message

_CONTAINERS: dict[str, type[Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def pack(value: Any) -> Any:
    """A value that `labkit.engine.values.copy` allows, in a form that MessagePack has."""
    kind = type(value)
    if kind is int and not -(1 << 63) <= value < 1 << 64:
        return ["int", str(value)]
    if kind in SCALARS:
        return value
    if isinstance(value, Message):
        return ["message", *_place(kind), {name: pack(getattr(value, name)) for name in kind.__struct_fields__}]
    if isinstance(value, enum.Enum):
        return ["enum", *_place(kind), value.name]
    if isinstance(value, dict):
        return ["dict", *(pack(part) for item in value.items() for part in item)]
    return [kind.__name__, *(pack(item) for item in value)]


def unpack(data: Any) -> Any:
    """The value that `pack` packed. Raises LabkitError if it is of a class that is not declared any more."""
    if type(data) is not list:
        return data
    what, *rest = data
    if what in _CONTAINERS:
        return _CONTAINERS[what](unpack(item) for item in rest)
    if what == "dict":
        parts = [unpack(part) for part in rest]
        return dict(zip(parts[::2], parts[1::2], strict=True))
    if what == "int":
        return int(rest[0])
    module, name, content = rest
    kind = _class(module, name)
    try:
        if what == "enum":
            return kind[content]
        return kind(**{field: unpack(value) for field, value in content.items()})
    except (KeyError, TypeError) as error:
        raise LabkitError(f"the disk holds a {name} that is not as {module} declares it now: {error}") from None


def _place(kind: type) -> tuple[str, str]:
    if "<locals>" in kind.__qualname__:
        raise LabkitError(
            f"{kind.__name__} is declared inside a function: what a disk keeps is found again by its name"
        )
    return kind.__module__, kind.__qualname__


def _class(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, Message | enum.Enum)):
        raise LabkitError(f"the disk holds a {name}, which {module} does not declare (any more) at its top level")
    return found
