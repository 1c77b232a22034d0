"""Who is in a cluster: which class runs at which id, which links there are, and the nodes that are running."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError, NodeDown
from labkit.look import Shown
from labkit.node import Node

if TYPE_CHECKING:
    import networkx as nx

    from labkit.cluster import Cluster


DRAWN = (
    "label", "badge",
    "role", "term", "vote", "log", "commit", "applied", "promised", "accepted", "value", "tried", "chosen",
    "waiting", "active", "rumour", "replica", "tokens", "keys", "space",
)  # fmt: skip


class Nodes(Shown, Mapping[str, Node]):
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


def assign(
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


def drawings(programs: Mapping[str, type[Node]]) -> dict[str, dict[str, str]]:
    """How the nodes want to be drawn: for each id whose class says so, its class attribute `drawn`.

    `drawn = {"label": "ballot", "badge": "queue", "log": "journal"}` writes the attribute `ballot` below the node's
    name and `queue` on a badge, and tells the views that its log is in `journal`. Raises LabkitError, naming the class,
    for a sign that there is not (`DRAWN` has them), and for what is no public attribute's name.
    """
    found = {}
    for id, program in programs.items():
        drawn = getattr(program, "drawn", None)
        if drawn is None:
            continue
        name = f"{program.__name__}.drawn"
        if not isinstance(drawn, Mapping):
            raise LabkitError(f'{name} is {drawn!r}: give a dict such as {{"label": "ballot"}}')
        for sign, attribute in drawn.items():
            if sign not in DRAWN:
                near = difflib.get_close_matches(str(sign), DRAWN, n=1)
                guess = f" Did you mean {near[0]!r}?" if near else ""
                raise LabkitError(
                    f"{name} has {sign!r}, and there is no such sign.{guess} There are {', '.join(DRAWN)}"
                )
            if not isinstance(attribute, str) or not attribute.isidentifier() or attribute.startswith("_"):
                raise LabkitError(
                    f"{name} has {sign!r}: {attribute!r}: give the name of a public attribute of the node, as a string"
                )
        if drawn:
            found[id] = dict(drawn)
    return found
