"""A lock with leases and fencing tokens (Gray and Cheriton 1989; Burrows 2006, section 2.4; Kleppmann 2016).

The lock service is `n1`, the storage `n2`, all others are workers. They speak in messages named `Acquire(request)`,
`Granted(request, token)`, `Release(token)`, `Write(token, text)` and `Written(token, text)`. Workers tell as a public
attribute whether they hold the lock (`holding`), and the storage what was written (`lines`: pairs of token and text). A
customer asks a worker with `Job(text, seconds)` and is told `Done(token)`. Progress is judged in `labkit.check.shifts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from labkit.check.invariants import Moment, Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

SERVER, STORAGE = "n1", "n2"
LEASE, DRIFT = 0.4, 0.05
LONGEST = LEASE / (1 - DRIFT)  # true seconds that a lease lasts if its holder's clock is as slow as it may be
MOMENT = 0.001


class Grant(NamedTuple):
    """A grant as its worker got it: for which request, under which token; when asked, sent, and come."""

    request: Any
    token: Any
    asked: float
    sent: float
    came: float


def pairs(lines: Any) -> list[tuple[int, Any]] | None:
    """The lines that a storage shows, as pairs of token and text; None if they are something else."""
    if not isinstance(lines, list | tuple) or not all(
        isinstance(line, list | tuple) and len(line) == 2 for line in lines
    ):
        return None
    return [(line[0], line[1]) for line in lines] if all(type(line[0]) is int for line in lines) else None


class Lock:
    """What has been asked, granted and released by an event of a run."""

    def __init__(self, trace: Trace):
        self.trace, self.moment = trace, Moment()
        self.asked: dict[tuple[str, str], float] = {}  # (worker, request): when first sent
        self.grants: list[tuple[float, str, Any]] = []  # as the server sent them: when, to whom, token
        self.got: dict[str, list[Grant]] = defaultdict(list)  # worker: since its boot
        self.released: list[tuple[float, str, Any]] = []  # as they came to the server
        self.boots: dict[str, list[float]] = defaultdict(list)
        self.lines: list[tuple[int, Any]] = []  # as the storage showed them last
        self._flying: dict[int | None, tuple[float, dict[str, Any]]] = {}

    def follow(self) -> Iterator[Event]:
        """Each event, after it is taken in."""
        for event in self.trace:
            self.moment.apply(event)
            self.take(event)
            yield event

    def take(self, event: Event) -> None:
        node, peer = str(event.node), str(event.peer)
        if event.kind == "start":
            self.boots[node].append(event.time)
            self.got.pop(node, None)
        elif event.kind == "state" and node == STORAGE:
            self.lines = pairs(event.data.get("lines", self.lines)) or []
        elif event.kind in ("send", "duplicate"):
            message = plain(event.data)
            self._flying[event.id] = (event.time, message)
            if event.kind == "duplicate":
                return
            if message.get("$") == "Acquire":
                self.asked.setdefault((node, str(message.get("request"))), event.time)
            elif message.get("$") == "Granted" and node == SERVER:
                self.grants.append((event.time, peer, message.get("token")))
        elif event.kind == "deliver":
            sent, message = self._flying.get(event.id, (0.0, {}))
            if message.get("$") == "Granted" and peer == SERVER:
                request = message.get("request")
                asked = self.asked.get((node, str(request)), sent)
                self.got[node].append(Grant(request, message.get("token"), asked, sent, event.time))
            elif message.get("$") == "Release" and node == SERVER:
                self.released.append((event.time, peer, message.get("token")))

    def restarted(self, node: str, since: float, until: float) -> float | None:
        """When a node was booted again between two times."""
        return next((boot for boot in self.boots[node][1:] if since < boot <= until), None)


def one_holder(trace: Trace) -> Violation | None:
    """At no time do two workers hold the lock, as long as clocks gain or lose no more than DRIFT."""
    lock, held = Lock(trace), dict[str, float]()
    for event in lock.follow():
        node = str(event.node)
        if event.kind == "crash":
            held.pop(node, None)
        if event.kind != "state" or "holding" not in event.data:
            continue
        if event.data["holding"] is not True:
            held.pop(node, None)
            continue
        held.setdefault(node, event.time)
        others = sorted(set(held) - {node})
        if others:
            old = others[0]
            what = f"{old} and {node} both hold the lock: {_whose_fault(lock, event.time, old, held[old], node)}"
            return Violation("One holder", what, event.seq, event.time, (old, node))
    return None


def _whose_fault(lock: Lock, now: float, old: str, since: float, new: str) -> str:
    mine = [grant for grant in lock.got.get(old, []) if grant.came <= since]
    if not mine:
        return f"{SERVER} has granted {old} nothing"
    grant = mine[-1]
    if now > grant.asked + LONGEST + MOMENT:
        again = [time for (worker, _), time in lock.asked.items() if worker == old and grant.asked < time < since]
        if again and now <= max(again) + LONGEST + MOMENT:
            return (
                f"{old} asked at {grant.asked:.3f} s and again at {max(again):.3f} s, and took the answer to its first "
                "request for one to its last. A lease counts from the request that was granted"
            )
        if now <= grant.came + LONGEST + MOMENT:
            return (
                f"{old} asked at {grant.asked:.3f} s, and counts its lease of {LEASE:g} s from the answer, which came "
                f"at {grant.came:.3f} s. {SERVER} began to count when it answered: count from when you asked"
            )
        return (
            f"{old} asked at {grant.asked:.3f} s for a lease of {LEASE:g} s, and goes on for {now - grant.asked:.2f} "
            "s. A lease ends by itself, whether the work is done or not"
        )
    return _granted_too_early(lock, old, new, grant)


def _granted_too_early(lock: Lock, old: str, new: str, grant: Grant) -> str:
    theirs = [sent for sent, worker, _ in lock.grants if worker == new]
    if not theirs:
        return f"{SERVER} has granted {new} nothing"
    given = theirs[-1]
    before = max((sent for sent, worker, _ in lock.grants if worker == old and sent <= given), default=grant.sent)
    boot = lock.restarted(SERVER, before, given)
    if boot is not None:
        return (
            f"{SERVER} came up at {boot:.3f} s and granted it to {new} at {given:.3f} s, while {old} still had its "
            "lease. Who comes up does not know who holds the lock: wait as long as a lease may last"
        )
    for came, worker, token in lock.released:
        if grant.sent <= came <= given and token != grant.token:
            return (
                f"{SERVER} took a Release of {worker} under token {token} for one of {old}, who holds it under token "
                f"{grant.token}. A Release may come late, or twice: look at its token"
            )
    waited = given - before
    if waited < LEASE / (1 + DRIFT) - MOMENT:
        return f"{SERVER} granted it to {new} {waited:.2f} s after {old}, whose lease is {LEASE:g} s"
    return (
        f"{SERVER} granted it to {new} {waited:.3f} s after {old}, whose clock may be slow, while that of {SERVER} may "
        "be fast. For a lease that both measure, wait LEASE * (1 + DRIFT) / (1 - DRIFT)"
    )


def under_the_lock(trace: Trace) -> Violation | None:
    """A worker writes under a token that it was granted, and while it says that it holds the lock."""
    lock = Lock(trace)
    for event in lock.follow():
        if event.kind != "send" or event.node in (SERVER, STORAGE) or event.node not in trace.nodes:
            continue
        node, message = str(event.node), plain(event.data)
        if message.get("$") != "Write":
            continue
        token, tokens = message.get("token"), [grant.token for grant in lock.got.get(node, [])]
        if token not in tokens:
            what = f"{node} writes under token {token}, which {SERVER} has not granted it since it came up"
            return Violation("Under the lock", what, event.seq, event.time, (node,))
        if lock.moment.state[node].get("holding") is not True:
            what = f"{node} writes under token {token} and says itself that it does not hold the lock (`holding`)"
            return Violation("Under the lock", what, event.seq, event.time, (node,))
    return None


def tokens_grow(trace: Trace) -> Violation | None:
    """Each grant has a greater token than all grants to others before it, also across crashes of the lock service."""
    lock = Lock(trace)
    for event in lock.follow():
        if not (event.kind == "send" and event.node == SERVER and plain(event.data).get("$") == "Granted"):
            continue
        _, worker, token = lock.grants[-1]
        if type(token) is not int:
            what = f"{SERVER} grants the lock under the token {token!r}: a token is a whole number"
            return Violation("Tokens grow", what, event.seq, event.time, (SERVER,))
        earlier = [(given, when, to) for when, to, given in lock.grants[:-1] if to != worker and given >= token]
        if earlier:
            given, when, to = max(earlier)
            boot = lock.restarted(SERVER, when, event.time)
            why = f", and was restarted at {boot:.3f} s: what must not go back belongs on the disk" if boot else ""
            what = f"{SERVER} grants {worker} the token {token}, after it granted {to} the token {given}{why}"
            return Violation("Tokens grow", what, event.seq, event.time, (SERVER, worker, to))
    return None


def fenced(trace: Trace) -> Violation | None:
    """The storage takes nothing under a smaller token than one that it has taken before, also across its crashes; and
    what it has taken stays."""
    lock, said, before = Lock(trace), list[Any](), list[tuple[int, Any]]()
    for event in lock.follow():
        if event.kind == "send" and event.node == STORAGE and plain(event.data).get("$") == "Written":
            said.append(plain(event.data).get("text"))
        if event.kind != "state" or event.node != STORAGE or "lines" not in event.data:
            continue
        if wrong := _wrong(lock, event.data["lines"], before, said):
            return Violation(*wrong, event.seq, event.time, (STORAGE,))
        before = lock.lines
    return None


def _wrong(lock: Lock, shown: Any, before: list[tuple[int, Any]], said: list[Any]) -> tuple[str, str] | None:
    """What is wrong with the lines that a storage shows: the property, and in words."""
    lines = pairs(shown)
    if lines is None:
        return "Fencing", f"{STORAGE} shows lines = {shown!r}: a line is a pair of token and text"
    if lines[: len(before)] != before:
        return (
            "Lines stay",
            f"{STORAGE} shows {lines!r} after {before!r}: what is written stays. Keep it on the disk",
        )
    texts = [text for _, text in lines]
    if gone := [text for text in said if text not in texts]:
        return "Lines stay", f"{STORAGE} answered that {gone[0]!r} is written, and has it no more. Keep it on the disk"
    for one, other in pairwise(lines):
        if other[0] < one[0]:
            return "Fencing", _let_in(lock, one, other)
    return None


def _let_in(lock: Lock, before: tuple[int, Any], line: tuple[int, Any]) -> str:
    workers = {token: worker for _, worker, token in lock.grants}
    boots = lock.boots[STORAGE]
    end = f". It was restarted at {boots[-1]:.3f} s: did it forget which tokens it has seen?" if len(boots) > 1 else ""
    return (
        f"{STORAGE} takes {line[1]!r} of {workers.get(line[0], '?')} under token {line[0]}, after {before[1]!r} of "
        f"{workers.get(before[0], '?')} under token {before[0]}. The older lease is over, and its holder may not know: "
        f"it was paused, or its message was slow. Refuse a token that is smaller than one that you have seen{end}"
    )


def told_the_truth(trace: Trace) -> Violation | None:
    """A customer is told Done(token) when the storage has written the line, and not before."""
    lock, written, jobs = Lock(trace), list[Any](), dict[tuple[str, Any], tuple[str, str]]()
    for event in lock.follow():
        if event.kind == "state" and event.node == STORAGE:
            written += [text for _, text in lock.lines]
        elif event.kind == "send" and event.node == STORAGE and plain(event.data).get("$") == "Written":
            written.append(plain(event.data).get("text"))  # it may crash before it shows the line
        elif event.kind == "invoke":
            jobs[str(event.node), event.id] = (str(event.peer), plain(event.data)["text"])
        elif event.kind == "ok":
            worker, text = jobs[str(event.node), event.id]
            reply = plain(event.data)
            token = reply.get("token") if isinstance(reply, dict) and reply.get("$") == "Done" else None
            if token is None:
                what = f"{worker} answered the job {text!r} with {reply!r}; the answer is Done(token=...)"
            elif text not in written:
                what = (
                    f"{worker} answered that {text!r} was written under token {token}, and {STORAGE} has not written "
                    "it. It is done when a Written has come"
                )
            else:
                continue
            return Violation("Told the truth", what, event.seq, event.time, (worker,))
    return None
