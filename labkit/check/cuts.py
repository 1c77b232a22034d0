"""What a snapshot of a bank must keep to: it is a consistent cut, and its channels hold what was under way (Chandy and
Lamport 1985, sections 2 and 3).

Branches send money with messages named `Transfer(number, amount)`, numbered for each channel, and tell in notes, as it
happens: "begins S", "recorded S with 93", "took 7 from n2, number 12". A complete snapshot appears as a public
attribute of who began it: `snapshots`, from its name to a dict from each branch to its `Report(money, channels)`.

The algorithm asks for channels that keep their order. With `fifo` (as by default) a run in which one did not is not
judged; and what must happen in time is judged only where a network carries the messages, not a schedule that may hold
any of them back for ever.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

_BEGINS = re.compile(r"begins (\S+)$")
_RECORDED = re.compile(r"recorded (\S+) with (-?\d+)$")
_TOOK = re.compile(r"took (\d+) from (\S+), number (\d+)$")
NEVER = 1 << 62


@dataclass
class Money:
    """One transfer: by whom, to whom, its number in the channel, and the events of its sending and its taking."""

    payer: str
    payee: str
    number: int
    amount: int
    sent: Event
    arrived: Event | None = None
    taken: Event | None = None

    @property
    def taken_at(self) -> int:
        return NEVER if self.taken is None else self.taken.seq


class Books:
    """A run, as a bank's auditor sees it."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.money: dict[tuple[str, str, int], Money] = {}
        self.begun: dict[str, Event] = {}
        self.recorded: dict[str, dict[str, tuple[Event, int]]] = {}  # snapshot -> branch -> when, how much
        self.complete: dict[str, tuple[Event, dict[str, Any]]] = {}
        self.markers: dict[tuple[str, str, str], int] = {}  # snapshot, from, to -> event
        self.reported: dict[tuple[str, str], int] = {}  # snapshot, branch -> event
        self.faults: list[tuple[Event, str]] = []  # money that was never sent, or taken twice
        self.steered = any(event.data.get("schedule") for event in trace.select("link"))
        self._queues: dict[tuple[str, str], list[int | None]] = {}  # of a channel: what is under way
        self.in_order = True  # whether every channel kept its order
        ids: dict[int | None, Money] = {}
        for event in trace.select("send", "deliver", "note", "state"):
            node = str(event.node)
            if event.kind == "send":
                self._queues.setdefault((node, str(event.peer)), []).append(event.id)
                self._sent(event, node, plain(event.data), ids)
            elif event.kind == "deliver":
                queue = self._queues.get((str(event.peer), node), [])
                self.in_order = self.in_order and queue[:1] == [event.id]
                if event.id in queue:
                    queue.remove(event.id)
                if event.id in ids:
                    ids[event.id].arrived = event
            elif event.kind == "note":
                self._noted(event, node, str(event.data))
            elif event.kind == "state" and isinstance(event.data.get("snapshots"), dict):
                for name, reports in event.data["snapshots"].items():
                    self.complete.setdefault(name, (event, reports if isinstance(reports, dict) else {}))

    def tell(self, fifo: bool, in_time: bool = False) -> bool:
        """Whether this run can be judged; `in_time`: by what has not happened."""
        return (self.in_order or not fifo) and not (in_time and self.steered)

    def _sent(self, event: Event, node: str, message: dict[str, Any], ids: dict[int | None, Money]) -> None:
        if message.get("$") == "Transfer":
            money = Money(node, str(event.peer), message["number"], message["amount"], event)
            ids[event.id] = self.money.setdefault((money.payer, money.payee, money.number), money)
        elif message.get("$") == "Marker":
            self.markers.setdefault((str(message.get("snapshot")), node, str(event.peer)), event.seq)
        elif message.get("$") == "Report":
            self.reported.setdefault((str(message.get("snapshot")), node), event.seq)

    def _noted(self, event: Event, node: str, text: str) -> None:
        if found := _BEGINS.match(text):
            self.begun[found[1]] = event
        elif found := _RECORDED.match(text):
            self.recorded.setdefault(found[1], {}).setdefault(node, (event, int(found[2])))
        elif found := _TOOK.match(text):
            money = self.money.get((found[2], node, int(found[3])))
            if money is None or money.taken is not None:
                why = "which nobody sent" if money is None else "a second time"
                self.faults.append((event, f"{node} {text}, {why}"))
            else:
                money.taken = event


def _violation(property: str, what: str, event: Event, *nodes: str) -> Violation:
    return Violation(property, what, event.seq, event.time, nodes)


def every_coin_once(trace: Trace, seconds: float = 0.5, fifo: bool = True) -> Violation | None:
    """Money that arrives is taken, once, within `seconds`."""
    books = Books(trace)
    for event, what in books.faults:
        return _violation("Every coin once", what, event, str(event.node))
    if not books.tell(fifo, in_time=True):
        return None
    for money in books.money.values():
        late = money.arrived is not None and money.taken is None and trace.now > money.arrived.time + seconds
        if late and money.arrived is not None:
            what = (
                f"{money.payee} never took the {money.amount} that came from {money.payer} at "
                f"{money.arrived.time:.3f} s (number {money.number}): the bank goes on while a snapshot is taken"
            )
            return Violation("Every coin once", what, len(trace) - 1, trace.now, (money.payee, money.payer))
    return None


def consistent_cut(trace: Trace, fifo: bool = True) -> Violation | None:
    """No money that was sent after its sender recorded was taken before its receiver recorded: else the snapshot holds
    it twice."""
    books = Books(trace)
    if not books.tell(fifo):
        return None
    for snapshot, branches in books.recorded.items():
        for money in books.money.values():
            if money.payer not in branches or money.payee not in branches or money.taken is None:
                continue
            paid, got = branches[money.payer][0], branches[money.payee][0]
            if money.sent.seq > paid.seq and money.taken.seq < got.seq:
                marker = books.markers.get((snapshot, money.payer, money.payee), NEVER)
                why = (
                    f"{money.payer} must send its markers at once when it records, before any more money"
                    if marker > money.sent.seq
                    else f"{money.payee} must record when the first marker comes, before it takes what came after it"
                )
                what = (
                    f"{snapshot} holds {money.amount} twice: {money.payer} sent it to {money.payee} after it had "
                    f"recorded (at {paid.time:.3f} s), and {money.payee} took it before it recorded "
                    f"(at {got.time:.3f} s); {why}"
                )
                return _violation("Consistent cut", what, got, money.payer, money.payee)
    return None


def all_record(trace: Trace, seconds: float, fifo: bool = True) -> Violation | None:
    """Every branch records a snapshot within `seconds` of its beginning."""
    books = Books(trace)
    if not books.tell(fifo, in_time=True):
        return None
    for snapshot, begun in books.begun.items():
        if trace.now < begun.time + seconds:
            continue
        for node in trace.nodes:
            if node not in books.recorded.get(snapshot, {}):
                what = (
                    f"{node} has not recorded {snapshot}, {seconds:g} s after it began: "
                    "whoever records sends a marker to every other branch"
                )
                return Violation("All record", what, len(trace) - 1, trace.now, (node,))
    return None


def initiator_told(trace: Trace, seconds: float, fifo: bool = True) -> Violation | None:
    """Who begins a snapshot has the reports of all within `seconds`, not before they are complete, and they say what
    was recorded."""
    books = Books(trace)
    if not books.tell(fifo):
        return None
    for snapshot, begun in books.begun.items():
        node = str(begun.node)
        if snapshot not in books.complete:
            if not books.steered and trace.now >= begun.time + seconds:
                what = f"{node} has no complete {snapshot}, {seconds:g} s after it began"
                return Violation("Initiator told", what + _stuck(trace, snapshot), len(trace) - 1, trace.now, (node,))
            continue
        event, reports = books.complete[snapshot]
        lacking = [id for id in trace.nodes if id not in reports]
        if lacking:
            what = f"{node} calls {snapshot} complete without the report of {' and '.join(lacking)}"
            return _violation("Initiator told", what, event, node, *lacking)
        for id, report in reports.items():
            recorded = books.recorded.get(snapshot, {}).get(id)
            if recorded is not None and report.get("money") != recorded[1]:
                what = (
                    f"{id} recorded {recorded[1]} for {snapshot} and reports {report.get('money')}: "
                    "report what was recorded, not what there is by now"
                )
                return _violation("Initiator told", what, event, id)
    return None


def _stuck(trace: Trace, snapshot: str) -> str:
    """Who reported, to help to see what is missing."""
    reports = {str(e.node) for e in trace.select("send") if (m := plain(e.data)).get("$") == "Report"
               and m.get("snapshot") == snapshot}  # fmt: skip
    return f"; a Report was sent by {', '.join(sorted(reports)) or 'nobody'} (a branch that began reports to itself)"


def exact_channels(trace: Trace, fifo: bool = True) -> Violation | None:
    """The channels of a complete snapshot hold exactly the money that was under way: sent before its sender recorded,
    not taken before its receiver recorded."""
    books = Books(trace)
    if not books.tell(fifo):
        return None
    for snapshot, (event, reports) in books.complete.items():
        if set(reports) != set(trace.nodes) or set(books.recorded.get(snapshot, {})) != set(trace.nodes):
            continue
        for payee in trace.nodes:
            for payer in trace.nodes:
                if payer != payee and (wrong := _wrong_channel(books, snapshot, reports, payer, payee)):
                    what = f"{snapshot} holds {_total(reports)} in all; {wrong}"
                    return _violation("Exact channels", what, event, payer, payee)
    return None


def _wrong_channel(books: Books, snapshot: str, reports: dict[str, Any], payer: str, payee: str) -> str:
    paid, got = (books.recorded[snapshot][id][0] for id in (payer, payee))
    moved = [money for money in books.money.values() if (money.payer, money.payee) == (payer, payee)]
    under_way = [m for m in moved if m.sent.seq < paid.seq and m.taken_at > got.seq]
    right = Counter(money.amount for money in under_way)
    held = Counter((reports[payee].get("channels") or {}).get(payer, []))
    where = f"the channel from {payer} to {payee} was {_amounts(right)}, and {payee} reports {_amounts(held)}"
    if lacking := right - held:
        amount = min(lacking)
        report = books.reported.get((snapshot, payee), books.complete[snapshot][0].seq)
        late = all(m.taken_at > report for m in under_way if m.amount == amount)
        return f"{where}: {amount} is lost, " + (
            "which came after the report; a channel is open until its marker comes"
            if late
            else f"which {payee} took after it had recorded; write down what comes until the channel's marker"
        )
    if extra := held - right:
        amount = min(extra)
        after = any(m.sent.seq > paid.seq for m in moved if m.amount == amount)
        return f"{where}: {amount} is counted twice, " + (
            f"as {payer} sent it after it had recorded; the channel is closed when its marker comes"
            if after
            else f"as {payee} had it when it recorded; a channel is empty at first"
        )
    return ""


def _amounts(amounts: Counter[int]) -> str:
    return str(sorted(amounts.elements())) if amounts else "empty"


def _total(reports: dict[str, Any]) -> Any:
    return sum(r.get("money", 0) + sum(map(sum, (r.get("channels") or {}).values())) for r in reports.values())


def all_trade(trace: Trace, transfers: int, seconds: float) -> Violation | None:
    """No safety property, but a guard: a snapshot in a run of so many seconds shows something only if money moves."""
    if trace.now < seconds:
        return None
    paid = Counter(money.payer for money in Books(trace).money.values())
    for node in trace.nodes:
        if paid[node] < transfers:
            what = f"{node} sent money {paid[node]} times; a bank whose money does not move is easily counted"
            return Violation("All trade", what, max(len(trace) - 1, 0), trace.now, (node,))
    return None


def complete(trace: Trace, snapshots: int, seconds: float) -> Violation | None:
    """A guard: after so many seconds so many snapshots have a record and a report of every branch: there is something
    to judge."""
    books, nodes = Books(trace), set(trace.nodes)
    done = [
        name
        for name, (_, reports) in books.complete.items()
        if set(reports) == nodes and set(books.recorded.get(name, {})) == nodes
    ]
    if len(done) < snapshots and trace.now >= seconds and not books.steered:
        what = f"{len(done) or 'no'} snapshot has a record and a report of every branch"
        return Violation("Snapshots complete", what, max(len(trace) - 1, 0), trace.now)
    return None
