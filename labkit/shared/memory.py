"""Shared memory, seen: the processes and the memory as nodes of a cluster.

Each step of a process is a message to the memory and its answer; so the network's chance is the schedule, and the
picture, the trace and the faults are those of any cluster. The memory of a given run answers in the order of its
schedule instead.
"""

from __future__ import annotations

from typing import Any, ClassVar

from labkit.cluster import Cluster
from labkit.node import Node, on
from labkit.shared.graph import CRASH, FLUSH, Action
from labkit.shared.objects import Array, Doing, Step, declared
from labkit.shared.process import CRITICAL, MEMORY, REMAINDER, Access, Done, Process, Value, listed, tupled
from labkit.shared.run import Run, actions
from labkit.shared.searching import check_program
from labkit.shared.space import Space, typed

TICK = 0.03  # virtual seconds from one step of a schedule to the next
PACE = 0.05  # virtual seconds: how long what takes time takes, on average


class Memory(Node):
    """The objects that the processes share, one public attribute for each. A step is carried out when its message
    arrives; critical sections, and operations on registers that are not atomic, take some time."""

    _program: ClassVar[type[Process]]
    _n: ClassVar[int]
    _buffered: ClassVar[bool] = False
    _schedule: ClassVar[list[Any] | None] = None

    def start(self) -> None:
        self._space = Space(self._program, self._n, buffered=self._buffered)
        self._memory = self._space.first()
        self._waiting: dict[str, Step] = {}
        self._turn = 0
        self._show()
        if self._schedule is not None:
            self.every(TICK, self.next_step)

    @on(Access)
    def access(self, msg: Access, sender: str) -> None:
        index = tupled(msg.index)
        self._waiting[sender] = Step(msg.op, (msg.name, index) if msg.name else None, tupled(msg.args))
        if self._schedule is not None:
            return
        if msg.op in (CRITICAL, REMAINDER):
            self.after(self.random.uniform(0, 2 * PACE), self._take, sender)
        else:
            self._take(sender)

    def _take(self, sender: str, action: Action | None = None) -> None:
        """Carry out the step that a process waits for. Where there are several outcomes, one is drawn, or it is the one
        that the schedule says."""
        me, step = number(sender), self._waiting[sender]
        moves = self._space.moves(self._memory, me, step)
        if not moves:
            return  # until its store buffer is empty
        if action is None:
            move = self.random.choice(moves)
        else:
            move = next(m for m in moves if not action.chosen or typed(m.choice) == typed(action.choice))
        buffers = self._memory.buffers[me]
        self._memory = move.memory
        self._show()
        if move.done:
            del self._waiting[sender]
            self.send(sender, Done(None) if move.result is None else Value(listed(move.result)))
        elif action is None:
            self.after(self.random.uniform(0, 2 * PACE), self._take, sender)
        if action is None and move.memory.buffers[me] != buffers:
            self.after(self.random.uniform(0, 4 * PACE), self._flush, me)

    def _flush(self, me: int) -> None:
        """The oldest write in a store buffer reaches the memory."""
        self._memory = self._space.flush(self._memory, me) or self._memory
        self._show()
        for sender in [sender for sender in self._waiting if number(sender) == me and self._schedule is None]:
            self._take(sender)

    def next_step(self) -> None:
        """Carry out the next step of the schedule."""
        assert self._schedule is not None
        if self._turn == len(self._schedule):
            return
        action = actions(self._schedule, self._n)[self._turn]
        self._turn += 1
        if action.kind == CRASH:
            self.note(f"p{action.process} crashes: it takes no step any more")
            self._memory = self._space.crash(self._memory, action.process)
        elif action.kind == FLUSH:
            self._flush(action.process)
        else:
            self._take(f"p{action.process}", action)

    def _show(self) -> None:
        shown = self._space.shown(self._memory)
        arrays = {name for name, thing in _things(self._program).items() if isinstance(thing, Array)}
        values: dict[str, Any] = {}
        for (name, index), value in zip(self._space.places, shown.values(), strict=True):
            if name not in arrays:
                values[name] = value
            elif isinstance(index, tuple):
                values.setdefault(name, {})[str(index)] = value
            else:
                values.setdefault(name, []).append(value)
        if self._buffered:
            places = list(shown)
            for me, buffer in enumerate(self._memory.buffers):
                values[f"buffer of p{me}"] = [f"{places[place]} ← {value!r}" for place, value in buffer]
        for name, value in values.items():
            self.__dict__[name] = value


def number(id: str) -> int:
    """Which process a node is."""
    return int(id[1:])


def _things(program: type) -> dict[str, Any]:
    names = {place[0] for place, _ in declared(program, 1)}
    return {name: getattr(program, name) for name in names}


def run_together(
    program: type[Process], n: int = 2, *, seed: int = 0, buffered: bool = False, rounds: Any = ..., **options: Any
) -> Cluster:
    """A cluster of `n` processes p0, p1, ... and their memory, to be seen: `view()` it, run it, crash processes. What a
    process does next is below its name. The other options are those of `Cluster`."""
    check_program(program, n)
    members: dict[str, type[Node]] = {}
    process = program if rounds is ... else type(program.__name__, (program,), {"rounds": rounds})
    for me in range(n):
        members[f"p{me}"] = process
    members[MEMORY] = _memory(program, n, buffered, None)
    return Cluster(nodes=members, seed=seed, **options)


def follow(run: Run, **options: Any) -> Cluster:
    """The cluster that does what a run did, step by step."""
    members: dict[str, type[Node]] = {}
    for me in range(run.n):
        members[f"p{me}"] = _as_it_was(run, me)
    members[MEMORY] = _memory(run.program, run.n, run.options["buffered"], list(run.schedule))
    given: dict[str, Any] = {"latency": 0.01, "title": run.program.__name__, **options}
    cluster = Cluster(nodes=members, **given)
    cluster.run(TICK * (len(run.schedule) + 2))
    return cluster


def _as_it_was(run: Run, me: int) -> type[Process]:
    """A process that takes the steps that it took in a run."""

    async def again(self: Process) -> Any:
        for step in run.steps[me]:
            await Doing(step)
        return run.locals[me].result

    changed = {"begins": run.program.begins, "rounds": run.options["rounds"], "inputs": run.inputs, "run": again}
    return type(run.program.__name__, (Process,), changed)


def _memory(program: type[Process], n: int, buffered: bool, schedule: list[Any] | None) -> type[Node]:
    return type("Memory", (Memory,), {"_program": program, "_n": n, "_buffered": buffered, "_schedule": schedule})
