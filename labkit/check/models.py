"""Models: what an object does when its operations come one at a time (its sequential specification).

A model of your own is a class with a start and a step::

    class Counter:
        start = 0                                        # the state before the first operation
        reads = {"read"}                                 # optional: operations that never change the state (for speed)

        def step(self, state, op, value, result):        # the new state, or None if this answer is impossible
            if op == "add":
                return state + value
            if op == "read":
                return state if result == state else None

    linearizable(history, Counter())

`start` may be a method without arguments. States can be hashed (tuples, not lists), and a state is never None. Lists
in `value` and `result` are tuples. The result of an operation whose outcome is unknown equals everything, so compare
with == or !=. Operations on different keys concern different objects, unless the model has a method `partition(op)`
that returns something else to tell them apart by (`op` is a `labkit.check.Op`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from labkit.check.operation import UNKNOWN, Op, show
from labkit.errors import LabkitError


class Model(Protocol):
    """What a checker asks of a model; this module's description says more."""

    start: Any

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any: ...


class Specification:
    """What the models here have in common."""

    name = "model"
    reads: frozenset[str] = frozenset()
    operations: tuple[str, ...] = ()

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        raise NotImplementedError

    def argument(self, op: Op) -> Any:
        """The value that `step` gets for an operation."""
        return op.value

    def never_changes(self, op: Op) -> bool:
        """Whether an operation with this answer changes no state, whatever the state is."""
        return op.f in self.reads

    def show(self, state: Any) -> str:
        """A state in words."""
        return show(state)


class Register(Specification):
    """One value: read and write (Herlihy and Wing 1990, section 2). "get" and "put" are other names for the same."""

    name = "register"
    reads = frozenset({"read", "get"})
    operations: tuple[str, ...] = ("read", "write", "get", "put")

    def __init__(self, initial: Any = None):
        self.start = (initial,)

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        if op == "read" or op == "get":
            return state if state[0] == result else None
        return (value,)

    def puts(self, op: Op) -> tuple[Any] | None:
        """The state that an operation leaves behind if it takes effect; None if that depends on the state before."""
        return (
            None if op.f == "append" else (None,) if op.f == "delete" else (op.value[1] if op.f == "cas" else op.value,)
        )

    def saw(self, op: Op) -> tuple[Any] | None:
        """The state that an operation with this answer saw; None if the answer does not tell."""
        if op.completed is None:
            return None
        return (
            (op.result,) if op.f in self.reads else (op.value[0],) if op.f == "cas" and op.result is not False else None
        )

    def show(self, state: Any) -> str:
        return show(state[0])


class CasRegister(Register):
    """A register with compare-and-set as well: "cas" of [old, new], whose result is False if the comparison failed."""

    name = "cas-register"
    operations: tuple[str, ...] = ("read", "write", "get", "put", "cas")

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        if op == "cas":
            equal = state[0] == value[0]
            if result is UNKNOWN:
                return (value[1],) if equal else state
            return None if equal is (result is False) else (value[1],) if equal else state
        return super().step(state, op, value, result)

    def never_changes(self, op: Op) -> bool:
        return op.f in self.reads or (op.f == "cas" and op.result is False)


class KeyValue(CasRegister):
    """A key-value store: get and put, cas, append and delete; a key that is missing holds None.

    "append" concatenates strings; in a history where some get returned a list, it adds an element to a list. In one
    where gets return "" though nobody put that, and never null, a key that is missing holds "".
    """

    name = "kv"
    operations = ("get", "put", "read", "write", "cas", "append", "delete")

    def __init__(self, initial: Any = None, lists: bool = False):
        super().__init__(initial)
        self.lists = lists

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        if op == "append":
            old = state[0]
            if self.lists or not isinstance(value, str) or isinstance(old, tuple):
                return (((old or ()) + (value,)) if isinstance(old, tuple | None) else (old, value),)
            return (value if old is None else f"{old}{value}",)
        return (None,) if op == "delete" else super().step(state, op, value, result)

    def may_begin(self, op: Op, result: Any) -> bool:
        """Whether an operation may leave behind a new value that appends then turn into one that a get returns."""
        return op.f != "append" and self.leads_to(self.puts(op) or (None,), result)

    def leads_to(self, state: Any, result: Any) -> bool:
        """Whether appends may turn a state into one that a get returns."""
        old = state[0]
        if old is None or type(old) is not type(result):
            return old is None or result is not None
        if isinstance(old, str):
            return bool(result.startswith(old))
        return bool(result[: len(old)] == old) if isinstance(old, tuple) else True


class Set(Specification):
    """A set: "add" and "remove" (or "delete") of an element, "contains" of one, and "read" of the whole."""

    name = "set"
    reads = frozenset({"read", "get", "contains"})
    operations = ("add", "remove", "delete", "contains", "read", "get")

    def __init__(self, initial: Iterable[Any] = ()):
        self.start = frozenset(initial or ())

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        if op == "add":
            return state if value in state else state | {value}
        if op == "remove" or op == "delete":
            return state - {value}
        if op == "contains":
            return state if result == (value in state) else None
        return state if result is UNKNOWN or state == frozenset(result or ()) else None

    def show(self, state: Any) -> str:
        return "{" + ", ".join(sorted(map(show, state))) + "}"


class Queue(Specification):
    """A first-in first-out queue: "enqueue" of a value; "dequeue" returns the oldest, or null if there is none."""

    name = "queue"
    reads = frozenset({"peek"})
    operations = ("enqueue", "dequeue", "peek")

    def __init__(self, initial: Iterable[Any] = ()):
        self.start = tuple(initial or ())

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        if op == "enqueue":
            return (*state, value)
        head = state[0] if state else None
        if result != head:
            return None
        return state if op == "peek" else state[1:]

    def never_changes(self, op: Op) -> bool:
        return op.f == "peek" or (op.f == "dequeue" and op.result is None)


class Lock(Specification):
    """A lock: "acquire" is granted when it is free (result False: it was held), "release" when it is held."""

    name = "lock"
    operations = ("acquire", "release")
    start: Any = "free"

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        free = state == "free"
        if result is UNKNOWN:
            return "free" if op == "release" else "held"
        if op == "acquire":
            return ("held" if free else None) if result is not False else (None if free else state)
        return "free" if not free and result is not False else state if free and result is False else None

    def never_changes(self, op: Op) -> bool:
        return op.result is False


class Mutex(Lock):
    """A lock with owners: only who acquired it can release it. The owner is the operation's value, else its process."""

    name = "mutex"
    start = ("free",)

    def argument(self, op: Op) -> Any:
        return op.process if op.value is None else op.value

    def step(self, state: Any, op: str, value: Any, result: Any) -> Any:
        free, mine = state == ("free",), state == ("held by", value)
        if op == "acquire":
            granted = ("held by", value) if free else None
            if result is UNKNOWN:
                return granted or state
            return granted if result is not False else (None if free else state)
        if result is UNKNOWN:
            return ("free",) if mine else state
        return (("free",) if mine else None) if result is not False else (None if mine else state)

    def show(self, state: Any) -> str:
        return " ".join(map(str, state))


MODELS: dict[str, Callable[..., Specification]] = {
    kind.name: kind for kind in (Register, CasRegister, KeyValue, Set, Queue, Lock, Mutex)
}


def find(model: Any, operations: Iterable[Op]) -> Any:
    """The model of this name, or the model itself. Raises LabkitError if it is none, or if the history has operations
    that it does not know."""
    operations = list(operations)
    if isinstance(model, str):
        if model not in MODELS:
            raise LabkitError(f"there is no model {model!r}: take one of {', '.join(MODELS)}, or write your own class")
        model = _store_of(operations) if model == "kv" else MODELS[model]()
    if isinstance(model, type):
        model = model()
    if not hasattr(model, "start") or not callable(getattr(model, "step", None)):
        raise LabkitError(f"{model!r} is no model: it needs a start and step(state, op, value, result)")
    if start_of(model) is None:
        raise LabkitError(f"{type(model).__name__}.start is None, which step returns for an impossible answer: "
                          "begin with another value")  # fmt: skip
    known = getattr(model, "operations", ())
    for op in operations:
        if known and op.f not in known:
            raise LabkitError(f"the model {model.name} has no operation {op.f!r} ({op}); it has {', '.join(known)}")
        if known and op.f == "cas" and not (isinstance(op.value, tuple) and len(op.value) == 2):
            raise LabkitError(f"the value of a cas is [old, new], not {show(op.value)} ({op})")
    return model


def _store_of(operations: list[Op]) -> KeyValue:
    """The key-value store of a history: whether it holds lists, and how a missing key reads."""
    got = [op.result for op in operations if op.f in ("get", "read") and op.type == "ok"]
    put = {op.value for op in operations if op.f in ("put", "write")}
    empty = "" in got and None not in got and "" not in put
    return KeyValue("" if empty else None, lists=any(isinstance(value, tuple) for value in got))


def start_of(model: Any) -> Any:
    """The state before the first operation."""
    return model.start() if callable(model.start) else model.start
