"""A trace as a log for ShiViz (Beschastnikh, Wang, Brun and Ernst, "Debugging Distributed Systems", CACM 2016), which
draws it as a space-time diagram: https://bestchai.bitbucket.io/shiviz.

The first line is the regular expression that reads the events, the second (empty) the one that parts several runs.
Each event is two lines: its virtual time and its words; its host and vector clock (Fidge 1988, Mattern 1989). A host's
own entry begins at 1 and grows by one with each of its events; every other entry names an event of the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from labkit.engine.trace import Trace
from labkit.engine.words import describe

PARSER = r"(?<time>\d+\.\d+) s (?<event>.*)\n(?<host>\S*) (?<clock>{.*})"
NO_EVENT = frozenset({"set", "cancel", "retime", "duplicate", "corrupt", "wait", "drop", "partition", "heal", "link"})
_TAKEN = frozenset(
    {"__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "constructor"}
    | {"hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"}
)  # ShiViz keeps hosts as the keys of plain objects, which have these already
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")  # what ends a line, in some language


def lines(trace: Trace) -> Iterator[str]:
    """The log's lines. Events of the network and of nobody (losses, partitions, links), and timers that are set, are
    left out: they are at no host, or tell nothing."""
    yield PARSER
    yield ""
    hosts = _Hosts()
    clocks: dict[str, dict[str, int]] = {}
    flying: dict[int | None, dict[str, int]] = {}  # what the sender knew, by the message's id
    for event in trace:
        if event.kind in ("duplicate", "corrupt"):  # told at the instant of the send
            flying[event.id] = clocks.get(hosts[event.node or ""], {})
        if event.kind == "drop":
            flying.pop(event.id, None)
        if event.kind in NO_EVENT or event.node is None or (event.kind == "state" and not event.data):
            continue
        host = hosts[event.node]
        clock = dict(clocks.get(host, {}))
        clock[host] = clock.get(host, 0) + 1
        if event.kind == "deliver":
            for other, count in flying.pop(event.id, {}).items():
                clock[other] = max(clock.get(other, 0), count)
        clocks[host] = clock
        if event.kind == "send":
            flying[event.id] = clock
        text = describe(event, trace)
        yield f"{event.time:.6f} s {_BREAKS.sub(' ', text)}"
        yield f"{host} {json.dumps(clock)}"


class _Hosts(dict[str, str]):
    """For each id a name without spaces, each its own, and none that every JavaScript object has."""

    def __missing__(self, id: str) -> str:
        name = re.sub(r"[\s\ufeff]", "_", id) or "_"
        while name in self.values() or name in _TAKEN:
            name += "_"
        self[id] = name
        return name
