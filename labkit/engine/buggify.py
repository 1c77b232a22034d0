"""Rare paths that a program marks itself, so that simulation takes them often: FoundationDB's buggify (Zhou et al.,
"FoundationDB: A Distributed Unbundled Transactional Key Value Store", SIGMOD 2021, section 4.2)."""

from __future__ import annotations

import random
from typing import Any

from labkit.errors import LabkitError

ENABLED = 0.25  # of the sites, in one run


class Buggify:
    """Which of the rare paths of one boot of a node are taken.

    `run` is the seed that says which sites are enabled, the same for all nodes of a run; `own` is this boot's, and each
    site draws from a stream of its own. `names`: the sites that are enabled, or True for a random quarter of them.
    """

    def __init__(self, run: str, own: str, names: list[str] | bool):
        self.run, self.names, self._own = run, names, own
        self._streams: dict[str, random.Random | None] = {}

    def strikes(self, name: str, probability: float) -> bool:
        """Whether the rare path `name` is taken this time."""
        if name not in self._streams:
            self._streams[name] = random.Random(f"{self._own}/buggify/{name}") if self._enabled(name) else None
        stream = self._streams[name]
        return stream is not None and stream.random() < probability

    def _enabled(self, name: str) -> bool:
        if isinstance(self.names, bool):
            return self.names and random.Random(f"{self.run}/buggify/{name}").random() < ENABLED
        return name in self.names


def check_names(names: Any) -> list[str] | bool:
    """What was given as `Cluster(buggify=...)`. Raises LabkitError if it is neither a truth value nor names."""
    if isinstance(names, bool):
        return names
    if isinstance(names, set | frozenset | list | tuple) and all(isinstance(name, str) for name in names):
        return sorted(set(names))
    raise LabkitError(f"buggify={names!r}: give True, False, or a set of names, as in buggify={{'slow-commit'}}")


def check_site(name: Any, probability: Any) -> None:
    """Raises LabkitError if a site has no name, or its probability is none."""
    if not isinstance(name, str) or not name:
        raise LabkitError(f"self.buggify({name!r}): give the rare path a name, such as 'slow-commit'")
    if not (isinstance(probability, int | float) and 0 <= probability <= 1):
        raise LabkitError(f"self.buggify({name!r}, probability={probability!r}): give a number between 0 and 1")
