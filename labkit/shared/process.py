"""Processes that share a memory. A process is a node: the same class runs in a cluster, seen, and in a search.

A program awaits operations on the objects that it declares, and nothing else. So it is a function of what these
returned: give it the same results and it does the same again. That is all that a search needs to know of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from labkit.engine.tracebacks import student_frames
from labkit.errors import LabkitError
from labkit.message import Message
from labkit.node import Node, on
from labkit.shared.frames import NotPlain, frozen
from labkit.shared.objects import Array, Doing, Shared, Step, check_plain
from labkit.shared.space import typed

MEMORY = "memory"  # the id of the node that holds the objects
REMAINDER, TRYING, CRITICAL, EXITING = "remainder", "trying", "critical", "exiting"
RUNNING, DONE, FAILED, CRASHED = "running", "done", "failed", "crashed"
REPLAYED = 10_000  # steps of a process, at most


class Access(Message):
    """A process asks the memory for a step: `flag[0].write(True)`."""

    step: str
    op: str
    name: str
    index: Any
    args: Any


class Read(Access):
    """The step is a read."""


class Write(Access):
    """The step is a write."""


class Result(Message):
    """The step is done: what it returned."""

    value: Any


class Value(Result):
    """What was read, or returned by another operation."""


class Done(Result):
    """The step is done, and returned nothing."""


ACCESSES: dict[str, type[Access]] = {"read": Read, "write": Write}


class Probe(Message):
    """Asks a program what it does as process `me` of `n`, if its steps so far returned these `results`, for each of
    some lists of results."""

    me: int
    n: int
    input: Any
    rounds: int | None
    results: Any


class Probed(Message):
    """The answer: for each list, what it comes to (see `Local`)."""

    locals: Any


class Describe(Message):
    """Asks a program which objects it declares."""


class Described(Message):
    """The answer: for each object its name, kind, initial value, domain, modulo, and the size of the array that it
    stands for (None: it is no array; 0: one for each process)."""

    objects: Any


class Local(NamedTuple):
    """What there is to know of a process at a moment: its next step (None: it takes no more), its phase, what it
    returned (`result`) if it is done, the error that ended it, and a key of all that it is in the middle of. `marks` is
    what it announced since its last step. `plain` is False if the key is its whole history, because its variables
    cannot be compared (then `why` says which)."""

    step: Step | None
    phase: str
    result: Any
    error: str
    marks: tuple[Any, ...]
    key: Any
    plain: bool = True
    why: str = ""


def number_of(id: str, peers: Sequence[str]) -> tuple[int, int]:
    """Which process a node is, from 0, and how many there are."""
    all_ = sorted((other for other in (id, *peers) if other != MEMORY), key=lambda other: (len(other), other))
    return all_.index(id), len(all_)


class Process(Node):
    """A process. Subclass it, declare the objects as attributes of the class, and write `run`::

        class Count(Process):
            x = Register(0)

            async def run(self):
                value = await self.x.read()
                await self.x.write(value + 1)

    `self.me` is its number, from 0; `self.n` how many processes there are; `self.input` what it was given to begin
    with; `self.rounds` how often it is to do its work (None: for ever). What `run` returns is its result.
    """

    drawn: ClassVar[dict[str, str]] = {"label": "next", "role": "phase"}
    begins: ClassVar[str] = RUNNING  # the phase that it is in at first
    inputs: ClassVar[tuple[Any, ...]] = (None,)  # what processes may be given to begin with
    properties: ClassVar[tuple[Any, ...]] = ()  # what must hold (`labkit.shared.properties`)
    rounds: int | None = 1
    _labkit_who: tuple[int, int, Any]
    _labkit_marks: list[Any]

    @property
    def me(self) -> int:
        """This process's number, from 0."""
        return self._labkit_who[0]

    @property
    def n(self) -> int:
        """How many processes there are."""
        return self._labkit_who[1]

    @property
    def input(self) -> Any:
        """What this process was given to begin with."""
        return self._labkit_who[2]

    async def run(self) -> Any:
        """What the process does. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no run()")

    def step(self) -> Doing:
        """A step of its own, which touches nothing that is shared: others may go on meanwhile."""
        return Doing(Step("step"))

    def fence(self) -> Doing:
        """Wait until all that this process wrote has reached the memory. (Where writes are not buffered, no wait.)"""
        return Doing(Step("fence"))

    def mark(self, what: Any) -> None:
        """Announce something, a text or a tuple: a text stands in the schedule, and observers are told of both."""
        self._labkit_marks.append(check_plain(what, "mark()"))

    # --- seen: as a node of a cluster, beside the memory

    def start(self) -> None:
        if MEMORY not in self.peers:
            return  # nobody runs it: it is here to be asked
        (me, n), inputs = number_of(self.id, self.peers), type(self).inputs
        self._labkit_who = (me, n, inputs[me % len(inputs)])
        self._labkit_life = Life(self)
        self._seen(self._labkit_life.begin())

    @on(Result)
    def resulted(self, msg: Result, sender: str) -> None:
        self._seen(self._labkit_life.go_on(tupled(msg.value)))

    def _seen(self, local: Local) -> None:
        """Show where the process is, and ask the memory for its next step."""
        self.phase, self.next = local.phase, str(local.step or "")
        for text in local.marks:
            self.note(str(text))
        if local.phase == FAILED:
            raise self._labkit_life.error or LabkitError(local.error)
        if local.step is None:
            self.result = local.result
            self.note(f"returns {local.result!r}" if local.result is not None else "is done")
            return
        name, index = local.step.place or ("", None)
        asks = ACCESSES.get(local.step.op, Access)
        self.send(MEMORY, asks(str(local.step), local.step.op, name, listed(index), listed(local.step.args)))

    # --- asked

    @on(Probe)
    def probed(self, msg: Probe, sender: str) -> Probed:
        """What the program does after these results. Nothing of this node's own run is touched."""
        found = []
        for results in tupled(msg.results):
            local = lived(type(self), msg.me, msg.n, tupled(msg.input), msg.rounds, results)
            key = digest(local.key)
            found.append((local.step, local.phase, local.result, local.error, local.marks, key, local.plain, local.why))
        return Probed(listed(found))

    @on(Describe)
    def described(self, msg: Describe, sender: str) -> Described:
        """The objects that the program declares."""
        return Described(listed(describe(type(self))))


def phase_after(phase: str, taken: Step | None, step: Step | None) -> str:
    """The phase of a process that has taken one step and is about to take the next."""
    if step is not None and step.place is None and step.op in (REMAINDER, CRITICAL):
        return step.op
    if taken is not None and taken.place is None:
        return {REMAINDER: TRYING, CRITICAL: EXITING}.get(taken.op, phase)
    return phase


class Life:
    """One run of a program, driven by hand: it stops at each step, and goes on with what the step returned."""

    def __init__(self, process: Process):
        self._process = process
        self._phase = RUNNING
        self._step: Step | None = None
        self._results: list[Any] = []
        self.error: BaseException | None = None

    def begin(self, look: bool = True) -> Local:
        """Let the program go up to its first step."""
        self._process._labkit_marks = []
        self._phase = type(self._process).begins
        self._coroutine = self._process.run()
        if not inspect.iscoroutine(self._coroutine):
            raise LabkitError(f"run() of {type(self._process).__name__} is no coroutine: write `async def run(self)`")
        return self._resume(None, look)

    def go_on(self, result: Any, look: bool = True) -> Local:
        """Its step returned this: go up to the next one. Without a look, its state is not made a key."""
        self._results.append(typed(result))
        return self._resume(result, look)

    def _resume(self, result: Any, look: bool = True) -> Local:
        process = self._process
        marks: list[Any] = []
        process._labkit_marks = marks
        try:
            doing = self._coroutine.send(result)
        except StopIteration as end:
            self._step = None
            returned = check_plain(end.value, f"what {type(process).__name__} returned")
            return Local(None, DONE, returned, "", tuple(marks), ("done", typed(process.input), typed(returned)))
        except Exception as error:
            self._step, self.error = None, error
            return Local(None, FAILED, None, _told(error), tuple(marks), ("failed", _told(error)))
        if not isinstance(doing, Doing):
            self._coroutine.close()
            self._step = None
            what = f"{type(process).__name__} awaits something else than a step of the shared memory"
            self.error = LabkitError(f"{what}: await operations such as self.turn.read(), not sleeps or calls")
            return Local(None, FAILED, None, str(self.error), tuple(marks), ("failed", what))
        before, self._step = self._step, doing.step
        step = self._step
        self._phase = phase_after(self._phase, before, step)
        if not look:
            return Local(step, self._phase, None, "", tuple(marks), None)
        try:
            key: Any = (self._phase, frozen(self._coroutine, process))
            return Local(step, self._phase, None, "", tuple(marks), key)
        except NotPlain as why:
            return Local(step, self._phase, None, "", tuple(marks), tuple(self._results), False, str(why))


class _Nowhere:
    """What a process in a search has instead of a cluster."""

    def __getattr__(self, name: str) -> Any:
        raise LabkitError(
            f"a process of a shared memory has no {name}: in a search there is no network, no clock and no chance; "
            "it reads and writes the objects that it declares"
        )


def alive(program: type[Process], me: int, n: int, input: Any, rounds: int | None) -> Life:
    """A new life of a program, outside of any cluster."""
    process = program.__new__(program)
    process._process = _Nowhere()  # type: ignore[assignment]
    process._labkit_who, process.rounds = (me, n, input), rounds
    process.__init__()  # type: ignore[misc]
    return Life(process)


def lived(program: type[Process], me: int, n: int, input: Any, rounds: int | None, results: Sequence[Any]) -> Local:
    """What a program does if its steps return these results, one after the other."""
    life = alive(program, me, n, input, rounds)
    local = life.begin(look=not results)
    for number, result in enumerate(results[:REPLAYED], 1):
        if local.step is None:
            break
        local = life.go_on(result, look=number == len(results))
    return local


def _told(error: BaseException) -> str:
    """An error in words, with the line of the program that raised it."""
    frames = student_frames(error)
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"{text} (line {frames[-1].lineno}, in {frames[-1].name})" if frames else text


def tupled(value: Any) -> Any:
    """A value as it was before it was sent: tuples come out of a message as lists."""
    return tuple(tupled(item) for item in value) if isinstance(value, list | tuple) else value


def listed(value: Any) -> Any:
    """A value as it can be sent: tuples become lists."""
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value


def digest(key: Any) -> str:
    """A key that can be sent."""
    from hashlib import sha256

    return sha256(repr(key).encode()).hexdigest()[:24]


def describe(program: type) -> list[tuple[Any, ...]]:
    """The objects that a program declares, as data; see `Described`."""
    found = []
    for name in dict.fromkeys(name for base in reversed(program.__mro__) for name in vars(base)):
        thing = getattr(program, name)
        of = thing.of if isinstance(thing, Array) else thing
        if isinstance(of, Shared):
            kind = next(base.__name__ for base in type(of).__mro__ if base.__module__ == Shared.__module__)
            size = (thing.size or 0) if isinstance(thing, Array) else None
            found.append((name, kind, of.initial, of.domain, getattr(of, "modulo", None), size))
    return found
