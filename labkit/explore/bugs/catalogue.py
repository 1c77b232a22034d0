"""What a seeded bug is: a correct protocol with one mistake, and what it takes to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labkit.check.invariants import Violation, judge
from labkit.cluster import Cluster
from labkit.engine.faults import Fault, Faults
from labkit.engine.nemesis import nemesis
from labkit.node import Node

Property = Callable[[Any], Violation | None]


@dataclass(frozen=True)
class Setting:
    """Where a protocol is tried: `nodes` is how many there are, or who is what; `scenario(cluster)` drives a cluster;
    `properties` are all that the correct protocol keeps to there. Faults strike in the first `seconds`, of these
    `kinds` (None: any that a correct protocol survives, a random subset for each seed; empty: none) and then all is
    undone."""

    scenario: Callable[[Cluster], None]
    properties: tuple[Property, ...]
    nodes: int | Mapping[str, type[Node]]
    seconds: float = 3.0
    kinds: tuple[str, ...] | None = None
    down: int | None = None
    latency: Any = (0.005, 0.025)

    def faults(self, seed: int) -> Faults:
        """The faults that this seed draws."""
        if self.kinds == ():
            return Faults()
        ids = self.nodes if isinstance(self.nodes, int) else list(self.nodes)
        return nemesis(seed, ids, self.seconds, kinds=self.kinds, heal_at=self.seconds, down=self.down)


@dataclass(frozen=True)
class Bug:
    """A protocol with one mistake.

    name: in a few words. protocol: the module in `labkit.protocols`. correct, broken: the class as it should be, and
    with the mistake. story: what goes wrong, in one line. setting: where it shows. violates: the properties that it
    breaks (some of the setting's). seed: one whose run shows it, with the setting's faults.
    """

    name: str
    protocol: str
    correct: type[Node]
    broken: type[Node]
    story: str
    setting: Setting
    violates: tuple[Property, ...]
    seed: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def make(self, seed: int = 0, faults: Faults | list[Fault] | None = None, **options: Any) -> Cluster:
        """A cluster of the broken protocol."""
        return self._cluster(self.broken, seed, faults, options)

    def make_correct(self, seed: int = 0, faults: Faults | list[Fault] | None = None, **options: Any) -> Cluster:
        """The same cluster of the unbroken protocol."""
        return self._cluster(self.correct, seed, faults, options)

    def _cluster(self, node: type[Node], seed: int, faults: Any, options: dict[str, Any]) -> Cluster:
        nodes = self.setting.nodes
        options = {"latency": self.setting.latency, "title": node.__name__} | options
        if isinstance(nodes, int):
            return Cluster(node, nodes, seed=seed, faults=faults, **options)
        roles = {id: node if program is self.correct else program for id, program in nodes.items()}
        return Cluster(nodes=roles, seed=seed, faults=faults, **options)

    def faults(self, seed: int) -> Faults:
        """The faults that this seed draws."""
        return self.setting.faults(seed)

    @property
    def scenario(self) -> Callable[[Cluster], None]:
        return self.setting.scenario

    @property
    def properties(self) -> tuple[Property, ...]:
        """What it violates, first; then all that the unbroken protocol keeps to."""
        return self.violates + tuple(p for p in self.setting.properties if p not in self.violates)

    def run(self, seed: int, *, correct: bool = False) -> tuple[Cluster, Violation | None]:
        """One run of the scenario with the faults of this seed, and the first violation in it."""
        cluster = (self.make_correct if correct else self.make)(seed=seed, faults=self.faults(seed))
        self.scenario(cluster)
        return cluster, judge(cluster.trace, self.setting.properties if correct else self.violates)

    def find(self, runs: int, start: int = 0) -> int | None:
        """The first seed whose run shows the bug, of so many; None if none does."""
        for seed in range(start, start + runs):
            if self.run(seed)[1] is not None:
                return seed
        return None
