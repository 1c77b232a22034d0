"""The search for a linearization: Wing and Gong's algorithm (1993) with Lowe's memoisation (2017, "Testing for
linearizability", section 4), made lazy: an operation takes effect just before some operation returns.

The search walks over the returns of the operations, in the order of the history. At each, the operation that returns
must have taken effect; if it has not, some open operation takes effect now, and each is tried. What has been decided
is one integer: the operations which are open and have taken effect (a bit each; a process that has its answer gives
its bit to the next operation, so that there are as many bits as there is concurrency), the return, and the number of
the object's state. No such integer is looked at twice.

These rules spare most of the work, and lose no linearization:

- A read (an operation that can change no state) whose answer fits the state takes effect at once.
- Open operations are tried by earliest return.
- Of open operations that ask the same and were answered the same, the one that returns first goes first.
- An operation whose outcome is unknown never takes effect where it would change nothing.
- What later answers say of the order is heeded (`labkit.check.foresight`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from labkit.check.models import start_of
from labkit.check.operation import Op

SLICE = 20_000  # steps between two pauses
FEW = 64  # choices that are put into a better order before any is tried
Path = Any  # a linked list: (number of an operation, the path before it), or None


@dataclass
class Plan:
    """The operations of one object, prepared for the search.

    `returns[j]` is the number of the operation that returns as the j-th; `reads[j]` the reads invoked between the
    return before and that one; `open[j]` what is open then and may change the state, by earliest return, and
    `open_reads[j]` the reads that are. `unknown` are the operations without a known outcome and `unknown_at[j]` how
    many of them had been invoked by then. `first[n]` and `last[n]`: when somebody first knows that the n-th has taken
    effect, and when what it put there is last asked for; empty where the model does not tell (`Register.puts`).
    `unheard` is the first operation to return that saw what nobody can have put there. `ahead[j]`: the next reads, each
    with its bit if it is open, its answer, and the bits of what may overwrite the value before it.
    """

    operations: list[Op]
    steps: list[tuple[str, Any, Any]]
    bits: list[int]
    width: int
    returns: list[int] = field(default_factory=list)
    reads: list[tuple[int, ...]] = field(default_factory=list)
    open: list[tuple[int, ...]] = field(default_factory=list)
    open_reads: list[tuple[int, ...]] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    unknown_at: list[int] = field(default_factory=list)
    twins: dict[int, int] = field(default_factory=dict)
    is_read: set[int] = field(default_factory=set)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    unheard: int | None = None
    ahead: list[tuple[tuple[int, Any, int], ...]] = field(default_factory=list)

    def without_foresight(self) -> Plan:
        """The same, but nothing is known of later answers."""
        return replace(self, first=[], last=[], ahead=[])


def prepare(operations: list[Op], model: Any) -> Plan:
    """Order the events of one object's operations, and give each operation its bit."""
    never = getattr(model, "never_changes", None)
    by_name = frozenset(getattr(model, "reads", ()))
    argument = getattr(model, "argument", lambda op: op.value)
    reading = [op.type == "ok" and (never(op) if never else op.f in by_name) for op in operations]
    returning = {number: op.completed for number, op in enumerate(operations) if op.completed is not None}
    unknown = [n for n, op in enumerate(operations) if op.completed is None and op.f not in by_name]
    plan = Plan(operations, [(op.f, argument(op), op.result) for op in operations], [0] * len(operations), 0)
    events = sorted([(operations[n].invoked, 0, n) for n in returning] + [(returning[n], 1, n) for n in returning])
    plan.is_read = {n for n in returning if reading[n]}
    free: list[int] = []
    open_now: dict[int, None] = {}
    reads_now: dict[int, None] = {}
    fresh: list[int] = []
    starts = [operations[n].invoked for n in unknown]
    for place, is_return, number in events:
        if not is_return:
            if not free:
                free.append(plan.width)
                plan.width += 1
            plan.bits[number] = 1 << free.pop()
            (reads_now if reading[number] else open_now)[number] = None
            if reading[number]:
                fresh.append(number)
            continue
        plan.returns.append(number)
        plan.reads.append(tuple(fresh))
        plan.open.append(tuple(sorted(open_now, key=returning.__getitem__)))
        plan.open_reads.append(tuple(reads_now))
        plan.unknown_at.append(bisect_left(starts, place))
        fresh.clear()
        (reads_now if reading[number] else open_now).pop(number)
        free.append(plan.bits[number].bit_length() - 1)
    last: dict[tuple[Any, ...], int] = {}
    for number in unknown:
        plan.unknown.append(number)
        plan.bits[number] = 1 << plan.width
        plan.width += 1
        same = (operations[number].f, plan.steps[number][1])
        if same in last:
            plan.twins[number] = plan.bits[last[same]]
        last[same] = number
    return plan


@dataclass
class Found:
    """How far a search has come: the path of a linearization; or the return that none gets past, and the states there.

    `ended` says why the search stopped: "found", "exhausted", or "memory" (it remembered `limit` decisions).
    """

    ended: str = ""
    path: Path = None
    furthest: int = -1
    states: list[tuple[Any, int]] = field(default_factory=list)
    decisions: int = 0
    memory: int = 0  # bytes that are remembered, about


def search(plan: Plan, model: Any, found: Found, stop: int | None = None) -> Iterator[None]:
    """Look for a linearization; pauses every SLICE steps, and tells the outcome in `found`. stop: a return that nothing
    gets past, as is known already."""
    step: Callable[..., Any] = model.step
    leads_to: Callable[..., bool] = getattr(model, "leads_to", lambda state, result: True)
    steps, bits, returns, new_reads = plan.steps, plan.bits, plan.returns, plan.reads
    end, width = len(returns), plan.width
    states: dict[Any, int] = {}
    seen: set[int] = set()
    state = start_of(model)
    stack: list[Iterator[tuple[int, int, Any, Path]]] = [iter([(0, 0, state, None)])]
    budget, measured = SLICE, 0
    while stack:
        if budget <= 0:
            budget = SLICE
            found.decisions = len(seen)
            found.memory += (len(seen) - measured) * (120 + width // 7 + _size(state))
            measured = len(seen)
            yield
        budget -= 1
        choice = next(stack[-1], None)
        if choice is None:
            stack.pop()
            continue
        j, mask, state, path = choice
        while True:
            if j == end:
                found.ended, found.path, found.decisions = "found", path, len(seen)
                return
            for number in new_reads[j]:
                bit = bits[number]
                if not mask & bit and step(state, *steps[number]) is not None:
                    mask |= bit
                    path = (number, path)
            bit = bits[returns[j]]
            if not mask & bit:
                break
            mask ^= bit
            j += 1
        packed = ((states.setdefault(state, len(states)) * end + j) << width) | mask
        if packed in seen or (plan.ahead and _doomed(plan.ahead[j], leads_to, mask, state)):
            continue
        seen.add(packed)
        if j >= found.furthest:
            if j > found.furthest:
                found.furthest, found.path, found.states = j, path, []
            found.states.append((state, mask))
        if j == stop:
            break
        choices = _choices(plan, model, j, mask, state, path)
        many = len(plan.open[j]) + plan.unknown_at[j]
        if returns[j] in plan.is_read and many <= FEW:
            choices = iter(sorted(choices, key=lambda choice: not choice[1] & bit))
        stack.append(choices)
        budget -= many
    found.ended, found.decisions = "exhausted", len(seen)


def _doomed(ahead: tuple[tuple[int, Any, int], ...], leads_to: Callable[..., bool], mask: int, state: Any) -> bool:
    """Whether the next read cannot see what it saw, whatever is appended before it."""
    for bit, result, overwriting in ahead:
        if not mask & bit:
            return mask & overwriting == overwriting and not leads_to(state, result)
    return False


def _size(value: Any) -> int:
    """The bytes of a state, about."""
    if isinstance(value, tuple | frozenset):
        return 60 + sum(map(_size, value))
    return 50 + len(value) if isinstance(value, str) else 30


def _choices(plan: Plan, model: Any, j: int, mask: int, state: Any, path: Path) -> Iterator[tuple[int, int, Any, Path]]:
    """What may take effect before the j-th return, with the reads that its new state lets take effect at once."""
    step, steps, bits = model.step, plan.steps, plan.bits
    tried: set[tuple[Any, ...]] = set()
    unknown = plan.unknown[: plan.unknown_at[j]]
    late = _late(plan, j, mask, unknown) if plan.first else frozenset()
    for number in plan.open[j]:
        bit = bits[number]
        if mask & bit or number in late or steps[number] in tried:
            continue
        tried.add(steps[number])
        after = step(state, *steps[number])
        if after is not None:
            yield _settle(plan, step, j, mask | bit, after, (number, path))
    for number in unknown:
        bit, twin = bits[number], plan.twins.get(number, 0)
        if mask & bit or number in late or (twin and not mask & twin):
            continue
        after = step(state, *steps[number])
        if after is not None and after != state:
            yield _settle(plan, step, j, mask | bit, after, (number, path))


def _late(plan: Plan, j: int, mask: int, unknown: list[int]) -> set[int]:
    """The pending operations that some other pending operation has to precede."""
    pending = [number for number in (*plan.open[j], *unknown) if not mask & plan.bits[number]]
    if len(pending) < 2:
        return set()
    first = plan.first
    soonest = min(pending, key=first.__getitem__)
    next_one = min(first[number] for number in pending if number != soonest)
    return {n for n in pending if plan.last[n] > (next_one if n == soonest else first[soonest])}


def _settle(
    plan: Plan, step: Callable[..., Any], j: int, mask: int, state: Any, path: Path
) -> tuple[int, int, Any, Path]:
    for number in plan.open_reads[j]:
        bit = plan.bits[number]
        if not mask & bit and step(state, *plan.steps[number]) is not None:
            mask |= bit
            path = (number, path)
    return j, mask, state, path


def follow(path: Path) -> list[int]:
    """The numbers of a path's operations, first to last."""
    numbers = []
    while path is not None:
        number, path = path
        numbers.append(number)
    return numbers[::-1]
