"""Isolation of transactions, judged from what clients saw (Kingsbury and Alvaro, "Elle: inferring isolation anomalies
from experimental observations", VLDB 2020; Adya, "Weak consistency", 1999)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import networkx as nx

from labkit.check.dependencies import cycles, dependencies, part
from labkit.check.history import History
from labkit.check.judging import collector_paused
from labkit.check.operation import Op
from labkit.check.ordering import explain
from labkit.check.verdict import HOLDS, SIGNS, STYLE, UNKNOWN, VIOLATED, Verdict
from labkit.check.versions import Anomaly, Facts, Step, gather
from labkit.errors import LabkitError

CYCLES = ("G0", "G1c", "G-single", "G-nonadjacent", "G2-item")
# What each level rules out, beyond the levels above it.
LEVELS: dict[str, tuple[str, ...]] = {
    "read-uncommitted": ("G0", "dirty update", "duplicate elements", "cyclic versions", "garbage read"),
    "read-committed": ("G1a", "G1b", "G1c", "incompatible order"),
    "snapshot-isolation": ("internal", "G-single", "G-nonadjacent", "lost update"),
    "serializable": ("G2-item",),
    "strong-session-serializable": tuple(f"{name}-process" for name in CYCLES),
    "strict-serializable": tuple(f"{name}-realtime" for name in CYCLES),
}
WORKLOADS = ("list-append", "rw-register")
SHOWN = 8  # anomalies that are told in words; the data has all


@dataclass(frozen=True, repr=False)
class Isolation(Verdict):
    """A verdict on the isolation of transactions.

    levels: for each level whether it holds ("holds", "violated" or "unknown"), weakest first. anomalies: what was
    found, worst first; an anomaly's steps are the edges of its cycle. order: the transactions by name in an order that
    explains every answer, where one was found.
    """

    levels: dict[str, str]
    anomalies: tuple[Anomaly, ...]
    transactions: dict[str, Op]
    order: tuple[str, ...] = ()

    def text(self) -> str:
        lines = [super().text()]
        lines += [f"  {SIGNS[outcome]} {level}" for level, outcome in self.levels.items()]
        shown = self.anomalies[:SHOWN]
        lines += [line for anomaly in shown for line in f"\n{anomaly}".split("\n")]
        lines += [f"\n… and {len(self.anomalies) - SHOWN} more"] if len(self.anomalies) > SHOWN else []
        for name in dict.fromkeys(name for anomaly in shown for name in anomaly.transactions):
            lines.append(f"  {name} = process {self.transactions[name].process}: {self.transactions[name].call}")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        return super().document() | {
            "levels": self.levels,
            "anomalies": [
                {
                    "name": a.name,
                    "known_as": a.known_as,
                    "transactions": list(a.transactions),
                    "words": a.words,
                    "rules_out": rules_out(a.name),
                    "steps": [{"from": s.source, "to": s.target, "kind": s.kind, "words": s.words} for s in a.steps],
                }
                for a in self.anomalies
            ],
            "transactions": {name: op.call for name, op in self.transactions.items()},
            "order": list(self.order),
        }

    def _repr_html_(self) -> str:
        from labkit.check.picture import cycle_picture, image

        rows = "".join(f"<tr><td>{SIGNS[o]} {o}</td><td>{escape(level)}</td></tr>" for level, o in self.levels.items())
        parts = [f'<p class="said {self.outcome}">{SIGNS[self.outcome]} {escape(super().text())}</p>']
        parts.append(f"<table>{rows}</table>")
        for anomaly in self.anomalies[:SHOWN]:
            words = escape(str(anomaly)).replace("\n", "<br>")
            drawn = image(cycle_picture(anomaly, self.transactions), anomaly.words) if anomaly.steps else ""
            parts.append(f"<p>{words}</p>{drawn}")
        return f'<div class="labkit-verdict"><style>{STYLE}</style>{"".join(parts)}</div>'


def serializable(
    history: History | Iterable[dict[str, Any]],
    model: str | None = None,
    *,
    consistency: str = "serializable",
    linearizable_keys: bool = False,
    time_limit: float = 60.0,
) -> Isolation:
    """Do the transactions of a history seem to run one after the other? Or, with `consistency`, do they keep to
    another level: "read-uncommitted", "read-committed", "snapshot-isolation", "strong-session-serializable",
    "strict-serializable". All levels are judged at once; this one decides what the verdict says.

    model: "list-append" or "rw-register"; None finds out. linearizable_keys: whether each key by itself is known to be
    linearizable, which tells more about the order of a register's versions. time_limit: seconds for the search for an
    order, which is needed where a rw-register history tells too little; "unknown" after that.

    An anomaly is reported only if the history proves it. Raises LabkitError for histories of another kind, and if a
    value is written to a key twice, since its readers could then not be told apart.
    """
    history = history if isinstance(history, History) else History(history)
    if consistency not in LEVELS:
        raise LabkitError(f"there is no level {consistency!r} of isolation: take one of {', '.join(LEVELS)}")
    operations = list(history)
    if model is None:
        appends = any(step[0] == "append" for op in operations if op.f == "txn" for step in op.value or ())
        model = "list-append" if appends else "rw-register"
    if model not in WORKLOADS:
        raise LabkitError(f"there is no workload {model!r} of transactions: take list-append or rw-register")
    with collector_paused():
        return _judge(operations, model, consistency, linearizable_keys, time.monotonic() + time_limit)


def _judge(operations: list[Op], model: str, consistency: str, linearizable_keys: bool, deadline: float) -> Isolation:
    facts = gather(operations, model, linearizable_keys)
    graph = dependencies(facts)
    found = _sorted(_without_doubles([*facts.anomalies, *cycles(facts, graph)]))
    levels, order = _levels(facts, graph, found, deadline)
    outcome = levels[consistency]
    against = [anomaly for anomaly in found if consistency in rules_out(anomaly.name)]
    if outcome == VIOLATED:
        names = ", ".join(dict.fromkeys(f"{a.name} ({a.known_as})" if a.known_as else a.name for a in against))
        why = f"It shows what {consistency} rules out: {names}."
    elif outcome == HOLDS:
        why = f"The {len(graph)} transactions that took effect show nothing that {consistency} rules out."
    else:
        why = "No anomaly is proved, and no order that explains every answer was found."
    named = {txn.name: txn.op for txn in facts.txns}
    return Isolation(consistency, model, outcome, why, levels, tuple(found), named, tuple(order))


def rules_out(name: str) -> list[str]:
    """The levels that an anomaly rules out, weakest first."""
    first = next((n for n, names in enumerate(LEVELS.values()) if name in names), len(LEVELS))
    return list(LEVELS)[first:]


def level_number(level: str) -> int:
    return list(LEVELS).index(level)


def _sorted(anomalies: list[Anomaly]) -> list[Anomaly]:
    return sorted(anomalies, key=lambda a: (-len(rules_out(a.name)), len(a.steps)))


def _without_doubles(anomalies: list[Anomaly]) -> list[Anomaly]:
    """A lost update that is a cycle as well is told once, with its cycle."""
    told = {frozenset(a.transactions): a for a in anomalies if a.known_as == "lost update"}
    return [a for a in anomalies if not (a.name == "lost update" and frozenset(a.transactions) in told)]


def _levels(
    facts: Facts, graph: nx.DiGraph, anomalies: list[Anomaly], deadline: float
) -> tuple[dict[str, str], list[str]]:
    """What holds. A level is violated by an anomaly, and holds where the order of all versions is known and shows
    none, or where an order of the transactions explains every answer."""
    ruled_out = {level for anomaly in anomalies for level in rules_out(anomaly.name)}
    proved: set[str] = set()
    order: list[str] = []
    kinds = {"serializable": (), "strong-session-serializable": ("process",), "strict-serializable": ("realtime",)}
    for level in reversed(kinds):
        if level not in ruled_out and not proved:
            numbers = _serial_order(facts, part(graph, "ww", "wr", "rw", *kinds[level]), deadline)
            if numbers is not None:
                order = [facts.txns[n - 1].name for n in numbers]
                proved |= set(list(LEVELS)[: level_number(level) + 1])
    proved |= {"read-uncommitted", "read-committed"}  # any order that keeps the edges gives the versions one
    if facts.complete:
        proved.add("snapshot-isolation")  # every cycle has two rw edges in a row (Cerone and Gotsman 2018, theorem 10)
    return {level: VIOLATED if level in ruled_out else HOLDS if level in proved else UNKNOWN for level in LEVELS}, order


def _serial_order(facts: Facts, graph: nx.DiGraph, deadline: float) -> list[int] | None:
    """The numbers of the transactions in an order that explains every read, or None if none was found."""
    numbers = sorted(graph, key=lambda n: (facts.txns[n - 1].op.completed or float("inf"), n))
    place = {number: n for n, number in enumerate(numbers)}
    keys = {key: n for n, key in enumerate(dict.fromkeys(key for txn in facts.txns for _, key, _ in txn.steps))}
    seen: dict[int, list[tuple[int, Any]]] = {number: [] for number in numbers}
    for txn, key, version in facts.reads:
        seen[txn.number].append((keys[key], version))
    wrote = {n: [(keys[key], value) for key, value in facts.txns[n - 1].writes()] for n in numbers}

    def step(state: tuple[Any, ...], n: int) -> tuple[Any, ...] | None:
        if any(state[key] != version for key, version in seen[numbers[n]]):
            return None
        new = list(state)
        for key, version in wrote[numbers[n]]:
            new[key] = version
        return tuple(new)

    before = [sum(1 << place[m] for m in graph.predecessors(number)) for number in numbers]
    found = explain(
        len(numbers), before, step, (None,) * len(keys), deadline=deadline,
        reads=[not wrote[number] for number in numbers], optional=[False] * len(numbers),
    )  # fmt: skip
    return [numbers[n] for n in found.order] if found.found else None


__all__ = ["LEVELS", "Anomaly", "Isolation", "Step", "serializable"]
