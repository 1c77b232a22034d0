"""Atomic commitment: what a commit protocol must keep to (Bernstein, Hadzilacos and Goodman 1987, section 7.3).

The nodes tell their decisions as a public attribute `decision` ({transaction: "commit" or "abort"}), and vote with
messages named `Vote(transaction, yes)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.check.invariants import Moment, Violation, always
from labkit.check.progress import Weather
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain


def _new_decisions(event: Event, moment: Moment) -> list[tuple[str, Any, str]]:
    """What a node decides at this event: (node, transaction, decision)."""
    if event.kind != "state" or not isinstance(event.data.get("decision"), dict):
        return []
    return [(str(event.node), transaction, made) for transaction, made in event.data["decision"].items() if made]


def same_decision(trace: Trace) -> Violation | None:
    """AC1: all processes that reach a decision reach the same one."""
    first: dict[Any, tuple[str, str]] = {}

    def check(event: Event, moment: Moment) -> Violation | None:
        for node, transaction, made in _new_decisions(event, moment):
            other, decision = first.setdefault(transaction, (node, made))
            if decision != made and other != node:
                what = f"of transaction {transaction}, {other} decided to {decision} and {node} to {made}"
                return Violation.at(moment, "AC1, one decision", what, other, node)
        return None

    return always(trace, check)


def decisions_stand(trace: Trace) -> Violation | None:
    """AC2: a process cannot reverse its decision after it has reached one, also across crashes."""
    made_by: dict[tuple[str, Any], str] = {}

    def check(event: Event, moment: Moment) -> Violation | None:
        for node, transaction, made in _new_decisions(event, moment):
            before = made_by.setdefault((node, transaction), made)
            if before != made:
                what = f"{node} decided to {before} transaction {transaction}, and then to {made} it"
                return Violation.at(moment, "AC2, decisions stand", what, node)
        return None

    return always(trace, check)


def commit_needs_all_votes(trace: Trace, participants: Callable[[str], bool] | None = None) -> Violation | None:
    """AC3: the decision can be to commit only if all processes voted Yes. Who votes: every node that ever votes in the
    run, or those for which `participants(node)` is true."""
    votes: dict[Any, dict[str, bool]] = {}
    voters = {
        str(e.node) for e in trace.select("send") if type(e.data).__name__ == "Vote" or plain(e.data).get("$") == "Vote"
    }
    if participants is not None:
        voters = {node for node in trace.nodes if participants(node)}

    def check(event: Event, moment: Moment) -> Violation | None:
        if event.kind == "send":
            vote = plain(event.data)
            if vote.get("$") == "Vote":
                votes.setdefault(str(vote.get("transaction")), {}).setdefault(str(event.node), bool(vote.get("yes")))
        for node, transaction, made in _new_decisions(event, moment):
            given = votes.get(str(transaction), {})
            against = sorted(voter for voter in voters if given.get(voter) is not True)
            if made == "commit" and against:
                how = "voted No" if given.get(against[0]) is False else "had not voted"
                what = f"{node} decided to commit transaction {transaction}, though {against[0]} {how}"
                return Violation.at(moment, "AC3, commit needs every Yes", what, node, against[0])
        return None

    return always(trace, check)


def no_trivial_abort(trace: Trace) -> Violation | None:
    """AC4: if there are no failures and all processes voted Yes, then the decision will be to commit. Judged for runs
    without any fault."""
    faults = ("crash", "pause", "slow", "faulty", "partition", "link", "drop", "error", "clock")
    if next(iter(trace.select(*faults)), None) is not None:
        return None
    refused: set[str] = set()

    def check(event: Event, moment: Moment) -> Violation | None:
        vote = plain(event.data) if event.kind == "send" else {}
        if vote.get("$") == "Vote" and vote.get("yes") is not True:
            refused.add(str(vote.get("transaction")))
        for node, transaction, made in _new_decisions(event, moment):
            if made == "abort" and str(transaction) not in refused:
                what = f"{node} decided to abort transaction {transaction}, though nothing failed and nobody voted No"
                return Violation.at(moment, "AC4, no trivial abort", what, node)
        return None

    return always(trace, check)


def all_decide(trace: Trace, seconds: float = 2.0) -> Violation | None:
    """AC5: if all failures are repaired and no new ones occur for long enough (`seconds`), all processes that voted
    reach a decision."""
    weather, moment = Weather(trace), Moment()
    voted: dict[tuple[str, str], float] = {}
    for event in trace:
        moment.apply(event)
        weather.apply(event)
        if event.kind == "send":
            vote = plain(event.data)
            if vote.get("$") == "Vote":
                voted.setdefault((str(event.node), str(vote.get("transaction"))), event.time)
        for node, transaction, _ in _new_decisions(event, moment):
            voted.pop((node, str(transaction)), None)
    for (node, transaction), since in sorted(voted.items(), key=lambda item: item[1]):
        if transaction in {str(t) for t in moment.state.get(node, {}).get("decision") or {}}:
            continue
        calm = weather.calm_since()
        if calm is not None and trace.now >= max(calm, since) + seconds:
            long = trace.now - max(calm, since)
            what = f"{node} voted on transaction {transaction} and never decided, in {long:.2f} s without any failure"
            return Violation("AC5, all decide", what, max(len(trace) - 1, 0), trace.now, (node,))
    return None
