"""What must hold of programs that share a memory.

Safety is asked of every state that can be reached (`always`), or of what the processes announced on the way there
(`observed`). Progress is asked of what can go on for ever, see `labkit.shared.progress`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from labkit.shared.process import CRITICAL, DONE, Local
from labkit.shared.space import typed


class Moment:
    """One state of a search: the values in the memory, by name, and where each process is."""

    __slots__ = ("_shown", "inputs", "locals")

    def __init__(self, shown: Callable[[], dict[str, Any]], locals: tuple[Local, ...], inputs: tuple[Any, ...]):
        self._shown, self.locals, self.inputs = shown, locals, inputs

    @property
    def memory(self) -> dict[str, Any]:
        """The value of each object, by its name, such as "flag[0]"."""
        return self._shown()

    @property
    def phases(self) -> list[str]:
        """The phase of each process."""
        return [local.phase for local in self.locals]

    @property
    def results(self) -> dict[int, Any]:
        """What each process that is done has returned, by its number."""
        return {me: local.result for me, local in enumerate(self.locals) if local.phase == DONE}

    @property
    def done(self) -> bool:
        """Whether all processes are done."""
        return len(self.results) == len(self.locals)


@dataclass(frozen=True)
class Property:
    """Something that must hold. One of: `check`, which gets a `Moment` and says what is wrong in it (or None);
    `progress`, the name of a kind of progress; or `see`, which is told what processes announce."""

    name: str
    check: Callable[[Moment], str | None] | None = None
    progress: str = ""
    begin: Any = None
    see: Callable[[Any, int, Any], tuple[Any, str | None]] | None = None


def always(name: str, check: Callable[[Moment], str | None]) -> Property:
    """In every state: `check(moment)` returns None, or says what is wrong."""
    return Property(name, check=check)


def observed(name: str, begin: Any, see: Callable[[Any, int, Any], tuple[Any, str | None]]) -> Property:
    """An observer: it begins with a value, and `see(value, process, mark)` is called for all that a process announces
    with `self.mark`. It returns its next value, and None or what is wrong."""
    return Property(name, begin=begin, see=see)


def _one_at_a_time(moment: Moment) -> str | None:
    inside = [f"p{me}" for me, phase in enumerate(moment.phases) if phase == CRITICAL]
    return f"{' and '.join(inside)} are in the critical section together" if len(inside) > 1 else None


def _agree(moment: Moment) -> str | None:
    results = moment.results
    if len({typed(value) for value in results.values()}) < 2:
        return None
    return "they disagree: " + ", ".join(f"p{me} decides {value!r}" for me, value in results.items())


def _valid(moment: Moment) -> str | None:
    proposed = {typed(value) for value in moment.inputs}
    for me, value in moment.results.items():
        if typed(value) not in proposed:
            given = " and ".join(sorted({repr(value) for value in moment.inputs}))
            return f"p{me} decides {value!r}, which nobody proposed (only {given})"
    return None


MUTUAL_EXCLUSION = always("Mutual exclusion", _one_at_a_time)  # Dijkstra 1965
NO_DEADLOCK = Property("Deadlock freedom", progress="deadlock")
NO_STARVATION = Property("Starvation freedom", progress="starvation")
AGREEMENT = always("Agreement", _agree)
VALIDITY = always("Validity", _valid)
WAIT_FREEDOM = Property("Wait-freedom", progress="wait-free")  # Herlihy 1991: bounded by the own steps, not the others'


# --- registers that are built from others: processes announce ("begin", "write", 1), ("end", "read", 0), ...


def _regular(state: Any, process: int, mark: Any) -> tuple[Any, str | None]:
    """One writer. `state`: the last value written, the value being written, and what each open read may return."""
    last, writing, reads = state
    reads = dict(reads)
    match mark:
        case ("begin", "write", value):
            reads = {me: (*may, value) for me, may in reads.items()}
            return (last, (value,), _items(reads)), None
        case ("end", "write", *_):
            return (writing[0], (), _items(reads)), None
        case ("begin", "read"):
            reads[process] = (last, *writing)
            return (last, writing, _items(reads)), None
        case ("end", "read", value):
            may = reads.pop(process)
            if typed(value) in map(typed, may):
                return (last, writing, _items(reads)), None
            expected = " or ".join(dict.fromkeys(map(repr, may)))
            return state, f"p{process} reads {value!r}: a regular register returns {expected} here"
    return state, None


def _atomic(state: Any, process: int, mark: Any) -> tuple[Any, str | None]:
    """One writer, whose values are all different. `state`: all values so far, whether the last is still being written,
    the newest that a finished read returned, and for each open read the oldest that it may return."""
    values, open_, newest, reads = state
    reads = dict(reads)
    match mark:
        case ("begin", "write", value):
            return ((*values, value), True, newest, _items(reads)), None
        case ("end", "write", *_):
            return (values, False, newest, _items(reads)), None
        case ("begin", "read"):
            reads[process] = max(newest, len(values) - 1 - open_)
            return (values, open_, newest, _items(reads)), None
        case ("end", "read", value):
            oldest = reads.pop(process)
            found = [number for number, known in enumerate(values) if typed(known) == typed(value)]
            if not found:
                return state, f"p{process} reads {value!r}, which was never written"
            if found[-1] >= oldest:
                return (values, open_, max(newest, found[-1]), _items(reads)), None
            why = (
                f"{values[newest]!r} had already been read: new, then old"
                if newest > found[-1]
                else f"{values[oldest]!r} had already been written"
            )
            return state, f"p{process} reads {value!r}, though {why}"
    return state, None


def _items(reads: dict[int, Any]) -> tuple[Any, ...]:
    return tuple(sorted(reads.items()))


def regular(initial: Any) -> Property:
    """A register with one writer is regular: a read returns the last value written before it, or one that is written
    while it goes on (Lamport 1986)."""
    return observed("Regular", (initial, (), ()), _regular)


def atomic(initial: Any) -> Property:
    """A register with one writer is atomic: regular, and no read returns an older value than one that ended before it
    began (Lamport 1986, proposition 5). The values written must all be different."""
    return observed("Atomic", ((initial,), False, 0, ()), _atomic)
