"""Cluster: a whole distributed system in one process, in virtual time. Build it, run it, break it, and read what
happened."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from labkit.client import Client, _Caller
from labkit.engine.faults import Fault, Faults
from labkit.engine.loop import VirtualLoop
from labkit.engine.network import DEFAULT_LATENCY, Latency, Machine, Network
from labkit.engine.process import Process
from labkit.engine.trace import Trace
from labkit.engine.world import Runs
from labkit.errors import LabkitError, NodeDown, UnknownNode
from labkit.node import Node

if TYPE_CHECKING:
    import networkx as nx

STEP_LIMIT = 20_000_000  # steps of one run
_FIRST_MOMENT = (
    5e-324  # the smallest time above zero: what is done at time 0 after the boot is not what is done before it
)
Launch = Callable[["Cluster", Machine, str], Runs]


class Cluster:
    """Nodes, and the network between them.

    `Cluster(Player, size=5)` runs five nodes n1 to n5 of one class; `nodes={"n1": A, "n2": B}` names and mixes them;
    `topology=graph` takes nodes and links from a networkx graph (a node's class may be its attribute "node").

    seed: where all random choices come from; the same code, seed and faults give the same trace.
    latency: virtual seconds from one node to another: a number, or the two bounds of a uniform distribution.
    faults: what to do to the cluster, and when (`Faults`, as in another run's `cluster.faults`).
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
        latency: Latency = DEFAULT_LATENCY,
        faults: Faults | list[Fault] | None = None,
        trace: bool = True,
        title: str | None = None,
        launch: Launch | None = None,
    ):
        programs, edges = _programs(node, size, nodes, topology)
        if not isinstance(seed, int):
            raise LabkitError(f"seed={seed!r}: a seed is a whole number")
        self.ids = tuple(programs)
        self.seed = seed
        self.title = title or next(iter(programs.values())).__name__
        self.trace = Trace(title=self.title, seed=seed, nodes=self.ids, edges=edges)
        self.faults = Faults()
        self.nodes: Mapping[str, Node] = _Nodes(self)
        self._programs = programs
        self._launch = launch or _launch
        self._loop = VirtualLoop()  # type: ignore[abstract]  # what it lacks, it refuses by name
        self._loop.between = self.trace.settle
        self._network = Network(seed, latency, self._loop, self.trace if trace else None)
        self._network.on_failure = self._failed
        self._clients: dict[str, Client] = {}
        self._started = False
        self._watchers: list[Callable[[], None]] = []
        self._unreported: list[tuple[str, float, str]] = []
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
        for fault in Faults(faults or ()):
            if fault.time == 0:
                self._strike(fault)
            else:
                self._loop.push_last(fault.time, self._strike, fault)

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
        machine.process = self._launch(self, machine, _node_seed(self.seed, machine))
        self._network.reach_directly(machine)
        machine.process.boot()

    def _failed(self, process: Runs) -> None:
        """A node's program raised an error: a crash, by itself."""
        self._unreported.append((process.id, self.now, process.traceback))
        self._down(self._network.machines[process.id], "error")

    def _down(self, machine: Machine, why: str) -> None:
        machine.process = None
        machine.store.crash(self._network.stream(f"disk/{machine.id}/{machine.boots}"))
        self._network.record((self.now, "crash", machine.id, None, None, None, why))

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

    def crash(self, id: str) -> None:
        """Stop a node at once. Its state is lost; its disk keeps what was synced. Nothing happens if it is down
        already."""
        self._do(Fault(self._moment(), "crash", self._check_id(id)))

    def restart(self, id: str) -> None:
        """Boot a node that is down; a running one is crashed first."""
        self._do(Fault(self._moment(), "restart", self._check_id(id)))

    def partition(self, *groups: Any) -> None:
        """Split the network: `partition({"n1", "n2"}, {"n3"})`. Messages pass only within a group; nodes not named
        form one more group.

        Clients reach every group. A new partition replaces the old one.
        """
        sides = [[group] if isinstance(group, str) else sorted(group, key=self._place) for group in groups]
        named = [self._check_id(id) for side in sides for id in side]
        if len(named) != len(set(named)):
            raise LabkitError(f"a node can be on one side of a partition only: {sides}")
        if not named:
            raise LabkitError('partition() needs groups of node ids: partition({"n1", "n2"}, {"n3"})')
        rest = [id for id in self.ids if id not in named]
        self._do(Fault(self._moment(), "partition", *sides, *([rest] if rest else [])))

    def heal(self) -> None:
        """End the partition and every cut. Loss, delay and the like stay."""
        self._do(Fault(self._moment(), "heal"))

    def link(self, a: str | None = None, b: str | None = None, *, one_way: bool = False, **settings: Any) -> None:
        """Change the link between two nodes (both ways, or only from `a` to `b`); without ids, or with one, every link
        that fits.

        latency: seconds, or (shortest, longest), or None for the cluster's own. loss, duplicate, reorder: probability
        for each message; a reordered one is held back so that later ones overtake it. cut: True to lose everything,
        False to mend. What is not named stays as it was.
        """
        from labkit.engine.network import check_settings

        check_settings(settings)
        for id in (a, b):
            if id is not None:
                self._check_id(id, clients=True)
        options = settings | ({"one_way": True} if one_way else {})
        if "latency" in options and isinstance(options["latency"], tuple):
            options["latency"] = list(options["latency"])
        self._do(Fault(self._moment(), "link", a, b, **options))

    def clock(self, id: str, *, offset: float = 0.0, rate: float = 1.0) -> None:
        """Skew a node's own clock: it shows `offset + rate * time`. Its timers follow the rate from the next one
        set."""
        if not rate > 0:
            raise LabkitError(f"rate={rate!r}: a clock's rate is above zero (1.0 is true, 1.01 gains 1%)")
        self._do(Fault(self._moment(), "clock", self._check_id(id), offset=float(offset), rate=float(rate)))

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
        if self._loop._depth:
            self._strike(fault)
        else:
            with self._loop.running():
                self._strike(fault)
        self._report()
        self._tell()

    def _strike(self, fault: Fault) -> None:
        self.faults.append(fault)
        record, network, args = self._network.record, self._network, fault.args
        if fault.action == "crash":
            self._crash(network.machines[self._check_id(args[0])])
        elif fault.action == "restart":
            machine = network.machines[self._check_id(args[0])]
            self._crash(machine)
            if self._started:
                self._boot(machine)
            else:
                machine.boots = 0
        elif fault.action == "partition":
            record((self.now, "partition", None, None, None, None, [list(group) for group in args]))
            network.partition([list(group) for group in args])
        elif fault.action == "heal":
            record((self.now, "heal", None, None, None, None, None))
            network.heal()
        elif fault.action == "link":
            settings = {name: value for name, value in fault.options.items() if name != "one_way"}
            a, b = (*args, None, None)[:2]
            record((self.now, "link", a, b, None, None, dict(fault.options)))
            network.set_link(a, b, settings)
            if not fault.options.get("one_way") and (a or b):
                network.set_link(b, a, settings)
        elif fault.action == "clock":
            clock = network.machines[self._check_id(args[0])].clock
            clock.offset, clock.rate = fault.options.get("offset", 0.0), fault.options.get("rate", 1.0)
            record((self.now, "clock", args[0], None, None, None, {"offset": clock.offset, "rate": clock.rate}))

    def _crash(self, machine: Machine) -> None:
        if machine.process is not None:
            machine.process.stop()
            self._down(machine, "fault")
        elif not self._started:
            machine.boots = -1

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
            machine.disturbed = bool(self._network._everywhere)
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

    def view(self, **options: Any) -> Any:
        """Show the cluster live, with its controls, in a notebook; options as in `labkit.view.show`."""
        from labkit.view import show

        return show(self, **options)

    # --- ids

    def _place(self, id: str) -> int:
        return self.ids.index(self._check_id(id))

    def _check_id(self, id: Any, clients: bool = False) -> str:
        if id in self._programs or (clients and id in self._clients):
            return id  # type: ignore[no-any-return]
        raise UnknownNode(f"there is no node {id!r} in this cluster; the nodes are {', '.join(self.ids)}")

    def __repr__(self) -> str:
        down = [id for id in self.ids if self._started and not self.up(id)]
        end = f", down: {', '.join(down)}" if down else ""
        return f"<Cluster of {len(self.ids)} {self.title}, {self.now:g} s, seed {self.seed}{end}>"


class _Nodes(Mapping[str, Node]):
    """The running nodes of a cluster, by id."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster

    def __getitem__(self, id: str) -> Node:
        process = self._cluster._network.machines[self._cluster._check_id(id)].process
        if process is None:
            why = "it crashed" if self._cluster._started else "the cluster has not started; call cluster.run(0) first"
            raise NodeDown(f"{id} is not running: {why}")
        return process.node  # type: ignore[attr-defined,no-any-return]

    def __iter__(self) -> Iterator[str]:
        return (id for id in self._cluster.ids if self._cluster.up(id))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{id!r}: {node!r}' for id, node in self.items())}}}"


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
    )


def _programs(
    node: type[Node] | None, size: int | None, nodes: Mapping[str, type[Node]] | None, topology: nx.Graph | None
) -> tuple[dict[str, type[Node]], list[list[str]] | None]:
    """Which class runs at which id, and the links (None: all). Raises LabkitError if that cannot be told."""
    programs: dict[str, Any]
    edges = None
    if nodes is not None:
        programs = dict(nodes)
        if node is not None or size is not None:
            raise LabkitError("give either a class and a size, or nodes={...}, not both")
    elif topology is not None:
        ids = {name: name if isinstance(name, str) else f"n{number}" for number, name in enumerate(topology.nodes, 1)}
        programs = {ids[name]: data.get("node", node) for name, data in topology.nodes(data=True)}
        if size not in (None, len(programs)):
            raise LabkitError(f"size={size}, but the topology has {len(programs)} nodes; leave out the size")
    else:
        if size is None:
            raise LabkitError("how many nodes? Cluster(Player, size=5)")
        if not isinstance(size, int) or size < 1:
            raise LabkitError(f"size={size!r}: a cluster has one node or more")
        programs = {f"n{number}": node for number in range(1, size + 1)}
    if topology is not None:
        names = list(topology.nodes)
        known = ids if nodes is None else {name: name for name in programs}
        if nodes is not None and set(names) != set(programs):
            raise LabkitError("nodes={...} and the topology name different nodes")
        edges = [[known[a], known[b]] for a, b in topology.edges if a != b]
    if not programs:
        raise LabkitError("a cluster has one node or more")
    for id, program in programs.items():
        if not (isinstance(program, type) and issubclass(program, Node)):
            raise LabkitError(
                f"{id} is to run {program!r}: give a class that derives from Node, as in Cluster(Player, size=5)"
            )
        if not isinstance(id, str) or not id:
            raise LabkitError(f"{id!r} cannot be a node's id: give a string, such as 'n1'")
    return programs, edges
