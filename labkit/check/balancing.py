"""What a load balancer owes to its customers and to its servers.

A crowd of customers sends `Order(number, customer)` to a balancer, which passes it on to a server; the server answers
`Done(number)` or `Failed(number)`, and the balancer tells the customer `Done` or `Busy`. Everything is read from the
messages: what a balancer has passed on and has no answer to is *open*.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

CROWD = "crowd"
ANSWERS = ("Done", "Failed", "Busy")
SETTLED = 3.0  # seconds after which a server that is well again counts as such
_LONG_AGO = ("", -math.inf)
TROUBLES = {"crash": "has crashed", "slow": "is slow", "full": "fails everything at once, as its disk is full"}


@dataclass
class Try:
    """An order passed on to a server, and what came back: the server's answer, and when the balancer had it."""

    server: str
    time: float
    answer: str | None = None
    back: float | None = None  # when the answer reached the balancer
    over: bool = False  # it is not open any more: answered, lost in a crash, or given to another server since


@dataclass
class Asked:
    """A customer's order: who was asked, which servers tried it, and what the customer was told."""

    number: int
    customer: str
    balancer: str
    time: float
    tries: list[Try] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)  # when it reached the customer, and what
    said: list[str] = field(default_factory=list)  # what the balancer has sent

    def __str__(self) -> str:
        return f"order {self.number}" + (f" of {self.customer}" if self.customer else "")


class Orders:
    """The orders of a run, as its messages tell. `follow` gives each event after what it changed was taken in."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.servers = [id for id in trace.nodes if id.startswith("s")]
        self.balancers = [id for id in trace.nodes if id.startswith("b")]
        self.by_number: dict[int, Asked] = {}
        self.open = {(balancer, server): 0 for balancer in self.balancers for server in self.servers}
        self.trouble: dict[str, tuple[str, float]] = {}  # server -> what, since when
        self.repaired: dict[str, tuple[str, float]] = {}
        self.latest: Try | None = None  # what the last event passed on
        self.last: Asked | None = None  # the order that the last event is about
        self.now = 0.0
        self._on_way: dict[int, tuple[str, Asked, Try | None]] = {}

    def follow(self) -> Iterator[Event]:
        for event in self.trace:
            self.latest = self.last = None
            self.now = event.time
            if event.kind in ("send", "deliver"):
                getattr(self, f"_{event.kind}")(event)
            elif event.kind in ("crash", "start", "slow", "faulty"):
                self._trouble(event)
            yield event

    def read(self) -> list[Asked]:
        for _ in self.follow():
            pass
        return list(self.by_number.values())

    def _send(self, event: Event) -> None:
        message = plain(event.data)
        kind, number = message.get("$"), message.get("number")
        if type(number) is not int or event.id is None:
            return
        node, peer = str(event.node), str(event.peer)
        if node == CROWD and kind == "Order":
            self.by_number[number] = Asked(number, str(message.get("customer", "")), peer, event.time)
        order = self.last = self.by_number.get(number)
        if order is None:
            return
        if node in self.balancers and peer in self.servers and kind == "Order":
            for one in order.tries:
                self._settle(order, one)
            self.latest = Try(peer, event.time)
            order.tries.append(self.latest)
            self.open[node, peer] += 1
        elif node in self.servers and kind in ANSWERS:
            waiting = next((one for one in order.tries if one.server == node and one.answer is None), None)
            if waiting is not None:
                waiting.answer = str(kind)
                self._on_way[event.id] = (str(kind), order, waiting)
        elif node in self.balancers and peer == CROWD and kind in ANSWERS:
            order.said.append(str(kind))
            self._on_way[event.id] = (str(kind), order, None)

    def _deliver(self, event: Event) -> None:
        kind, order, waiting = self._on_way.pop(event.id or 0, ("", None, None))
        if order is None:
            return
        if waiting is None:
            order.told.append((event.time, kind))
        else:
            waiting.back = event.time
            self._settle(order, waiting)

    def _settle(self, order: Asked, one: Try) -> None:
        if not one.over:
            one.over = True
            self.open[order.balancer, one.server] -= 1

    def _trouble(self, event: Event) -> None:
        server = str(event.node)
        if server not in self.servers:
            return
        what = "full" if event.kind == "faulty" else event.kind
        begins = {
            "crash": True,
            "start": False,
            "slow": event.kind == "slow" and event.data.get("seconds") is not None,
            "full": event.kind == "faulty" and bool(event.data.get("full")),
        }[what]
        if begins:
            self.trouble[server] = (what, event.time)
            if what == "crash":
                for order in self.by_number.values():
                    for one in order.tries:
                        if one.server == server and one.back is None and one.answer is None:
                            one.answer, one.back = "crash", event.time
                            self._settle(order, one)
        elif server in self.trouble:
            self.repaired[server] = (self.trouble.pop(server)[0], event.time)

    def idle(self, balancer: str, below: int = 1) -> list[str]:
        """Servers that are well, and for some time, and of which the balancer waits for fewer orders than `below`."""
        well = [
            id
            for id in self.servers
            if id not in self.trouble and self.repaired.get(id, _LONG_AGO)[1] < self.now - SETTLED
        ]
        return [id for id in well if self.open[balancer, id] < below]


def violation(event: Event, property: str, message: str, *nodes: str) -> Violation:
    return Violation(property, message, event.seq, event.time, nodes or ((str(event.node),) if event.node else ()))


# --- what customers are owed


def served(trace: Trace, seconds: float) -> Violation | None:
    """Every order is done, and its customer told so, within so many seconds; or it is refused."""
    orders = Orders(trace)
    waiting: deque[Asked] = deque()  # the longest first
    for event in orders.follow():
        if event.kind == "send" and event.peer == CROWD and orders.last is not None and orders.last.said == ["Failed"]:
            return violation(event, "Everybody is served", _failed(orders.last), orders.last.balancer)
        if event.kind == "send" and event.node == CROWD and orders.last is not None:
            waiting.append(orders.last)
        while waiting and waiting[0].told:
            waiting.popleft()
        if waiting and event.time > waiting[0].time + seconds:
            order = waiting[0]
            why = f"{order}, asked {seconds:g} s ago, has no answer: {_why(order, orders)}"
            return violation(event, "Everybody is served", why, order.balancer)
    return None


def _failed(order: Asked) -> str:
    last = order.tries[-1].server if order.tries else "a server"
    return (
        f"{last} failed {order}, and {order.balancer} passed the failure on to the customer. The other servers are "
        "well: give the order to one of them"
    )


def _why(order: Asked, orders: Orders) -> str:
    balancer = order.balancer
    if not order.tries:
        return f"{balancer} did not pass it on to any server"
    last = order.tries[-1]
    if any(one.answer == "Done" and one.back is not None for one in order.tries):
        return f"a server has done it, and {balancer} has told nobody"
    if last.answer == "Failed" and last.back is not None:
        return f"{last.server} failed it, and {balancer} left it at that: give it to another server"
    times = f"{len(order.tries)} times, last" if len(order.tries) > 1 else ""
    if last.answer == "crash" or orders.trouble.get(last.server, ("", 0.0))[0] == "crash":
        return (
            f"{balancer} gave it {times + ' ' if times else ''}to {last.server}, which has crashed, and waits. No "
            "answer will come: ask another server after a while"
        )
    others = orders.open[balancer, last.server] - 1
    state = f"which {TROUBLES[orders.trouble[last.server][0]]}" if last.server in orders.trouble else "which is well"
    idle = orders.idle(balancer)
    but = f", while {', '.join(idle)} {'has' if len(idle) == 1 else 'have'} nothing to do" if idle else ""
    return (
        f"{balancer} gave it {times + ' ' if times else ''}to {last.server}, {state}; there {others} others wait{but}"
    )


def told_once(trace: Trace) -> Violation | None:
    """A customer gets one answer, and Done only of what a server has done."""
    orders = Orders(trace)
    for event in orders.follow():
        if event.kind != "send" or event.node not in orders.balancers or event.peer != CROWD:
            continue
        message = plain(event.data)
        order = orders.by_number.get(message.get("number"))
        kind = message.get("$")
        if order is None or kind not in ANSWERS:
            continue
        if len(order.said) > 1:
            what = (
                f"{event.node} answered {order} a second time. Who asks two servers gets two answers: pass on the "
                "first, and drop the other"
            )
            return violation(event, "One answer", what)
        if kind == "Done" and not any(one.answer == "Done" and one.back is not None for one in order.tries):
            return violation(event, "One answer", f"{event.node} said that {order} is done, and no server has done it")
    return None


# --- what servers are owed


def shared(trace: Trace, share: float = 0.5, enough: int = 80) -> Violation | None:
    """Equal servers have about equal work: each at least this share of the average, once there is enough to tell."""
    orders = Orders(trace)
    asked = orders.read()
    passed = [one for order in asked for one in order.tries]
    if len(asked) < enough:
        return None
    counts = {server: sum(one.server == server for one in passed) for server in orders.servers}
    least = min(counts, key=lambda server: counts[server])
    if counts[least] < share * len(passed) / len(counts):
        what = ", ".join(f"{server} {count}" for server, count in counts.items())
        event = trace[len(trace) - 1]
        message = f"of {len(passed)} orders the servers were given: {what}. They are equally quick"
        return violation(event, "Shared work", message, least)
    return None


def no_pile(trace: Trace, most: int = 10) -> Violation | None:
    """No server has a pile of open orders while another has nothing to do."""
    orders = Orders(trace)
    for event in orders.follow():
        if orders.latest is None:
            continue
        server, balancer = orders.latest.server, str(event.node)
        idle = orders.idle(balancer)
        if orders.open[balancer, server] > most and idle:
            what = (
                f"{balancer} gave {server} its open order number {orders.open[balancer, server]}, while "
                f"{', '.join(idle)} had nothing to do"
            )
            return violation(event, "No pile", what, balancer, server, *idle)
    return None


def passed_once(trace: Trace, times: float = 1.1) -> Violation | None:
    """Where nothing is wrong, an order is given to one server: asking all of them makes all of them busy."""
    orders = Orders(trace)
    passed = 0
    for event in orders.follow():
        passed += orders.latest is not None
        if orders.latest is not None and passed > 20 and passed > times * len(orders.by_number) + 5:
            what = (
                f"{event.node} has given {passed} orders to servers for {len(orders.by_number)} customers, and no "
                "server has failed. Whatever is asked twice is worked on twice"
            )
            return violation(event, "Asked once", what)
    return None


def left_alone(trace: Trace, after: float, rate: float) -> Violation | None:
    """A server that has crashed, or fails everything, gets but a few orders, from `after` seconds on: no more than
    `rate` a second and a few."""
    orders = Orders(trace)
    sent: dict[str, int] = {}
    for event in orders.follow():
        if event.kind in ("crash", "faulty"):
            sent[str(event.node)] = 0
        if orders.latest is None or orders.latest.server not in orders.trouble:
            continue
        server = orders.latest.server
        what, since = orders.trouble[server]
        late = event.time - since - after
        if what == "slow" or late < 0:
            continue
        sent[server] = sent.get(server, 0) + 1
        if sent[server] > rate * late + rate:
            why = (
                ". It has the fewest open orders because it fails them: count failures, and leave it out for a while"
                if what == "full"
                else ": leave it out for a while, and try it now and then"
            )
            message = (
                f"{server} {TROUBLES[what]}, since {since:.2f} s, and {event.node} has given it {sent[server]} orders "
                f"in the last {late:.2f} s{why}"
            )
            return violation(event, "The broken are left alone", message, str(event.node), server)
    return None


def taken_back(trace: Trace, after: float, within: float, least: int = 2, enough: int = 20) -> Violation | None:
    """A server that is well again gets orders again: some, of those that come `after` seconds later and `within` the
    seconds after that."""
    orders = Orders(trace)
    asked = orders.read()
    for server, (what, since) in orders.repaired.items():
        begin, end = since + after, since + after + within
        came = [order for order in asked if begin <= order.time <= end]
        given = sum(one.server == server and begin <= one.time <= end for order in asked for one in order.tries)
        if trace.now >= end and len(came) >= enough and given < least and server not in orders.trouble:
            event = next(event for event in trace if event.time >= end)
            was = {"crash": "it had crashed", "slow": "it was slow", "full": "its disk was full"}[what]
            message = (
                f"{server} is well again since {since:.2f} s ({was}), and of {len(came)} orders from {begin:.2f} to "
                f"{end:.2f} s it was given {given}: others do its work. Try it again after a while; and what it will "
                "never answer is no longer open there"
            )
            return violation(event, "Taken back", message, server)
    return None
