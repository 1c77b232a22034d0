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
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import networkx as nx

from labkit.check.history import show
from labkit.check.versions import Anomaly, Facts, Step, Txn

KINDS = ("ww", "wr", "rw", "process", "realtime")
Edges = dict[tuple[int, int], dict[str, tuple[Any, Any, Any]]]  # kind: (key, version before, version after)
MOST = 8  # cycles reported under one name


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
    """The anomalies that are cycles: for each name the shortest ones, no two among the same transactions."""
    found: list[Anomaly] = []
    for suffix, extra in (("", ()), ("-process", ("process",)), ("-realtime", ("realtime",))):
        if extra and nx.is_directed_acyclic_graph(part(graph, "ww", "wr", "rw", *extra)):
            continue
        for name, cycle in _named(part(graph, "ww", "wr", "rw", *extra), extra):
            anomaly = _explain(facts, cycle, name, suffix)
            if not any(set(anomaly.transactions) == set(old.transactions) for old in found if suffix):
                found.append(anomaly)
    return found


Cycle = list[tuple[int, int, str, tuple[Any, Any, Any]]]


def _named(graph: nx.DiGraph, extra: tuple[str, ...]) -> Iterator[tuple[str, Cycle]]:
    """Cycles under their names. With `extra` kinds of edges, only cycles that need one."""
    needed: Callable[[Cycle], bool] = lambda cycle: not extra or any(kind in extra for _, _, kind, _ in cycle)  # noqa: E731
    writes = part(graph, "ww", *extra)
    for cycle in _shortest(writes, needed, lambda a, b, why: "ww" in why):
        yield "G0", cycle
    reads = part(graph, "ww", "wr", *extra)
    for cycle in _shortest(reads, needed, lambda a, b, why: "wr" in why, first="wr"):
        if any(kind == "wr" for _, _, kind, _ in cycle):
            yield "G1c", cycle
    anti = [(a, b) for a, b, data in graph.edges(data=True) if "rw" in data["why"]]
    groups = {node: n for n, group in enumerate(nx.strongly_connected_components(graph)) for node in group}
    anti = [(a, b) for a, b in anti if groups[a] == groups[b]]
    for cycle in _first_of(_single(graph, reads, anti), needed):
        yield "G-single", cycle
    for cycle in _first_of(_far_apart(graph, reads, anti), needed):
        yield "G-nonadjacent", cycle
    for cycle in _first_of(_adjacent(graph, anti), needed):
        yield "G2-item", cycle


def _first_of(candidates: Iterable[Cycle], needed: Callable[[Cycle], bool]) -> list[Cycle]:
    """The shortest cycles, no two of them among the same transactions."""
    chosen: dict[frozenset[int], Cycle] = {}
    for cycle in sorted(filter(needed, candidates), key=len):
        if not any(members & {a for a, *_ in cycle} for members in chosen):
            chosen[frozenset(a for a, *_ in cycle)] = cycle
    return list(chosen.values())[:MOST]


def _shortest(
    graph: nx.DiGraph, needed: Callable[[Cycle], bool], begin: Callable[[int, int, Any], bool], first: str = "ww"
) -> list[Cycle]:
    candidates = []
    for group in nx.strongly_connected_components(graph):
        inside = graph.subgraph(group)
        for a, b, data in inside.edges(data=True) if len(group) > 1 else ():
            if begin(a, b, data["why"]) and nx.has_path(inside, b, a):
                candidates.append(_walk(graph, [a, *nx.shortest_path(inside, b, a)], {0: first}))
                if len(candidates) > 500:
                    break
    return _first_of(candidates, needed)


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
    for a, b in anti[:2000]:
        if nx.has_path(reads, b, a):
            yield _walk(graph, [a, *nx.shortest_path(reads, b, a)], {0: "rw"})


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
                hops = [a, *nx.shortest_path(inside, b, a)]
                for x, y in itertools.pairwise(hops):
                    nodes += steps.edges[x, y]["by"][1:]
                kinds = {}
                for n, (x, y) in enumerate(itertools.pairwise(nodes)):
                    if not reads.has_edge(x, y):
                        kinds[n] = "rw"
                cycle = _walk(graph, nodes, kinds)
                if sum(kind == "rw" for _, _, kind, _ in cycle) > 1 and len(set(nodes)) == len(nodes) - 1:
                    yield cycle


def _adjacent(graph: nx.DiGraph, anti: list[tuple[int, int]]) -> Iterator[Cycle]:
    """Two rw edges in a row, and any way back."""
    follows: dict[int, list[int]] = {}
    for a, b in anti:
        follows.setdefault(a, []).append(b)
    for a, b in anti[:2000]:
        for c in follows.get(b, ())[:20]:
            if c == a:
                yield _walk(graph, [a, b, a], {0: "rw", 1: "rw"})
            elif nx.has_path(graph, c, a):
                way = nx.shortest_path(graph, c, a)
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
