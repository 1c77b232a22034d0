"""Coverage: what the runs of a search have touched, so that a learner can tell a thorough search from an idle one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec

from labkit.engine.faults import Fault, Faults
from labkit.explore.running import Run

_encode = msgspec.msgpack.Encoder(order="sorted").encode
BESIDE = frozenset({"one_way", "burst", "queue", "survive", "checksum"})  # options that go with another
EVERY = 4  # one run in so many is looked at: counting costs about as much as a property


@dataclass
class Coverage:
    """`edges` are pairs of a node's class and what it handled (a kind of message, a timer); `states` are hashes of the
    public attributes of one node, as they were at some moment; `faults` says how often each kind struck."""

    edges: set[tuple[str, str]] = field(default_factory=set)
    states: set[int] = field(default_factory=set)
    faults: dict[str, int] = field(default_factory=dict)

    def look(self, run: Run, classes: dict[str, str]) -> None:
        """Add what a run touched; `classes` has the name of each node's class."""
        kinds: dict[int | None, str] = {}
        state: dict[str | None, dict[str, Any]] = {}
        touched: set[tuple[str | None, str]] = set()
        for _, _, kind, node, _, id, _, data in run.trace:
            if kind == "send" or kind == "duplicate":
                kinds[id] = type(data).__name__
            elif kind == "deliver":
                touched.add((node, kinds.get(id, "?")))
            elif kind == "state":
                state[node] = held = state.get(node, {}) | data
                self.states.add(_fingerprint(held))
            elif kind == "timer":
                touched.add((node, data))
            elif kind == "start":
                state[node] = {}
        self.edges |= {(classes[node], what) for node, what in touched if node in classes}

    def count(self, faults: Faults) -> None:
        for fault in faults:
            for name in _kinds(fault):
                self.faults[name] = self.faults.get(name, 0) + 1

    def merge(self, other: Coverage) -> None:
        self.edges |= other.edges
        self.states |= other.states
        for name, times in other.faults.items():
            self.faults[name] = self.faults.get(name, 0) + times


def _kinds(fault: Fault) -> list[str]:
    """What strikes, in a word; nothing, where a fault only undoes another."""
    if fault.action in ("heal", "resume"):
        return []
    if fault.action in ("link", "disk", "slow"):
        set_to = {name: value for name, value in fault.options.items() if name not in BESIDE and value}
        return [f"{fault.action} {name}" if fault.action != "slow" else "slow" for name in set_to]
    return [fault.action]


def _fingerprint(state: dict[str, Any]) -> int:
    """The same number for the same attributes, in every process."""
    return int.from_bytes(hashlib.blake2b(_encode(state), digest_size=8).digest(), "big")
