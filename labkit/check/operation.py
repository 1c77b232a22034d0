"""One operation of a history: what a client asked, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.engine.values import in_order
from labkit.errors import LabkitError

READS = frozenset({"read", "get", "r", "dequeue", "contains", "peek"})  # their invocation has no value of its own


class _Unknown:
    """The result of an operation whose outcome is unknown. It equals everything, so `result == state` lets it pass."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        raise LabkitError("a result may be unknown: compare it with == or !=, as in `if result != (state == old)`")

    def __repr__(self) -> str:
        return "?"


UNKNOWN = _Unknown()


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One operation of a history, from its invocation to its completion.

    `value` is what was asked, `result` what came back (`UNKNOWN` if nobody knows); lists in them are tuples. `type` is
    "ok", "fail" or "info". `invoked` and `completed` count the events of the history; `completed` is None while the
    outcome is unknown: the operation may take effect at any later time, or never. `time` and `end` are the times of
    the two events, None where the history has none.
    """

    process: Any
    f: str
    key: Any
    value: Any
    result: Any
    type: str
    invoked: int
    completed: int | None
    time: float | None = None
    end: float | None = None

    def __str__(self) -> str:
        return f"{self.process}: {self.call}"

    @property
    def call(self) -> str:
        """The operation without its process, as "write(x, 3)"."""
        if self.f == "txn":
            done = self.result if self.type == "ok" and isinstance(self.result, tuple) else self.value
            end = {"ok": "", "fail": " failed", "info": " -> ?"}[self.type]
            return " ".join(_micro(step, self.type == "ok") for step in done or ()) + end
        given = [] if self.value is None or (self.f in READS and self.type == "ok") else [self.value]
        arguments = ", ".join(show(part) for part in ([] if self.key is None else [self.key]) + given)
        if self.type == "fail":
            answer = " failed"
        elif self.type == "info":
            answer = " -> ?"
        elif self.f in READS or not (self.result is None or self.result == self.value):
            answer = f" -> {show(self.result)}"
        else:
            answer = ""
        return f"{self.f}({arguments}){answer}"


def show(value: Any) -> str:
    """A value as it is written in evidence: tuples as lists, words without quotes."""
    if isinstance(value, tuple):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, str) and value and all(c.isalnum() or c in "_-." for c in value):
        return value
    return "nil" if value is None else repr(value)


def _micro(step: Any, answered: bool) -> str:
    f, key, value = step
    if f == "r" and not answered:
        return f"r({show(key)})"
    return f"r({show(key)})={show(value)}" if f == "r" else f"{f}({show(key)}, {show(value)})"


def freeze(value: Any) -> Any:
    """A value that can be hashed and compared: lists become tuples, dicts sorted tuples of pairs, sets frozensets."""
    kind = type(value)
    if kind is int or kind is str or value is None:
        return value
    if kind in (list, tuple):
        return tuple(freeze(item) for item in value)
    if kind is dict:
        return tuple(in_order((freeze(key), freeze(item)) for key, item in value.items()))
    return frozenset(freeze(item) for item in value) if kind in (set, frozenset) else value
