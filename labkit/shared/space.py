"""What a shared memory does, as data: a memory is a value, and a step gives the memories that may come of it.

An operation on an atomic object is one step. One on a safe or regular register is an interval: a step in which it
begins, and one in which it ends; what a read may return is decided by the writes that overlap it (Lamport 1986).
Lamport's registers have one writer. Where two writes overlap, this memory promises the least: a regular register then
holds any of the values written, a safe one any value of its domain.

With `buffered`, a write to a register first goes into a queue of its process (a store buffer), from where it reaches
the memory some time later; the process itself reads its own latest write. That is total store order, the memory of
x86 (Owens, Sarkar and Sewell, "A Better x86 Memory Model: x86-TSO", TPHOLs 2009). Operations that read and write at
once wait until the buffer is empty, and so does a `fence`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from labkit.shared.objects import ARGUMENTS, ATOMIC, SAFE, Place, ProgramError, Shared, Step, apply, declared, name_of

ANYTHING = "anything"  # what a safe register may return while it is written


class Memory(NamedTuple):
    """The values of all objects, the operations under way (of each process, at most one), and the store buffers."""

    values: tuple[Any, ...]
    under_way: tuple[Any, ...]
    buffers: tuple[tuple[Any, ...], ...]


class Move(NamedTuple):
    """What may come of a step. `done` says whether the operation is over, and `result` what it then returned;
    `choice` tells this outcome from others of the same step, where there are several."""

    memory: Memory
    done: bool
    result: Any = None
    choice: Any = None
    chosen: bool = False


class Space:
    """The objects that a program declares, for `n` processes."""

    def __init__(self, program: type, n: int, *, buffered: bool = False):
        self.n, self.buffered = n, buffered
        self.places: list[Place] = []
        self.objects: list[Shared] = []
        for place, thing in declared(program, n):
            self.places.append(place)
            self.objects.append(thing)
        self._number = {place: number for number, place in enumerate(self.places)}

    def first(self) -> Memory:
        """The memory at the beginning."""
        return Memory(tuple(thing.initial for thing in self.objects), (None,) * self.n, ((),) * self.n)

    def shown(self, memory: Memory) -> dict[str, Any]:
        """The values, by name, as a reader sees them."""
        return {name_of(place): value for place, value in zip(self.places, memory.values, strict=True)}

    def moves(self, memory: Memory, process: int, step: Step) -> list[Move]:
        """What may come of it when a process takes this step now. Nothing: it must wait (for its buffer to empty)."""
        if step.place is None:
            waits = step.op == "fence" and memory.buffers[process]
            return [] if waits else [Move(memory, True)]
        number = self._known(step)
        kind = self.objects[number].kind
        if kind != ATOMIC:
            return (
                self._end(memory, process, number)
                if memory.under_way[process]
                else [self._begin(memory, process, step, number)]
            )
        value = memory.values[number]
        if self.buffered:
            buffer = memory.buffers[process]
            if step.op == "write":
                return [
                    Move(
                        memory._replace(buffers=_put(memory.buffers, process, (*buffer, (number, step.args[0])))), True
                    )
                ]
            if step.op == "read":
                own = [new for where, new in buffer if where == number]
                return [Move(memory, True, own[-1] if own else value)]
            if buffer:
                return []
        try:
            new, result = apply(step.op, value, step.args)
            new = self.objects[number].wrap(new)
        except TypeError as error:
            raise ProgramError(f"{step} cannot be done: {name_of(step.place)} holds {value!r} ({error})") from None
        return [Move(memory._replace(values=_put(memory.values, number, new)), True, result)]

    def _known(self, step: Step) -> int:
        """The number of a step's object. Raises ProgramError if there is no such object, or no such operation."""
        number = self._number.get(step.place) if step.place is not None else None
        if number is None or step.op not in self.objects[number].operations or len(step.args) not in ARGUMENTS[step.op]:
            raise ProgramError(f"{step} is no operation of an object that the program declares")
        return number

    def flush(self, memory: Memory, process: int) -> Memory | None:
        """The oldest write in a process's buffer reaches the memory; None if there is none."""
        buffer = memory.buffers[process]
        if not buffer:
            return None
        number, new = buffer[0]
        return memory._replace(
            values=_put(memory.values, number, new), buffers=_put(memory.buffers, process, buffer[1:])
        )

    def crash(self, memory: Memory, process: int) -> Memory:
        """A process stops for ever. A write of its own that was under way stays so; what was buffered is still
        written."""
        operation = memory.under_way[process]
        if operation is not None and operation[0] == "read":
            return memory._replace(under_way=_put(memory.under_way, process, None))
        return memory

    # --- operations that take time: ("read", object, values that it may return) and ("write", object, new, overlapped)

    def _begin(self, memory: Memory, process: int, step: Step, number: int) -> Move:
        under_way = memory.under_way
        others = [op for op in under_way if op and op[0] == "write" and op[1] == number]
        if step.op == "read":
            if others and self.objects[number].kind == SAFE:
                may: Any = ANYTHING
            else:
                may = _distinct([memory.values[number], *(op[2] for op in others)])
            return Move(memory._replace(under_way=_put(under_way, process, ("read", number, may))), False)
        new = step.args[0]
        changed = tuple(self._overlapped(op, number, new) for op in under_way)
        written = ("write", number, new, _distinct([op[2] for op in others]))
        return Move(memory._replace(under_way=_put(changed, process, written)), False)

    def _overlapped(self, operation: Any, number: int, new: Any) -> Any:
        """An operation under way, now that a write of `new` to this object begins beside it."""
        if operation is None or operation[1] != number:
            return operation
        if operation[0] == "write":
            return (*operation[:3], _distinct([*operation[3], new]))
        anything = self.objects[number].kind == SAFE
        return ("read", number, ANYTHING if anything else _distinct([*operation[2], new]))

    def _end(self, memory: Memory, process: int, number: int) -> list[Move]:
        operation = memory.under_way[process]
        after = memory._replace(under_way=_put(memory.under_way, process, None))
        thing = self.objects[number]
        if operation[0] == "read":
            may = _distinct([memory.values[number], *thing.domain]) if operation[2] == ANYTHING else operation[2]
            return [Move(after, True, value, value, len(may) > 1) for value in may]
        _, _, new, overlapped = operation
        left = [new] if not overlapped else _distinct([new, *overlapped, *(thing.domain if thing.kind == SAFE else ())])
        return [
            Move(after._replace(values=_put(after.values, number, value)), True, None, value, len(left) > 1)
            for value in left
        ]


def _put(items: tuple[Any, ...], index: int, item: Any) -> tuple[Any, ...]:
    return (*items[:index], item, *items[index + 1 :])


def _distinct(values: Any) -> tuple[Any, ...]:
    """Each value once, in order; 1 is not True."""
    return tuple({typed(value): value for value in values}.values())


def typed(value: Any) -> Any:
    """A key that is equal only for equal values of equal types: to Python, 1 == True."""
    if isinstance(value, tuple):
        return tuple(typed(item) for item in value)
    return (type(value).__name__, value)
