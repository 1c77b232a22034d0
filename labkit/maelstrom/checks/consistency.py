"""What labkit's checkers of histories say about a test: linearizability, and the anomalies of transactions."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.check import History, linearizable, serializable
from labkit.check.transactions import LEVELS, level_number
from labkit.errors import LabkitError
from labkit.maelstrom.history import Event, operations
from labkit.maelstrom.verdict import Verdict, count

SEARCH_LIMIT = 30.0  # seconds of looking for an order of transactions
OUTCOMES = {"holds": True, "violated": False, "unknown": None}


def clean(history: list[Event]) -> list[Event]:
    """The events of the clients, with the fields that the checkers of histories read."""
    fields = ("type", "f", "key", "value", "time")
    return [
        {"process": f"process {event['process']} on {event['node']}"}
        | {name: event[name] for name in fields if name in event}
        for event in history
        if event["process"] != "nemesis"
    ]


def check_lin_kv(history: list[Event]) -> Verdict:
    """Whether reads, writes and compare-and-sets of each key are linearizable; a key starts out with nothing (null)."""
    answered = [op for op in operations(history) if op.type == "ok"]
    if not any(op.f == "read" for op in answered):
        return Verdict(None, "No read succeeded, so nothing can be said.")
    found = linearizable(History(clean(history), independent=False), "cas-register")
    steps = "\n  ".join(found.text().splitlines()[1:])
    findings = [f"the last operations in an order that can be explained, then the one that cannot:\n  {steps}"]
    keys = len({op.start["key"] for op in answered})
    summary = {
        "holds": f"Linearizable: {count(len(answered), 'operation')} on {count(keys, 'key')} have an order that "
        "explains every answer.",
        "violated": f"Not linearizable: {found.why}",
    }.get(found.outcome, found.why)
    details = {"keys": keys, "operations": len(answered), "key": found.key, "states": list(found.states)}
    return Verdict(OUTCOMES[found.outcome], summary, findings if found.outcome == "violated" else [], details)


def check_models(models: Sequence[str]) -> None:
    """Raises LabkitError if labkit cannot check one of these consistency models."""
    for model in models or [""]:
        if model not in LEVELS:
            raise LabkitError(f"--consistency-models {model}: labkit checks {', '.join(LEVELS)}")


def check_transactions(history: list[Event], models: Sequence[str], workload: str) -> Verdict:
    """Whether transactions keep to the strongest of some consistency models.

    `workload` is "list-append" or "rw-register". What the history does not prove wrong, and no order of the
    transactions explains, is unknown.
    """
    answered = [op for op in operations(history) if op.type == "ok"]
    if not answered:
        return Verdict(None, "No transaction succeeded, so nothing can be said.")
    strongest = max(models, key=level_number)
    found = serializable(
        History(clean(history), independent=False), workload, consistency=strongest, time_limit=SEARCH_LIMIT
    )
    details = {
        "transactions": len(answered),
        "levels": found.levels,
        "anomalies": sorted({a.name for a in found.anomalies}),
    }
    holds = [level for level, outcome in found.levels.items() if outcome == "holds"]
    if found.outcome == "holds":
        return Verdict(True, found.why, [], details)
    if found.outcome == "unknown":
        return Verdict(None, f"Whether it is {strongest} is unknown. {found.why}", [], details)
    findings = []
    for anomaly in found.anomalies:
        lines = [f"{name} = {found.transactions[name]}" for name in anomaly.transactions]
        findings.append("\n    ".join([str(anomaly), *lines]))
    kept = f"It does keep to {holds[-1]}." if holds else "It keeps to none of the models that labkit checks."
    return Verdict(False, f"Not {strongest}: {found.why} {kept}", findings, details)
