"""Values to compare and to number: a state of a node as one hashable value, equal for equal states."""

from __future__ import annotations

import copy
import enum
import types
from collections import deque
from functools import partial
from typing import Any

import msgspec

from labkit.engine.disk import Disk
from labkit.engine.process import Process
from labkit.engine.timers import Timer
from labkit.explore.draws import Draws, Span, Unsearchable

_PLAIN = frozenset({int, str, bytes, type(None)})
_IMMUTABLE = _PLAIN | {bool, float, Span}


def freeze(value: Any, process: Process | None = None, timers: dict[int, int] | None = None) -> Any:
    """The value as one that is hashable, and equal exactly where the state is: 1, 1.0 and True differ.

    `process` is the node's own, and `timers` says which place each of its pending timers (by `id`) has among them.
    Raises Unsearchable for what cannot be compared by value.
    """
    return _Freezer(process, timers or {}).freeze(value)


def duplicate(value: Any, memo: dict[int, Any]) -> Any:
    """A deep copy, where `memo` says what stands for what (see `copy.deepcopy`, which does what is not plain)."""
    kind = type(value)
    if kind in _IMMUTABLE:
        return value
    if kind is tuple:
        items = [duplicate(item, memo) for item in value]
        return value if all(item is old for item, old in zip(items, value, strict=True)) else tuple(items)
    if kind in (set, frozenset) and all(type(item) in _IMMUTABLE for item in value):
        return kind(value)
    if id(value) not in memo and kind in (list, dict) and all(type(item) in _IMMUTABLE for item in value):
        if kind is list:
            memo[id(value)] = copied = list(value)
            return copied
        memo[id(value)] = copies = dict[Any, Any]()
        for key, item in value.items():
            copies[key] = duplicate(item, memo)
        return copies
    return copy.deepcopy(value, memo)


class _Freezer:
    def __init__(self, process: Process | None, timers: dict[int, int]):
        self.process, self.timers = process, timers
        self.open: dict[int, int] = {}  # the containers around: one that holds itself is named by its depth

    def freeze(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is bool or kind is float:
            return (kind, repr(value)) if value != value else (kind, value)
        if kind is Span:
            if self.process is None:
                raise Unsearchable("it sends or stores a random number out of a continuum")
            return (Span, value.low, value.high)
        if kind is tuple:  # it is part of a circle only through something that can change
            return (tuple, *[item if type(item) in _PLAIN else self.freeze(item) for item in value])
        if id(value) in self.open:
            return ("around", len(self.open) - self.open[id(value)])
        self.open[id(value)] = len(self.open)
        try:
            return self._container(kind, value)
        finally:
            del self.open[id(value)]

    def _container(self, kind: Any, value: Any) -> Any:
        freeze = self.freeze
        if kind is list or kind is deque:
            return (kind, *map(freeze, value))
        if isinstance(value, dict):
            return (kind, frozenset((freeze(key), freeze(item)) for key, item in value.items()))
        if kind in (set, frozenset):
            return (kind, frozenset(map(freeze, value)))
        if isinstance(value, enum.Enum):
            return value
        if isinstance(value, msgspec.Struct):
            return (kind, *(freeze(getattr(value, name)) for name in kind.__struct_fields__))
        return self._object(kind, value)

    def _object(self, kind: Any, value: Any) -> Any:
        process, freeze = self.process, self.freeze
        if process is not None and any(value is own for own in (process, process.node, process.disk)):
            return (kind,)
        if isinstance(value, Draws | Disk | type | types.ModuleType | types.BuiltinFunctionType):
            return (kind, getattr(value, "__name__", ""))
        if kind is Timer:
            place = self.timers.get(id(value))
            return (Timer, place if place is not None else freeze((value.method, value.args, value.delay)))
        if kind is types.MethodType:
            return (kind, value.__func__, freeze(value.__self__))
        if kind is types.FunctionType:
            if value.__closure__:
                raise Unsearchable(f"it keeps {value.__qualname__}, a function made inside another, which has no value")
            return value
        if kind is partial:
            return (kind, *map(freeze, (value.func, value.args, value.keywords)))
        if hasattr(value, "__dict__") or hasattr(kind, "__slots__"):
            slots = [name for base in kind.__mro__ for name in _slots(base) if hasattr(value, name)]
            own = dict(getattr(value, "__dict__", {})) | {name: getattr(value, name) for name in slots}
            rest = freeze(list(value)) if isinstance(value, list | tuple | set | frozenset | deque) else None
            return (kind, freeze(own), rest)
        if kind.__eq__ is not object.__eq__ and kind.__hash__ is not None:
            return value
        raise Unsearchable(f"it keeps a {kind.__name__}, which cannot be compared by value")


def _slots(base: type) -> list[str]:
    given = base.__dict__.get("__slots__", ())
    return [name for name in ([given] if isinstance(given, str) else given) if name not in ("__dict__", "__weakref__")]
