"""DistributedSystem: a cluster built node by node, in the words of the usual first lesson.

A system holds nodes; nodes are connected; the system starts and stops them. Each word is one of `Cluster` and `Node`:

| here | there |
|---|---|
| `system.add_node("a", A)` | `Cluster(nodes={"a": A, ...})` |
| `system.connect("a", "b")` | `Cluster(topology=...)`: an edge; without any, everybody reaches everybody |
| `system.start()` | `cluster.run(0)`, which boots the nodes, or `cluster.restart` of those that were stopped |
| `system.run(seconds)` | `cluster.run(seconds)` |
| `system.stop("a")`, `system.start("a")` | `cluster.crash("a")`, `cluster.restart("a")` |
| `system.nodes["a"].connections` | `cluster.nodes["a"].peers` |
| `system.cluster` | the cluster itself: its trace, its view, its faults |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labkit.cluster import Cluster
from labkit.errors import LabkitError
from labkit.node import Node


class DistributedSystem:
    """Nodes and their connections, to be started and stopped::

        system = DistributedSystem(seed=1)
        system.add_node("a", Greeter)
        system.add_node("b", Greeter)
        system.connect("a", "b")
        system.start()
        system.run(1.0)
        system.stop("a")

    Options are those of `Cluster` (seed, latency, faults, ...). The nodes are as in every cluster: `self.send`,
    `await self.receive()`, handlers, timers; `self.connections` says whom a node is connected to. A stopped node has
    crashed: its state is lost, its disk is not.
    """

    def __init__(self, **options: Any):
        self._options = options
        self._programs: dict[str, type[Node]] = {}
        self._edges: list[tuple[str, str]] = []
        self._cluster: Cluster | None = None

    def add_node(self, id: str, node: type[Node]) -> str:
        """Add a node of this class. Returns its id. Raises LabkitError if there is one, or the system has started."""
        self._check_not_started("add a node")
        if id in self._programs:
            raise LabkitError(f"the system has a node {id!r} already; give each its own id")
        self._programs[id] = node
        return id

    def connect(self, a: str, b: str) -> None:
        """Connect two nodes, both ways. Raises LabkitError if one is unknown, or the system has started."""
        self._check_not_started("connect nodes")
        for id in (a, b):
            if id not in self._programs:
                raise LabkitError(f"there is no node {id!r} to connect; add it first: system.add_node({id!r}, ...)")
        if a == b:
            raise LabkitError(f"{a} needs no connection to itself")
        self._edges.append((a, b))

    @property
    def cluster(self) -> Cluster:
        """The cluster that this is. From the first look at it on, no nodes and connections can be added."""
        if self._cluster is None:
            options = dict(self._options)
            if self._edges:
                import networkx as nx

                options["topology"] = graph = nx.Graph()
                graph.add_nodes_from(self._programs)
                graph.add_edges_from(self._edges)
            self._cluster = Cluster(nodes=self._programs, **options)
        return self._cluster

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The running nodes, by id."""
        return self.cluster.nodes

    def start(self, id: str | None = None) -> None:
        """Start one node, or all that are not running."""
        self.cluster.run(0)
        for each in self.cluster.ids if id is None else [id]:
            if not self.cluster.up(each):
                self.cluster.restart(each)

    def stop(self, id: str | None = None) -> None:
        """Stop one node, or all."""
        for each in self.cluster.ids if id is None else [id]:
            self.cluster.crash(each)

    def run(self, seconds: float) -> None:
        """Let so many virtual seconds pass."""
        self.cluster.run(seconds)

    def _check_not_started(self, what: str) -> None:
        if self._cluster is not None:
            raise LabkitError(f"the system has started: {what} before that")

    def __repr__(self) -> str:
        return f"<DistributedSystem of {', '.join(self._programs) or 'no nodes yet'}>"
