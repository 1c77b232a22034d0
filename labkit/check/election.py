"""What an election of a leader must keep to, whatever happens (Ongaro and Ousterhout 2014, Figure 3 and section 5.2).

The nodes tell their `role` and `term` as public attributes, and vote with messages named `Vote(term, granted)`.
"""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Moment, Violation, always
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

DISTURBANCES = ("start", "crash", "partition", "heal", "link", "clock")


def election_safety(trace: Trace) -> Violation | None:
    """Election Safety: at most one leader can be elected in a given term (Figure 3)."""
    leaders: dict[Any, str] = {}

    def check(event: Event, moment: Moment) -> Violation | None:
        node = str(event.node)
        if event.kind == "state" and moment.state[node].get("role") == "leader":
            term = moment.state[node].get("term")
            first = leaders.setdefault(term, node)
            if first != node:
                return Violation.at(
                    moment, "Election Safety", f"two leaders in term {term}: {first} and {node}", first, node
                )
        return None

    return always(trace, check)


def one_vote_per_term(trace: Trace) -> Violation | None:
    """Each server votes for at most one candidate in a given term, also across crashes (section 5.2)."""
    votes: dict[tuple[str, int], str] = {}
    for event in trace.select("send", "state"):
        node = str(event.node)
        if event.kind == "send":
            vote = _granted_vote(event.data)
            if vote is None:
                continue
            term, candidate = vote.get("term", 0), str(event.peer)
        elif event.data.get("role") == "candidate" and isinstance(event.data.get("term"), int):
            term, candidate = event.data["term"], node  # a candidate has voted for itself
        else:
            continue
        first = votes.setdefault((node, term), candidate)
        if first != candidate:
            what = f"{node} voted for both {first} and {candidate} in term {term}"
            return Violation("One vote per term", what, event.seq, event.time, (node, first, candidate))
    return None


def _granted_vote(message: Any) -> dict[str, Any] | None:
    """The vote that a message is, as plain data; None if it is something else, or refuses its vote."""
    kind = message.get("$") if isinstance(message, dict) else type(message).__name__
    vote = plain(message) if kind == "Vote" else {}
    return vote if vote.get("granted") is True else None


def elected_by_majority(trace: Trace) -> Violation | None:
    """A leader has the votes of a majority of all servers, its own among them (section 5.2)."""
    got: dict[tuple[str, int], set[str]] = {}
    votes: dict[int | None, dict[str, Any]] = {}
    seen: set[tuple[str, Any]] = set()

    def check(event: Event, moment: Moment) -> Violation | None:
        node = str(event.node)
        if event.kind in ("send", "duplicate"):
            vote = _granted_vote(event.data)
            if vote is not None:
                votes[event.id] = vote
        elif event.kind == "deliver":
            if event.id in votes:
                vote = votes[event.id]
                got.setdefault((node, vote.get("term", 0)), {node}).add(str(event.peer))
        elif event.kind == "state" and moment.state[node].get("role") == "leader":
            term = moment.state[node].get("term", 0)
            voters = got.get((node, term), {node})
            if (node, term) not in seen and 2 * len(voters) <= len(trace.nodes):
                names = ", ".join(sorted(voters))
                what = f"{node} leads term {term} with {len(voters)} of {len(trace.nodes)} votes ({names})"
                return Violation.at(moment, "Elected by a majority", what, node)
            seen.add((node, term))
        return None

    return always(trace, check)


def terms_only_grow(trace: Trace) -> Violation | None:
    """A server's term never goes back, also across crashes (section 5.1)."""
    highest: dict[str, int] = {}
    for event in trace.select("state"):
        node, term = str(event.node), event.data.get("term")
        if isinstance(term, int):
            if term < highest.get(node, term):
                what = f"{node} went back from term {highest[node]} to term {term}"
                return Violation("Terms only grow", what, event.seq, event.time, (node,))
            highest[node] = term
    return None


def leader_within(trace: Trace, seconds: float) -> Violation | None:
    """Progress: when nothing has disturbed a majority that can talk for `seconds`, it has exactly one leader.

    Judged once for each calm that lasts so long: no boot, crash, partition or change of a link, and no link that loses
    messages.
    """
    moment, since, judged = Moment(), 0.0, False
    for event in trace:
        if event.time > since + seconds and not judged:
            judged = True
            if violation := _led(moment, trace, since, seconds):
                return violation
        if event.kind in DISTURBANCES:
            since, judged = event.time, False
        moment.apply(event)
    return _led(moment, trace, since, seconds) if not judged and trace.now >= since + seconds else None


def _led(moment: Moment, trace: Trace, since: float, seconds: float) -> Violation | None:
    majority = moment.majority(trace.nodes)
    if not majority or not moment.clean:
        return None
    leaders = [id for id in majority if moment.state[id].get("role") == "leader"]
    calm = f"{seconds:g} s after the last disturbance (at {since:.3f} s)"
    if not leaders:
        return Violation.at(
            moment, "A leader in time", f"no leader {calm}, though {', '.join(majority)} can all talk", *majority
        )
    if len(leaders) > 1:
        return Violation.at(moment, "A leader in time", f"{' and '.join(leaders)} both lead {calm}", *leaders)
    return None


def one_leader(trace: Trace, grace: float = 0.0) -> Violation | None:
    """At no time do two running nodes both lead, for longer than `grace` seconds (which the news of a new leader may
    take). Terms are not asked for: this is for elections that have none."""
    leading: dict[str, float] = {}  # who leads, and since when
    at: dict[str, Moment] = {}

    def check(event: Event, moment: Moment) -> Violation | None:
        first, *later = sorted(leading, key=lambda id: leading[id]) or [""]
        if later and event.time > leading[later[0]] + grace:
            return _both_lead(at[later[0]], first, later[0])
        node = str(event.node)
        if event.kind in ("start", "crash") or (event.kind == "state" and event.data.get("role", "leader") != "leader"):
            leading.pop(node, None)
        elif event.kind == "state" and event.data.get("role") == "leader":
            leading[node], at[node] = event.time, moment.copy()
            others = [id for id in leading if id != node]
            if others and not grace:
                return _both_lead(moment, others[0], node)
        return None

    return always(trace, check)


def _both_lead(moment: Moment, first: str, second: str) -> Violation:
    return Violation.at(moment, "One leader", f"{first} still leads, and {second} leads too", first, second)


def someone_led(trace: Trace) -> Violation | None:
    """Not a safety property, but a guard: a run in which nobody ever leads says nothing about elections."""
    for event in trace.select("state"):
        if event.data.get("role") == "leader":
            return None
    return Violation("Somebody leads", "nobody became leader in the whole run", max(len(trace) - 1, 0), trace.now)
