"""Progress: what must happen in the end, or within so many seconds of virtual time (Alpern and Schneider 1985 call it
liveness).

No protocol gets on while nothing can pass. So seconds count only in calm: not while a node is paused, slow or has a bad
disk, while links are cut, clogged or lossy, or (with `quorum`) while no majority of the nodes is up and can talk; and
they begin anew with every disturbance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.check.invariants import Violation, _broken, _name
from labkit.engine.moment import Event, Moment
from labkit.engine.trace import Trace

DISTURBANCES = frozenset(
    {"start", "crash", "pause", "resume", "slow", "faulty", "partition", "heal", "link", "clock", "damage"}
)


class Weather:
    """Whether the cluster is left in peace, followed event by event.

    quorum: a majority of the nodes that is up and well is peace enough; else all must be.
    """

    def __init__(self, trace: Trace, quorum: bool = False):
        self.nodes, self.quorum = trace.nodes, quorum
        self.moment = Moment()
        self.ill: dict[str, set[str]] = {}  # node: what ails it
        self.last = 0.0

    def apply(self, event: Event) -> None:
        """Go on to just after the next event."""
        self.moment.apply(event)
        if event.kind not in DISTURBANCES:
            return
        self.last = event.time
        ills = self.ill.setdefault(str(event.node), set())
        if event.kind in ("pause", "resume"):
            (ills.add if event.kind == "pause" else ills.discard)("pause")
        elif event.kind == "slow":
            (ills.add if event.data.get("seconds") else ills.discard)("slow")
        elif event.kind == "faulty":
            bad = any(event.data.get(name) for name in ("latency", "full", "lost", "misdirect", "rot"))
            (ills.add if bad else ills.discard)("disk")
        elif event.kind == "clock":
            (ills.add if event.data.get("rate", 1.0) != 1.0 else ills.discard)("clock")
        elif event.kind == "start":
            ills.discard("down")
        elif event.kind == "crash":
            ills.add("down")

    @property
    def peace(self) -> bool:
        """Whether nothing is wrong now."""
        if not self.moment.clean or any(s.get("reorder") or s.get("bandwidth") for s in self.moment.links.values()):
            return False
        well = [id for id in self.nodes if not self.ill.get(id) and id in self.moment.state]
        if not self.quorum:
            return len(well) == len(self.nodes) and len(set(self.moment.sides.values())) <= 1
        together = [id for id in self.moment.majority(self.nodes) if id in well]
        return 2 * len(together) > len(self.nodes)

    def calm_since(self) -> float | None:
        """Since when there is peace; None if there is none."""
        return self.last if self.peace else None


def eventually_always(
    trace: Trace, holds: Callable[[Moment], Any], within: float, *, quorum: bool = True
) -> Violation | None:
    """`holds(moment)` becomes true and stays so, at the latest `within` seconds after the last disturbance.

    Nothing is said of a run that has no such calm at its end. Raises LabkitError, naming property and event, if the
    check raises.
    """
    weather = Weather(trace, quorum)
    since: float | None = None
    seq = 0  # of the event after which it was last found not to hold
    for event in trace:
        weather.apply(event)
        if event.kind in ("state", "start", "crash", "partition", "heal", "link"):
            if _ask(holds, event, weather.moment):
                since = event.time if since is None else since
            else:
                since, seq = None, event.seq
    calm = weather.calm_since()
    if calm is None or not len(trace) or trace.now < calm + within:
        return None
    if since is None:
        what = f"it does not hold {trace.now - calm:.2f} s after the last disturbance (at {calm:.3f} s)"
        return Violation(_name(holds), what, seq, trace.now)
    if since > calm + within:
        long = since - calm
        what = f"it came to hold {long:.2f} s after the last disturbance (at {calm:.3f} s), not within {within:g} s"
        return Violation(_name(holds), what, max(len(trace) - 1, 0), trace.now)
    return None


def leads_to(
    trace: Trace,
    cause: Callable[[Event, Moment], Any],
    effect: Callable[[Event, Moment], Any],
    within: float,
    *,
    quorum: bool = True,
) -> Violation | None:
    """Whatever `cause` says is followed by an `effect` of the same name, within so many seconds of calm.

    Both look at an event and the moment after it, and return a name (such as a transaction, or True), or None. Raises
    LabkitError, naming property and event, if one of them raises.
    """
    weather = Weather(trace, quorum)
    open_: dict[Any, Event] = {}
    for event in trace:
        if late := _late(open_, weather, event.time, within):
            return _never_came(cause, effect, *late, weather, within)
        weather.apply(event)
        if (name := _ask(effect, event, weather.moment)) not in (None, False):
            open_.pop(name, None)
        if (name := _ask(cause, event, weather.moment)) not in (None, False):
            open_.setdefault(name, event)
    if late := _late(open_, weather, trace.now, within):
        return _never_came(cause, effect, *late, weather, within)
    return None


def _late(waiting: dict[Any, Event], weather: Weather, now: float, within: float) -> tuple[Any, Event] | None:
    """What has waited too long, of all that was caused."""
    calm = weather.calm_since() if waiting else None
    if calm is None or now <= calm + within:
        return None
    return next(((name, event) for name, event in waiting.items() if now > max(calm, event.time) + within), None)


def _never_came(cause: Any, effect: Any, name: Any, event: Event, weather: Weather, within: float) -> Violation:
    of = "" if name is True else f" of {name}"
    since = max(weather.last, event.time)
    what = f"{_name(cause)}{of} at {event.time:.3f} s was not followed by {_name(effect)} within {within:g} s of calm"
    return Violation(f"{_name(cause)} leads to {_name(effect)}", what, event.seq, since + within, _nodes(event))


def _nodes(event: Event) -> tuple[str, ...]:
    return tuple(id for id in (event.node, event.peer) if id)


def _ask(check: Callable[..., Any], event: Event, moment: Moment) -> Any:
    from inspect import signature

    try:
        return check(moment) if len(signature(check).parameters) == 1 else check(event, moment)
    except Exception as error:
        raise _broken(check, event, error) from error
