"""One run of a program by a schedule: which process takes a step, step by step.

A schedule is a list, such as `[0, 1, 1, 0]`: process 0 takes a step, process 1 takes two, process 0 one more. Where a
step has several outcomes (a read of a safe register while it is written), `(0, True)` says which. `("crash", 1)` is the
end of process 1, and `("flush", 0)` lets the oldest write in the store buffer of process 0 reach the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from labkit.errors import LabkitError
from labkit.shared.graph import CRASH, FLUSH, STEP, Action
from labkit.shared.objects import Step, name_of
from labkit.shared.process import CRASHED, CRITICAL, FAILED, REMAINDER, Local, Process
from labkit.shared.properties import Moment, Property
from labkit.shared.space import Move, Space, typed
from labkit.shared.table import GONE, Ask, here

Schedule = Sequence[Any]


class Row(NamedTuple):
    """One step of a run: of which process, what it did, in words, and the memory and the phases after it."""

    process: int
    text: str
    memory: dict[str, Any]
    phases: tuple[str, ...]
    kind: str = STEP
    step: Step | None = None
    begins: bool = True
    ends: bool = True
    result: Any = None


@dataclass
class Run:
    """What came of a schedule. `violation` is None, or (property, what is wrong, after how many steps)."""

    program: type[Process]
    n: int
    schedule: list[Any]
    options: dict[str, Any]
    inputs: tuple[Any, ...]
    first: dict[str, Any]
    rows: list[Row]
    locals: tuple[Local, ...]
    memory: dict[str, Any]
    steps: tuple[tuple[Step, ...], ...]  # of each process, up to the one that it is about to take
    violation: tuple[str, str, int] | None = None
    loop: int | None = field(default=None)  # the step from which on it goes in a circle

    @property
    def results(self) -> dict[int, Any]:
        """What each process that is done has returned."""
        return {me: local.result for me, local in enumerate(self.locals) if local.phase == "done"}

    @property
    def phases(self) -> list[str]:
        """The phase of each process at the end."""
        return [local.phase for local in self.locals]

    def cluster(self, **options: Any) -> Any:
        """The same run as a cluster: the processes and the memory as nodes. It has run; look at it with `view()`."""
        from labkit.shared.memory import follow

        return follow(self, **options)

    def replay(self, **options: Any) -> Any:
        """A recording of the run, to look at."""
        from labkit.view import Replay

        return Replay(self.document(), **options)

    def document(self) -> dict[str, Any]:
        """The recording as data; if a property is broken, it stops there and says so."""
        from labkit.check import Violation
        from labkit.explore.causes import picture

        trace = self.cluster().trace
        if self.violation is None:
            return trace.document()  # type: ignore[no-any-return]
        ids = tuple(f"p{me}" for me in range(self.n))
        return picture(trace, Violation(*self.violation[:2], max(len(trace) - 1, 0), trace.now, ids))

    def history(self, name: str) -> Any:
        """The operations on one object, by its name, from beginning to end, as a `labkit.check.History`."""
        from labkit.check import History

        events = []
        for number, row in enumerate(self.rows, 1):
            if row.step is None or name_of(row.step.place) != name:
                continue
            event = {"process": f"p{row.process}", "f": row.step.op}
            if row.step.args:
                event["value"] = row.step.args[0]
            if row.begins:
                events.append(event | {"type": "invoke", "time": number - 0.35 * row.ends})
            if row.ends:
                value = {"value": row.result} if row.step.op == "read" else {}
                events.append(event | value | {"type": "ok", "time": number + 0.35 * row.begins})
        return History(events, independent=False)

    def text(self) -> str:
        """The run as a table, for a terminal."""
        from labkit.shared.show import run_text

        return run_text(self)

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from labkit.shared.show import run_html

        return {"text/plain": self.text(), "text/html": run_html(self)}


def item(action: Action) -> Any:
    """An action as it stands in a schedule."""
    if action.kind != STEP:
        return (action.kind, action.process)
    return (action.process, action.choice) if action.chosen else action.process


def actions(schedule: Iterable[Any], n: int) -> list[Action]:
    """A schedule, understood. Raises LabkitError, naming the step, if it is none."""
    found = []
    for number, entry in enumerate(schedule, 1):
        match entry:
            case bool():
                action = None
            case int():
                action = Action(STEP, entry)
            case ("crash" | "flush" as kind, int(me)):
                action = Action(kind, me)
            case (int(me), choice):
                action = Action(STEP, me, True, tuple(choice) if isinstance(choice, list) else choice)
            case _:
                action = None
        if action is None or not 0 <= action.process < n:
            raise LabkitError(
                f"step {number} of the schedule is {entry!r}: write the number of the process that takes it, "
                f"0 to {n - 1}; (0, value) if the step has several outcomes; or ('crash', 0)"
            )
        found.append(action)
    return found


def play(
    program: type[Process],
    n: int,
    schedule: Schedule,
    *,
    inputs: Sequence[Any] | None = None,
    rounds: Any = ...,
    buffered: bool = False,
    properties: Iterable[Property] | None = None,
    ask: Ask | None = None,
) -> Run:
    """Run a program by a schedule. The options are those of `search`. Raises LabkitError if a step cannot be taken."""
    from labkit.shared.searching import check_program, inputs_of, properties_of, rounds_of

    check_program(program, n)
    rounds = rounds_of(program, rounds)
    given = (
        inputs_of(program, n, inputs)[0]
        if inputs is not None
        else tuple(program.inputs[me % len(program.inputs)] for me in range(n))
    )
    options = {"rounds": rounds, "buffered": buffered}
    properties = properties_of(program, properties)
    return _Player(program, n, given, options, properties, ask or here(program, n, rounds)).play(schedule)


class _Player:
    def __init__(
        self, program: type[Process], n: int, inputs: tuple[Any, ...], options: dict[str, Any],
        properties: Sequence[Property], ask: Ask,
    ):  # fmt: skip
        self._program, self._n, self._inputs, self._options = program, n, inputs, options
        self._space = Space(program, n, buffered=options["buffered"])
        self._memory = self._space.first()
        self._checks = [one for one in properties if one.check is not None]
        self._observers = [one for one in properties if one.see is not None]
        self._seen = [one.begin for one in self._observers]
        self._ask = ask
        self._results: list[tuple[Any, ...]] = [() for _ in range(n)]
        self._steps: list[list[Step]] = [[] for _ in range(n)]
        self._violation: tuple[str, str, int] | None = None
        self._rows: list[Row] = []
        self._locals: list[Local] = []
        for me in range(n):
            self._locals.append(GONE)
            self._live(me)

    def play(self, schedule: Schedule) -> Run:
        first, entries = self._space.shown(self._memory), list(schedule)
        self._judge()
        for number, action in enumerate(actions(entries, self._n), 1):
            self._rows.append(self._take(action, number))
            self._judge()
        return Run(
            self._program, self._n, entries, self._options, self._inputs, first, self._rows, tuple(self._locals),
            self._space.shown(self._memory), tuple(map(tuple, self._steps)), self._violation,
        )  # fmt: skip

    def _take(self, action: Action, number: int) -> Row:
        me = action.process
        local = self._locals[me]
        if action.kind == FLUSH:
            memory = self._space.flush(self._memory, me)
            if memory is None:
                raise LabkitError(f"step {number} of the schedule: the store buffer of p{me} is empty")
            changed = self._memory.buffers[me][0]
            self._memory = memory
            return self._row(
                me, f"its {name_of(self._space.places[changed[0]])} ← {changed[1]!r} reaches memory", FLUSH
            )
        if local.step is None:
            what = {CRASHED: "has crashed", FAILED: f"has failed with {local.error}"}.get(local.phase, "is done")
            raise LabkitError(f"step {number} of the schedule: p{me} {what}, so it takes no step")
        if action.kind == CRASH:
            self._memory = self._space.crash(self._memory, me)
            self._locals[me] = GONE
            return self._row(me, "crashes", CRASH)
        moves = self._space.moves(self._memory, me, local.step)
        if not moves:
            raise LabkitError(f"step {number} of the schedule: p{me} waits for its store buffer to empty")
        move = moves[0]
        if action.chosen:
            fitting = [move for move in moves if move.chosen and typed(move.choice) == typed(action.choice)]
            if not fitting:
                may = ", ".join(repr(move.choice) for move in moves if move.chosen) or "only one outcome"
                raise LabkitError(
                    f"step {number} of the schedule: {local.step} has no outcome {action.choice!r} ({may})"
                )
            move = fitting[0]
        began = self._memory.under_way[me] is None
        before, self._memory = self._memory, move.memory
        if move.done:
            self._results[me] += (move.result,)
            self._live(me)
        put_off = before.buffers[me] != move.memory.buffers[me]
        row = self._row(me, told(local, move, began, self._locals[me], put_off))
        return row._replace(step=local.step, begins=began, ends=move.done, result=move.result)

    def _live(self, me: int) -> None:
        """Let a process go on to its next step."""
        (local,) = self._ask(me, self._inputs[me], [self._results[me]])
        self._locals[me] = local
        if local.step is not None:
            self._steps[me].append(local.step)
        self._announced(me)

    def _row(self, me: int, text: str, kind: str = STEP) -> Row:
        phases = tuple(local.phase for local in self._locals)
        return Row(me, text, self._space.shown(self._memory), phases, kind)

    def _announced(self, me: int) -> None:
        for mark in self._locals[me].marks:
            for number, observer in enumerate(self._observers):
                assert observer.see is not None
                if self._violation is None:
                    self._seen[number], wrong = observer.see(self._seen[number], me, mark)
                    if wrong is not None:
                        self._violation = (observer.name, wrong, len(self._rows) + 1)

    def _judge(self) -> None:
        if self._violation is not None:
            return
        memory = self._memory
        moment = Moment(lambda: self._space.shown(memory), tuple(self._locals), self._inputs)
        for me, local in enumerate(self._locals):
            if local.phase == FAILED:
                self._violation = ("No errors", f"p{me} raised {local.error}", len(self._rows))
                return
        for check in self._checks:
            assert check.check is not None
            wrong = check.check(moment)
            if wrong is not None:
                self._violation = (check.name, wrong, len(self._rows))
                return


def told(local: Local, move: Move, began: bool, after: Local, put_off: bool = False) -> str:
    """A step in words."""
    assert local.step is not None
    text = step_words(local.step, move, began)
    if put_off:
        text += " (into its buffer)"
    for mark in after.marks:
        if isinstance(mark, str):
            text += f"; {mark}"
    if after.phase == CRITICAL and local.phase != CRITICAL:
        text += "; enters"
    if after.phase == "done" and move.done:
        text += f"; returns {after.result!r}" if after.result is not None else "; is done"
    if after.phase == FAILED:
        text += f"; raises {after.error}"
    return text


def step_words(step: Step, move: Move, began: bool) -> str:
    """An operation and what came of it: `turn ← 1`, `turn → 1`, `lock.test_and_set() → False`."""
    if step.place is None:
        return {CRITICAL: "leaves", REMAINDER: "tries", "step": "goes on"}.get(step.op, step.op)
    name = name_of(step.place)
    if not move.done:
        return f"begins to {'read' if step.op == 'read' else 'write'} {name}" + (
            f" ← {step.args[0]!r}" if step.op == "write" else ""
        )
    if step.op == "read":
        return f"{name} → {move.result!r}"
    if step.op == "write":
        ended = "" if began else f", ends ({move.choice!r} is there)" if move.chosen else ", ends"
        return f"{name} ← {step.args[0]!r}{ended}"
    return f"{step} → {move.result!r}" if move.result is not None else str(step)
