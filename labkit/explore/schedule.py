"""Schedules: what happened in a run, as data, and how a cluster is made to do the same.

A schedule is a list of choices: which message arrives next, which timer fires, who crashes. It says nothing of times:
the run that follows it lets a message arrive when the schedule says so, and a timer fire at its time or, if that is
past, late. Every cluster can follow one: its own engine makes every step, so the trace is a trace like any other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from heapq import heapify, heappush
from typing import TYPE_CHECKING, Any

from labkit.engine.faults import Fault
from labkit.engine.process import Process
from labkit.engine.values import plain
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.cluster import Cluster
    from labkit.engine.trace import Trace
    from labkit.explore.script import Script

ACTIONS = ("start", "invoke", "deliver", "duplicate", "lose", "timer", "crash", "restart")
PACE = 0.001  # virtual seconds between two choices, where no timer sets the time


@dataclass(frozen=True)
class Choice:
    """One step of a schedule.

    do: "deliver" (a message arrives at `node` from `peer`), "duplicate" (it arrives, and a copy stays under way),
    "lose" (it never arrives), "timer" (one of the node's timers fires), "crash" or "restart"; "invoke" (the client
    `node` asks `peer` its next request); "start", before all others, tells what the node drew when it first booted.
    what: the message as plain data, or the name of the timer's method. which: among equal ones, the how manyth, from 0;
    of a crash, how many of the writes that were not synced reach the disk; of an invoke, how many the client asked
    before. draws: what the node's random choices came
    to in this step. until: the node crashes in the middle of the step, just after an event of its own: ("send", 2) is
    its second message, ("disk", 1) its first durable write.
    """

    do: str
    node: str
    peer: str | None = None
    what: Any = None
    which: int = 0
    draws: tuple[int, ...] = ()
    until: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        if self.do not in ACTIONS:
            raise LabkitError(f"a schedule has no {self.do!r}; there are {', '.join(ACTIONS)}")

    def __repr__(self) -> str:
        parts = [repr(self.do), repr(self.node)]
        parts += [repr(self.peer), repr(self.what)] if self.peer is not None else []
        parts += [f"what={self.what!r}"] if self.peer is None and self.what is not None else []
        rest = {"which": self.which, "draws": self.draws, "until": self.until}
        return f"Choice({', '.join(parts + [f'{name}={value!r}' for name, value in rest.items() if value])})"

    def __str__(self) -> str:
        end = f", and crashes after {self.until[0]} {self.until[1]}" if self.until else ""
        if self.do == "timer":
            return f"{self.node}: the timer {self.what} fires{end}"
        if self.do in ("start", "crash", "restart"):
            return f"{self.node} {self.do}s{end}"
        fields = (
            {name: value for name, value in self.what.items() if name != "$"} if isinstance(self.what, dict) else {}
        )
        name = self.what.get("$", "a message") if isinstance(self.what, dict) else "a message"
        message = f"{name}({', '.join(f'{key}={value!r}' for key, value in fields.items())})"
        if self.do == "invoke":
            return f"{self.node} asks {self.peer}: {message}"
        if self.do == "lose":
            return f"{message} from {self.peer} to {self.node} is lost"
        twice = " and is still under way" if self.do == "duplicate" else ""
        return f"{self.node} receives {message} from {self.peer}{twice}{end}"


class Schedule(list[Choice]):
    """Choices in the order in which they are made. `print(schedule)` gives Python to paste, `to_json` a text to keep,
    `explain` a line for each choice; `follow(cluster)` makes a cluster do it."""

    def __init__(self, choices: Iterable[Choice] = ()):
        super().__init__(choices)
        for choice in self:
            if not isinstance(choice, Choice):
                raise LabkitError(f"{choice!r} is no choice: give a list such as [Choice('crash', 'n1')]")

    def __repr__(self) -> str:
        return f"Schedule([\n{''.join(f'    {choice!r},{chr(10)}' for choice in self)}])" if self else "Schedule()"

    __str__ = __repr__

    def explain(self) -> str:
        """A numbered line for each choice."""
        return "\n".join(f"{number:3}. {choice}" for number, choice in enumerate(self, 1))

    def to_json(self) -> str:
        """As text: a list with an object for each choice."""
        return json.dumps([{k: v for k, v in vars(choice).items() if v or k in ("do", "node")} for choice in self])

    @classmethod
    def from_json(cls, text: str) -> Schedule:
        """What `to_json` wrote. Raises LabkitError if the text is none."""
        try:
            given = json.loads(text)
            return cls(Choice(**{name: _tuple(value, name) for name, value in fields.items()}) for fields in given)
        except (ValueError, TypeError, AttributeError) as error:
            raise LabkitError(f"this is no schedule: {error}") from None

    def follow(self, cluster: Cluster, script: Script | None = None) -> Trace:
        """Make a cluster that has not run yet do what the schedule says, with clients that ask what the script says.
        Returns its trace.

        Raises LabkitError, with the number of the choice, where the cluster cannot make it: the program has changed.
        """
        return Follower(cluster, self, script or {}).run()


class Follower:
    """Makes a cluster's engine take the steps of a schedule."""

    def __init__(self, cluster: Cluster, schedule: Schedule, script: Mapping[str, Any]):
        self.cluster, self.schedule, self.script = cluster, schedule, script
        self.loop, self.network = cluster._loop, cluster._network
        self.draws = Told()

    def run(self) -> Trace:
        """Start the cluster, then make all choices."""
        cluster, launch = self.cluster, self.cluster._launch
        first = {choice.node: choice.draws for choice in self.schedule if choice.do == "start"}
        moves: list[Choice] = []

        def drawing(*given: Any) -> Any:
            process = launch(*given)
            if any(choice.draws for choice in self.schedule) and isinstance(process, Process):
                process.random = self.draws
                if not moves:
                    self.draws.told = list(first.get(process.id, ()))
            return process

        cluster._launch = drawing
        if cluster._started:
            raise LabkitError("this cluster has run already: a schedule begins with a new one")
        for machine in self.network.machines.values():
            machine.store.crash = partial(_lose_all, machine.store)  # type: ignore[method-assign]
        cluster._start()
        for number, choice in enumerate(self.schedule, 1):
            if choice.do == "start":
                continue
            moves.append(choice)
            self.draws.told = list(choice.draws)
            try:
                self.make(choice)
            except _Impossible as error:
                raise LabkitError(f"choice {number} of the schedule, {choice}: {error}") from None
        cluster.trace.now = self.loop.now
        cluster._tell()
        return cluster.trace

    def make(self, choice: Choice) -> None:
        """Make one choice."""
        if choice.until is not None:
            kind, count = choice.until
            self.cluster._do(Fault(self.loop.now, "crash", choice.node, when=(kind, choice.node, count)))
        if choice.do in ("crash", "restart"):
            self.loop.now += PACE
            store = self.network.machines[choice.node].store
            del store.pending[choice.which :]  # how many of the writes that were not synced reach the disk
            store.sync()
            self.cluster._do(Fault(self.loop.now, choice.do, choice.node))
        elif choice.do == "timer":
            self._fire(choice)
        elif choice.do == "invoke":
            self._ask(choice)
        else:
            self._arrive(choice)

    def _ask(self, choice: Choice) -> None:
        requests = self.script.get(choice.node, ())
        if choice.which >= len(requests) or plain(requests[choice.which][1]) != choice.what:
            raise _Impossible("the scenario does not ask this")
        self.loop.now += PACE
        to, message = requests[choice.which]
        self.cluster.client(choice.node).invoke(to, message, timeout=None)

    def _find(self, choice: Choice, fits: Callable[[Any, Any], bool], what: str) -> Any:
        """The entry of the heap that is meant."""
        entries = sorted((entry for entry in self.loop.heap if fits(entry[2], entry[3])), key=lambda entry: entry[1])
        if choice.which >= len(entries):
            raise _Impossible(f"there is no such {what}")
        return entries[choice.which]

    def _take(self, entry: Any) -> None:
        self.loop.heap.remove(entry)
        heapify(self.loop.heap)

    def _fire(self, choice: Choice) -> None:
        def fits(callback: Any, timer: Any) -> bool:
            process: Any = getattr(callback, "__self__", None)
            return (
                getattr(process, "id", None) == choice.node
                and process.alive
                and wake_name(callback, timer) == choice.what
            )

        self._stale()
        entry = self._find(choice, fits, "timer set")
        due, _, callback, timer = entry
        self._take(entry)
        self.loop.now = max(self.loop.now + PACE, due)
        self._step(lambda: callback.__self__.late(callback, timer, due))

    def _stale(self) -> None:
        """Forget what is on the heap of timers that were cancelled, or set anew since."""
        self.loop.heap[:] = [
            entry for entry in self.loop.heap if getattr(entry[2], "__name__", "") != "fire" or entry[3].due == entry[0]
        ]
        heapify(self.loop.heap)

    def _arrive(self, choice: Choice) -> None:
        def fits(callback: Any, flight: Any) -> bool:
            return (
                isinstance(flight, tuple)
                and len(flight) == 6
                and (flight[2].id, flight[1]) == (choice.node, choice.peer)
                and plain(flight[3]) == choice.what
            )

        entry = self._find(choice, fits, "message under way")
        self._take(entry)
        _, _, callback, flight = entry
        self.loop.now += PACE
        if choice.do == "lose":
            self.network._drop(flight, "loss")
            return
        if choice.do == "duplicate":
            src, message = flight[1], flight[3]
            self.loop._count = copy = self.loop._count + 1
            heappush(self.loop.heap, (self.loop.now, copy, self.network._deliver, (copy, *flight[1:])))
            self.network.record((self.loop.now, "duplicate", src, choice.node, copy, self.loop.now, message))
        self._step(lambda: callback(flight))

    def _step(self, step: Callable[[], Any]) -> None:
        with self.loop.running():
            step()


def _lose_all(self: Any, draw: Any) -> None:
    """What was not synced is lost in a crash, unless the schedule says how many of the writes reached the disk."""
    self.pending.clear()


def _tuple(value: Any, name: str) -> Any:
    return tuple(value) if name in ("draws", "until") else value


class Told(random.Random):
    """Draws from a few values as it is told; from a continuum as any."""

    def __init__(self) -> None:
        super().__init__(0)
        self.told: list[int] = []

    def _randbelow(self, n: int) -> int:
        return min(self.told.pop(0), n - 1) if self.told else 0


def wake_name(callback: Any, argument: Any) -> str | None:
    """What a call that a node asked for is named in a schedule: its method's name if it is a timer's."""
    kind = getattr(callback, "__name__", "")
    return argument.name if kind == "fire" else _WAKES.get(kind)


_WAKES = {"resume": "sleep", "expire": "timeout of a call", "run_handle": "asyncio's timer"}


class _Impossible(Exception):
    """The cluster cannot make a choice."""
