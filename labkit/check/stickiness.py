"""Sticky choices: a customer's orders meet the same server, as far as that has room (Karger et al., "Consistent Hashing
and Random Trees", STOC 1997; Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018).

`Servers(ids)`, from the crowd to every balancer, says which servers there are from now on. With `open` orders at n
servers, a server has `room(open, n)`: for twice the average, and always for FEW.
"""

from __future__ import annotations

from labkit.check.balancing import CROWD, SETTLED, Orders, violation
from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

FEW = 3
GRACE = 0.1  # seconds until the news of other servers has reached all balancers
UNEVEN = 2.5  # times the average: no server is the home of more customers


def room(open: int, n: int) -> int:
    """How many orders a server may have, the next one included, when `open` are open at n servers: twice the average,
    ceil(2 (open + 1) / n), and at least FEW."""
    return max(FEW, -(-2 * (open + 1) // n))


class Homes:
    """Which server is whose home: the one that had their order while no server was full."""

    def __init__(self, trace: Trace):
        self.orders = Orders(trace)
        self.servers = list(self.orders.servers)
        self.before: list[str] = []
        self.changed = 0.0
        self.home: dict[str, tuple[str, str]] = {}  # customer -> server, balancer
        self.old: dict[str, tuple[str, str]] = {}  # before the servers changed

    def news(self, event: Event) -> None:
        if event.kind != "send" or event.node != CROWD:
            return
        message = plain(event.data)
        if message.get("$") == "Servers" and sorted(message["ids"]) != self.servers:
            self.before, self.servers = self.servers, sorted(message["ids"])
            self.changed = event.time
            self.old, self.home = {**self.old, **self.home}, {}

    def full(self, balancer: str, server: str) -> bool:
        """Whether the server had no room, before the order that was just passed on."""
        orders = self.orders
        open = {id: orders.open[balancer, id] for id in self.servers}
        if orders.latest is not None and orders.latest.server in open:
            open[orders.latest.server] -= 1
        return open.get(server, 0) >= room(sum(open.values()), len(self.servers))


def sticky(trace: Trace) -> Violation | None:
    """All orders of a customer go to the same server, whichever balancer gets them, unless that one is full."""
    homes = Homes(trace)
    orders = homes.orders
    shaken: dict[str, float] = {}  # when a balancer last gave an order to a second server
    for event in orders.follow():
        homes.news(event)
        if orders.latest is None or event.time < homes.changed + GRACE:
            continue
        server, balancer = orders.latest.server, str(event.node)
        order = orders.last
        if order is None or not order.customer:
            continue
        if len(order.tries) > 1:
            shaken[balancer] = event.time
        if event.time < shaken.get(balancer, -SETTLED) + SETTLED:
            continue  # it has just waited in vain for a server, and may leave that one out
        if server not in homes.servers:
            what = f"{balancer} gave {order} to {server}, which is not among the servers any more"
            return violation(event, "Sticky", what, balancer, server)
        found = _moved(homes, event, order.customer, server, balancer)
        if found is not None:
            return found
    return None


def _moved(homes: Homes, event: Event, customer: str, server: str, balancer: str) -> Violation | None:
    if customer in homes.home:
        home, by = homes.home[customer]
        if home == server or homes.full(balancer, home):
            return None
        if by != balancer:
            what = (
                f"{by} gave the orders of {customer} to {home}, and {balancer} gives them to {server}. Balancers do "
                "not speak to each other: who is whose must follow from the names alone"
            )
        else:
            what = f"{balancer} gave the orders of {customer} to {home} before, and gives this one to {server}"
        return violation(event, "Sticky", what, balancer, home, server)
    if any(homes.full(balancer, id) for id in homes.servers):
        return None  # it may have been meant for another one
    homes.home[customer] = (server, balancer)
    old = homes.old.get(customer, (None, ""))[0]
    come = set(homes.servers) - set(homes.before)
    if old is None or old == server or old not in homes.servers or server in come or not homes.before:
        return None
    gone = sorted(set(homes.before) - set(homes.servers))
    why = f"{', '.join(gone)} went" if gone else f"{', '.join(sorted(come))} came"
    what = (
        f"{customer} was at home at {old}, which is still there, and is sent to {server} since {why}. Only those whose "
        "server went, or who go to one that came, have to move: the remainder of a division moves nearly all"
    )
    return violation(event, "Few move", what, balancer, str(old), server)


def bounded(trace: Trace) -> Violation | None:
    """No server is given more open orders than it has room for; what was given in vain to another may go anywhere."""
    homes = Homes(trace)
    orders = homes.orders
    for event in orders.follow():
        homes.news(event)
        if orders.latest is None or event.time < homes.changed + GRACE:
            continue
        server, balancer = orders.latest.server, str(event.node)
        if homes.full(balancer, server) and orders.last is not None and len(orders.last.tries) == 1:
            have = orders.open[balancer, server]
            open = sum(orders.open[balancer, id] for id in homes.servers)
            what = (
                f"{balancer} gave {server} its open order number {have}; of {open} in all, at {len(homes.servers)} "
                f"servers, it has room for {room(open - 1, len(homes.servers))}. When a server is full, the next one "
                "on the circle has the order"
            )
            return violation(event, "Bounded load", what, balancer, server)
    return None


def even(trace: Trace, enough: int = 30) -> Violation | None:
    """The customers' homes are spread over all servers: none has much more than the average."""
    homes = Homes(trace)
    orders = homes.orders
    for event in orders.follow():
        homes.news(event)
        if homes.before:
            return None
        if orders.latest is not None and orders.last is not None:
            homes.home.setdefault(orders.last.customer, (orders.latest.server, ""))
        counts = [sum(server == id for server, _ in homes.home.values()) for id in homes.servers]
        if len(homes.home) >= enough and max(counts) > UNEVEN * len(homes.home) / len(counts):
            what = ", ".join(f"{id} {count}" for id, count in zip(homes.servers, counts, strict=True))
            message = (
                f"of {len(homes.home)} customers, at home at: {what}. Hash the whole name; and give each server many "
                "places on the circle, as one for each makes very unequal stretches"
            )
            return violation(event, "Even", message)
    return None
