"""What remote calls must keep to when messages are lost, doubled and overtaken, and nodes crash (Birrell and Nelson,
"Implementing Remote Procedure Calls", TOCS 1984, section 3; Lee et al., "Implementing Linearizability at Large Scale
and Low Latency", SOSP 2015, sections 3 and 4).

The calls are deposits at a bank. Customers ask a branch with `Deposit(account, amount)` and are told `Balance(amount)`;
branches and the bank exchange `Request(number, account, amount, done)` and `Reply(number, balance)`; the bank shows
`balances`, and in `table` what it remembers of calls. No two deposits of a run are of the same amount, so a balance
that changes tells which of them was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

BANK = "n1"
STORM, MOMENT = 6, 0.25  # Requests for one call within so many seconds: more is no patience
SILENCE = 2.0  # seconds after the last answer in which branches and bank may still talk
PATIENCE = 4.0  # seconds without a fault after which everybody must have an answer
LONG = 12.0  # seconds in which an answer must be there if nobody crashes, on the worst of networks: dozens of askings
DISTURBANCES = ("start", "crash", "partition", "heal", "link", "clock", "pause", "resume", "slow")


@dataclass
class Call:
    """One deposit: what was asked, how often it was made, and what its customer was told."""

    client: str
    branch: str
    account: str
    amount: int
    invoked: float
    made: list[tuple[float, frozenset[int]]] = field(
        default_factory=list
    )  # when, and the balances that it may have led to
    told: int | None = None
    over: bool = False
    abandoned: bool = False  # its branch has crashed
    arrivals: list[tuple[int, float, int]] = field(
        default_factory=list
    )  # at the bank: number, when, the branch's `done` by then

    def __str__(self) -> str:
        return f"{self.client}'s deposit of {self.amount} into {self.account}"


def is_request(message: dict[str, Any]) -> bool:
    """Whether this is a Request, with its fields as they are declared."""
    whole = all(type(message.get(name)) is int for name in ("number", "amount", "done"))
    return message.get("$") == "Request" and whole and type(message.get("account")) is str


class Ledger:
    """The calls of a run, as far as its trace tells. `follow` gives each event after what it changed was taken in;
    `wrong` collects the violations, with those that a bank without memory may commit only if `strict`."""

    def __init__(self, trace: Trace, strict: bool = True):
        self.trace, self.strict = trace, strict
        self.calls: dict[tuple[str, int], Call] = {}
        self.by_amount: dict[tuple[str, int], Call] = {}
        self.balances: dict[str, int] = {}
        self.crashes: list[float] = []  # of the bank
        self.booted = False  # the bank has, and has not shown its balances since
        self.done: dict[str, int] = {}  # what the bank has been told
        self._sent: dict[int, tuple[str, dict[str, Any]]] = {}
        self.wrong: Violation | None = None
        self.now = 0.0

    def follow(self) -> Iterator[Event]:
        for event in self.trace:
            self.now = event.time
            getattr(self, f"_{event.kind}", self._other)(event)
            yield event
        self.now = self.trace.now

    def pending(self) -> list[Call]:
        """The calls that wait for an answer that must come."""
        return [call for call in self.calls.values() if not call.over and not call.abandoned]

    def read(self) -> Ledger:
        for _ in self.follow():
            if self.wrong:
                break
        return self

    def _other(self, event: Event) -> None:
        pass

    def _say(self, event: Event, property: str, message: str, *nodes: str) -> None:
        if self.wrong is None:
            self.wrong = Violation(property, message, event.seq, event.time, nodes or (str(event.node),))

    # --- customers

    def _invoke(self, event: Event) -> None:
        wish = plain(event.data)
        call = Call(str(event.node), str(event.peer), wish["account"], wish["amount"], event.time)
        self.calls[str(event.node), int(event.id or 0)] = call
        self.by_amount[call.account, call.amount] = call

    def _ok(self, event: Event) -> None:
        call = self.calls[str(event.node), int(event.id or 0)]
        call.over = True
        reply = plain(event.data)
        told = reply.get("amount") if isinstance(reply, dict) and reply.get("$") == "Balance" else None
        if type(told) is not int:
            self._say(
                event, "Answers", f"{call.branch} answered {call} with {reply!r}; the answer is Balance(amount=...)"
            )
            return
        call.told = told
        if not call.made:
            self._say(
                event,
                "Told, not made",
                f"{call.branch} answered {call}, but {BANK} has not made it{self._why_not(call)}",
            )
        elif self.strict and told not in call.made[0][1]:
            right = " or ".join(map(str, sorted(call.made[0][1])))
            why = self._whose(call, told)
            self._say(
                event,
                "The right answer",
                f"{call} made it {right}, and {call.branch} answered {told}{why}",
                call.branch,
            )

    def _info(self, event: Event) -> None:
        self.calls[str(event.node), int(event.id or 0)].over = True

    def _whose(self, call: Call, told: int) -> str:
        for other in self.calls.values():
            if other is not call and other.made and told in other.made[0][1]:
                if other.account != call.account or (other.branch == call.branch and other.invoked <= call.invoked):
                    return f": that is the answer to {other}. An answer belongs to the call whose number it carries"
                return (
                    f": what {other} led to, later. The answer to a call that is asked again is the first answer, so "
                    "the bank must keep it"
                )
        return ""

    def _why_not(self, call: Call) -> str:
        """Why a branch may answer a call that the bank has not made."""
        if not call.arrivals:
            return (
                (
                    ", and has not even heard of it: that was the reply to another call. An answer belongs to the "
                    "call whose number it carries"
                )
                if self.strict
                else ""
            )
        numbers = {number for number, _, _ in call.arrivals}
        for other in self.calls.values():
            if other is not call and other.made and numbers & {number for number, _, _ in other.arrivals}:
                if other.branch == call.branch:
                    return (
                        f": its number {min(numbers)} was that of {other} before, and the bank took it for that one. "
                        "A number is used for one call, also after a crash of the branch"
                    )
                if not self.crashes:
                    return (
                        f". Request {min(numbers)} of {other.branch}, {other}, had come before: each branch counts "
                        "its calls by itself, so a call is known by branch and number together"
                    )
        if any(crash >= call.arrivals[0][1] for crash in self.crashes):
            return (
                f". It crashed at {self.crashes[-1]:.3f} s, in the middle of it: a deposit and the memory of it "
                "belong into one write to the disk, and it must be on the disk before the answer leaves"
            )
        return ""

    # --- messages

    def _send(self, event: Event) -> None:
        if event.id is not None:
            self._sent[event.id] = (str(event.node), plain(event.data))

    _duplicate = _send

    def _deliver(self, event: Event) -> None:
        sender, message = self._sent.get(event.id or 0, ("", {}))
        if event.node == BANK and is_request(message):
            call = self.by_amount.get((message["account"], message["amount"]))
            if call is not None:
                call.arrivals.append((message["number"], event.time, self.done.get(sender, 0)))
            self.done[sender] = max(message["done"], self.done.get(sender, 0))

    # --- the bank

    def _start(self, event: Event) -> None:
        if event.node == BANK:
            self.booted = True

    def _crash(self, event: Event) -> None:
        if event.node == BANK:
            self.crashes.append(event.time)
        for call in self.calls.values():
            if call.branch == event.node and not call.over:
                call.abandoned = True

    def _state(self, event: Event) -> None:
        if event.node != BANK or "balances" not in event.data:
            return
        shown = event.data["balances"]
        if not isinstance(shown, dict) or not all(type(value) is int for value in shown.values()):
            self._say(event, "Balances", f"{BANK} shows balances={shown!r}; it maps each account to a whole number")
            return
        for account in sorted({*self.balances, *shown}):
            old, new = self.balances.get(account, 0), shown.get(account, 0)
            if new > old:
                self._grew(event, account, old, new)
            elif new < old:
                self._shrank(event, account, old, new)
        self.balances, self.booted = dict(shown), False

    def _grew(self, event: Event, account: str, old: int, new: int) -> None:
        calls = [call for call in self.calls.values() if call.account == account]
        fresh = [call for call in calls if not call.made]
        again = next((call for call in calls if call.made and call.amount == new - old), None)
        if again is None:
            for size in range(1, min(4, len(fresh)) + 1):  # more than one, if the bank made several at once
                for chosen in combinations(fresh, size):
                    if sum(call.amount for call in chosen) == new - old:
                        self._made(event, chosen, old)
                        return
            self._say(event, "Balances", f"{account} went from {old} to {new}, and no deposit is of {new - old}")
            return
        again.made.append((event.time, frozenset({new})))
        if self.strict:
            self._say(
                event, "Made once", f"{BANK} made {again} a second time ({account}: {old} to {new}){self._twice(again)}"
            )

    def _made(self, event: Event, chosen: tuple[Call, ...], old: int) -> None:
        """These calls were made, in an order that nobody saw."""
        for call in chosen:
            rest = [other.amount for other in chosen if other is not call]
            before = {sum(some) for size in range(len(chosen)) for some in combinations(rest, size)}
            call.made.append((event.time, frozenset(old + call.amount + sum_ for sum_ in before)))

    def _twice(self, call: Call) -> str:
        numbers = [number for number, _, _ in call.arrivals]
        if len(set(numbers)) > 1:
            return (
                f": {call.branch} asked under the number {numbers[0]}, and again under {numbers[-1]}. A call that is "
                "asked again keeps its number"
            )
        if call.arrivals and any(crash >= call.arrivals[0][1] for crash in self.crashes):
            return (
                f". It crashed in between, at {self.crashes[-1]:.3f} s, and had forgotten that it was made: what it "
                "remembers of a call belongs into the same write to the disk as what the call did"
            )
        if call.arrivals and call.arrivals[-1][2] >= call.arrivals[-1][0] > 0:
            return (
                f". It had been told that {call.arrivals[-1][0]} is done, and had forgotten it; then a late copy "
                "came. Remember up to which number the calls of a branch are done, and make none of them"
            )
        came = numbers[-1] if numbers else "?"
        return f". Request {came} had come before: what was made once is answered again, not made again"

    def _shrank(self, event: Event, account: str, old: int, new: int) -> None:
        made = [call for call in self.calls.values() if call.account == account and call.made]
        made.sort(key=lambda call: call.made[-1][0], reverse=True)
        lost: list[Call] = []
        if self.booted:
            for size in range(len(made) + 1):
                if sum(call.amount for call in made[:size]) == old - new:
                    lost = made[:size]
                    break
            else:
                lost = next((list(some) for some in combinations(made, 1) if some[0].amount == old - new), [])
        if not lost:
            self._say(event, "Balances", f"{account} went back from {old} to {new}")
            return
        for call in lost:
            if call.told is not None:
                self._say(
                    event,
                    "Told, and lost",
                    f"{call.client} had been told that {call} was made, and after its crash {BANK} does not know of "
                    "it: it must be on the disk before the answer leaves",
                )
            call.made.pop()


def made_and_told(trace: Trace) -> Violation | None:
    """A deposit that a customer was told of has been made, once or more."""
    return Ledger(trace, strict=False).read().wrong


def once(trace: Trace) -> Violation | None:
    """Each deposit is made once at most, and its customer is told what it led to, however often it was asked."""
    return Ledger(trace).read().wrong
