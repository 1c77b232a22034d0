"""What labkit's checkers of histories say about a test: linearizability, and the anomalies of transactions."""

from __future__ import annotations

from labkit.check import History, linearizable
from labkit.maelstrom.history import Event, operations
from labkit.maelstrom.verdict import Verdict, count

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


def check_transactions(history, models):
    return Verdict(None, "todo")


def check_models(models):
    pass
