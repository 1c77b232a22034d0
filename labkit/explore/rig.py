"""A system of real processes that is run step by step, each step chosen from outside. For search by replay."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from labkit.engine.loop import VirtualLoop
from labkit.engine.moment import Moment
from labkit.engine.process import CALLS, Clock, Process, Stopped
from labkit.engine.values import is_shown, plain
from labkit.engine.world import Runs
from labkit.errors import HandlerError, LabkitError, UnknownNode
from labkit.explore.local import Place, call_number, write
from labkit.explore.schedule import PACE, Choice, wake_name
from labkit.explore.script import Script
from labkit.message import by_value, is_flat


class Option(NamedTuple):
    """A step that may be taken: what it does, and at which node or client. `label` names it in all schedules that
    differ only in the order of independent steps. `until`: the node crashes in the middle of it, at this point."""

    do: str
    node: str
    label: tuple[Any, ...]
    until: tuple[str, int] | None = None


class Rig:
    """The world of several processes. Messages and timers wait in a list until they are chosen; it keeps no trace."""

    def __init__(self, places: list[Place], seed: int, budgets: dict[str, int | None], script: Script | None = None):
        self.places, self.budgets = {place.id: place for place in places}, budgets
        self.script = script or Script()
        self.script.check(list(self.places))
        self.loop = VirtualLoop()  # type: ignore[abstract]
        self.seeds: dict[tuple[str, int], str] = {}
        self.seed = seed

    def reset(self) -> None:
        """Start anew."""
        self.loop.now = 0.0
        self.loop.heap.clear()
        self.waiting: dict[tuple[Any, ...], Any] = {}  # label -> message or wake, in the order in which they came
        self.counts = dict.fromkeys([*self.places, *self.script], 0)
        self.left = dict(self.budgets)
        self.told: list[tuple[str, str, int, Any]] = []  # what clients asked and were told
        self.done = dict.fromkeys(self.script, 0)  # how many answers each client has
        self.waits = dict.fromkeys(self.script, False)
        self.points: list[tuple[str, int]] = []  # in the last step: where a crash may strike
        self.until: tuple[str, int] | None = None
        self.times = dict.fromkeys(
            [*self.places, *self.script], 0.0
        )  # each node's own, so that the steps of others do not matter to it
        self.processes: dict[str, Process | None] = dict.fromkeys(self.places)
        self.boots = dict.fromkeys(self.places, 0)
        self.disks: dict[str, tuple[dict[Any, Any], list[Any]]] = {id: ({}, []) for id in self.places}
        self.error: str | None = None
        for id in self.places:
            self._boot(id)

    def _boot(self, id: str) -> None:
        self.boots[id] += 1
        boot, place = self.boots[id], self.places[id]
        seed = self.seeds.get((id, boot))
        if seed is None:
            seed = self.seeds[id, boot] = hashlib.sha256(f"{self.seed}/node/{id}/{boot}".encode()).hexdigest()
        self.processes[id] = process = Process(
            place.program, id, place.peers, loop=self.loop, world=self, seed=seed, boot=boot, clock=Clock(),
            stored=self.disks[id][0], traced=False,
        )  # fmt: skip
        process.boot()

    # --- steps

    def options(self) -> list[Option]:
        """What may happen next. Of two timers of a node the one set earlier goes first if its delay is no longer."""
        found: list[Option] = []
        shortest: dict[str, float] = {}
        dead: list[Any] = []
        left = self.left
        for label, entry in self.waiting.items():
            kind = label[0]
            if kind == "message":
                to = entry[1]
                if to in self.script:
                    if self.waits[to] and entry[4] == call_number(self.done[to]):
                        found.append(Option("deliver", to, label))
                    continue
                if self.processes[to] is not None:
                    found.append(Option("deliver", to, label))
                    if left["duplicates"] != 0:
                        found.append(Option("duplicate", to, ("duplicate", *label)))
                if left["losses"] != 0:
                    found.append(Option("lose", to, ("lose", *label)))
                continue
            process, due, callback, argument, delay = entry
            if not alive(process, due, callback, argument):
                dead.append(label)
                continue
            if left["timers"] != 0 and delay < shortest.get(process.id, 1e300):
                found.append(Option("timer", process.id, label))
                shortest[process.id] = delay
        for label in dead:
            del self.waiting[label]
        for id, requests in self.script.items():
            if not self.waits[id] and self.done[id] < len(requests):
                found.append(Option("invoke", id, ("invoke", id, self.done[id])))
        if left["crashes"] != 0:
            for id, running in self.processes.items():
                if running is not None:
                    found += [Option("crash", id, ("crash", id, kept)) for kept in range(len(self.disks[id][1]) + 1)]
        if left["restarts"] != 0:
            found += [
                Option("restart", id, ("restart", id)) for id, running in self.processes.items() if running is None
            ]
        return found

    def take(self, option: Option) -> None:
        """Take a step."""
        do, id, label, self.until = option
        self.points.clear()
        entry: Any = self.waiting.get(label[1:] if do in ("duplicate", "lose") else label)
        for budget in (_COSTS.get(do), "crashes" if self.until else None):
            left = self.left[budget] if budget else None
            if budget and left is not None:
                self.left[budget] = left - 1
        now = self.times[id] + PACE
        if do in ("deliver", "duplicate"):
            now = max(now, entry[5] + PACE)
        elif do == "timer":
            now = max(now, entry[1])
        self.loop.now = self.times[id] = now
        if id in self.script:
            self._client(do, id, label)
        elif do == "deliver":
            del self.waiting[label]
            process = self.processes[id]
            assert process is not None
            process.deliver(entry[2], entry[0], entry[3], entry[4])
        elif do == "timer":
            del self.waiting[label]
            process, due, callback, argument, _ = entry
            process.late(callback, argument, due)
        elif do == "duplicate":
            process = self.processes[id]
            assert process is not None
            process.deliver(entry[2], entry[0], entry[3], entry[4])
        elif do == "lose":
            del self.waiting[label[1:]]
        elif do == "crash":
            self._crash(id, label[2])
        else:
            self._boot(id)

    def _client(self, do: str, id: str, label: tuple[Any, ...]) -> None:
        """A client asks, or is told an answer."""
        number = self.done[id]
        if do == "invoke":
            to, message = self.script[id][number]
            self.counts[id] = count = self.counts[id] + 1
            self.waiting["message", id, count] = (id, to, message, call_number(number), None, self.loop.now)
            self.told.append(("invoke", id, number, None))
        else:
            self.told.append(("ok", id, number, self.waiting.pop(label)[2]))
            self.done[id] += 1
        self.waits[id] = do == "invoke"

    def _crash(self, id: str, kept: int) -> None:
        process = self.processes[id]
        if process is not None:
            process.stop()
            self.processes[id] = None
        durable, pending = self.disks[id]
        write(durable, pending[:kept])
        pending.clear()

    def choice(self, option: Option) -> Choice:
        """A step as data, just before it is taken."""
        do, id, label, until = option
        if do == "invoke":
            to, message = self.script[id][label[2]]
            return Choice(do, id, to, plain(message), label[2])
        entry: Any = self.waiting.get(label[1:] if do in ("duplicate", "lose") else label)
        if do == "timer":
            same = [
                other
                for other, found in self.waiting.items()
                if other[0] == "wake"
                and alive(*found[:4])
                and found[0].id == id
                and wake_name(found[2], found[3]) == wake_name(entry[2], entry[3])
            ]
            return Choice("timer", id, None, wake_name(entry[2], entry[3]), same.index(label), until=until)
        if do in ("crash", "restart"):
            return Choice(do, id, which=label[2] if do == "crash" else 0, until=until)
        what, own = plain(entry[2]), label if do == "deliver" else label[1:]
        same = [
            other
            for other, found in self.waiting.items()
            if other[0] == "message" and found[:2] == entry[:2] and plain(found[2]) == what
        ]
        return Choice(do, id, entry[0], what, same.index(own), until=until)

    def moment(self) -> Moment:
        """What the nodes show."""
        state = {}
        for id, process in self.processes.items():
            if process is not None:
                attributes = process.node.__dict__.items()
                state[id] = {name: plain(value) for name, value in attributes if is_shown(name, value)}
        return Moment(state=state)

    # --- the world of the processes

    @property
    def now(self) -> float:
        return self.loop.now

    def sender(self, process: Process) -> Callable[..., None]:
        src, reach = process.id, self.places[process.id].reach

        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            if to not in self.script and (to not in self.places or (reach is not None and to not in reach)):
                raise UnknownNode(f"{src} cannot send to {to!r}: the nodes are {', '.join(self.places)}")
            if call is not None and not (type(call) is int and call > CALLS):
                raise HandlerError(f"send takes who gets it and the message: what is {call!r} for?")
            if not is_flat[type(message)](message):
                message = by_value(message)
            self.counts[src] = count = self.counts[src] + 1
            self.waiting["message", src, count] = (src, to, message, call, reply, self.loop.now)
            self._point("send", src)

        return send

    def _point(self, kind: str, id: str) -> None:
        """A point in a step at which a crash may strike, and strikes if it is to."""
        point = (kind, 1 + sum(other == kind for other, _ in self.points))
        self.points.append(point)
        if point == self.until:
            self._crash(id, 0)
            raise Stopped(f"{id} crashed here")

    def wake(self, due: float, callback: Any, argument: Any) -> None:
        process = callback.__self__
        self.counts[process.id] = count = self.counts[process.id] + 1
        self.waiting["wake", process.id, count] = (process, due, callback, argument, due - self.loop.now)

    def open_streams(self) -> None:
        raise LabkitError("streams cannot be searched: their retransmissions never end; send messages instead")

    def record(self, event: Any) -> None:
        if event[1] == "error":
            self.error = f"{event[2]} raised {event[6]['error']} ({event[6]['where']})"

    def store(self, process: Runs, key: Any, value: Any, deleted: bool) -> None:
        self.disks[process.id][1].append((key, value, deleted))

    def sync(self, process: Runs) -> None:
        durable, pending = self.disks[process.id]
        if pending:
            write(durable, pending)
            pending.clear()
            self._point("disk", process.id)

    def failed(self, process: Runs, error: BaseException) -> None:
        self._crash(process.id, 0)


_COSTS = {"timer": "timers", "lose": "losses", "duplicate": "duplicates", "crash": "crashes", "restart": "restarts"}


def alive(process: Any, due: float, callback: Any, argument: Any) -> bool:
    """Whether a call that a process asked for would still do something."""
    if not process.alive:
        return False
    awaited = process.awaits(callback, argument, due)
    if awaited is not None:
        return bool(awaited)
    if callback == process.expire:
        return argument in process._calls
    if callback == process.resume:
        return not argument.over
    return not argument.cancelled()
