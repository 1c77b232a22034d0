"""The dependencies between transactions, and their cycles (Adya 1999, chapter 4; Elle, section 4).

| edge | from | to |
|---|---|---|
| ww | who wrote a version | who wrote the next |
| wr | who wrote a version | who read it |
| rw | who read a version | who wrote the next |
| process | a transaction | the next one of the same process |
| realtime | a transaction that had its answer | one that began later |
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx

from labkit.check.operation import show
from labkit.check.versions import Anomaly, Facts, Step, Txn

KINDS = ("ww", "wr", "rw", "process", "realtime")
Edges = dict[tuple[int, int], dict[str, tuple[Any, Any, Any]]]  # kind: (key, version before, version after)
MOST = 8  # cycles reported under one name
LOOKED_AT = 300  # cycles among which the shortest are chosen


def dependencies(facts: Facts) -> nx.DiGraph:
    """The graph of the transactions that took effect, by number. An edge has for each of its kinds why it is there."""
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(facts.took_effect()))

    def add(source: Txn | None, target: Txn | None, kind: str, key: Any, old: Any, new: Any) -> None:
        if source and target and source is not target and source.number in graph and target.number in graph:
            if not graph.has_edge(source.number, target.number):
                graph.add_edge(source.number, target.number, why={})
            graph.edges[source.number, target.number]["why"].setdefault(kind, (key, old, new))

    for key, follows in facts.after.items():
        for old, later in follows.items():
            for new in later:
                add(facts.writer.get((key, old)), facts.writer.get((key, new)), "ww", key, old, new)
    for reader, key, version in facts.reads:
        add(facts.writer.get((key, version)), reader, "wr", key, version, version)
        for new in facts.after.get(key, {}).get(version, ()):
            add(reader, facts.writer.get((key, new)), "rw", key, version, new)
    for first, second, kind in _order_of_time([txn for txn in facts.txns if txn.number in graph]):
        add(first, second, kind, None, None, None)
    return graph


def _order_of_time(txns: list[Txn]) -> Iterator[tuple[Txn, Txn, str]]:
    """Process edges, and as few realtime edges as imply the others."""
    last: dict[Any, Txn] = {}
    for txn in txns:
        if txn.op.process in last and last[txn.op.process].op.completed is not None:
            yield last[txn.op.process], txn, "process"
        last[txn.op.process] = txn
    events = [(txn.op.invoked, txn) for txn in txns]
    events += [(txn.op.completed, txn) for txn in txns if txn.op.completed is not None]
    frontier: list[Txn] = []
    for place, txn in sorted(events, key=lambda event: event[0]):
        if place == txn.op.invoked:
            for before in frontier:
                yield before, txn, "realtime"
        else:
            frontier = [t for t in frontier if not (t.op.completed or 0) < txn.op.invoked] + [txn]


def part(graph: nx.DiGraph, *kinds: str) -> nx.DiGraph:
    """The graph with the edges of these kinds alone."""
    chosen = nx.DiGraph()
    chosen.add_nodes_from(graph)
    for a, b, data in graph.edges(data=True):
        why = {kind: data["why"][kind] for kind in kinds if kind in data["why"]}
        if why:
            chosen.add_edge(a, b, why=why)
    return chosen


def cycles(facts: Facts, graph: nx.DiGraph) -> list[Anomaly]:
    """The anomalies that are cycles: for each name the shortest ones, no two among the same transactions.

    If there is any cycle, there is an anomaly. The order of processes, and then that of time, are looked at only where
    nothing weaker has shown a cycle: what a weaker level rules out, the stronger rule out as well.
    """
    for suffix, extra in (("", ()), ("-process", ("process",)), ("-realtime", ("realtime",))):
        whole = part(graph, "ww", "wr", "rw", *extra)
        if not nx.is_directed_acyclic_graph(whole):
            return [_explain(facts, cycle, name, suffix) for name, cycle in _named(whole, extra)]
    return []


Cycle = list[tuple[int, int, str, tuple[Any, Any, Any]]]


def _named(whole: nx.DiGraph, extra: tuple[str, ...]) -> Iterator[tuple[str, Cycle]]:
    """The cycles of a graph that has some, under their names."""
    knots = [group for group in nx.strongly_connected_components(whole) if len(group) > 1]
    graph = whole.subgraph(set().union(*knots)).copy()
    reads = part(graph, "ww", "wr", *extra)
    knot = {node: n for n, group in enumerate(knots) for node in group}
    anti = [(a, b) for a, b, data in graph.edges(data=True) if "rw" in data["why"] and knot[a] == knot[b]]
    found: dict[str, list[Cycle]] = {
        "G0": _first_of(_without_anti(part(graph, "ww", *extra), "ww")),
        "G1c": _first_of(_without_anti(reads, "wr")),
        "G-single": _first_of(_single(graph, reads, anti)),
        "G-nonadjacent": _first_of(_far_apart(graph, reads, anti)),
        "G2-item": _first_of(_adjacent(graph, anti)),
    }
    if not any(found.values()):
        found["G2-item"] = [_walk(graph, [a for a, _ in nx.find_cycle(graph)] * 2, {})[: len(nx.find_cycle(graph))]]
    return ((name, cycle) for name, some in found.items() for cycle in some)


def _first_of(candidates: Iterable[Cycle]) -> list[Cycle]:
    """The shortest of the first cycles, no two of them among the same transactions."""
    chosen: list[tuple[set[int], Cycle]] = []
    for cycle in sorted(itertools.islice(candidates, LOOKED_AT), key=len):
        members = {a for a, *_ in cycle}
        if not any(other & members for other, _ in chosen):
            chosen.append((members, cycle))
    return [cycle for _, cycle in chosen[:MOST]]


def _without_anti(graph: nx.DiGraph, first: str) -> Iterator[Cycle]:
    """Cycles of ww (and wr) edges alone that have one of kind `first`."""
    for group in nx.strongly_connected_components(graph):
        inside = graph.subgraph(group)
        for a, b, data in inside.edges(data=True) if len(group) > 1 else ():
            if first in data["why"]:
                yield _walk(graph, [a, *nx.shortest_path(inside, b, a)], {0: first})


def _walk(graph: nx.DiGraph, nodes: list[int], kinds: dict[int, str]) -> Cycle:
    """The edges along nodes, each of the kind asked for, else of its strongest."""
    cycle = []
    for n, (a, b) in enumerate(itertools.pairwise(nodes)):
        why = graph.edges[a, b]["why"]
        kind = kinds.get(n) or next(kind for kind in KINDS if kind in why)
        cycle.append((a, b, kind, why[kind]))
    return cycle


def _single(graph: nx.DiGraph, reads: nx.DiGraph, anti: list[tuple[int, int]]) -> Iterator[Cycle]:
    """One rw edge, and a way back without any."""
    after = _reachable(reads)
    for a, b in anti:
        if after[b] >> a & 1:
            yield _walk(graph, [a, *nx.shortest_path(reads, b, a)], {0: "rw"})


def _reachable(graph: nx.DiGraph) -> dict[int, int]:
    """For each node the bits of all that can be reached from it."""
    knots = nx.condensation(graph)
    bits: dict[int, int] = {}
    for knot in reversed(list(nx.topological_sort(knots))):
        mask = sum(1 << node for node in knots.nodes[knot]["members"])
        for later in knots.successors(knot):
            mask |= bits[later]
        bits[knot] = mask
    return {node: bits[knot] for node, knot in knots.graph["mapping"].items()}


def _far_apart(graph: nx.DiGraph, reads: nx.DiGraph, anti: list[tuple[int, int]]) -> Iterator[Cycle]:
    """Two rw edges or more, with other edges between them: what snapshot isolation rules out (Cerone and Gotsman
    2018, "Analysing snapshot isolation")."""
    steps = nx.DiGraph()
    steps.add_edges_from((a, b, {"by": [a, b]}) for a, b in reads.edges)
    for a, b in anti:
        for before in reads.predecessors(a):
            if not steps.has_edge(before, b) and before != b:
                steps.add_edge(before, b, by=[before, a, b])
    for group in nx.strongly_connected_components(steps):
        inside = steps.subgraph(group)
        for a, b, data in inside.edges(data=True) if len(group) > 1 else ():
            if len(data["by"]) == 3:
                nodes = [a]
                for x, y in itertools.pairwise([a, *nx.shortest_path(inside, b, a)]):
                    nodes += steps.edges[x, y]["by"][1:]
                anti_at = {n: "rw" for n, (x, y) in enumerate(itertools.pairwise(nodes)) if not reads.has_edge(x, y)}
                if len(anti_at) > 1:
                    yield _walk(graph, nodes, anti_at)


def _adjacent(graph: nx.DiGraph, anti: list[tuple[int, int]]) -> Iterator[Cycle]:
    """Two rw edges in a row, and any way back."""
    follows: dict[int, list[int]] = {}
    for a, b in anti:
        follows.setdefault(a, []).append(b)
    for a, b in anti:
        for c in follows.get(b, ()):
            way = [a] if c == a else nx.shortest_path(graph, c, a)
            if b not in way:
                yield _walk(graph, [a, b, *way], {0: "rw", 1: "rw"})


def _explain(facts: Facts, cycle: Cycle, name: str, suffix: str) -> Anomaly:
    """A cycle in words, beginning at its earliest transaction."""
    start = min(range(len(cycle)), key=lambda n: cycle[n][0])
    cycle = cycle[start:] + cycle[:start]
    steps = tuple(_step(facts, *edge) for edge in cycle)
    names = tuple(step.source for step in steps)
    keys = {why[0] for _, _, kind, why in cycle if kind in ("ww", "wr", "rw")}
    alone = {kind for _, _, kind, _ in cycle} <= {"ww", "wr", "rw"}
    alias = {"G0": "write cycle", "G1c": "circular information flow"}.get(name, "") if alone else ""
    if name == "G-single" and alone:
        kinds = sorted(kind for _, _, kind, _ in cycle)
        alias = "lost update" if len(keys) == 1 and kinds == ["rw", "ww"] and _both_read(facts, cycle) else "read skew"
    elif name == "G-nonadjacent" and alone:
        two = sorted(kind for _, _, kind, _ in cycle) == ["rw", "rw", "wr", "wr"]
        alias = "long fork" if two and len(keys) == 2 else ""
    elif name == "G2-item" and alone and len(cycle) == 2:
        alias = "write skew" if len(keys) == 2 else ""
    around = " before ".join([*names, names[0]])
    return Anomaly(name + suffix, alias, names, f"{around}: no order can have that", steps)


def _both_read(facts: Facts, cycle: Cycle) -> bool:
    key = cycle[0][3][0]
    numbers = {a for a, *_ in cycle}
    versions = {(txn.number, version) for txn, k, version in facts.reads if k == key and txn.number in numbers}
    return len({n for n, _ in versions}) == 2 and len({version for _, version in versions}) == 1


def _step(facts: Facts, a: int, b: int, kind: str, why: tuple[Any, Any, Any]) -> Step:
    one, two = facts.txns[a - 1], facts.txns[b - 1]
    key, old, new = why
    lists = (a, key, old) in facts.lists or (b, key, old) in facts.lists
    did = "appended" if lists or any(f == "append" for f, _, _ in two.steps) else "wrote"
    if kind == "ww":
        words = f"{one.name} {did} {show(old)} to {show(key)} before {two.name} {did} {show(new)}"
    elif kind == "wr":
        value = show(facts.lists.get((b, key, old), old))
        words = f"{one.name} {did} {show(old)} to {show(key)}, and {two.name} saw it: it read {show(key)} = {value}"
    elif kind == "rw":
        value = show(facts.lists.get((a, key, old), old))
        words = f"{one.name} read {show(key)} = {value}, without the {show(new)} that {two.name} {did}"
    elif kind == "process":
        words = f"process {one.op.process} did {one.name} before {two.name}"
    else:
        words = f"{one.name} had its answer before {two.name} began"
    return Step(one.name, two.name, kind, words, key)
