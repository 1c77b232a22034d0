"""Figures of a run: how many operations went how, how long they took, and how many messages they cost."""

from __future__ import annotations

import math
from typing import Any

from labkit.maelstrom.history import Event, operations
from labkit.maelstrom.network import Network

PLANNED = ("crash",)  # operations that are no request of the system; they count neither way
QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))


def percentiles(seconds: list[float]) -> dict[str, float] | None:
    """Some quantiles (nearest rank) of times, or None if there are no times."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return {name: round(ordered[max(0, math.ceil(q * len(ordered)) - 1)], 6) for name, q in QUANTILES}


def operation_counts(history: list[Event]) -> dict[str, dict[str, int]]:
    """How many operations of each kind ended in ok, fail and info."""
    counts: dict[str, dict[str, int]] = {}
    for op in operations(history):
        counts.setdefault(op.f, {"ok": 0, "fail": 0, "info": 0})[op.type] += 1
    return dict(sorted(counts.items()))


def latencies(history: list[Event]) -> dict[str, dict[str, float]]:
    """The time that successful operations took, by kind and altogether, in seconds."""
    times: dict[str, list[float]] = {"all": []}
    for op in operations(history):
        if op.type == "ok" and op.end is not None:
            taken = op.end["time"] - op.start["time"]
            times["all"].append(taken)
            times.setdefault(op.f, []).append(taken)
    return {f: found for f, taken in times.items() if (found := percentiles(taken)) is not None}


def figures(history: list[Event], network: Network) -> dict[str, Any]:
    """All of them, for the results file."""
    counts = operation_counts(history)
    asked = [count for f, count in counts.items() if f not in PLANNED]
    total = {kind: sum(count[kind] for count in asked) for kind in ("ok", "fail", "info")}
    invoked = sum(total.values())
    return {
        "operations": {**total, "count": invoked, "by_f": counts},
        "availability": round(total["ok"] / invoked, 6) if invoked else None,
        "latency": latencies(history),
        "messages": {
            "all": network.everything.as_dict(),
            "clients": network.clients.as_dict(),
            "servers": network.servers.as_dict(),
            "dropped": network.dropped,
            "all_per_operation": round(network.everything.sent / invoked, 3) if invoked else None,
            "servers_per_operation": round(network.servers.sent / invoked, 3) if invoked else None,
        },
    }
