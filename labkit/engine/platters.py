"""Disks that are slow, full or faulty, after what is known of real ones (Pillai et al., "All File Systems Are Not
Created Equal", OSDI 2014; Bairavasundaram et al., "An Analysis of Data Corruption in the Storage Stack", FAST 2008).

Every fault of every disk draws from a stream of its own.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.engine import latency
from labkit.engine.damage import alter, mix
from labkit.engine.disk import Store, Write
from labkit.engine.values import plain
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.network import Machine, Network

HEALTHY: dict[str, Any] = {
    "latency": None, "full": False, "survive": "prefix", "torn": 0.0, "lost": 0.0, "misdirect": 0.0, "rot": 0.0,
    "checksum": True,
}  # fmt: skip
SURVIVE = ("prefix", "subset", "none")


def check_settings(settings: dict[str, Any]) -> None:
    """Raises LabkitError if a disk setting is unknown or out of range."""
    for name, value in settings.items():
        if name not in HEALTHY:
            raise LabkitError(f"a disk has no setting {name!r}; it has {', '.join(HEALTHY)}")
        if name == "latency":
            if value is not None:
                latency.check(value)
        elif name in ("full", "checksum"):
            if not isinstance(value, bool):
                raise LabkitError(f"{name}={value!r}: give True or False")
        elif name == "survive":
            if value not in SURVIVE:
                raise LabkitError(f"survive={value!r}: give {', '.join(map(repr, SURVIVE))}")
        elif not (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1):
            raise LabkitError(f"{name}={value!r}: give a probability between 0 and 1")


class FaultyStore(Store):
    """A store in which things go wrong. What a running node reads is not touched: damage shows after a restart."""

    def __init__(self, network: Network, machine: Machine):
        super().__init__()
        self._network, self._machine = network, machine
        self.durable, self.pending = machine.store.durable, machine.store.pending
        self.broken: tuple[Any, ...] = ()
        self._settings = dict(HEALTHY)
        self._streams: dict[str, random.Random] = {}
        self._sample: Callable[[], float] | None = None
        self._landing: list[list[Write]] = []  # writes that a slow disk is busy with, a list for each sync

    def set(self, settings: dict[str, Any]) -> None:
        self._settings |= settings
        self.full = self._settings["full"]
        if "latency" in settings:
            slow = settings["latency"]
            self._sample = None if slow is None else latency.sampler(slow, self._stream("latency"))

    def _stream(self, fault: str) -> random.Random:
        if fault not in self._streams:
            self._streams[fault] = self._network.stream(f"disk/{self._machine.id}/{fault}")
        return self._streams[fault]

    def _happens(self, fault: str) -> bool:
        return bool(self._settings[fault]) and self._stream(fault).random() < self._settings[fault]

    # --- what a node does

    def write(self, key: Any, value: Any, deleted: bool) -> None:
        if self.full and not deleted:
            raise disk_full()
        super().write(key, value, deleted)

    def sync(self) -> dict[Any, Any]:
        """Make the pending writes durable; a slow disk blocks its node for as long as that takes."""
        if not self.pending:
            return {}
        writes = self.pending[:]
        self.pending.clear()
        if self._sample is None:
            self._land(writes)
        else:
            self._landing.append(writes)
            until = self._network.gate(self._machine).block(self._sample())
            self._network.loop.push(until, self._landed, writes)
        return {}  # this store records by itself what became durable

    def _landed(self, writes: list[Write]) -> None:
        if any(writes is landing for landing in self._landing):  # else the node crashed before
            self._landing = [landing for landing in self._landing if landing is not writes]
            self._land(writes)

    def _land(self, writes: list[Write]) -> None:
        """The writes reach the platters: all of them, if the disk is to be believed."""
        believed = {key: None if deleted else value for key, value, deleted in writes}
        self._network.record((self._network.now, "disk", self._machine.id, None, None, None, plain(believed)))
        for key, value, deleted in writes:
            if self._happens("lost"):
                self._damaged("lost", key)
            elif not deleted and self._happens("misdirect"):
                others = [other for other in self.durable if other != key]
                if others:
                    victim = self._stream("misdirect").choice(others)
                    self._damaged("lost", key)
                    self._put("misdirected", victim, value)
            else:
                self._apply((key, value, deleted))

    def _apply(self, write: Write) -> None:
        key, value, deleted = write
        self.broken = tuple(other for other in self.broken if other != key)
        if deleted:
            self.durable.pop(key, None)
        else:
            self.durable[key] = value

    # --- damage

    def crash(self, draw: random.Random) -> None:
        """Of the writes that were not durable yet, some survive; the first that does not may be torn."""
        writes = [write for landing in self._landing for write in landing] + self.pending
        self._landing, self.pending[:] = [], []
        if not writes:
            return
        how = self._settings["survive"]
        if how == "subset":
            survives = [draw.random() < 0.5 for _ in writes]
        else:
            some = draw.randint(0, len(writes))
            survives = [place < some and how == "prefix" for place in range(len(writes))]
        torn = survives.index(False) if False in survives and self._happens("torn") else None
        for place, write in enumerate(writes):
            key, value, deleted = write
            if survives[place]:
                self._apply(write)
            elif place == torn and not deleted:
                self._tear(key, value)

    def _tear(self, key: Any, value: Any) -> None:
        if self._settings["checksum"]:
            self._put("torn", key, None)
        elif key in self.durable:
            mixture = mix(self.durable[key], value, self._stream("torn"))
            if mixture is not None:
                self._put("torn", key, mixture)

    def boot(self) -> None:
        for key, value in list(self.durable.items()):
            if self._happens("rot"):
                self._put("rotten", key, alter(value, self._stream("rot")))

    def _put(self, how: str, key: Any, value: Any) -> None:
        """A value that its node did not put there: a checksum finds that out when it is read."""
        if self._settings["checksum"]:
            self.durable.pop(key, None)
            self.broken = (*(other for other in self.broken if other != key), key)
        else:
            self.durable[key] = value
        self._damaged(how, key)

    def _damaged(self, how: str, key: Any) -> None:
        there = "unreadable" if key in self.broken else self.durable.get(key)
        data = {"how": how, "disk": plain({key: there})}
        self._network.record((self._network.now, "damage", self._machine.id, None, None, None, data))


def disk_full() -> OSError:
    return OSError(errno.ENOSPC, "the disk is full")
