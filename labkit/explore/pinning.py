"""Pinning a run down: when each message arrived, as a timetable, and what becomes of it without some of the messages,
requests or stretches of time.

A timetable names a message by its number among those of its kind between two machines. Without a message, whatever its
receiver sent because of it is not sent either, and later ones have lower numbers: that is worked out here, from which
step of a node sent what.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from labkit.check.invariants import Violation
from labkit.engine.faults import Fault, Faults
from labkit.engine.timetable import Delivery, Timetable
from labkit.engine.trace import Trace
from labkit.explore.causes import BEGINS
from labkit.explore.recording import Recording
from labkit.explore.running import Plan

Channel = tuple[str, str, str]  # sender, receiver, kind of message
Asked = tuple[str, int]  # a request: the client, and its number among those of the client


@dataclass
class Sent:
    """A message on its way: its name, when it left, in which step of its sender (the number of the event with which
    that began), and which request it carries (client, number) or answers."""

    channel: Channel
    number: int
    time: float
    step: int | None
    asks: Asked | None = None
    answers: Asked | None = None


class Pinned:
    """The deliveries of a run up to a violation, in order: each is the message's id, and what was delivered."""

    def __init__(self, trace: Trace, violation: Violation | None = None):
        self.sent: dict[int, Sent] = {}
        self.arrived: dict[int, tuple[int, Delivery]] = {}  # by the number of the event
        self.channels: dict[Channel, list[int]] = {}
        self._read(trace, len(trace) if violation is None else violation.seq + 1)

    def _read(self, trace: Trace, stop: int) -> None:
        step: dict[str, int] = {}  # node: the event with which its present step began
        asking: dict[str, Asked] = {}
        last: dict[tuple[str, str], int] = {}
        waited: dict[int, float] = {}
        for event in trace:
            if event.seq >= stop:
                break
            seq, time, kind, node, peer, id, _, data = cast("tuple[Any, ...]", event)
            if kind == "send":
                channel = (node, peer, type(data).__name__)
                ids = self.channels.setdefault(channel, [])
                ids.append(id)
                self.sent[id] = Sent(channel, len(ids), time, step.get(node), asking.pop(node, None))
                last[node, peer] = id
            elif kind == "duplicate":
                self.sent[id] = self.sent[last[node, peer]]
            elif kind == "wait":
                waited.setdefault(id, time)
            elif kind == "deliver" and id in self.sent:
                sent = self.sent[id]
                seconds = waited.get(id, time) - sent.time
                self.arrived[seq] = (id, Delivery(*sent.channel, sent.number, seconds))
            elif kind == "invoke":
                asking[node] = (node, id)
            elif kind == "ok" and step.get(node) in self.arrived:
                self.sent[self.arrived[step[node]][0]].answers = (node, id)
            if kind in BEGINS:
                step[node] = seq

    def deliveries(self, without: Collection[int] = (), unasked: Collection[Asked] = ()) -> list[Delivery]:
        """The deliveries, in a run in which some of them (by the numbers of their events) do not happen, and some
        requests are not made."""
        gone_steps = set(without)
        gone = self._unsent(gone_steps, set(unasked))
        before = {channel: self._counts(ids, gone) for channel, ids in self.channels.items()}
        return [
            delivery._replace(number=before[delivery.message[:3]][delivery.number - 1])
            for seq, (id, delivery) in self.arrived.items()
            if seq not in gone_steps and self.channels[delivery.message[:3]][delivery.number - 1] not in gone
        ]

    def _unsent(self, gone_steps: set[int], unasked: set[Asked]) -> set[int]:
        """The messages that are not sent without these steps and requests. One pass is enough: causes come first."""
        gone: set[int] = set()
        arrivals: dict[int, list[int]] = {}
        for seq, (id, _) in self.arrived.items():
            arrivals.setdefault(id, []).append(seq)
        lost = set(gone_steps)
        for id, sent in self.sent.items():  # in the order in which they were sent
            original = self.channels[sent.channel][sent.number - 1]
            if sent.asks in unasked or sent.answers in unasked or sent.step in lost or original in gone:
                gone.add(id)
                lost.update(arrivals.get(id, ()))
        return gone

    @staticmethod
    def _counts(ids: list[int], gone: set[int]) -> list[int]:
        numbers, number = [], 0
        for id in ids:
            number += id not in gone
            numbers.append(number)
        return numbers


def delivered(trace: Trace, violation: Violation) -> list[Delivery]:
    """The messages that had arrived by the time of a violation, each with how long it took."""
    return Pinned(trace, violation).deliveries()


def unasked(recording: Recording, kept: Collection[int]) -> list[Asked]:
    """The requests of a recording whose places are not among these."""
    counts: dict[str, int] = {}
    gone = []
    for place, request in enumerate(recording.requests):
        counts[request.client] = number = counts.get(request.client, 0) + 1
        if place not in kept:
            gone.append((request.client, number))
    return gone


def cut(plan: Plan, trace: Trace, cuts: list[tuple[float, float]]) -> Plan:
    """A plan without some stretches of time: what arrives then, and what is asked then, goes; all else comes sooner."""
    pinned = Pinned(trace)
    within = [e.seq for e in trace.select("deliver") if e.seq in pinned.arrived and _in(e.time, cuts)]
    recording, gone = plan.recording, []
    if recording is not None:
        kept = [place for place, request in enumerate(recording.requests) if not _in(request.time, cuts)]
        gone = unasked(recording, kept)
        requests = [recording.requests[place] for place in kept]
        sooner = [request._replace(time=_sooner(request.time, cuts)) for request in requests]
        recording = Recording(sooner, _sooner(recording.seconds, cuts))
    timetable = Timetable(pinned.deliveries(within, gone), plan.schedule.rest)
    faults = Faults(fault.at(_sooner(fault.time, cuts)) for fault in plan.faults)
    return plan._replace(faults=faults, schedule=timetable, recording=recording)


def _in(time: float, stretches: list[tuple[float, float]]) -> bool:
    return any(start < time <= end for start, end in stretches)


def _sooner(time: float, cuts: list[tuple[float, float]]) -> float:
    return round(time - sum(min(time, end) - start for start, end in cuts if start < time), 6)


def struck(trace: Trace, fault: Fault) -> list[Fault] | None:
    """Simpler faults than one that waited for an event: at the time when it struck, or waiting from just before."""
    if fault.action != "crash" or not isinstance(fault.when, tuple):
        return None
    id, (kind, node, _) = fault.args[0], fault.when
    for event in trace.select("crash", node=id):
        if event.data == "fault" and event.time >= fault.time:
            begin = max(0.0, event.time - 1e-4)
            waited = [e for e in trace.select(kind, node=node) if begin < e.time <= event.time and e.seq < event.seq]
            simpler = [Fault(event.time, "crash", id)]
            if kind == "write":
                waited = waited or [event]
            return [*simpler, *(Fault(begin, "crash", id, when=(kind, node, n)) for n in (1, len(waited)) if n)]
    return None
