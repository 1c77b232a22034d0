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
from labkit.check.executions import serial_order, snapshot_order, versions_known
from labkit.check.history import History
from labkit.check.judging import collector_paused
from labkit.check.operation import Op
from labkit.check.verdict import HOLDS, SIGNS, UNKNOWN, VIOLATED, Verdict
from labkit.check.versions import Anomaly, Facts, Step, gather
from labkit.errors import LabkitError

CYCLES = ("G0", "G1c", "G-single", "G-nonadjacent", "G2-item")
# What each level rules out, beyond the levels above it.
LEVELS: dict[str, tuple[str, ...]] = {
    "read-uncommitted": ("G0", "duplicate elements", "cyclic versions", "garbage read"),
    "read-committed": ("G1a", "G1b", "G1c", "dirty update", "incompatible order", "future read"),
    "snapshot-isolation": ("internal", "G-single", "G-nonadjacent", "lost update", "no snapshots"),
    "serializable": ("G2-item", "no serial order"),
    "strong-session-serializable": tuple(f"{name}-process" for name in (*CYCLES, "no serial order")),
    "strict-serializable": tuple(f"{name}-realtime" for name in (*CYCLES, "no serial order")),
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

    def _as_html(self) -> str:
        from labkit.check.picture import cycle_picture, image
        from labkit.look import STYLE

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
    levels, order, more = _levels(facts, graph, found, deadline)
    found = _sorted([*found, *more])
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
) -> tuple[dict[str, str], list[str], list[Anomaly]]:
    """What holds; an order that explains every answer, if one was found; and what the searches for one proved.

    A level is violated by an anomaly, or where no execution at all explains the answers. It holds where the order of
    all versions is known and shows none, or where an execution was found.
    """
    violated = {level for anomaly in anomalies for level in rules_out(anomaly.name)}
    proved = {"read-uncommitted", "read-committed"}  # any order that keeps the edges gives the versions one
    order: list[str] = []
    more: list[Anomaly] = []
    orders = {"strict-serializable": "realtime", "strong-session-serializable": "process", "serializable": ""}
    left = [level for level in orders if level not in violated]
    for level in left:
        until = time.monotonic() + (deadline - time.monotonic()) / (len(left) - left.index(level) + 1)
        kinds = ["ww", "wr", "rw", *filter(None, [orders[level]])]
        found = serial_order(facts, part(graph, *kinds), until)
        if found.found:
            order = [facts.txns[n - 1].name for n in found.order]
            proved |= set(list(LEVELS)[: level_number(level) + 1])
            break
        if found.found is False:
            more.append(_impossible("no serial order", orders[level], graph, facts))
            violated |= set(rules_out(more[-1].name))
    if "snapshot-isolation" not in violated | proved:
        snapshots = True if versions_known(facts, graph) else snapshot_order(facts, graph, deadline).found
        if snapshots:
            proved.add("snapshot-isolation")
        elif snapshots is False:
            more.append(_impossible("no snapshots", "", graph, facts))
            violated |= set(rules_out(more[-1].name))
    more = sorted(more, key=lambda a: -len(rules_out(a.name)))[:1]  # the strongest says it all
    outcomes = {name: VIOLATED if name in violated else HOLDS if name in proved else UNKNOWN for name in LEVELS}
    return outcomes, order, more


def _impossible(name: str, time_kind: str, graph: nx.DiGraph, facts: Facts) -> Anomaly:
    """What the search for an execution proved by trying them all."""
    names = tuple(facts.txns[n - 1].name for n in sorted(graph))
    what = "one after the other" if name == "no serial order" else "on snapshots, the first to commit a key winning,"
    time_words = {"process": ", each process's in its order,", "realtime": ", in the order of time,"}.get(time_kind, "")
    words = f"no run of the {len(names)} transactions {what}{time_words} gives what they read; all were tried"
    return Anomaly(f"{name}-{time_kind}" if time_kind else name, "", names, words)


__all__ = ["LEVELS", "Anomaly", "Isolation", "Step", "serializable"]
