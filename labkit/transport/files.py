"""A disk that is a directory: what was synced survives `kill -9`, and a crash of the machine as far as its disk keeps
its word.

The directory holds one log. Each `sync()` appends one record with all writes since the last one, and returns when the
operating system says that it is on the disk; so the writes of one sync become durable together or not at all. A record
is a mark, its length, a CRC-32, and the body. When a node boots, the log is read from the start:

- A record that is not whole at the end of the log is what a crash in the middle of a sync leaves. It was never
  promised, and is cut off.
- A record that is wrong with whole ones after it is damage, and refused: to go on would be to forget what was promised.

When the log has grown to several times what it describes, a new one with the present state alone is written beside it,
synced, and renamed over it; then the directory is synced, because else the rename itself may be lost (Pillai et al.,
"All File Systems Are Not Created Equal", OSDI 2014). A failed sync is never tried again: the system may have dropped
the pages it could not write (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
"""

from __future__ import annotations

import os
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec

from labkit.engine.disk import Store
from labkit.errors import LabkitError
from labkit.transport.stored import pack, unpack

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

FORMAT, VERSION = "labkit-disk", 1
COMPACT_AT = 1 << 20  # bytes of log below which it is left alone
COMPACT_RATIO = 4  # times the size of the state

_MARK = b"\xc1lab"  # 0xc1 is never used in MessagePack
_head = struct.Struct(">4sII")  # mark, length, CRC-32


class FileStore(Store):
    """The disk of one node in a directory, locked against a second process.

    Raises LabkitError if another process uses it, if it is another node's, or if it is damaged.
    """

    def __init__(self, directory: str | Path, id: str):
        super().__init__()
        if fcntl is None:
            raise LabkitError("a disk of files needs a POSIX system (Linux or macOS)")
        self._directory, self._id = Path(directory), id
        self._directory.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        self._broken = ""
        self._log = -1
        self._size = self._state = 0  # bytes of the log, and of its first part that a compaction wrote
        try:
            path = self._directory / "log"
            (self._directory / "log.new").unlink(missing_ok=True)
            if path.exists():
                self._recover(path)
            else:
                self._write_anew()
                _sync_directory(self._directory.absolute().parent)
        except BaseException:
            self.close()
            raise

    # --- what the engine asks of a disk

    def sync(self) -> dict[Any, Any]:
        """Make the pending writes durable, in the file first. Raises LabkitError if the file cannot be written."""
        if not self.pending:
            return {}
        self._append(_record([[pack(key), pack(value), deleted] for key, value, deleted in self.pending]))
        changed = super().sync()
        if self._size > COMPACT_AT and self._size > COMPACT_RATIO * self._state:
            self._write_anew()
        return changed

    def crash(self, draw: random.Random) -> None:
        """What was not synced is lost."""
        self.pending.clear()

    def close(self) -> None:
        """Let go of the directory. Nothing more is written."""
        for descriptor in (self._log, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._lock = -1
        self._broken = self._broken or "it was closed"

    # --- the file

    def _append(self, record: bytes) -> None:
        if self._broken:
            raise LabkitError(f"the disk of {self._id} cannot be used: {self._broken}")
        try:
            _write(self._log, record)
            _sync(self._log)
        except OSError as error:
            self._broken = f"{error.strerror} when it was written; restart the node to read what it holds"
            raise LabkitError(f"the disk of {self._id} failed: {self._broken}") from None
        self._size += len(record)

    def _write_anew(self) -> None:
        """A log with the present state alone."""
        new = self._directory / "log.new"
        state = [[pack(key), pack(value), False] for key, value in self.durable.items()]
        data = _record({"format": FORMAT, "version": VERSION, "id": self._id}) + _record(state)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _write(file, data)
            _sync(file)
            os.replace(new, self._directory / "log")
            _sync_directory(self._directory)
        except BaseException as error:
            os.close(file)
            self._broken = self._broken or f"{error} when its log was written anew"
            raise
        if self._log >= 0:
            os.close(self._log)
        self._log, self._size, self._state = file, len(data), len(data)

    def _recover(self, path: Path) -> None:
        data = path.read_bytes()
        records, end = _records(data)
        if end < len(data) and _whole_record_after(data, end + 1):
            raise LabkitError(
                f"{path} is damaged at byte {end:,}, and there are later records: this is no crash's doing, "
                "but the disk's, or somebody's who wrote into it. Restore it from a copy, or start with an empty one"
            )
        if not records or not isinstance(records[0], dict) or records[0].get("format") != FORMAT:
            raise LabkitError(f"{path} is not the disk of a labkit node; give an empty directory")
        head = records[0]
        if head["version"] != VERSION:
            raise LabkitError(f"{path} has version {head['version']}; this labkit reads version {VERSION}")
        if head["id"] != self._id:
            raise LabkitError(
                f"{path} is the disk of {head['id']}, not of {self._id}: give each node its own directory"
            )
        for writes in records[1:]:
            self.pending = [(unpack(key), unpack(value), deleted) for key, value, deleted in writes]
            super().sync()
        self._log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if end < len(data):
            os.ftruncate(self._log, end)
        _sync(self._log)  # what was read may have been in memory only
        self._size = self._state = end

    def _take_lock(self) -> int:
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            raise LabkitError(
                f"{self._directory} is in use by another process ({holder or 'unknown'}): stop that one first, "
                "or give this node its own directory"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock


def _record(value: Any) -> bytes:
    body = msgspec.msgpack.encode(value)
    return _head.pack(_MARK, len(body), _checksum(len(body), body)) + body


def _records(data: bytes) -> tuple[list[Any], int]:
    """The whole records from the start of a log, and where the last of them ends."""
    records, start = [], 0
    while (end := _end_of_record(data, start)) is not None:
        records.append(msgspec.msgpack.decode(data[start + _head.size : end]))
        start = end
    return records, start


def _end_of_record(data: bytes, start: int) -> int | None:
    """Where the record at `start` ends; None if there is no whole one."""
    if len(data) - start < _head.size:
        return None
    mark, length, crc = _head.unpack_from(data, start)
    end: int = start + _head.size + length
    if mark != _MARK or end > len(data) or _checksum(length, memoryview(data)[start + _head.size : end]) != crc:
        return None
    return end


def _checksum(length: int, body: bytes | memoryview) -> int:
    """The length counts too: of zeros that a crash left behind a mark, no record shall be read."""
    return zlib.crc32(body, zlib.crc32(length.to_bytes(4), zlib.crc32(_MARK)))


def _whole_record_after(data: bytes, start: int) -> bool:
    while (start := data.find(_MARK, start)) >= 0:
        if _end_of_record(data, start) is not None:
            return True
        start += 1
    return False


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync(file: int) -> None:
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync alone stops at the drive's own memory
        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(file)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
