"""The views of processes: which operations each must put into an order, and what the order must keep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from labkit.check.models import Register, start_of
from labkit.check.operation import UNKNOWN, Op
from labkit.check.ordering import explain, saturate

OVERWRITE = frozenset({"write", "put", "delete"})
PUT = frozenset({"add", "enqueue"})  # beside a register's: what makes its value be seen
PATIENCE = 3.0  # seconds for making a core small


class Views:
    """The operations of a history, and what is known of who saw what.

    `sources[op]` are the updates whose values an operation shows, none if it shows the initial state; `unclear` are the
    operations of which that is not known.
    """

    def __init__(self, operations: list[Op], model: Any):
        self.operations, self.model = operations, model
        reads = getattr(model, "reads", ())
        never = getattr(model, "never_changes", lambda op: op.f in reads)
        self.is_read = {op: op.f in reads or (op.type == "ok" and never(op)) for op in operations}
        self.processes = list(dict.fromkeys(op.process for op in operations))
        self.sources: dict[Op, list[Op]] = {}
        self.unclear: dict[Op, None] = {}
        start = start_of(model)
        initial = start[0] if isinstance(start, tuple) and len(start) == 1 else None
        written: dict[tuple[Any, Any], list[Op]] = {}
        for op in operations:
            if not self.is_read[op] and (op.f in PUT or isinstance(model, Register)):
                written.setdefault((op.key, _put(op)), []).append(op)
        for op in operations:
            if op.completed is not None and _hides(op, self.is_read[op]):
                self.unclear[op] = None
            for value in _shown(op):
                writers = [w for w in written.get((op.key, value), []) if w is not op]
                if len(writers) == 1 and value != initial:
                    self.sources.setdefault(op, []).append(writers[0])
                elif writers or value != initial:
                    self.unclear[op] = None

    def of(self, consistency: str) -> Iterator[tuple[Any, list[Op]]]:
        """The views that a model asks about: (process, its operations), of which None is everybody."""
        if consistency == "sequential":
            yield None, [op for op in self.operations if op.completed is not None or not self.is_read[op]]
            return
        for process in self.processes:
            mine = [op for op in self.operations if op.process == process and op.completed is not None]
            own = set(mine)
            others = [op for op in self.operations if not self.is_read[op] and op not in own]
            if consistency == "read-your-writes":
                for read in mine:
                    if self.is_read[read]:
                        before = [op for op in mine if op.invoked < read.invoked and not self.is_read[op]]
                        later = [op for op in mine if op not in before and not self.is_read[op]]
                        some = [op for op in self._origins([*before, read], others + later) if op not in before]
                        yield process, [op for op in [*before, *some, read] if op.key == read.key]
            else:
                yield process, sorted([*mine, *others], key=lambda op: op.invoked)

    def _origins(self, ops: list[Op], others: list[Op]) -> list[Op]:
        """The updates whose values these operations show, and those whose values they needed; or all the others."""
        found: dict[Op, None] = {}
        pending = [op for op in ops if op.key == ops[-1].key]
        if not isinstance(self.model, Register) or any(op in self.unclear or op.f == "append" for op in pending):
            return others
        while pending:
            for source in self.sources.get(pending.pop(), ()):
                if source not in found:
                    found[source] = None
                    pending.append(source)
        needs = [
            op for op in found if op in self.unclear or op.f == "append" or (op.f == "cas" and op.completed is None)
        ]
        return others if needs else list(found)

    def explained(self, view: list[Op], consistency: str, process: Any, deadline: float) -> bool | None:
        """Whether the operations of a view have an order; None if it could not be found out in time."""
        ops = sorted(view, key=lambda op: (op.completed is None, op.completed or op.invoked))
        number = {op: n for n, op in enumerate(ops)}
        before = [0] * len(ops)
        for first, second in self._edges(ops, consistency, process):
            before[number[second]] |= 1 << number[first]
        seen = self._seen(number)
        implied = saturate(before, seen)
        if implied is None:
            return False
        if process is not None and len(seen) + sum(op.f in OVERWRITE for op in ops) == len(ops):
            return True  # reads in a row: before each place what must precede it, its own write the last of its key
        model = self.model
        argument = getattr(model, "argument", lambda op: op.value)
        partition = getattr(model, "partition", lambda op: op.key)
        objects = {key: n for n, key in enumerate(dict.fromkeys(partition(op) for op in ops))}
        now = view[-1].invoked if consistency == "read-your-writes" else float("inf")
        hidden = [process is not None and (op.process != process or op.invoked > now) for op in ops]
        steps = [
            (objects[partition(op)], op.f, argument(op), UNKNOWN if hide else op.result)
            for op, hide in zip(ops, hidden, strict=True)
        ]

        def step(state: tuple[Any, ...], n: int) -> tuple[Any, ...] | None:
            which, f, value, result = steps[n]
            new = model.step(state[which], f, value, result)
            if new is None or new == state[which]:
                return None if new is None else state
            return (*state[:which], new, *state[which + 1 :])

        return explain(
            len(ops), implied, step, (start_of(model),) * len(objects), deadline=deadline,
            reads=[self.is_read[op] for op in ops],
            optional=[hide or op.completed is None for hide, op in zip(hidden, ops, strict=True)],
        ).found  # fmt: skip

    def _seen(self, number: dict[Op, int]) -> list[tuple[int, int | None, int]]:
        """The reads of registers in a view: (the read, the write that it shows or None, the bits of all the writes)."""
        masks: dict[Any, int] = {}
        other: set[Any] = set()
        for op, n in number.items():
            if not self.is_read[op]:
                masks[op.key] = masks.get(op.key, 0) | 1 << n
                if op.f not in OVERWRITE:
                    other.add(op.key)
        if not isinstance(self.model, Register):
            return []
        seen: list[tuple[int, int | None, int]] = []
        for op, n in number.items():
            sources = self.sources.get(op, [])
            known = self.is_read[op] and op.completed is not None and op not in self.unclear and len(sources) < 2
            if known and op.key not in other and all(source in number for source in sources):
                seen.append((n, number[sources[0]] if sources else None, masks.get(op.key, 0)))
        return seen

    def _edges(self, ops: list[Op], consistency: str, process: Any) -> list[tuple[Op, Op]]:
        """What must come before what. An operation without a known outcome comes after what its process did before,
        but before nothing that it did then."""
        edges: list[tuple[Op, Op]] = []
        for one in dict.fromkeys(op.process for op in ops):
            mine = sorted((op for op in ops if op.process == one), key=lambda op: op.invoked)
            done = [op for op in mine if op.completed is not None]
            writes = [op for op in done if not self.is_read[op]]
            reads = [op for op in done if self.is_read[op]]
            if consistency in ("sequential", "causal", "pram"):
                edges += _chain(done, mine)
            elif consistency == "read-your-writes":
                edges += _chain(writes, mine) if one == process else []
                edges += [(write, read) for read in reads for write in writes if write.invoked < read.invoked]
            else:
                edges += _chain(reads, reads)
                if consistency == "monotonic-writes":
                    edges += _chain(writes, [op for op in mine if not self.is_read[op]])
                elif consistency == "monotonic-reads":
                    for key in dict.fromkeys(op.key for op in mine):
                        updates = [op for op in mine if not self.is_read[op] and op.key == key]
                        edges += _chain([op for op in writes if op.key == key], updates)
        if consistency in ("causal", "writes-follow-reads"):
            edges += self._causes(set(ops), consistency)
        return edges

    def _causes(self, ops: set[Op], consistency: str) -> list[tuple[Op, Op]]:
        """Updates before what was done by those who saw them, also where the one who saw is not in the view."""
        edges: list[tuple[Op, Op]] = []
        for process in self.processes:
            seen: dict[Op, None] = {}  # those that are not implied by an operation before
            for op in (op for op in self.operations if op.process == process):
                own = consistency == "causal"
                if op in ops and (own or not self.is_read[op]):
                    edges += [(source, op) for source in seen if source in ops]
                if op.completed is not None:
                    sources = self.sources.get(op, ())
                    if own and op in ops:
                        edges += [(source, op) for source in sources if source in ops]
                        seen.clear()
                    else:
                        seen |= dict.fromkeys(sources)
        return edges

    def core(self, view: list[Op], consistency: str, process: Any, deadline: float) -> list[Op]:
        """As few operations as still have no order, where the process has none."""
        deadline = min(deadline, time.monotonic() + PATIENCE)
        core = view if consistency == "read-your-writes" else self.operations
        size = max(len(core) // 2, 1)
        while True:
            start, whole = 0, len(core)
            while start < len(core):
                gone = self._with_readers(core[start : start + size], core)
                rest = [op for op in core if op not in gone]
                in_time = time.monotonic() < deadline
                if in_time and rest and Views(rest, self.model).refuted(consistency, process, deadline):
                    core = rest
                else:
                    start += size
            if size == 1 and len(core) == whole:
                return sorted(core, key=lambda op: op.invoked)
            size = max(size // 2, 1)

    def refuted(self, consistency: str, process: Any, deadline: float) -> bool:
        """Whether the process is proved to have no order."""
        views = (view for whose, view in self.of(consistency) if whose == process)
        return any(self.explained(view, consistency, process, deadline) is False for view in views)

    def _with_readers(self, dropped: list[Op], core: list[Op]) -> set[Op]:
        """What is dropped, and what shows a value of it, or may do so."""
        gone = set(dropped)
        register = isinstance(self.model, Register)
        while True:
            keys = {op.key for op in gone if not self.is_read[op]}
            more = {
                op
                for op in core
                if op not in gone
                and (
                    any(source in gone for source in self.sources.get(op, ()))
                    or (op.key in keys and (op in self.unclear or not register))
                )
            }
            if not more:
                return gone
            gone |= more


def _chain(first: list[Op], then: list[Op]) -> list[tuple[Op, Op]]:
    """Each of `then` after the last of `first` that was invoked before it."""
    edges = []
    for op in then:
        before = [other for other in first if other.invoked < op.invoked]
        if before:
            edges.append((before[-1], op))
    return edges


def _put(op: Op) -> Any:
    """The value that an update puts into its object."""
    return op.value[1] if op.f == "cas" and isinstance(op.value, tuple) else op.value


def _hides(op: Op, is_read: bool) -> bool:
    """Whether an operation has seen something of its object's state, but does not show which updates that were."""
    if op.f == "cas" or op.f == "dequeue":
        return op.result is False or op.result is None
    return op.f in ("acquire", "release") or (is_read and op.f not in ("read", "get", "peek"))


def _shown(op: Op) -> tuple[Any, ...]:
    """The values that an operation shows: of a list or a set each element."""
    if op.completed is None or op.f not in ("read", "get", "dequeue", "peek", "cas"):
        return ()
    if op.f == "cas":
        return () if op.result is False else (op.value[0],)
    return op.result if isinstance(op.result, tuple) else (op.result,)
