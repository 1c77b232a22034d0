"""The objects that processes share: registers, and stronger ones. A program declares them as attributes of its class::

    class Peterson(Lock):
        flag = Array(Register(False))       # one for each process
        turn = Register(0)

and each operation on one is awaited: `await self.turn.write(1)`. That is one step; between two steps of a process
any other process may take any number of its own.

The objects and what they are worth are those of Maurice Herlihy, "Wait-Free Synchronization", ACM TOPLAS 13(1), 1991;
safe, regular and atomic registers those of Leslie Lamport, "On Interprocess Communication", Distributed Computing 1(2),
1986.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

from labkit.errors import LabkitError

ATOMIC, REGULAR, SAFE = "atomic", "regular", "safe"
Place = tuple[str, Any]  # an object's name, and its index in an array (None: it stands alone)


class ProgramError(LabkitError):
    """A program that does what no program may."""


class Step(NamedTuple):
    """What a process does next: an operation on an object, or a step of its own (then `place` is None)."""

    op: str
    place: Place | None = None
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        arguments = ", ".join(map(repr, self.args))
        return f"{name_of(self.place)}.{self.op}({arguments})" if self.place else self.op


class Doing:
    """A step that is awaited: the process stops there until somebody carries the step out and sends what it gave."""

    __slots__ = ("step",)

    def __init__(self, step: Step):
        self.step = step

    def __await__(self) -> Generator[Doing, Any, Any]:
        return (yield self)

    def __bool__(self) -> bool:
        raise LabkitError(f"{self.step} was not awaited, so it did nothing: write `await self.{self.step}`")


AWAITING = Doing.__await__.__code__


def name_of(place: Place | None) -> str:
    """A place as it is written: turn, flag[0], flag[1, 0]."""
    if place is None:
        return ""
    name, index = place
    if index is None:
        return name
    return f"{name}[{', '.join(map(str, index))}]" if isinstance(index, tuple) else f"{name}[{index}]"


def check_plain(value: Any, where: str) -> Any:
    """The value, if it is one that a register can hold. Raises LabkitError."""
    if type(value) in (int, str, bool, float, bytes, type(None)):
        return value
    if isinstance(value, tuple):
        return tuple(check_plain(item, where) for item in value)
    raise LabkitError(
        f"{where}: {value!r} is a {type(value).__name__}; a register holds numbers, strings, booleans, None, and "
        "tuples of them"
    )


# --- what a program declares


class Shared:
    """A declared object: its value at the beginning, and how it behaves when operations overlap."""

    kind = ATOMIC
    operations: tuple[str, ...] = ()
    domain: tuple[Any, ...] = ()

    def __init__(self, initial: Any = None):
        self.initial = check_plain(initial, f"the initial value of a {type(self).__name__}")
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, process: Any, owner: type | None = None) -> Any:
        return self if process is None else Handle(self, (self.name, None))

    def __set__(self, process: Any, value: Any) -> None:
        raise LabkitError(f"self.{self.name} is shared: write `await self.{self.name}.write({value!r})`")

    def places(self, n: int) -> Iterator[tuple[Place, Shared]]:
        yield (self.name, None), self

    def wrap(self, value: Any) -> Any:
        """A new value, as it is kept."""
        return value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.initial!r})"


class Register(Shared):
    """An atomic register: each read and each write happens at one point in time."""

    operations = ("read", "write")


class Regular(Register):
    """A register whose operations take time. A read that overlaps writes may return the value from before them, or that
    of any of them."""

    kind = REGULAR

    def __init__(self, initial: Any = None, domain: Iterable[Any] = ()):
        super().__init__(initial)
        self.domain = tuple(domain)


class Safe(Regular):
    """A register of which nothing is known while it is written: a read that overlaps a write may return any value of
    its domain (both booleans if it begins with one). `domain` bounds that; other values can be written all the same."""

    kind = SAFE

    def __init__(self, initial: Any = None, domain: Iterable[Any] = ()):
        domain = tuple(domain) or ((False, True) if isinstance(initial, bool) else ())
        if not domain:
            raise LabkitError(
                f"Safe({initial!r}): say what a read may return while the register is written, as in "
                f"Safe({initial!r}, domain=range(4))"
            )
        super().__init__(initial, domain)


class TestAndSet(Shared):
    """A bit. `test_and_set()` sets it and returns what it was; `reset()` clears it."""

    operations = ("test_and_set", "reset", "read")
    __test__ = False  # pytest: this is no test

    def __init__(self, initial: bool = False):
        super().__init__(initial)


class FetchAndAdd(Shared):
    """A number. `fetch_and_add(k)` adds k and returns what it was. With a `modulo`, it begins anew from 0 there, as a
    machine word does."""

    operations = ("fetch_and_add", "read")

    def __init__(self, initial: int = 0, modulo: int | None = None):
        super().__init__(initial)
        self.modulo = modulo

    def wrap(self, value: Any) -> Any:
        return value % self.modulo if self.modulo else value


class Swap(Shared):
    """`swap(new)` writes a value and returns what was there."""

    operations = ("swap", "read", "write")


class CompareAndSwap(Shared):
    """`compare_and_swap(expected, new)` writes `new` if `expected` is there, and returns whether it was."""

    operations = ("compare_and_swap", "read", "write")


class Queue(Shared):
    """First in, first out: `enqueue(value)`, and `dequeue()`, which returns None if nothing is there."""

    operations = ("enqueue", "dequeue")

    def __init__(self, *initial: Any):
        super().__init__(initial)


class Array:
    """Many objects alike: `Array(Register(0))` has one for each process, `Array(Register(0), 4)` four, and
    `Array(Register(0), (2, 3))` two rows of three."""

    def __init__(self, of: Shared, size: int | tuple[int, ...] | None = None):
        if not isinstance(of, Shared):
            raise LabkitError(f"Array({of!r}): say of what, as in Array(Register(False))")
        self.of, self.size, self.name = of, size, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.of.name = name

    def __get__(self, process: Any, owner: type | None = None) -> Any:
        return self if process is None else Row(self, process.n)

    def __set__(self, process: Any, value: Any) -> None:
        raise LabkitError(f"self.{self.name} is shared: write `await self.{self.name}[index].write(...)`")

    def indices(self, n: int) -> list[Any]:
        sides = (n,) if self.size is None else self.size
        if isinstance(sides, int):
            sides = (sides,)
        found: list[tuple[int, ...]] = [()]
        for side in sides:
            found = [(*index, i) for index in found for i in range(side)]
        return [index[0] if len(sides) == 1 else index for index in found]

    def places(self, n: int) -> Iterator[tuple[Place, Shared]]:
        for index in self.indices(n):
            yield (self.name, index), self.of

    def __repr__(self) -> str:
        return f"Array({self.of!r})"


# --- how a process sees them


class Handle:
    """An object, as a process sees it: each operation gives a step to await."""

    __slots__ = ("_of", "place")

    def __init__(self, of: Shared, place: Place):
        self._of, self.place = of, place

    def __getattr__(self, op: str) -> Operation:
        if op.startswith("_") or op not in self._of.operations:
            has = ", ".join(self._of.operations)
            raise AttributeError(f"{name_of(self.place)} is a {type(self._of).__name__}: it has {has}, and no {op!r}")
        return Operation(op, self.place)

    def __eq__(self, other: object) -> bool:
        raise LabkitError(f"{name_of(self.place)} is an object, no value: read it, as in {self._reading()}")

    def __bool__(self) -> bool:
        raise LabkitError(f"{name_of(self.place)} is an object, no value: read it, as in {self._reading()}")

    __hash__ = None  # type: ignore[assignment]

    def _reading(self) -> str:
        op = "read" if "read" in self._of.operations else self._of.operations[0]
        return f"`await self.{name_of(self.place)}.{op}()`"


class Operation(NamedTuple):
    """An operation of an object, to be called."""

    op: str
    place: Place

    def __call__(self, *args: Any) -> Doing:
        step = Step(self.op, self.place, args)
        needed = ARGUMENTS[self.op]
        if len(args) not in needed:
            wanted = " or ".join(map(str, needed))
            raise LabkitError(f"{step}: {self.op} takes {wanted} argument{'s' if needed != (1,) else ''}")
        if self.op == "fetch_and_add" and not args:
            step = step._replace(args=(1,))
        return Doing(step._replace(args=check_plain(step.args, str(step))))


class Row:
    """An array, as a process sees it."""

    __slots__ = ("_n", "_of")

    def __init__(self, of: Array, n: int):
        self._of, self._n = of, n

    def __getitem__(self, index: Any) -> Handle:
        indices = self._of.indices(self._n)
        if index not in indices:
            raise IndexError(f"{self._of.name}[{index!r}]: its indices are {indices[0]} to {indices[-1]}")
        return Handle(self._of.of, (self._of.name, index))

    def __len__(self) -> int:
        return len(self._of.indices(self._n))

    def __iter__(self) -> Iterator[Handle]:
        return (self[index] for index in self._of.indices(self._n))


# --- what an operation does, at the point where it happens: (value, arguments) -> new value, result

ARGUMENTS = {
    "read": (0,), "write": (1,), "test_and_set": (0,), "reset": (0,), "fetch_and_add": (0, 1), "swap": (1,),
    "compare_and_swap": (2,), "enqueue": (1,), "dequeue": (0,),
}  # fmt: skip


def apply(op: str, value: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """Carry out an operation on an object that holds `value`: its new value, and what the operation returns."""
    match op:
        case "read":
            return value, value
        case "write":
            return args[0], None
        case "test_and_set":
            return True, value
        case "reset":
            return False, None
        case "fetch_and_add":
            return value + args[0], value
        case "swap":
            return args[0], value
        case "compare_and_swap":
            return (args[1], True) if same(value, args[0]) else (value, False)
        case "enqueue":
            return (*value, args[0]), None
        case "dequeue":
            return (value[1:], value[0]) if value else (value, None)
    raise LabkitError(f"there is no operation {op!r}")


def same(one: Any, other: Any) -> bool:
    """Equal, and of one type: 1 is not True."""
    return type(one) is type(other) and bool(one == other)


def declared(program: type, n: int) -> list[tuple[Place, Shared]]:
    """All objects that a program declares, for n processes, in the order of their declaration."""
    found: dict[str, Any] = {}
    for base in reversed(program.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Shared | Array):
                found[name] = value
            elif name in found:
                del found[name]
    return [place for thing in found.values() for place in thing.places(n)]
