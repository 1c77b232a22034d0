"""How a branch asks and a bank remembers: everybody is answered, nobody talks for nothing, a number names one
call, and what is remembered is forgotten in time. The calls are those of `labkit.check.calls`."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from labkit.check.calls import (
    BANK,
    DISTURBANCES,
    LONG,
    MOMENT,
    PATIENCE,
    SILENCE,
    STORM,
    Call,
    Ledger,
    is_request,
)
from labkit.check.invariants import Moment, Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

REMEMBERED = 45  # values in the bank's table, or on its disk: many times what two customers at each branch can need


def requests(trace: Trace) -> list[tuple[Event, dict[str, Any]]]:
    """The Requests that nodes sent, with their contents."""
    found = ((event, plain(event.data)) for event in trace.select("send") if event.node in trace.nodes)
    return [(event, message) for event, message in found if is_request(message)]


def answered(trace: Trace) -> Violation | None:
    """Progress: a customer has an answer within `LONG` seconds if nobody crashes, however bad the network is, and when
    nothing has gone wrong for `PATIENCE` seconds; unless their branch has crashed in between."""
    ledger, moment, since = Ledger(trace, strict=False), Moment(), 0.0
    for event in ledger.follow():
        moment.apply(event)
        if event.kind in DISTURBANCES:
            since = event.time
        if event.kind not in ("timer", "deliver"):
            continue
        for call in ledger.pending():
            if event.time > call.invoked + LONG and not any(crash >= call.invoked for crash in ledger.crashes):
                return _unanswered(moment, call, ledger)
    if moment.clean and len(moment.state) == len(trace.nodes) and trace.now >= since + PATIENCE:
        for call in ledger.pending():
            if trace.now >= call.invoked + PATIENCE:
                return _unanswered(moment, call, ledger)
    return None


def _unanswered(moment: Moment, call: Call, ledger: Ledger) -> Violation:
    what = f"{call}, asked at {call.branch} at {call.invoked:.3f} s, has no answer: {_why(call, ledger)}"
    return Violation.at(moment, "Everybody is answered", what, call.branch)


def _why(call: Call, ledger: Ledger) -> str:
    asked = [
        (event, message)
        for event, message in requests(ledger.trace)
        if event.time <= ledger.now
        and (event.node, message.get("account"), message.get("amount")) == (call.branch, call.account, call.amount)
    ]
    if not asked:
        return f"{call.branch} did not send a Request for it"
    if len(asked) == 1:
        return f"{call.branch} asked {BANK} once. Requests and replies get lost: ask again until the answer is there"
    last, message = asked[-1]
    now = ledger.now
    if now - last.time > PATIENCE / 2:
        return f"{call.branch} asked {len(asked)} times and gave up at {last.time:.3f} s"
    if not call.arrivals:
        return f"none of {len(asked)} Requests reached {BANK}"
    number = message.get("number")
    if isinstance(number, int) and ledger.done.get(call.branch, 0) >= number:
        return (
            f"{call.branch} said done={ledger.done[call.branch]} while its call {number} still waited, so {BANK} "
            "took it for one that nobody asks for. The field done names a number only when all calls up to it are "
            "answered"
        )
    if not call.made:
        return (
            f"{BANK} got Request {number} of {call.branch} {len(call.arrivals)} times and did not make it. It may "
            "have taken it for an old one: a higher number that came before says nothing about a lower one"
        )
    return _not_passed_on(call, ledger, {message.get("number") for _, message in asked}, len(asked))


def _not_passed_on(call: Call, ledger: Ledger, numbers: set[Any], asked: int) -> str:
    sent: dict[int | None, dict[str, Any]] = {}
    replies = arrived = 0
    for event in ledger.trace.select("send", "duplicate", "deliver"):
        if event.time > ledger.now:
            break
        if event.kind == "deliver":
            reply = sent.get(event.id, {})
            arrived += event.node == call.branch and reply.get("$") == "Reply" and reply.get("number") in numbers
        elif event.node == BANK and event.peer == call.branch:
            sent[event.id] = reply = plain(event.data)
            replies += event.kind == "send" and reply.get("$") == "Reply" and reply.get("number") in numbers
    if arrived:
        return (
            f"{BANK} made it, and {arrived} of its replies reached {call.branch}, which told nobody. A reply that "
            "comes late, to an earlier asking, is the answer all the same"
        )
    return (
        f"{BANK} made it and replied {replies} times to {asked} Requests; a call that was made already still needs "
        "its answer: the first one may have been lost"
    )


def a_number_names_a_call(trace: Trace) -> Violation | None:
    """A branch uses a number for one call, also across crashes, and asks again under the same number."""
    named: dict[tuple[str | None, Any], tuple[Any, Any]] = {}
    for event, message in requests(trace):
        wish = (message.get("account"), message.get("amount"))
        first = named.setdefault((event.node, message.get("number")), wish)
        if first != wish:
            what = (
                f"{event.node} used the number {message.get('number')} for two calls: {first[1]} into {first[0]}, "
                f"and now {wish[1]} into {wish[0]}. The bank cannot tell them apart"
            )
            if any(
                start.id and start.id > 1 and start.time <= event.time
                for start in trace.select("start", node=event.node)
            ):
                what += ": keep the last number on the disk, or begin above it after a restart"
            return Violation("A number names a call", what, event.seq, event.time, (str(event.node),))
    return None


def no_storm(trace: Trace) -> Violation | None:
    """Nobody asks again without waiting."""
    recent: dict[tuple[str | None, Any], deque[float]] = {}
    for event, message in requests(trace):
        times = recent.setdefault((event.node, message.get("number")), deque(maxlen=STORM))
        times.append(event.time)
        if len(times) == STORM and event.time - times[0] < MOMENT:
            what = (
                f"{event.node} sent Request {message.get('number')} {STORM} times within {event.time - times[0]:.3f} "
                "s. An answer takes a while: wait before you ask again"
            )
            return Violation("No storm", what, event.seq, event.time, (str(event.node),))
    return None


def falls_silent(trace: Trace) -> Violation | None:
    """When all customers have their answers, branches and bank stop talking."""
    waiting: Counter[str] = Counter()
    since = 0.0
    for event in trace.select("invoke", "ok", "info", "send"):
        if event.kind == "invoke":
            waiting[str(event.node)] += 1
        elif event.kind != "send":
            waiting[str(event.node)] -= 1
            since = event.time
        elif event.node in trace.nodes and not waiting.total() and event.time > since + SILENCE:
            message = plain(event.data)
            what = (
                f"{event.node} still sends {message.get('$')} {message.get('number', '')}, {event.time - since:.1f} "
                "s after the last customer had an answer. Who has the answer stops asking"
            )
            return Violation("Silence", what, event.seq, event.time, (str(event.node),))
    return None


def forgets(trace: Trace) -> Violation | None:
    """What the bank remembers of calls does not grow with their number: neither its table nor what is on its disk."""
    disk: dict[str, Any] = {}
    calls = 0
    for event in trace.select("invoke", "state", "disk"):
        if event.kind == "invoke":
            calls += 1
        elif event.node == BANK and (event.kind == "disk" or "table" in event.data):
            if event.kind == "disk":
                disk |= event.data
            where = "on its disk" if event.kind == "disk" else "in self.table"
            held = size(disk if event.kind == "disk" else event.data["table"])
            if held > REMEMBERED:
                what = (
                    f"{BANK} holds {held} values {where} after {calls} deposits, though at most two customers wait "
                    "at each branch. The field done says which answers nobody will ask for again"
                )
                return Violation("Forgets in time", what, event.seq, event.time, (BANK,))
    return None


def size(value: Any) -> int:
    """How many values there are in nested data."""
    if isinstance(value, dict):
        return sum(map(size, value.values()))
    return sum(map(size, value)) if isinstance(value, list | tuple) else 1


def shows_its_table(trace: Trace) -> Violation | None:
    """A guard: nothing can be said of the memory of a bank that does not show it."""
    if any(size(event.data.get("table", [])) for event in trace.select("state", node=BANK)):
        return None
    what = f"{BANK} never had anything in self.table: keep there what it remembers of calls"
    return Violation("The bank's table", what, max(len(trace) - 1, 0), trace.now, (BANK,))
