"""Disks: what a node keeps through a crash."""

from __future__ import annotations

import errno
import random
from collections.abc import Collection, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from labkit.engine import values

if TYPE_CHECKING:
    from labkit.engine.process import Process

Write = tuple[Any, Any, bool]  # key, value, deleted


class Store:
    """The platters: what is durable, and the writes that are not yet. Belongs to the machine and outlives its
    processes. One that is slow or faulty is a `labkit.engine.platters.FaultyStore`."""

    full = False
    broken: tuple[Any, ...] = ()  # keys whose values can no longer be read

    def __init__(self) -> None:
        self.durable: dict[Any, Any] = {}
        self.pending: list[Write] = []

    def write(self, key: Any, value: Any, deleted: bool) -> None:
        self.pending.append((key, value, deleted))

    def boot(self) -> None:
        """The machine boots, and its node is about to read what is there."""

    def sync(self) -> dict[Any, Any]:
        """Make the pending writes durable. Returns what they changed, for the trace (None: deleted)."""
        changed = {}
        for key, value, deleted in self.pending:
            changed[key] = None if deleted else value
            if deleted:
                self.durable.pop(key, None)
            else:
                self.durable[key] = value
        self.pending.clear()
        return changed

    def crash(self, draw: random.Random) -> None:
        """Of the pending writes, some first ones reached the disk and the rest are lost."""
        if self.pending:
            del self.pending[draw.randint(0, len(self.pending)) :]
            self.sync()


class Disk(MutableMapping[Any, Any]):
    """A node's disk: a mapping of plain data that survives a crash. What is read is a copy, and what is written is
    copied.

    Every write is durable at once, unless `autosync` is set to False: then a write is durable when `sync()` has
    returned, and a crash may lose the writes since the last one (the later ones first).

    A faulty disk (`cluster.disk`) raises OSError: with errno ENOSPC for a write when it is full, with errno EIO for a
    read of what it finds damaged. A running node reads what it wrote itself from memory, as from an operating system's
    page cache: damage shows after a restart.
    """

    def __init__(self, process: Process, stored: dict[Any, Any]):
        self._process = process
        self._data = dict(stored)
        self.autosync = True

    def __getitem__(self, key: Any) -> Any:
        return values.copy(self._data[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        value = values.copy(value, f"disk[{key!r}]")
        self._write(key, value, False)
        self._data[key] = value

    def __delitem__(self, key: Any) -> None:
        if key not in self._data:
            raise KeyError(key)
        self._write(key, None, True)
        del self._data[key]

    def _write(self, key: Any, value: Any, deleted: bool) -> None:
        if self._process.alive:
            self._process.world.store(self._process, key, value, deleted)
            if self.autosync:
                self.sync()

    def sync(self) -> None:
        """Make all writes so far durable (fsync)."""
        if self._process.alive:
            self._process.world.sync(self._process)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"Disk({self._data!r})"


class DamagedDisk(Disk):
    """A disk some of whose values cannot be read: they fail their checksum until they are written anew."""

    def __init__(self, process: Process, stored: dict[Any, Any], broken: Collection[Any]):
        super().__init__(process, stored | dict.fromkeys(broken))
        self._broken = set(broken)

    def __getitem__(self, key: Any) -> Any:
        if key in self._broken:
            raise OSError(errno.EIO, f"disk[{key!r}] cannot be read: its checksum does not match")
        return super().__getitem__(key)

    def __contains__(self, key: Any) -> bool:
        return key in self._data

    def _write(self, key: Any, value: Any, deleted: bool) -> None:
        super()._write(key, value, deleted)
        self._broken.discard(key)


def open_disk(process: Process, stored: dict[Any, Any], broken: Collection[Any]) -> Disk:
    return DamagedDisk(process, stored, broken) if broken else Disk(process, stored)
