"""Cluster: a whole distributed system in one process, in virtual time. Build it, run it, break it, and read what
happened."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from labkit import look
from labkit.client import Client, _Caller
from labkit.engine.buggify import Buggify, check_names
from labkit.engine.faults import Fault, Faults
from labkit.engine.latency import DEFAULT, Latency
from labkit.engine.loop import VirtualLoop
from labkit.engine.network import Machine, Network
from labkit.engine.process import Process
from labkit.engine.strikes import strike
from labkit.engine.timetable import Priorities, Timetable
from labkit.engine.trace import Trace
from labkit.engine.watch import Watch
from labkit.engine.world import Runs
from labkit.errors import LabkitError, UnknownNode
from labkit.faulty import Faulty
from labkit.members import Nodes, assign, drawings
from labkit.node import Node

if TYPE_CHECKING:
    import networkx as nx

STEP_LIMIT = 20_000_000  # steps of one run
_FIRST_MOMENT = (
    5e-324  # the smallest time above zero: what is done at time 0 after the boot is not what is done before it
)
Launch = Callable[["Cluster", Machine, str], Runs]


class Deed(NamedTuple):
    """Something that was done to a cluster from outside, and when: enough to do it again to another at the same
    point."""

    started: bool
    time: float
    steps: int  # of the loop until then
    events: int  # in the trace by then
    do: str  # "fault", "inject", "follow" or "invoke"
    args: tuple[Any, ...]


class Cluster(Faulty, look.Shown):
    """Nodes, and the network between them.

    `Cluster(Player, size=5)` runs five nodes n1 to n5 of one class; `nodes={"n1": A, "n2": B}` names and mixes them;
    `topology=graph` takes nodes and links from a networkx graph (a node's class may be its attribute "node").

    seed: where all random choices come from; the same code, seed and faults give the same trace.
    latency: virtual seconds from one node to another: a number, the two bounds of a uniform distribution, or a
    distribution such as `latency.Exponential(mean=0.02)`.
    faults: what to do to the cluster, and when (`Faults`, as in another run's `cluster.faults`, or from `nemesis`).
    buggify: whether nodes take the rare paths that they mark with `self.buggify`: True for a random quarter of them,
    or the names of some.
    trace: False to record nothing, for speed.

    Raises LabkitError where the arguments make no cluster.
    """

    def __init__(
        self,
        node: type[Node] | None = None,
        size: int | None = None,
        *,
        nodes: Mapping[str, type[Node]] | None = None,
        topology: nx.Graph | None = None,
        seed: int = 0,
        latency: Latency = DEFAULT,
        faults: Faults | list[Fault] | None = None,
        buggify: bool | Collection[str] = False,
        trace: bool = True,
        title: str | None = None,
        launch: Launch | None = None,
    ):
        self._arguments: dict[str, Any] = {
            "node": node, "size": size, "nodes": None if nodes is None else dict(nodes), "topology": topology,
            "seed": seed, "latency": latency, "buggify": buggify, "trace": trace, "title": title, "launch": launch,
        }  # fmt: skip
        programs, edges = assign(node, size, nodes, topology)
        if not isinstance(seed, int):
            raise LabkitError(f"seed={seed!r}: a seed is a whole number")
        self.ids = tuple(programs)
        self.seed = seed
        self.title = title or next(iter(programs.values())).__name__
        self.trace = Trace(title=self.title, seed=seed, nodes=self.ids, edges=edges)
        self.trace.drawn = drawings(programs)
        self.faults = Faults()
        self.schedule: Timetable | Priorities | None = None
        self.scripted = False  # whether what is done to it by code has no effect, and only given faults strike
        self.nodes: Mapping[str, Node] = Nodes(self)
        self._programs = programs
        self._launch = launch or _launch
        self._loop = VirtualLoop()  # type: ignore[abstract]  # what it lacks, it refuses by name
        self._loop.between = self.trace.settle
        self._network = self._make_network(seed, latency, self.trace if trace else None)
        self._network.on_failure = self._failed
        self._watch = Watch(self._network, self.trace, self._carry_out)
        self._buggify = check_names(buggify)
        self._clients: dict[str, Client] = {}
        self._started = False
        self._watchers: list[Callable[[], None]] = []
        self._unreported: list[tuple[str, float, str]] = []
        self._deeds: list[Deed] = []
        linked: dict[str, set[str]] = {id: set() for id in self.ids}
        for one, other in edges or ():
            linked[one].add(other)
            linked[other].add(one)
        for place, id in enumerate(self.ids):
            reach = None if edges is None else frozenset(linked[id] | {id})
            peers = self.ids[:place] + self.ids[place + 1 :]
            if reach is not None:
                peers = tuple(peer for peer in peers if peer in reach)
            self._network.add(id, peers, reach)
        self.inject(faults or ())

    def _make_network(self, seed: int, latency: Latency, trace: Trace | None) -> Network:
        return Network(seed, latency, self._loop, trace)

    # --- running

    @property
    def now(self) -> float:
        """Virtual seconds since the start, by the true clock that no node can see."""
        return self._loop.now

    def run(
        self, seconds: float | None = None, *, until: Callable[[Cluster], bool] | None = None, limit: float = 60.0
    ) -> bool | None:
        """Run for so many virtual seconds; or until `until(cluster)` is true (asked before every step), for at most
        `limit` seconds.

        Returns None, or with `until` whether it came true. Errors of nodes are printed; they crash the node, not the
        run. Raises BudgetExceeded if the nodes never let time pass, or send messages without end.
        """
        if (seconds is None) == (until is None):
            raise LabkitError("say how long to run: cluster.run(5.0), or cluster.run(until=predicate, limit=60)")
        span = limit if seconds is None else seconds
        if not isinstance(span, int | float) or not span >= 0:
            raise LabkitError(f"cannot run for {span!r} s: give a number of virtual seconds, zero or more")
        try:
            if until is None:
                self.advance(self.now + span)
                return None
            predicate = until
            self.advance(self.now + span, lambda: predicate(self))
            return bool(predicate(self))
        finally:
            self._report()

    def advance(self, to: float, stop: Callable[[], bool] | None = None) -> None:
        """Run to a moment, in virtual seconds since the start, or until `stop()` is true. Prints nothing."""
        self._start()
        try:
            self._loop.advance(to, STEP_LIMIT, stop)
            if not (stop is not None and stop()):
                self._loop.now = max(self._loop.now, to)
        finally:
            self.trace.now = self._loop.now
            self._tell()

    def _start(self) -> None:
        if not self._started:
            self._started = True
            with self._loop.running():
                for id in self.ids:
                    self._boot(self._network.machines[id])

    def _boot(self, machine: Machine) -> None:
        if machine.boots < 0:  # crashed before the start
            machine.boots = 0
            return
        machine.boots += 1
        self._network.record((self.now, "start", machine.id, None, machine.boots, None, None))
        machine.store.boot()
        machine.process = self._launch(self, machine, _node_seed(self.seed, machine))
        self._network.reach_directly(machine)
        machine.process.boot()

    def _failed(self, process: Runs) -> None:
        """A node's program raised an error: a crash, by itself."""
        self._unreported.append((process.id, self.now, process.traceback))
        self._down(self._network.machines[process.id], "error")

    def _down(self, machine: Machine, why: str) -> None:
        machine.process = None
        self._network.record((self.now, "crash", machine.id, None, None, None, why))
        machine.store.crash(self._network.stream(f"disk/{machine.id}/{machine.boots}"))
        if machine.gate is not None:
            machine.gate.crash()

    def _report(self) -> None:
        """Print the errors of nodes since the last report, each text once."""
        texts: dict[str, list[tuple[str, float]]] = {}
        for id, time, text in self._unreported:
            texts.setdefault(text, []).append((id, time))
        self._unreported.clear()
        for text, where in texts.items():
            id, time = where[0]
            more = f" (and {len(where) - 1} more with the same error)" if len(where) > 1 else ""
            print(f"{id} crashed at {time:.3f} s{more}:\n{text}", file=sys.stderr)

    # --- faults

    def inject(self, faults: Iterable[Fault]) -> None:
        """Timetable faults to come, at their virtual times from the start of the run; such as wait for an event
        (`Fault(..., when=...)`) wait from those times on. Raises LabkitError if a time is past."""
        faults = Faults(faults)
        for fault in faults:
            for id in fault.nodes:
                self._check_id(id)
            if fault.time < self.now or (self._started and not fault.time):
                raise LabkitError(f"{fault!r} is past, at {self.now:g} s; faults.shift(cluster.now) moves them to now")
        if faults:
            self._remember("inject", faults)
        for fault in faults:
            if fault.time == 0:
                self._strike(fault)
            else:
                self._loop.push_last(fault.time, self._strike, fault)

    def follow(self, schedule: Timetable | Priorities) -> None:
        """Let messages arrive when a timetable or priorities say, from the start of the run on. By a timetable, links
        have no troubles of their own; partitions and cuts stop messages as always.

        Raises LabkitError if the run has begun, or follows a schedule already.
        """
        if self._started or self.schedule is not None:
            raise LabkitError("a schedule is for a whole run, and there is one for each: give it to a new cluster")
        self._remember("follow", schedule)
        self.schedule = schedule
        schedule.steer(self._network)
        self._network.record((0.0, "link", None, None, None, None, {"schedule": True}))
        self._network.disturb(self._network.machines)

    def _moment(self) -> float:
        """When a fault done now strikes: after everything else that happens at this time (so that a replay is
        exact)."""
        if not self._started:
            return 0.0
        if self._loop._depth:
            raise LabkitError("a node must not do things to the cluster: faults come from outside")
        self._loop.advance(self.now, STEP_LIMIT)
        self._loop.now = max(self.now, _FIRST_MOMENT)
        return self.now

    def _do(self, fault: Fault) -> None:
        if self.scripted:
            return
        self._remember("fault", fault)
        if self._loop._depth:
            self._strike(fault)
        else:
            with self._loop.running():
                self._strike(fault)
        self._report()
        self._tell()

    def _remember(self, do: str, *args: Any) -> None:
        self._deeds.append(Deed(self._started, self.now, self._loop.taken, len(self.trace), do, args))

    def _strike(self, fault: Fault) -> None:
        self.faults.append(fault)
        if fault.when is None:
            self._carry_out(fault)
        else:
            self._watch.arm(fault)

    def _carry_out(self, fault: Fault) -> None:
        for id in fault.nodes:
            self._check_id(id)
        if fault.action not in ("crash", "restart"):
            strike(self._network, fault)
            return
        machine = self._network.machines[fault.args[0]]
        self._crash(machine)
        if fault.action == "restart":
            if self._started:
                self._boot(machine)
            else:
                machine.boots = 0

    def _crash(self, machine: Machine) -> None:
        if machine.process is not None:
            machine.process.stop()
            self._down(machine, "fault")
        elif not self._started:
            machine.boots = -1

    # --- other runs

    def fork(self, at: int | float | None = None, faults: Iterable[Fault] = (), *, title: str | None = None) -> Cluster:
        """A new cluster that has gone the same way up to a moment, and from there goes its own: another crash, another
        delivery, other requests. The run is made again, from the code, the seed, and what was done by then.

        at: an event's number (int), or virtual seconds (float); now, if not given. faults: what strikes from then on,
        besides what this cluster had been given by then. Raises LabkitError if the moment is not in this run, or if the
        run cannot be made again (its code is not deterministic, or its nodes were changed from outside).
        """
        from labkit.forking import fork

        return fork(self, at, faults, title)

    # --- clients and watchers

    def client(self, name: str) -> Client:
        """The client of this name, such as "c1"; it is made when first asked for. Its calls are recorded as a
        history."""
        if name in self._programs:
            raise LabkitError(f"{name} is a node of this cluster: give the client a name of its own, such as 'c1'")
        if name not in self._clients:
            self._clients[name] = Client(self, name)
        return self._clients[name]

    def _client_process(self, id: str) -> Any:
        self._start()
        machine = self._network.machines.get(id)
        if machine is None:
            machine = self._network.add(id, (), None, is_client=True)
            machine.disturbed = bool(self._network.links.everywhere) or self._watch.on or self.schedule is not None
            machine.process = _process(self, machine, _Caller, f"{self.seed}/client/{id}", traced=False)
            with self._loop.running():
                machine.process.boot()
        return machine.process

    @property
    def history(self) -> list[Any]:
        """All operations of all clients, in the order in which they were invoked."""
        return sorted(
            (operation for client in self._clients.values() for operation in client.operations),
            key=lambda operation: operation.invoked,
        )

    def up(self, id: str) -> bool:
        """Whether a node is running."""
        return self._network.machines[self._check_id(id)].process is not None

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback()` whenever the cluster has run or something was done to it. Returns a function that ends
        this."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback) if callback in self._watchers else None

    def _tell(self) -> None:
        self.trace.now = self.now
        for watcher in tuple(self._watchers):
            watcher()

    def view(self, *views: str, **options: Any) -> Any:
        """Show the cluster live, with its controls, in a notebook: `cluster.view()`, or with the views that you name,
        `cluster.view("cluster", "logs")`. The options are those of `labkit.view.show`."""
        from labkit.view import show

        return show(self, *views, **options)

    # --- ids

    def _check_id(self, id: Any, clients: bool = False) -> str:
        if id in self._programs or (clients and id in self._clients):
            return id  # type: ignore[no-any-return]
        raise UnknownNode(f"there is no node {id!r} in this cluster; the nodes are {', '.join(self.ids)}")

    def __repr__(self) -> str:
        down = [id for id in self.ids if self._started and not self.up(id)]
        end = f", down: {', '.join(down)}" if down else ""
        return f"<Cluster of {len(self.ids)} {self.title}, {self.now:g} s, seed {self.seed}{end}>"


def _save_page(trace: Trace, path: str | Path, **options: Any) -> None:
    from labkit.view import Replay

    Replay(trace, **options).save(path)


def _stills() -> Any:
    from labkit.view import stills

    return stills


Trace.writers[".html"] = _save_page
look.stills = _stills


def _node_seed(seed: int, machine: Machine) -> str:
    """Where one boot's random numbers come from. A hash, so that a node cannot work out the seed of the whole run."""
    return hashlib.sha256(f"{seed}/node/{machine.id}/{machine.boots}".encode()).hexdigest()


def _launch(cluster: Cluster, machine: Machine, seed: str) -> Runs:
    """Run a node in this process, from its class."""
    return _process(cluster, machine, cluster._programs[machine.id], seed)


def _process(cluster: Cluster, machine: Machine, program: type[Node], seed: str, traced: bool = True) -> Process:
    network = cluster._network
    return Process(
        program,
        machine.id,
        machine.peers,
        loop=cluster._loop,
        world=network,
        seed=seed,
        boot=machine.boots,
        clock=machine.clock,
        stored=machine.store.durable,
        traced=traced and network.traced,
        broken=machine.store.broken,
        buggify=rare_paths(cluster, seed),
    )


def rare_paths(cluster: Cluster, seed: str) -> Buggify | None:
    if not cluster._buggify:
        return None
    run = hashlib.sha256(f"{cluster.seed}/buggify".encode()).hexdigest()
    return Buggify(run, seed, cluster._buggify)
