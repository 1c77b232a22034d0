"""Sending a search to another process: its functions and classes, those of a notebook too.

cloudpickle sends what is defined in `__main__` by value. It cannot do so with messages: their fields are laid out in C
when the class is made. They are sent as their fields, and made anew.
"""

from __future__ import annotations

import io
import pickle
import sys
from typing import Any

import cloudpickle
import msgspec

_MADE = frozenset({
    "__annotations__", "__dict__", "__weakref__", "__module__", "__qualname__", "__slots__", "__match_args__",
    "__struct_fields__", "__struct_defaults__", "__struct_encode_fields__", "__struct_config__", "__init__", "__doc__",
    "__annotate__", "__annotate_func__", "__annotations_cache__", "__classcell__", "__static_attributes__",
    "__firstlineno__",
})  # fmt: skip


def pack(value: Any) -> bytes:
    """The value as bytes for `unpack` in another process."""
    file = io.BytesIO()
    _Packer(file).dump(value)
    return file.getvalue()


def unpack(packed: bytes) -> Any:
    return pickle.loads(packed)


class _Packer(cloudpickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type) and issubclass(obj, msgspec.Struct) and _goes_by_value(obj):
            fields = [
                (field.name, field.type, *([] if field.required else [_default(field)]))
                for field in msgspec.structs.fields(obj)
                if field.name not in getattr(obj.__base__, "__struct_fields__", ())
            ]
            state = {name: value for name, value in vars(obj).items() if name not in _MADE and not _is_slot(value)}
            made = (obj.__name__, obj.__module__, obj.__qualname__, obj.__doc__, obj.__bases__, fields)
            return _make, made, state, None, None, _fill
        return super().reducer_override(obj)


def _goes_by_value(kind: type) -> bool:
    module = kind.__module__
    registered = module in cloudpickle.list_registry_pickle_by_value()
    return registered or module == "__main__" or getattr(sys.modules.get(module), kind.__name__, None) is not kind


def _default(field: Any) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return field.default


def _is_slot(value: Any) -> bool:
    return type(value).__name__ in ("member_descriptor", "getset_descriptor")


def _make(name: str, module: str, qualname: str, doc: str | None, bases: tuple[type, ...], fields: list[Any]) -> type:
    """A class of messages with these fields; `_fill` then gives it its methods."""
    namespace: dict[str, Any] = {"__module__": module, "__qualname__": qualname, "__doc__": doc, "__annotations__": {}}
    for field, kind, *default in fields:
        namespace["__annotations__"][field] = kind
        if default:
            namespace[field] = default[0]
    return type(bases[0])(name, bases, namespace)


def _fill(kind: type, state: dict[str, Any]) -> None:
    for name, value in state.items():
        setattr(kind, name, value)
