"""Locks: what a lock service must keep to.

The nodes tell as public attributes whether they hold the lock (`holding`), and a storage that is protected by fencing
tokens the greatest token that it has let in (`accepted`). A grant is a message named `Granted` with a field `token`.
"""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Moment, Violation, always
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain


def mutual_exclusion(trace: Trace) -> Violation | None:
    """At most one node holds the lock at any moment (Dijkstra 1965). A node that is down holds nothing."""

    def check(event: Event, moment: Moment) -> Violation | None:
        if event.kind != "state" or event.data.get("holding") is not True:
            return None
        holders = [id for id, state in moment.state.items() if state.get("holding") is True]
        if len(holders) < 2:
            return None
        what = f"{' and '.join(sorted(holders))} both hold the lock"
        return Violation.at(moment, "Mutual exclusion", what, *sorted(holders))

    return always(trace, check)


def tokens_only_grow(trace: Trace) -> Violation | None:
    """Fencing: a storage lets nobody in whose token is smaller than one it has let in before, also across crashes."""
    highest: dict[str, int] = {}
    for event in trace.select("state"):
        node, token = str(event.node), event.data.get("accepted")
        if isinstance(token, int):
            if token < highest.get(node, token):
                what = f"{node} let in token {token} after token {highest[node]}"
                return Violation("Fencing", what, event.seq, event.time, (node,))
            highest[node] = token
    return None


def tokens_are_unique(trace: Trace) -> Violation | None:
    """Each grant of the lock has a token greater than those of all earlier grants, also across crashes of the lock
    service."""
    last: tuple[int, str] | None = None
    for event in trace.select("send"):
        message: Any = plain(event.data)
        if message.get("$") != "Granted":
            continue
        token, worker = message.get("token"), str(event.peer)
        if last is not None and token <= last[0]:
            what = (
                f"{event.node} granted the lock to {worker} with token {token}, after {last[1]} had got token {last[0]}"
            )
            return Violation("Tokens grow", what, event.seq, event.time, (str(event.node), worker, last[1]))
        last = (token, worker)
    return None
