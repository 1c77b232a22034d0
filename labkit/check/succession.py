"""Elections by the bully algorithm (Garcia-Molina 1982): the highest node that is up leads, and all know it.

The nodes tell as a public attribute `leader` whom they take for the leader, and speak in messages named `Election`,
`Answer` and `Coordinator`. All of this holds under the paper's assumptions only: nothing is lost, a message takes at
most `D` seconds, and a node answers at once. Of a run in which links are worse, nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

D = 0.025  # seconds that a message may take
SETTLE = 1.0  # seconds after the last crash or restart in which all must agree
FRESH = 0.25  # seconds after a boot in which others may not know of a node yet
ASSUMED = "(a message takes 25 ms at most here, and none is lost)"
BAD = ("loss", "cut", "clog", "corrupt", "bandwidth", "schedule")


def rank(id: str) -> tuple[int, str]:
    return len(id), id


class Course:
    """What is known of a run up to an event: who is up since when, whom each takes for the leader, who told whom
    what."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.up: dict[str, float] = {}
        self.crashed: dict[str, float] = {}
        self.leader: dict[str, Any] = {}
        self.sent: dict[tuple[str, str, str], float] = {}  # (kind, from, to): when last
        self.came: dict[tuple[str, str, str], float] = {}  # (kind, to, from): when last
        self.asked: dict[str, list[tuple[float, str]]] = defaultdict(list)  # node: when it last sent anything, to whom
        self.disturbed = 0.0
        self.synchronous = True
        self._flying: dict[int | None, str] = {}

    def follow(self) -> Iterator[Event]:
        """Each event, before it is taken in."""
        for event in self.trace:
            yield event
            self.take(event)

    def take(self, event: Event) -> None:
        node, peer = str(event.node), str(event.peer)
        if event.kind == "start":
            self.up[node], self.leader[node] = event.time, None
            self.disturbed = event.time
        elif event.kind == "crash":
            self.up.pop(node, None)
            self.crashed[node] = self.disturbed = event.time
        elif event.kind == "link":
            self.synchronous = self.synchronous and not any(event.data.get(name) for name in BAD)
            self.disturbed = event.time
        elif event.kind == "state" and "leader" in event.data:
            self.leader[node] = event.data["leader"]
        elif event.kind == "send":
            kind = str(plain(event.data).get("$"))
            self._flying[event.id] = kind
            self.sent[kind, node, peer] = event.time
            self.asked[node].append((event.time, peer))
        elif event.kind == "deliver":
            self.came[self._flying.get(event.id, ""), node, peer] = event.time

    @property
    def highest(self) -> str:
        return max(self.up, key=rank)

    def since(self, times: dict[tuple[str, str, str], float], *key: str, after: float) -> float | None:
        """When such a message was last sent, or came, if later than a time."""
        time = times.get(key)  # type: ignore[arg-type]
        return time if time is not None and time >= after else None

    def violation(self, property: str, event: Event, message: str, *nodes: str) -> Violation:
        return Violation(property, f"{message} {ASSUMED}", event.seq, event.time, nodes)


def asks_first(trace: Trace) -> Violation | None:
    """Elections go to higher nodes. Who makes itself leader has asked every one that is up, and waited as long as an
    answer may take."""
    course = Course(trace)
    for event in course.follow():
        node, peer = str(event.node), str(event.peer)
        if event.kind == "send" and rank(peer) < rank(node) and plain(event.data).get("$") == "Election":
            what = (
                f"{node} sends an Election to {peer}, which is lower. Ask only those above: a lower one never leads you"
            )
            return Violation("Asks first", what, event.seq, event.time, (node, peer))
        if not (event.kind == "state" and event.data.get("leader") == node and course.leader.get(node) != node):
            continue
        for other in sorted((id for id in course.up if rank(id) > rank(node)), key=rank, reverse=True):
            why = _hasty(course, event, node, other) if course.synchronous else None
            if why:
                return course.violation("Asks first", event, f"{node} makes itself leader, {why}", node, other)
    return None


def _hasty(course: Course, event: Event, node: str, other: str) -> str | None:
    """Why a node must not make itself leader while another one is up; None if it could not know."""
    asked = course.since(course.sent, "Election", node, other, after=course.up[node])
    known = course.up[other] < event.time - FRESH or course.up[other] <= course.up[node]
    if asked is None:
        why = f"and did not ask {other}, which is higher and up. First send an Election to all above"
        return why if known else None
    if course.up[other] > asked:
        return None
    told = course.since(course.came, "Coordinator", node, other, after=asked)
    if told is not None:
        return f"though {other} told it at {told:.3f} s that it leads. Is a timer of its election still running?"
    answered = course.since(course.came, "Answer", node, other, after=asked)
    if answered is not None:
        return f"though {other} answered at {answered:.3f} s: it is up, and leads itself"
    under_way = course.since(course.sent, "Answer", other, node, after=asked)
    if event.time < asked + 2 * D or under_way is not None:
        waited = (event.time - asked) * 1000
        return f"{waited:.0f} ms after it asked {other}, which is up: the question and its answer may take 50 ms"
    if course.since(course.came, "Election", other, node, after=asked) is None:
        return None
    return f"because {other}, which is up, was asked at {asked:.3f} s and never sent an Answer"


def is_told(trace: Trace) -> Violation | None:
    """A node takes another one for the leader only if that one told it so."""
    course = Course(trace)
    for event in course.follow():
        node, leader = str(event.node), event.data.get("leader") if event.kind == "state" else None
        if leader in (None, node) or leader == course.leader.get(node):
            continue
        if leader not in trace.nodes:
            what = f"{node} says leader = {leader!r}: the id of the leader, or None, belongs there"
            return Violation("Is told", what, event.seq, event.time, (node,))
        if course.synchronous and course.since(course.came, "Coordinator", node, leader, after=course.up[node]) is None:
            what = f"{node} takes {leader} for the leader, and {leader} never sent it a Coordinator"
            return Violation("Is told", what, event.seq, event.time, (node, leader))
    return None


def highest_leads(trace: Trace) -> Violation | None:
    """At the latest `SETTLE` seconds after the last crash or restart, all that are up take the highest of them for the
    leader, and go on doing so."""
    course = Course(trace)
    last: Event | None = None
    for event in course.follow():
        if last is not None and event.time > course.disturbed + SETTLE and (found := _astray(course, last)):
            return found
        last = event
    if last is not None and trace.now > course.disturbed + SETTLE:
        return _astray(course, last)
    return None


def _astray(course: Course, event: Event) -> Violation | None:
    if not course.up or not course.synchronous:
        return None
    highest = course.highest
    order = sorted(course.up, key=lambda id: (id != highest, rank(id)))  # the highest first: others follow it
    for node in order:
        leader = course.leader.get(node)
        if leader != highest:
            late = f"{SETTLE:g} s after the last crash or restart"
            what = f"{late}, {highest} is the highest that is up, and {node} {_why(course, node, leader, highest)}"
            return course.violation("The highest leads", event, what, node, highest)
    return None


def _why(course: Course, node: str, leader: Any, highest: str) -> str:
    if leader is not None and leader not in course.up:
        return _blind(course, node, leader)
    if leader is not None and rank(leader) < rank(highest):
        return _not_bullied(course, node, leader, highest)
    if waits := _waits(course, node):
        return waits
    if node == highest:
        return f"does not make itself leader: {_passive(course, node)}"
    told = course.since(course.came, "Coordinator", node, highest, after=course.up[node])
    if told is not None and course.leader.get(highest) == highest:
        return f"has no leader, though {highest} told it at {told:.3f} s that it leads"
    return f"has no leader: {highest} must send a Coordinator to every lower node, whether it has asked or not"


def _blind(course: Course, node: str, leader: str) -> str:
    crash = course.crashed.get(leader)
    if crash is None:
        return f"takes {leader} for the leader, which was never up"
    if not any(time > crash and to == leader for time, to in course.asked[node]):
        return (
            f"still takes {leader} for the leader, which crashed at {crash:.3f} s, and has not asked it anything "
            "since. A crash makes no noise: ask the leader now and then, and take silence for a crash"
        )
    return (
        f"still takes {leader} for the leader, which crashed at {crash:.3f} s. It asked, and had no answer for "
        "longer than an answer may take: that is the moment to hold an election"
    )


def _not_bullied(course: Course, node: str, leader: str, highest: str) -> str:
    told = course.since(course.came, "Coordinator", node, highest, after=course.up[highest])
    if node == highest:
        return (
            f"takes {leader} for its leader, which is lower. Who comes up holds an election, and who hears of a lower "
            "leader too: so the highest takes over (the bully)"
        )
    stale = course.since(course.came, "Coordinator", node, leader, after=course.up[node])
    if told is not None and stale is not None and stale >= told and course.leader.get(leader) != leader:
        return (
            f"follows {leader}, whose Coordinator came at {stale:.3f} s, after that of {highest}. {leader} led for a "
            "moment and does no more, yet answers as if it did. Let only a leader answer who asks whether it is there"
        )
    if told is not None:
        return f"stays with {leader}, though {highest} told it at {told:.3f} s that it leads"
    return f"takes {leader} for the leader: {highest} has not sent it a Coordinator since it came up"


def _waits(course: Course, node: str) -> str | None:
    """Whether it waits for somebody who answered its question, and crashed."""
    for other, crash in course.crashed.items():
        answered = course.since(course.came, "Answer", node, other, after=course.up[node])
        if other not in course.up and answered is not None and answered > crash - SETTLE / 2:
            after = [time for time, _ in course.asked[node] if time > crash]
            if not after or course.since(course.sent, "Election", node, other, after=crash) is None:
                return (
                    f"has no leader. {other} answered it at {answered:.3f} s and crashed at {crash:.3f} s: after an "
                    "Answer wait for the Coordinator, but not for ever; then hold an election again"
                )
    return None


def _passive(course: Course, node: str) -> str:
    boot = course.up[node]
    stood = [key for key, time in course.sent.items() if key[:2] == ("Election", node) and time >= boot]
    lower = [key[2] for key, time in course.came.items() if key[:2] == ("Election", node) and time >= boot]
    if lower and not any(course.sent[key] >= course.disturbed - SETTLE for key in stood):
        return f"{min(lower)} asked it, it is up, so it must stand itself and not only answer"
    if stood:
        return "none of those above is up. No answer within T means that they are down: then it leads"
    return "it never held an election. Hold one on boot, and when the leader does not answer"


def falls_quiet(trace: Trace) -> Violation | None:
    """When all agree, and nothing happens any more, nobody holds an election."""
    course = Course(trace)
    for event in course.follow():
        if event.kind != "send" or event.time <= course.disturbed + SETTLE or not course.synchronous:
            continue
        node = str(event.node)
        if plain(event.data).get("$") == "Election" and course.leader.get(course.highest) == course.highest:
            what = (
                f"{node} holds an election, {event.time - course.disturbed:.1f} s after the last crash or restart, "
                f"though {course.highest} leads. Is a timer of an earlier election still running? A Coordinator ends it"
            )
            return course.violation("Falls quiet", event, what, node)
    return None


def elections_cost(trace: Trace) -> float:
    """How many Election and Answer messages a run took."""
    return sum(plain(event.data).get("$") in ("Election", "Answer") for event in trace.select("send"))
