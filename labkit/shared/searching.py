"""`search(MyLock, 2)`: all that two processes can do to one another, seen; what must hold, judged."""

from __future__ import annotations

import builtins
import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.errors import LabkitError
from labkit.shared import progress
from labkit.shared.graph import Action, Graph
from labkit.shared.process import Process
from labkit.shared.properties import NO_DEADLOCK, Property
from labkit.shared.run import Run, item, play
from labkit.shared.space import Space, typed
from labkit.shared.table import Ask, Table, here

LIMIT = 300_000  # states
ROAMED = 400  # steps of one walk at random
NO_ERRORS = "No errors"


@dataclass
class Finding:
    """A property that is broken, and the shortest schedule that shows it. For progress, `loop` says how many of the
    last steps go round for ever."""

    property: str
    message: str
    program: type[Process]
    n: int
    schedule: list[Any]
    loop: int
    inputs: tuple[Any, ...]
    options: dict[str, Any]
    properties: tuple[Property, ...] = field(repr=False, default=())
    ask: Ask | None = field(repr=False, default=None)

    @builtins.property
    def run(self) -> Run:
        """The schedule, carried out."""
        run = play(
            self.program,
            self.n,
            self.schedule,
            inputs=self.inputs,
            properties=self.properties,
            ask=self.ask,
            **self.options,
        )
        run.loop = len(self.schedule) - self.loop if self.loop else None
        if run.violation is None:
            run.violation = (self.property, self.message, len(self.schedule))
        return run

    def as_test(self) -> str:
        """The finding as a test that fails until the program is mended."""
        from labkit.shared.show import as_test

        return as_test(self)

    def text(self) -> str:
        return self.run.text()

    def __repr__(self) -> str:
        return f"{self.property}: {self.message}\n{self.text()}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.shared.show import finding_html

        return {"text/plain": repr(self), "text/html": finding_html(self)}


@dataclass
class Searched:
    """What came of a search. `holds` says for each property whether it holds in all that was seen: True, False, or None
    if the search did not get that far. `complete`: all states there are were seen."""

    program: type[Process]
    n: int
    options: dict[str, Any]
    graph: Graph = field(repr=False)
    holds: dict[str, bool | None]
    findings: dict[str, Finding]
    complete: bool
    stopped: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def states(self) -> int:
        """How many different states were seen."""
        return len(self.graph.states)

    @property
    def steps(self) -> int:
        """How many steps from one to another."""
        return sum(len(edges) for edges in self.graph.edges) // 2

    @property
    def finding(self) -> Finding | None:
        """The first finding, if there is one."""
        return next(iter(self.findings.values()), None)

    @property
    def schedules(self) -> int:
        """How many different schedules there are, from the beginning to the end. Raises LabkitError if there is no end
        of them."""
        return self.graph.schedules()

    def outcomes(self, what: str | None = None) -> list[Any]:
        """What can be there in the end: the values of one object, by its name, or (without) the results of the
        processes, as tuples."""
        found: dict[Any, Any] = {}
        for number in self.graph.finals():
            moment = self.graph.moment(number)
            if what is not None and what not in moment.memory:
                raise LabkitError(f"there is no object {what!r}; there are: {', '.join(moment.memory)}")
            value = moment.memory[what] if what else tuple(local.result for local in moment.locals)
            found[typed(value)] = value
        return sorted(found.values(), key=lambda value: (str(type(value)), value) if what else repr(value))

    def schedule_to(self, wanted: Callable[[Any], Any]) -> Run:
        """The shortest schedule to a state like this: `wanted(moment)`. Raises LabkitError if there is none."""
        for number in range(len(self.graph.states)):
            if wanted(self.graph.moment(number)):
                schedule = [item(action) for action in self.graph.path(number)]
                return play(self.program, self.n, schedule, inputs=self.graph.given(number), **self.options)
        raise LabkitError("no state that was seen is like this")

    def __bool__(self) -> bool:
        return all(self.holds.values())

    def text(self) -> str:
        from labkit.shared.show import searched_text

        return searched_text(self)

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.shared.show import searched_html

        return {"text/plain": self.text(), "text/html": searched_html(self)}


def search(
    program: type[Process],
    n: int = 2,
    *,
    inputs: Sequence[Any] | None = None,
    rounds: Any = ...,
    crashes: int = 0,
    buffered: bool = False,
    properties: Iterable[Property] | None = None,
    limit: int = LIMIT,
    roams: int = 0,
    ask: Ask | None = None,
) -> Searched:
    """Search all that `n` processes of this program can do: every interleaving of their steps.

    inputs: what each is given to begin with (default: all assignments of the program's `inputs`).
    rounds: how often each does its work (None: for ever; default: as the program says).
    crashes: how many processes may stop for ever, at any moment.
    buffered: writes reach the memory some time later (total store order).
    properties: what must hold, instead of what the program says.
    limit: states, at most. roams: if there are more, so many walks at random go on beyond them.
    ask: who answers for the program, if not this Python.

    Raises LabkitError if the program is none, or is not a function of what its steps returned.
    """
    check_program(program, n)
    rounds = rounds_of(program, rounds)
    asked = properties_of(program, properties)
    table = Table(program.__name__, ask or here(program, n, rounds))
    graph = Graph(Space(program, n, buffered=buffered), table, inputs_of(program, n, inputs), asked, crashes)
    graph.search(limit)
    if graph.stopped:
        for number in range(roams):
            if graph.broken is None:
                graph.roam(random.Random(f"roam/{number}"), ROAMED)
    table.audit(list(walks(graph)))
    options = {"rounds": rounds, "buffered": buffered}
    return _judged(program, n, options, asked, graph, ask)


def _judged(
    program: type[Process],
    n: int,
    options: dict[str, Any],
    asked: tuple[Property, ...],
    graph: Graph,
    ask: Ask | None,
) -> Searched:
    holds: dict[str, bool | None] = {}
    findings: dict[str, Finding] = {}

    def found(name: str, message: str, state: int, way: list[Action], loop: int = 0) -> None:
        schedule = [item(action) for action in way]
        findings[name] = Finding(name, message, program, n, schedule, loop, graph.given(state), options, asked, ask)

    broken = graph.broken
    if broken is not None:
        found(broken.property, broken.message, broken.state, graph.path(broken.state))
    for one in asked:
        if not one.progress:
            holds[one.name] = False if broken and broken.property == one.name else True if graph.complete else None
            continue
        holds[one.name] = None
        if graph.complete:
            circle = progress.KINDS[one.progress](graph)
            holds[one.name] = circle is None
            implied = one.progress == "starvation" and holds.get(NO_DEADLOCK.name) is False  # all wait: shown already
            if circle is not None and not implied:
                way = [*circle.stem, *circle.loop]
                found(one.name, progress.say(one.progress, circle), circle.state, way, len(circle.loop))
    if broken is not None and broken.property == NO_ERRORS:
        holds[NO_ERRORS] = False
    remarks = []
    if graph.table.unplain:
        remarks.append(
            f"States were told apart by their whole history, because {graph.table.unplain}, which cannot be compared: "
            "keep numbers, strings, booleans, lists and the like in variables"
        )
    return Searched(program, n, options, graph, holds, findings, graph.complete, graph.stopped, remarks)


def walks(graph: Graph, number: int = 12, longest: int = 80) -> Iterable[tuple[int, Any, tuple[Any, ...], int]]:
    """Some runs through the graph at random: what each process went through, and where that leads."""
    draw = random.Random("walks")
    for turn in range(number):
        state = turn % graph.roots
        results: list[tuple[Any, ...]] = [() for _ in range(graph.n)]
        locals_ = list(graph.states[state][2:])
        owners = [graph.table.owner[local] for local in locals_]
        for _ in range(longest):
            after = list(graph.after(state))
            if not after:
                break
            action, target = draw.choice(after)
            me = action.process
            if action.kind == "step":
                for result in _result(graph, state, action, target):
                    results[me] = (*results[me], result)
                    locals_[me] = graph.states[target][2 + me]
            state = target
        for (me, input), lived, local in zip(owners, results, locals_, strict=True):
            yield me, input, lived, local


def _result(graph: Graph, state: int, action: Action, target: int) -> list[Any]:
    """What the step on this edge returned; nothing, if it only began."""
    me = action.process
    step = graph.step_of(state, me)
    assert step is not None
    for move in graph.space.moves(graph.memories[graph.states[state][0]], me, step):
        if (move.chosen, typed(move.choice)) == (action.chosen, typed(action.choice)):
            return [move.result] if move.done else []
    return []


def check_program(program: Any, n: Any) -> None:
    """Raises LabkitError if this is no program, or no number of processes."""
    if not (isinstance(program, type) and issubclass(program, Process)):
        raise LabkitError(f"{program!r} is no program: give a class of processes, such as one that derives from Lock")
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= 10:
        raise LabkitError(f"{n!r} processes: give a number from 1 to 10")


def rounds_of(program: type[Process], rounds: Any) -> int | None:
    """How often each process does its work."""
    if rounds is ...:
        return program.rounds
    if rounds is not None and (not isinstance(rounds, int) or rounds < 1):
        raise LabkitError(f"rounds={rounds!r}: how often each process does its work, one or more, or None for ever")
    return rounds


def properties_of(program: type[Process], properties: Iterable[Property] | None) -> tuple[Property, ...]:
    """What must hold: as given, or as the program says."""
    asked = tuple(program.properties if properties is None else properties)
    for one in asked:
        if not isinstance(one, Property):
            raise LabkitError(
                f"{one!r} is no property: use those of labkit.shared, or make one with always(name, check)"
            )
    return asked


def inputs_of(program: type[Process], n: int, inputs: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """All assignments of inputs to processes."""
    if inputs is None:
        return list(itertools.product(program.inputs, repeat=n))
    if len(inputs) != n:
        raise LabkitError(f"inputs={inputs!r}: one for each of the {n} processes")
    return [tuple(inputs)]
