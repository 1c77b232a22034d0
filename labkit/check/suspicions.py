"""What a failure detector is worth: how soon it suspects what is down, how often it suspects what is up, and what that
costs (Chen, Toueg and Aguilera, "On the Quality of Service of Failure Detectors", IEEE Transactions on Computers 51(5),
2002: detection time, mistake rate, mistake duration).

The nodes tell whom they suspect as a public attribute `suspects`, a set of ids. What must happen in time is judged only
where a network carries the messages, not a schedule that may hold any of them back for ever.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Trace


@dataclass
class Span:
    """A time during which `node` was wrong about `other`: it suspected it though it was up (a mistake), or trusted it
    though it was down.

    changed: when the other last crashed or booted. before: whether the node had been right about the other since then.
    corrected: whether it ended because the node changed its mind, and not because one of the two crashed or booted.
    """

    node: str
    other: str
    since: float
    seq: int
    changed: float
    before: bool
    corrected: bool = False
    until: float | None = None  # None: until the end of the run, or of the node

    def end(self, now: float) -> float:
        return now if self.until is None else self.until


class Suspicions:
    """A run, as one sees it who knows who is down."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.steered = any(event.data.get("schedule") for event in trace.select("link"))
        self.mistakes: list[Span] = []  # suspected, and up
        self.blind: list[Span] = []  # trusted, and down
        self.changes: list[tuple[float, str, str, bool]] = []  # when, who, of whom, whether it suspects
        self.strange: tuple[int, float, str, Any] | None = None  # the first value of `suspects` that is no set of ids
        self._open: dict[tuple[str, str], Span] = {}
        self._changed: dict[str, float] = {}
        self._right: set[tuple[str, str]] = set()  # pairs that were right since the other's last change
        self._suspects: dict[str, set[str]] = {}  # of each node that is up
        self._down: set[str] = set()
        for event in trace.select("start", "crash", "state"):
            node = str(event.node)
            if event.kind == "state":
                if "suspects" in event.data:
                    self._take(node, event.data["suspects"], event.seq, event.time)
                continue
            if event.kind == "start":
                self._suspects[node] = set()
                self._down.discard(node)
            else:
                self._suspects.pop(node, None)
                self._down.add(node)
            self._changed[node] = event.time
            self._right = {pair for pair in self._right if node not in pair}
            for pair in [pair for pair in self._open if node in pair]:
                self._open.pop(pair).until = event.time
            self._compare(event.seq, event.time)

    def _take(self, node: str, value: Any, seq: int, time: float) -> None:
        if not (isinstance(value, set | frozenset | list | tuple) and set(map(str, value)) <= set(self.trace.nodes)):
            self.strange = self.strange or (seq, time, node, value)
            return
        now, then = set(value), self._suspects.get(node, set())
        self.changes += [(time, node, other, other in now) for other in sorted(now ^ then)]
        self._suspects[node] = now
        self._compare(seq, time)

    def _compare(self, seq: int, time: float) -> None:
        """Open and close spans, after an event."""
        for node, suspects in self._suspects.items():
            for other in self.trace.nodes:
                up, pair = other not in self._down, (node, other)
                wrong = (other in suspects) is up
                if wrong and pair not in self._open:
                    span = self._open[pair] = Span(
                        node, other, time, seq, self._changed.get(other, 0.0), pair in self._right
                    )
                    (self.mistakes if up else self.blind).append(span)
                elif not wrong:
                    self._right.add(pair)
                    if pair in self._open:
                        self._open[pair].corrected = True
                        self._open.pop(pair).until = time


def _violation(name: str, span: Span, what: str, wait: float = 0.0) -> Violation:
    return Violation(name, what, span.seq, span.since + wait, (span.node, span.other))


def tells(trace: Trace) -> Violation | None:
    """`suspects` is there, and is a set of ids."""
    found = Suspicions(trace)
    if found.strange is not None:
        seq, time, node, value = found.strange
        what = f"{node}.suspects is {value!r}: make it a set of ids, such as {{'{trace.nodes[-1]}'}}"
        return Violation("suspects is a set of ids", what, seq, time, (node,))
    for event in trace.select("start"):
        node = str(event.node)
        raised = next(trace.select("error", node=node), None)
        if raised is None and not any("suspects" in e.data for e in trace.select("state", node=node)):
            what = f"{node} has no attribute suspects: set self.suspects = set() in start"
            return Violation("suspects is a set of ids", what, event.seq, event.time, (node,))
    return None


def detected(trace: Trace, within: float) -> Violation | None:
    """Completeness, with a limit: whoever is down is suspected by all others from `within` seconds on, for good."""
    found = Suspicions(trace)
    for span in [] if found.steered else found.blind:
        limit = max(span.changed, span.since if not span.before else 0.0) + within
        if span.end(trace.now) <= max(limit, span.since) + 1e-9:
            continue
        if span.before:
            what = (
                f"{span.node} suspected {span.other}, which is down, and trusts it again at {span.since:.2f} s: what "
                "others say of it, or what it sent long ago, is no sign of life"
            )
        else:
            what = f"{span.node} does not suspect {span.other}, down since {span.changed:.2f} s, after {within:g} s; "
            knew = [s.node for s in found.blind if s.other == span.other and s.corrected and s.end(0.0) < limit]
            what += (
                f"{', '.join(sorted(set(knew)))} did: news must reach everybody"
                if knew
                else "silence is the only sign of a crash, so somebody must be waiting for a message"
            )
        return _violation("Completeness", span, what, max(limit - span.since, 0.0))
    return None


def accurate(trace: Trace, longest: float) -> Violation | None:
    """Strong accuracy, where no message takes longer than `longest` seconds and none is lost: nobody is suspected that
    is up."""
    found = Suspicions(trace)
    for span in [] if found.steered else found.mistakes:
        if span.other == span.node:
            why = f"{span.node} suspects itself"
        elif span.since < longest:
            why = (
                f"{span.node} suspects {span.other} at {span.since:.2f} s, before a message can have come: nobody is "
                "dead for not having spoken yet"
            )
        else:
            why = (
                f"{span.node} suspects {span.other} at {span.since:.2f} s, and it is up: a timeout must be longer than "
                f"from one sign of life to the next, and a message may take {longest:g} s"
            )
        return _violation("Accuracy", span, why)
    return None


def withdrawn(trace: Trace, within: float, why: str, back: str = "") -> Violation | None:
    """A mistake does not last: whoever is up is not suspected for longer than `within` seconds at a time. why: what the
    learner should think about; back: if it is about somebody who was down."""
    found = Suspicions(trace)
    for span in [] if found.steered else found.mistakes:
        if span.end(trace.now) <= span.since + within + 1e-9:
            continue
        if span.before:
            what = f"{span.node} suspects {span.other} since {span.since:.2f} s, for {within:g} s now, and it is up"
        else:
            what = f"{span.other} is back since {span.since:.2f} s; {within:g} s later {span.node} still suspects it"
        return _violation("Mistakes are withdrawn", span, f"{what}: {why if span.before else back}", within)
    return None


def seldom(trace: Trace, most: int, why: str, since: float = 0.0, until: float = math.inf) -> Violation | None:
    """Between these moments nobody suspects the same other by mistake more than `most` times. why: what the learner
    should think about."""
    found = Suspicions(trace)
    count: dict[tuple[str, str], int] = {}
    for span in [] if found.steered else found.mistakes:
        if span.before and since <= span.since < until:
            pair = (span.node, span.other)
            count[pair] = count.get(pair, 0) + 1
            if count[pair] > most:
                earlier = sum(s.before and s.since < since and (s.node, s.other) == pair for s in found.mistakes)
                what = f"{span.node} suspects {span.other} at {span.since:.2f} s, which is up, for the "
                return _violation("Few mistakes", span, f"{what}{_th(earlier + count[pair])} time: {why}")
    return None


def _th(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def no_storm(trace: Trace, each: int) -> Violation | None:
    """The nodes do not send `each` messages, on average over the nodes."""
    most = each * len(trace.nodes)
    sent: dict[str, int] = {}
    for number, event in enumerate(trace.select("send"), 1):
        sent[str(event.node)] = sent.get(str(event.node), 0) + 1
        if number >= most:
            node = max(sorted(sent), key=sent.__getitem__)
            what = (
                f"{most:,} messages have been sent by {event.time:.2f} s, {sent[node]:,} of them by {node}: does an "
                "answer call for an answer, or a message for more than one?"
            )
            return Violation("No storm", what, event.seq, event.time, (node,))
    return None


# --- figures


def detection_time(trace: Trace) -> float:
    """Seconds from a crash until a node suspects the crashed one, on average over crashes and nodes; infinite if one
    never does."""
    blind = [span for span in Suspicions(trace).blind if not span.before and (span.corrected or span.until is None)]
    return fmean([math.inf if span.until is None else span.until - span.since for span in blind] or [math.inf])


def mistakes(trace: Trace) -> float:
    """How often somebody began to suspect somebody who was up."""
    return float(sum(span.before for span in Suspicions(trace).mistakes))


def load(trace: Trace) -> float:
    """Messages that a node sends, a second, on average over the nodes."""
    return sum(1 for _ in trace.select("send")) / len(trace.nodes) / trace.now
