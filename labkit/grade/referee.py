"""The referee: labkit's own cluster, whose nodes run elsewhere.

The referee owns the clock, the network, the randomness, the disks, the clients and the checks. Each node of its
clusters is a `RemoteProcess`: it hands every event to a process in the sandbox (`labkit.grade.child`) and carries out
the effects that come back, through the same calls of the engine that a node in this process would have made. So the
trace, and its digest, are those of the same code run in a notebook with the same seed; and whatever a submission does
to its own process, it can only send messages, set timers, write its own disk and show its own state.
"""

import contextlib
import enum
import keyword
import types
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from labkit.cluster import Cluster, rare_paths
from labkit.engine.buggify import Buggify
from labkit.engine.network import Machine, Network
from labkit.engine.process import Stopped
from labkit.grade import wire
from labkit.grade.processes import Child
from labkit.message import Message
from labkit.node import Node

LIVE_RUNS = 2  # clusters of one builder that can still be run; the processes of older ones are ended
CLASS_LIMIT = 500  # kinds of message and of enum in one submission


def builder(child: Child) -> "Builder":
    """What an exercise builds its clusters with: `build(size=5, seed=1, ...)` of the student's first class, or
    `build(nodes={"n1": "Server", ...}, seed=1, ...)`."""
    return Builder(child)


class Builder:
    """Makes clusters whose nodes run in the sandboxed processes of `child`."""

    def __init__(self, child: Child):
        self._child, self._mirrors = child, Mirrors()
        self._runs: deque[list[RemoteProcess]] = deque()

    def __call__(self, *, nodes: Mapping[str, str] | None = None, **options: Any) -> Cluster:
        self._child.new_run()
        processes: list[RemoteProcess] = []
        self._runs.append(processes)
        while len(self._runs) > LIVE_RUNS:
            for process in self._runs.popleft():
                process.end()

        def launch(cluster: Cluster, machine: Machine, seed: str) -> RemoteProcess:
            rare = rare_paths(cluster, seed)
            name = self._child.nodes[0] if nodes is None else nodes[machine.id]
            process = RemoteProcess(
                self._child, name, cluster._network, cluster.ids, machine, seed, self._mirrors, rare
            )
            processes.append(process)
            return process

        if nodes is None:
            return Cluster(_named(self._child.nodes[0]), launch=launch, **options)
        return Cluster(nodes={id: _named(name) for id, name in nodes.items()}, launch=launch, **options)


def _named(name: str) -> type[Node]:
    """A class that stands for one of the submission's: it lends the cluster its name."""
    return type(name, (Node,), {})


class RemoteProcess:
    """One boot of one node, run in a process of the sandbox. `node` shows its public attributes, as last recorded."""

    def __init__(
        self,
        child: Child,
        program: str,
        network: Network,
        ids: tuple[str, ...],
        machine: Machine,
        seed: str,
        mirrors: "Mirrors",
        rare: Buggify | None = None,
    ):
        self.id, self.alive, self.traceback = machine.id, True, ""
        self.node = types.SimpleNamespace(id=machine.id)
        self._child, self._network, self._machine, self._mirrors = child, network, machine, mirrors
        self._nodes = len(ids)
        self._clients = 0
        self.wake: Callable[[float, Callable[[Any], Any], Any], Any] = network.wake
        self.show = network.record
        self._clock = (0.0, 1.0)
        self._full = False
        self._seq = 0
        self._timers: dict[int, float] = {}  # pending timer -> when it is due
        self._answered: set[int] = set()  # calls that were answered
        network.another = _as_it_is  # nobody here changes a message: a node gets what is written down of it
        self._send = network.sender(self, _as_it_is)
        self._channel = child.start()
        reach = None if machine.reach is None else sorted(machine.reach)
        stored = wire.pack(machine.store.durable)
        boot = wire.Boot(
            machine.id, program, list(machine.peers), list(ids), reach, seed, machine.boots, stored, network.traced
        )
        boot.broken = wire.pack(machine.store.broken) if machine.store.broken else None
        boot.buggify = None if rare is None else (rare.run, rare.names)
        self._first: bytes = wire.encode(boot) + b"\n"

    # -- what happens to it

    def boot(self) -> None:
        self._tell(wire.Event(self._seq, self._network.now))

    def deliver(self, message: Any, sender: str, call: int | None = None, reply: int | None = None) -> None:
        if reply is not None:
            self._answered.add(reply)
        packed = wire.pack(message)
        self._tell(wire.Event(self._seq, self._network.now, None, packed, sender, call, reply))

    def _woken(self, wake: wire.Wake) -> None:
        """What it asked to be woken for is due, unless that no longer matters: then it would do nothing."""
        if not self.alive:
            return
        if wake.timer is not None and self._timers.get(wake.timer) != wake.due:
            return
        if wake.call is not None and wake.call in self._answered:
            return
        self._tell(wire.Event(self._seq, self._network.now, wake.number))

    def awaits(self, callback: Any, argument: Any, due: float) -> bool | None:
        return None if argument.timer is None else self._timers.get(argument.timer) == due

    def late(self, callback: Any, argument: Any, due: float) -> None:
        callback(argument)

    def stop(self) -> None:
        self.alive = False
        self._channel.kill()

    def end(self) -> None:
        """Nobody will ask it anything more: its run is over."""
        self._channel.close()

    def _tell(self, event: wire.Event) -> None:
        """Let the node live through an event, and carry out what came of it."""
        machine, network = self._machine, self._network
        clock = (machine.clock.offset, machine.clock.rate)
        if clock != self._clock:
            self._clock = event.clock = clock
        if machine.store.full != self._full:
            self._full = event.full = machine.store.full
        clients = len(network.machines) - self._nodes
        if clients != self._clients:
            self._clients = clients
            event.clients = list(network.machines)[self._nodes :]
        line = self._first + wire.encode(event) + b"\n"
        self._first = b""
        said = self._channel.exchange(line, self.id)
        try:
            answer = wire.decode_answer(said)
            if answer.seq != self._seq:
                raise wire.WireError(f"it answered event {answer.seq} when asked about {self._seq}")
            if len(answer.effects) > wire.EFFECT_LIMIT:
                raise wire.WireError(f"{len(answer.effects):,} effects of one event")
            self._seq += 1
            with contextlib.suppress(Stopped):  # a crash in the middle of the step: the rest of it never was
                for effect in answer.effects:
                    self._apply(effect)
        except (wire.WireError, msgspec.MsgspecError, RecursionError) as error:
            raise self._child.fail("tampered", f"{self.id} broke the protocol: {error}") from None
        if answer.printed:
            self._child.keep_printed(f"{self.id} at {network.now:.3f} s: {answer.printed}")

    # -- what came of it

    def _apply(self, effect: wire.Effect) -> None:
        if not self.alive:
            raise wire.WireError("an effect after its end")
        _CARRY_OUT[type(effect)](self, effect)

    def _record(self, kind: str, id: int | None, due: float | None, data: Any) -> None:
        self._network.record((self._network.now, kind, self.id, None, id, due, data))

    def _sent(self, effect: wire.Send) -> None:
        to = effect.to
        target, reach = self._network.machines.get(to), self._machine.reach
        if target is None or (reach is not None and to not in reach and not target.is_client):
            raise wire.WireError(f"a message to {to!r}")
        message = wire.unpack(effect.message, self._mirrors)
        if not isinstance(message, Message):
            raise wire.WireError("a message that is none")
        self._send(to, message, effect.call, effect.reply)

    def _wakes(self, effect: wire.Wake) -> None:
        if not effect.due >= self._network.now:
            raise wire.WireError(f"a timer for {effect.due}, which is past")
        self.wake(effect.due, self._woken, effect)

    def _shows(self, effect: wire.State) -> None:
        self.show((self._network.now, "state", self.id, None, None, None, effect.data))
        vars(self.node).update(effect.data)

    def _sets(self, effect: wire.Set) -> None:
        self._timers[effect.id] = effect.due
        self._record("set", effect.id, effect.due, effect.name)

    def _cancels(self, effect: wire.Cancel) -> None:
        self._timers.pop(effect.id, None)
        self._record("cancel", effect.id, None, None)

    def _fires(self, effect: wire.Fired) -> None:
        self._timers.pop(effect.id, None)
        self._record("timer", effect.id, None, effect.name)

    def _notes(self, effect: wire.Note) -> None:
        self._record("note", None, None, effect.text)

    def _rares(self, effect: wire.Rare) -> None:
        self._record("buggify", None, None, effect.name)

    def _errs(self, effect: wire.Error) -> None:
        self._record("error", None, None, {"error": effect.error, "where": effect.where})

    def _stores(self, effect: wire.Store) -> None:
        key, value = wire.unpack(effect.key, self._mirrors), wire.unpack(effect.value, self._mirrors)
        self._network.store(self, key, value, effect.deleted)  # type: ignore[arg-type]

    def _syncs(self, effect: wire.Sync) -> None:
        self._network.sync(self)  # type: ignore[arg-type]

    def _fails(self, effect: wire.Failed) -> None:
        self.alive, self.traceback = False, effect.traceback
        self._channel.kill()
        self._network.failed(self, RuntimeError("an error in a node, elsewhere"))  # type: ignore[arg-type]


_CARRY_OUT: dict[type, Any] = {
    wire.Send: RemoteProcess._sent,
    wire.Wake: RemoteProcess._wakes,
    wire.State: RemoteProcess._shows,
    wire.Set: RemoteProcess._sets,
    wire.Cancel: RemoteProcess._cancels,
    wire.Fired: RemoteProcess._fires,
    wire.Note: RemoteProcess._notes,
    wire.Rare: RemoteProcess._rares,
    wire.Error: RemoteProcess._errs,
    wire.Store: RemoteProcess._stores,
    wire.Sync: RemoteProcess._syncs,
    wire.Failed: RemoteProcess._fails,
}


def _as_it_is(message: Any) -> Any:
    """A message from a sandboxed node was copied, and checked, on its way here."""
    return message


class Mirrors(wire.Makers):
    """Makes values like a submission's own without its classes: a message has the same name and the same fields, in the
    same order, so that it is recorded, shown and read as the original would be."""

    def __init__(self) -> None:
        self._made: dict[Any, Any] = {}

    def _once(self, key: Any, make: Any) -> Any:
        if key not in self._made:
            if len(self._made) >= CLASS_LIMIT:
                raise wire.WireError(f"more than {CLASS_LIMIT} kinds of value")
            self._made[key] = make()
        return self._made[key]

    def message(self, name: str, fields: dict[str, Any]) -> Any:
        return self._struct(name, fields, (Message,))(**fields)

    def data(self, name: str, fields: dict[str, Any]) -> Any:
        return self._struct(name, fields, ())(**fields)

    def _struct(self, name: str, fields: dict[str, Any], bases: tuple[type, ...]) -> Any:
        def make() -> type:
            for field in fields:
                if keyword.iskeyword(field) or field.startswith("__"):
                    raise wire.WireError(f"a field named {field!r}")
            return msgspec.defstruct(name, [(field, Any) for field in fields], bases=bases or None, frozen=True)

        return self._once((name, bases, *fields), make)

    def enum(self, name: str, member: str, value: Any) -> Any:
        if type(value) not in (int, str, float):
            raise wire.WireError(f"an enum of a {type(value).__name__}")
        made = self._once((name, member, value), lambda: enum.Enum(name, {member: value}))
        return made[member]
