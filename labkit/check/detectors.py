"""Failure detectors: completeness and accuracy (Chandra and Toueg, "Unreliable Failure Detectors for Reliable
Distributed Systems", JACM 1996, section 2.4).

The nodes tell whom they suspect as a public attribute `suspects` (a set of ids). A node that is down at the end of the
run is faulty, all others are correct. "Eventually" is what holds at the end, after `within` seconds in which nothing
has disturbed the cluster.
"""

from __future__ import annotations

from labkit.check.invariants import Moment, Violation, always
from labkit.check.progress import DISTURBANCES
from labkit.engine.trace import Event, Trace


def _end(trace: Trace) -> tuple[Moment, float]:
    """The cluster at the end of the run, and the time of the last disturbance."""
    moment, last = Moment(), 0.0
    for event in trace:
        moment.apply(event)
        if event.kind in DISTURBANCES:
            last = event.time
    return moment, last


def _at_end(trace: Trace, name: str, what: str, *nodes: str) -> Violation:
    return Violation(name, what, max(len(trace) - 1, 0), trace.now, nodes)


def completeness(trace: Trace, within: float = 1.0) -> Violation | None:
    """Strong completeness: eventually every process that crashes is permanently suspected by every correct process."""
    moment, last = _end(trace)
    if trace.now < last + within:
        return None
    for node, state in moment.state.items():
        for down in trace.nodes:
            if down not in moment.state and down not in (state.get("suspects") or ()):
                long = trace.now - last
                what = f"{node} does not suspect {down}, which is down, {long:.2f} s after the last disturbance"
                return _at_end(trace, "Completeness", what, node, down)
    return None


def eventual_accuracy(trace: Trace, within: float = 1.0) -> Violation | None:
    """Eventual strong accuracy: there is a time after which correct processes are not suspected by any correct process.
    Judged where nothing is wrong at the end but nodes that are down: no partition, no bad link, nobody paused or
    slow."""
    from labkit.check.progress import Weather

    weather = Weather(trace)
    for event in trace:
        weather.apply(event)
    moment, last = weather.moment, weather.last
    ill = [id for id in moment.state if weather.ill.get(id)]
    if trace.now < last + within or ill or not moment.clean or len(set(moment.sides.values())) > 1:
        return None
    for node, state in moment.state.items():
        for other in state.get("suspects") or ():
            if other in moment.state:
                what = f"{node} suspects {other}, which is up, {trace.now - last:.2f} s after the last disturbance"
                return _at_end(trace, "Eventual accuracy", what, node, other)
    return None


def strong_accuracy(trace: Trace) -> Violation | None:
    """Strong accuracy: no process is suspected before it crashes. Only a perfect detector has it, and no system whose
    messages may be late."""
    crashed: set[str] = set()

    def check(event: Event, moment: Moment) -> Violation | None:
        node = str(event.node)
        if event.kind == "crash":
            crashed.add(node)
        elif event.kind == "start":
            crashed.discard(node)
        elif event.kind == "state":
            for other in event.data.get("suspects") or ():
                if other not in crashed and other in trace.nodes:
                    return Violation.at(moment, "Strong accuracy", f"{node} suspects {other}, which is up", node, other)
        return None

    return always(trace, check)
