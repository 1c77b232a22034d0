"""A node's program: a child process, its pipes, and what is told of it when it misbehaves.

A program reads messages from stdin, writes messages to stdout and logs to stderr, a line each. It is started in a
process group of its own, and all of that group is killed in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

from labkit.errors import LabkitError

LINE_LIMIT = 16 << 20  # bytes; a longer line is no message but a program gone wild
UNREAD_LIMIT = 64 << 20  # bytes that a program may leave unread on its stdin
CHUNK = 1 << 16
KEPT_LINES = 20  # of stderr, for reports
KILL_PATIENCE = 5.0  # seconds


class CannotStart(LabkitError):
    """The node programs could not be started, or did not come up."""


def find(program: str) -> str:
    """The path of a program to run: a file, or else a command of the PATH. Raises CannotStart."""
    path = Path(program).expanduser()
    if path.is_file():
        if not os.access(path, os.X_OK):
            raise CannotStart(
                f"{program} is not executable: run `chmod +x {program}` (a script also needs a first line such as "
                f"`#!/usr/bin/env python3`), or give its interpreter: --bin python3 -- {program}"
            )
        return str(path.absolute())
    found = shutil.which(program) if os.sep not in program else None
    if found is None:
        raise CannotStart(f"there is no program {program}: --bin takes the path of a file that can be run")
    return found


class Program:
    """The running program of one node. `on_line(line)` is called with each line of its stdout, `on_exit(program)` when
    it ends by itself, and `on_trouble(text)` when its output or input cannot be handled."""

    def __init__(
        self,
        id: str,
        log: Path,
        *,
        on_line: Callable[[bytes], None],
        on_exit: Callable[[Program], None],
        on_trouble: Callable[[str, str], None],
        echo: Callable[[str], None] | None = None,
    ):
        self.id, self.log = id, log
        self.stderr: deque[str] = deque(maxlen=KEPT_LINES)
        self.status: int | None = None
        self._on_line, self._on_exit, self._on_trouble, self._echo = on_line, on_exit, on_trouble, echo
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._deaf = False

    async def start(self, command: list[str]) -> None:
        """Start it. Raises CannotStart if the system refuses."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=CHUNK,
            )
        except OSError as error:
            advice = ""
            if "format" in str(error).lower():
                advice = "; a script needs a first line such as `#!/usr/bin/env python3`"
            elif isinstance(error, FileNotFoundError):
                advice = "; is the interpreter of its first line there?"
            raise CannotStart(f"{command[0]} cannot be run: {error.strerror}{advice}") from None
        self._tasks = [asyncio.create_task(job) for job in (self._read_stdout(), self._read_stderr(), self._watch())]

    @property
    def running(self) -> bool:
        return self._process is not None and self.status is None

    def write(self, line: bytes) -> None:
        """Give it a line. A program that has stopped reading its stdin is reported, and hears no more."""
        if self._process is None or self._deaf or self.status is not None:
            return
        stdin = self._process.stdin
        assert stdin is not None
        if stdin.is_closing():
            return
        if stdin.transport.get_write_buffer_size() > UNREAD_LIMIT:
            self._deaf = True
            self._on_trouble("it does not read its stdin: 64 MB of messages wait for it, and no more will be sent", "")
            return
        stdin.write(line)

    async def _read_stdout(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        await self._lines(self._process.stdout, self._on_line, "stdout")

    async def _read_stderr(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        with self.log.open("wb") as log:
            await self._lines(self._process.stderr, lambda line: self._logged(line, log), "stderr")

    def _logged(self, line: bytes, log: IO[bytes]) -> None:
        log.write(line + b"\n")
        log.flush()
        text = line.decode("utf-8", "replace")
        self.stderr.append(text)
        if self._echo is not None:
            self._echo(f"{self.id}: {text}")

    async def _lines(self, stream: asyncio.StreamReader, take: Callable[[bytes], None], name: str) -> None:
        """Call `take` with each line. What is left without a newline at the end counts as a line."""
        parts: list[bytes] = []
        size, skipping = 0, False
        while chunk := await stream.read(CHUNK):
            *whole, rest = chunk.split(b"\n")
            for piece in whole:
                if not skipping:
                    line = b"".join([*parts, piece])
                    if line.strip():
                        take(line)
                parts, size, skipping = [], 0, False
            if skipping or not rest:
                continue
            parts.append(rest)
            size += len(rest)
            if size > LINE_LIMIT:
                beginning = b"".join(parts)[:200].decode("utf-8", "replace")
                self._on_trouble(f"it wrote a line of more than {LINE_LIMIT >> 20} MB to {name}", beginning)
                parts, size, skipping = [], 0, True
        if parts and not skipping and b"".join(parts).strip():
            take(b"".join(parts))

    async def _watch(self) -> None:
        assert self._process is not None
        self.status = await self._process.wait()
        if self._stopping:
            return
        with contextlib.suppress(TimeoutError):  # let its last words come in; a child of it may hold the pipes open
            await asyncio.wait_for(asyncio.gather(*map(_finished, self._tasks[:2])), 0.5)
        if not self._stopping:
            self._on_exit(self)

    async def stop(self) -> None:
        """Kill it, and every process of its group, and wait until it is gone."""
        self._stopping = True
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*map(_finished, self._tasks)), KILL_PATIENCE)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            transport.close()  # a process that left the group may hold the pipes open

    def last_words(self) -> list[str]:
        """The last lines that it wrote to stderr."""
        return list(self.stderr)


def how_it_ended(status: int | None) -> str:
    """An exit status in words."""
    if status is None:
        return "is still running"
    if status < 0:
        name = signal.Signals(-status).name if -status in signal.valid_signals() else f"signal {-status}"
        return f"was killed by {name}"
    return f"ended with exit status {status}"


async def _finished(task: Awaitable[None]) -> None:
    """Wait for a task without cancelling it when the waiting ends."""
    with contextlib.suppress(Exception):
        await asyncio.shield(task)  # type: ignore[arg-type]
