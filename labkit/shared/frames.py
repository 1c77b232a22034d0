"""What a process is in the middle of, as a value: so that a search can tell whether it has been there before.

A coroutine that waits is a chain of frames, each stopped at an instruction. Its state is, for each frame, that
instruction, the local variables, and what lies on the frame's stack (the iterator of a `for`, say), which CPython shows
to its garbage collector and so to `gc.get_referents`. If all of that is plain data, two processes with equal states go
on alike.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from labkit.shared.objects import AWAITING, Doing, Handle, Operation, Row, Shared
from labkit.shared.space import typed

_SCALARS = (int, str, bool, float, bytes, type(None), complex)
_WAITING = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))
_EXAMPLES: tuple[Any, ...] = (range(0), range(1 << 70), [], (), "", b"", {}, {}.values(), {}.items(), reversed([]))
_ITERATORS: tuple[type, ...] = (enumerate, zip, reversed, map, filter, *(type(iter(kind)) for kind in _EXAMPLES))


class NotPlain(Exception):
    """Something that a process keeps cannot be compared: what it is, in words."""


def frozen(coroutine: Any, process: Any) -> tuple[Any, ...]:
    """The state of a process that runs this coroutine, as a key: equal keys, equal futures. Raises NotPlain."""
    return _Freezer(process).state(coroutine)


class _Freezer:
    def __init__(self, process: Any):
        self._process = process
        self._met: dict[int, int] = {}  # what can change, by identity: two names for one list are not two lists
        self._kept: list[Any] = []  # so that no identity is used twice meanwhile

    def state(self, coroutine: Any) -> tuple[Any, ...]:
        own = {name: value for name, value in vars(self._process).items() if not name.startswith("_labkit")}
        return (self._items(own, "self."), *(self._frame(frame, here) for frame, here in _chain(coroutine)))

    def _frame(self, frame: types.FrameType, coroutine: Any) -> Any:
        code, local = frame.f_code, frame.f_locals
        named = self._items(local, f"{code.co_name}: ")
        held = tuple(
            self.value(thing, f"{code.co_name}, line {frame.f_lineno}")
            for thing in gc.get_referents(coroutine)
            if thing is not local and not isinstance(thing, types.CodeType | types.FrameType)
        )
        return (code.co_name, code.co_firstlineno, frame.f_lasti, named, held)

    def _items(self, items: Mapping[str, Any], where: str) -> tuple[Any, ...]:
        return tuple((name, self.value(items[name], where + name)) for name in sorted(items))

    def value(self, value: Any, where: str) -> Any:
        """A value as a key."""
        if isinstance(value, Enum):
            return ("enum", type(value).__qualname__, value.name)
        kind = type(value)
        if kind in _SCALARS:
            return typed(value)
        if value is self._process:
            return ("self",)
        if kind is not tuple:
            if id(value) in self._met:
                return ("the same as", self._met[id(value)])
            self._met[id(value)] = len(self._met)
            self._kept.append(value)
        return self._compound(value, kind, where)

    def _compound(self, value: Any, kind: type, where: str) -> Any:
        if isinstance(value, tuple | list):
            return (kind.__name__, *(self.value(item, where) for item in value))
        if isinstance(value, dict):
            return ("dict", *((self.value(k, where), self.value(v, where)) for k, v in value.items()))
        if isinstance(value, set | frozenset):
            return (kind.__name__, *sorted((self.value(item, where) for item in value), key=repr))
        if isinstance(value, range | slice):
            return (kind.__name__, repr(value))
        if isinstance(value, Handle):
            return ("object", typed(value.place))
        if isinstance(value, Row):
            return ("array", value._of.name)
        if isinstance(value, Operation):
            return ("operation", value.op, typed(value.place))
        if isinstance(value, Doing):
            return ("doing", value.step.op, typed(value.step.place), typed(value.step.args))
        if isinstance(value, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
            return self._suspended(value, where)
        if isinstance(value, _ITERATORS):
            return (kind.__name__, *(self.value(item, where) for item in value.__reduce__()[1:]))
        if isinstance(value, types.MethodType):
            return ("method", value.__func__.__qualname__, self.value(value.__self__, where))
        if isinstance(value, types.FunctionType):
            closure = tuple(self.value(cell, where) for cell in value.__closure__ or ())
            return ("function", value.__module__, value.__qualname__, closure)
        if isinstance(value, types.CellType):
            try:
                return ("cell", self.value(value.cell_contents, where))
            except ValueError:
                return ("cell",)
        if isinstance(value, type | types.ModuleType | types.BuiltinFunctionType | Shared):
            return ("named", kind.__name__, getattr(value, "__qualname__", None) or getattr(value, "__name__", ""))
        raise NotPlain(f"{where} is a {kind.__name__}")

    def _suspended(self, value: Any, where: str) -> Any:
        """A generator or coroutine that lies on a stack."""
        code = getattr(value, "gi_code", None) or getattr(value, "cr_code", None) or value.ag_code
        if code is AWAITING:
            return ("awaits",)
        return ("suspended", *(self._frame(frame, here) for frame, here in _chain(value)))


def _chain(coroutine: Any) -> Iterator[tuple[types.FrameType, Any]]:
    """The frames of a coroutine, from the outermost in, each with the coroutine that it is of."""
    here = coroutine
    while here is not None:
        frame, awaited = next((names for names in _WAITING if hasattr(here, names[0])), ("", ""))
        found = getattr(here, frame) if frame else None
        if found is None or found.f_code is AWAITING:
            return
        yield found, here
        here = getattr(here, awaited)
