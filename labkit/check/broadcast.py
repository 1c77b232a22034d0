"""Broadcast: what its deliveries must keep to (Birman, Schiper and Stephenson 1991, section 3;
Hadzilacos and Toueg 1994).

The nodes tell what they have delivered, in order, as a public attribute `delivered`: a list of messages, each with its
`origin`, its vector time `vt`, and what it says.
"""

from __future__ import annotations

from typing import Any

from labkit.check.invariants import Moment, Violation, always
from labkit.engine.trace import Event, Trace


def _in_words(message: dict[str, Any]) -> str:
    said = [str(value) for name, value in message.items() if name not in ("$", "origin", "vt")]
    return f"{message['origin']}'s message {', '.join(said)}"


def _identity(message: dict[str, Any]) -> str:
    return repr([value for name, value in sorted(message.items()) if name not in ("$", "vt")])


def causal_delivery(trace: Trace) -> Violation | None:
    """Causal delivery: if the sending of m happened before the sending of m', then every process that delivers both
    delivers m first; and it does not deliver m' without m (Birman and others 1991, section 3).

    What happened before is read off the run, not off the messages' clocks: whatever a process had delivered when it
    delivered a message of its own.
    """
    past: dict[str, list[dict[str, Any]]] = {}  # of a message: what its sender had delivered before it
    known: dict[str, int] = {}

    def check(event: Event, moment: Moment) -> Violation | None:
        node = str(event.node)
        if event.kind != "state" or not isinstance(event.data.get("delivered"), list):
            return None
        delivered = event.data["delivered"]
        start = known.get(node, 0) if len(delivered) >= known.get(node, 0) else 0
        seen = {_identity(message) for message in delivered[:start]}
        for place in range(start, len(delivered)):
            message = delivered[place]
            if message["origin"] == node:
                past.setdefault(_identity(message), delivered[:place])
            for earlier in past.get(_identity(message), []):
                if _identity(earlier) not in seen:
                    what = (
                        f"{node} delivered {_in_words(message)} before {_in_words(earlier)}, which happened before it"
                    )
                    return Violation.at(moment, "Causal delivery", what, node, message["origin"])
            seen.add(_identity(message))
        known[node] = len(delivered)
        return None

    return always(trace, check)


def no_duplication(trace: Trace) -> Violation | None:
    """Integrity: a process delivers each message at most once, also across crashes."""

    def check(event: Event, moment: Moment) -> Violation | None:
        if event.kind != "state" or not isinstance(event.data.get("delivered"), list):
            return None
        seen: set[str] = set()
        for message in event.data["delivered"]:
            if _identity(message) in seen:
                what = f"{event.node} delivered {_in_words(message)} twice"
                return Violation.at(moment, "No duplication", what, str(event.node))
            seen.add(_identity(message))
        return None

    return always(trace, check)


def all_deliver(trace: Trace, seconds: float = 1.0) -> Violation | None:
    """Agreement: what one process delivers, all deliver, once all are well for `seconds` at the end of the run."""
    from labkit.check.progress import Weather

    weather = Weather(trace)
    for event in trace:
        weather.apply(event)
    calm = weather.calm_since()
    if calm is None or trace.now < calm + seconds:
        return None
    held = {node: state.get("delivered") or [] for node, state in weather.moment.state.items()}
    everything = {_identity(message): message for messages in held.values() for message in messages}
    for node, messages in held.items():
        missing = sorted(set(everything) - {_identity(message) for message in messages})
        if missing:
            what = (
                f"{node} never delivered {_in_words(everything[missing[0]])}, {seconds:g} s after the last disturbance"
            )
            return Violation("All deliver", what, max(len(trace) - 1, 0), trace.now, (node,))
    return None
