"""Is there an execution of the transactions that explains what they read: a serial one, or one on snapshots?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx as nx

from labkit.check.dependencies import part
from labkit.check.ordering import Ordering, explain
from labkit.check.versions import Facts


class _Accesses:
    """What each transaction read of others, and what it left behind, with the keys numbered."""

    def __init__(self, facts: Facts, numbers: list[int]):
        keys = {key: n for n, key in enumerate(dict.fromkeys(key for txn in facts.txns for _, key, _ in txn.steps))}
        self.start: tuple[Any, ...] = (None,) * len(keys)
        self.reads: dict[int, list[tuple[int, Any]]] = {number: [] for number in numbers}
        for txn, key, version in facts.reads:
            if txn.number in self.reads:
                self.reads[txn.number].append((keys[key], version))
        self.writes = {n: {keys[key]: value for key, value in facts.txns[n - 1].writes()} for n in numbers}

    def sees(self, state: tuple[Any, ...], number: int) -> bool:
        return all(state[key] == version for key, version in self.reads[number])

    def after(self, state: tuple[Any, ...], number: int) -> tuple[Any, ...]:
        new = list(state)
        for key, version in self.writes[number].items():
            new[key] = version
        return tuple(new)


def serial_order(facts: Facts, graph: nx.DiGraph, deadline: float) -> Ordering:
    """An order of the transactions, by number, that keeps the edges of the graph and explains every read."""
    numbers = _in_order_of_time(facts, graph)
    place = {number: n for n, number in enumerate(numbers)}
    accesses = _Accesses(facts, numbers)

    def step(state: tuple[Any, ...], n: int) -> tuple[Any, ...] | None:
        return accesses.after(state, numbers[n]) if accesses.sees(state, numbers[n]) else None

    before = [sum(1 << place[m] for m in graph.predecessors(number)) for number in numbers]
    found = explain(
        len(numbers), before, step, accesses.start, deadline=deadline,
        reads=[not accesses.writes[number] for number in numbers], optional=[False] * len(numbers),
    )  # fmt: skip
    return Ordering(found.found, [numbers[n] for n in found.order])


def snapshot_order(facts: Facts, graph: nx.DiGraph, deadline: float) -> Ordering:
    """An order of the starts and the commits of the transactions that is an execution of snapshot isolation (Berenson
    and others 1995, section 4.2): each reads what was committed when it started, and of two that write the same key and
    overlap, only one commits."""
    numbers = _in_order_of_time(facts, graph)
    accesses = _Accesses(facts, numbers)
    writers = [number for number in numbers if accesses.writes[number]]
    points = [(number, False) for number in numbers] + [(number, True) for number in writers]
    rank = {number: n for n, number in enumerate(numbers)}
    points.sort(key=lambda point: rank[point[0]])
    place = {point: n for n, point in enumerate(points)}
    before = [1 << place[number, False] if commits else 0 for number, commits in points]
    commit = {number: place.get((number, True), place[number, False]) for number in numbers}
    for a, b, data in graph.edges(data=True):
        if "wr" in data["why"] or "ww" in data["why"]:
            before[place[b, False]] |= 1 << commit[a]
        if "rw" in data["why"]:
            before[commit[b]] |= 1 << place[a, False]

    def step(state: Any, n: int) -> Any:
        versions, running = state
        number, commits = points[n]
        if not commits:
            if not accesses.sees(versions, number):
                return None
            kept = (number, tuple(versions[key] for key in accesses.writes[number]))
            return (versions, running | {kept}) if accesses.writes[number] else state
        kept = (number, tuple(versions[key] for key in accesses.writes[number]))
        return (accesses.after(versions, number), running - {kept}) if kept in running else None

    return explain(
        len(points), before, step, (accesses.start, frozenset()), deadline=deadline,
        reads=[not accesses.writes[number] for number, _ in points], optional=[False] * len(points),
    )  # fmt: skip


def versions_known(facts: Facts, graph: nx.DiGraph) -> bool:
    """Whether the versions have an order, as far as it is known or else as their writers ended, in which no cycle is
    without two rw edges in a row; then snapshot isolation holds (Cerone and Gotsman 2018, theorem 10)."""
    if not facts.complete:
        return False
    whole = part(graph, "ww", "wr", "rw")
    rank = {number: n for n, number in enumerate(_in_order_of_time(facts, graph))}
    for key, follows in facts.after.items():
        for later in follows.values():
            writers = dict.fromkeys(facts.writer[key, value].number for value in later if (key, value) in facts.writer)
            for a, b in pairwise(sorted(writers, key=rank.__getitem__)):
                if whole.has_edge(a, b):
                    whole.edges[a, b]["why"].setdefault("ww", (key, None, None))
                else:
                    whole.add_edge(a, b, why={"ww": (key, None, None)})
    reads = part(whole, "ww", "wr")
    steps = nx.DiGraph(reads.edges)
    steps.add_edges_from(
        (before, b) for a, b, data in whole.edges(data=True) if "rw" in data["why"] for before in reads.predecessors(a)
    )
    return nx.is_directed_acyclic_graph(steps)


def _in_order_of_time(facts: Facts, graph: nx.DiGraph) -> list[int]:
    return sorted(graph, key=lambda n: (facts.txns[n - 1].op.completed or float("inf"), n))
