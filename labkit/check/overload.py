"""Overload: what a balancer owes when more is asked than can be done ("Handling Overload", chapter 21 of "Site
Reliability Engineering", 2016; Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021)."""

from __future__ import annotations

import math

from labkit.check.balancing import Asked, Orders, violation
from labkit.check.invariants import Violation
from labkit.engine.trace import Trace
from labkit.engine.values import plain

FEW = 3  # open orders at a server: with fewer, nobody is refused
REFUSED = 5.0  # seconds


def unserved(trace: Trace, patience: float) -> float:
    """The share of the orders that were not done while their customers waited."""
    asked = [order for order in Orders(trace).read() if order.time <= trace.now - patience]
    if not asked:
        return math.inf
    in_time = sum(kind == "Done" and time <= order.time + patience for order in asked for time, kind in order.told[:1])
    return 1 - in_time / len(asked)


def slowest(trace: Trace, share: float = 0.05) -> float:
    """How long the slowest orders took, on average, in seconds: those of this share of all. One that was refused counts
    as if it had taken REFUSED seconds."""
    took = sorted(_took(order) for order in Orders(trace).read())
    worst = took[-max(1, math.ceil(share * len(took))) :]
    return sum(worst) / len(worst) if worst else math.inf


def _took(order: Asked) -> float:
    if not order.told:
        return math.inf
    time, kind = order.told[0]
    return time - order.time if kind == "Done" else REFUSED


def no_needless_refusal(trace: Trace) -> Violation | None:
    """Nobody is refused while a server that is well has room: fewer than FEW open orders."""
    orders = Orders(trace)
    for event in orders.follow():
        if event.kind != "send" or event.node not in orders.balancers:
            continue
        message = plain(event.data)
        order = orders.by_number.get(message.get("number"))
        if message.get("$") != "Busy" or order is None:
            continue
        free = orders.idle(str(event.node), below=FEW)
        if free:
            least = min(free, key=lambda id: orders.open[str(event.node), id])
            open = orders.open[str(event.node), least]
            had = f"had {open} open order{'s' if open > 1 else ''}" if open else "had nothing to do"
            what = f"{event.node} refused {order}, while {least}, which is well, {had}"
            return violation(event, "No needless refusal", what, str(event.node), least)
    return None


def no_storm(trace: Trace, times: float = 1.5) -> Violation | None:
    """In an overload nothing is asked again and again: what is asked twice is worked on twice."""
    orders = Orders(trace)
    passed = 0
    for event in orders.follow():
        passed += orders.latest is not None
        if orders.latest is not None and passed > 50 and passed > times * len(orders.by_number):
            most = max(orders.by_number.values(), key=lambda order: len(order.tries))
            what = (
                f"{event.node} has given {passed} orders to servers for {len(orders.by_number)} customers, {most} "
                f"{len(most.tries)} times. All servers are slow because there is too much to do; to ask another one "
                "makes more of it. Give retries a budget, or let in no more than can be done in time"
            )
            return violation(event, "No storm", what)
    return None
