"""The sandboxed processes of one submission, as the referee holds them: start them, ask them, tell how they ended."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from labkit.errors import LabkitError
from labkit.grade import sandbox, wire


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Times are real seconds, memory is in bytes."""

    event_cpu: float = 2.0  # processor time for one event of one node
    event_wall: float = 20.0  # and real time, for one that sleeps
    node_cpu: int = 60  # processor time for one boot of one node
    total_wall: float = 300.0  # for the whole submission
    memory: int = 1 << 29  # address space of each node
    run_bytes: int = 256 << 20  # what the nodes of one run may say, all together


class Trouble(LabkitError):
    """The submission's process broke the rules, or broke. `status` is the grade's: timeout, crashed, ..."""

    def __init__(self, status: str, detail: str):
        super().__init__(detail)
        self.status, self.detail = status, detail


class LoadError(LabkitError):
    """The cells of the submission do not run, or do not define the class that was asked for."""

    def __init__(self, why: str, traceback: str):
        super().__init__(why)
        self.traceback = traceback


# -- the sandboxed child


class Child:
    """The sandboxed processes of one submission. Use it as a context manager: leaving it ends them all.

    `cells` are names and sources, `nodes` the classes that they are to define, and `given` the names of the cells that
    are the exercise's own: a node of any other class runs these alone. Raises `LoadError` if the cells do not run, and
    `Trouble` if they break what they run in.
    """

    def __init__(
        self,
        cells: Sequence[tuple[str, str]],
        nodes: Sequence[str],
        where: sandbox.Sandbox,
        limits: Limits | None = None,
        given: Sequence[str] = (),
    ):
        self.nodes = tuple(nodes)
        self.limits = limits or Limits()
        self.trouble: Trouble | None = None  # the first: whatever comes later, the submission is to be judged by it
        self.printed: list[str] = []
        self.events = 0
        self._bytes = 0
        self._numbers = 0
        self._deadline = time.monotonic() + self.limits.total_wall
        self._link, inner = socket.socketpair()
        start = f"from labkit.grade.child import main\nmain({inner.fileno()})"
        self._process: subprocess.Popen[bytes] = sandbox.launch(where, start, fds=(inner.fileno(),))
        inner.close()
        try:
            program = wire.Program(list(cells), list(given), list(nodes), self.limits.memory, self.limits.node_cpu)
            self._start(wire.encode(program) + b"\n")
            self._load()
        except BaseException:
            self.close()
            raise

    def _start(self, program: bytes) -> None:
        self._link.settimeout(30.0)
        try:
            self._link.sendall(program)
            ready = self._link.recv(16)
        except OSError:
            ready = b""
        if ready != b"ready\n":
            self._kill()
            assert self._process.stderr is not None
            said = self._process.stderr.read(10_000).decode(errors="replace").strip().splitlines()
            raise sandbox.SandboxError(f"the sandbox did not start: {said[-1] if said else 'no answer'}")

    def _load(self) -> None:
        channel = self.start()
        boot = wire.Boot("", "", [], [], None, "", 0, None, False)
        try:
            loaded = wire.decode_loaded(channel.exchange(wire.encode(boot) + b"\n"))
        except msgspec.MsgspecError as error:
            raise self.fail("tampered", f"its cells spoke for themselves when they were loaded ({error})") from None
        channel.close()
        if not loaded.ok:
            raise LoadError(loaded.why, loaded.traceback)
        self.command(wire.Command("compile"))

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process of this submission."""
        self._kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._link.close()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def start(self) -> "Channel":
        """Fork a process. Returns the line to it."""
        if self.trouble:
            raise self.trouble
        self._numbers += 1
        mine, its = socket.socketpair()
        self.command(wire.Command("start", self._numbers), its.fileno())
        its.close()
        return Channel(self, self._numbers, mine)

    def command(self, command: wire.Command, fd: int | None = None) -> wire.Fate:
        """Ask the zygote for something."""
        try:
            socket.send_fds(self._link, [wire.encode(command)], [] if fd is None else [fd])
            return wire.decode_fate(self._link.recv(4096))
        except (OSError, msgspec.MsgspecError):
            raise self.fail("crashed", "the sandbox around it ended") from None

    def fail(self, status: str, detail: str) -> Trouble:
        """Note trouble; the first is what counts. Returns what to raise."""
        if self.trouble is None:
            self.trouble = Trouble(status, detail)
        return self.trouble

    def new_run(self) -> None:
        """A new cluster is built: what its nodes may say is counted anew."""
        self._bytes = 0

    def count(self, size: int) -> None:
        """Count what a node said, and look at the clock."""
        self.events += 1
        self._bytes += size
        if self._bytes > self.limits.run_bytes:
            raise self.fail("out of memory", f"its nodes sent more than {self.limits.run_bytes >> 20} MB in one run")
        if time.monotonic() > self._deadline:
            raise self.fail("timeout", f"it took more than {self.limits.total_wall:g} s in all")

    def keep_printed(self, text: str) -> None:
        if sum(map(len, self.printed)) < 10_000:
            self.printed.append(text[: wire.PRINT_LIMIT])


class Channel:
    """The line to one process: a question, then its answer."""

    LOOK_EVERY = 0.25  # seconds between two looks at a process that is silent

    def __init__(self, child: Child, number: int, link: socket.socket):
        self._child, self._number, self._link = child, number, link
        seconds = int(self.LOOK_EVERY)
        look = struct.pack("@ll", seconds, int((self.LOOK_EVERY - seconds) * 1e6))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, look)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", 5, 0))

    def exchange(self, line: bytes, name: str = "it") -> bytes:
        """Say `line`, and return the line that comes back. Raises `Trouble` if that is not what happens."""
        child, link = self._child, self._link
        if child.trouble:
            raise child.trouble
        if link.fileno() < 0:
            raise LabkitError(f"{name} is of a run that is over: two newer clusters were built since")
        try:
            link.sendall(line)
        except BlockingIOError:
            raise child.fail("timeout", f"{name} did not read what it was told") from None
        except OSError:
            raise self._ended(name) from None
        answer = self._answer(name)
        child.count(len(answer))
        if answer.find(b"\n") != len(answer) - 1:
            raise child.fail("tampered", f"{name} said more than it was asked")
        return answer

    def _answer(self, name: str) -> bytes:
        answer, link, since = b"", self._link, None
        while answer[-1:] != b"\n":
            if len(answer) > wire.LINE_LIMIT:
                detail = f"{name} made more than {wire.LINE_LIMIT >> 20} MB in one step"
                raise self._child.fail("out of memory", detail)
            try:
                more = link.recv(1 << 16)
            except BlockingIOError:
                since = self._look(since, name)
                continue
            except OSError:
                raise self._ended(name) from None
            if not more:
                raise self._ended(name)
            answer = answer + more if answer else more
        return answer

    def _look(self, since: tuple[float, float] | None, name: str) -> tuple[float, float]:
        """It is silent: how long already, by the clock and by the processor time that it used?"""
        limits, now = self._child.limits, time.monotonic()
        cpu = self._child.command(wire.Command("ask", self._number)).cpu
        if since is None:
            return now, cpu
        if cpu - since[1] > limits.event_cpu:
            raise self._child.fail("timeout", f"{name} computed for more than {limits.event_cpu:g} s in one step")
        if now - since[0] > limits.event_wall:
            raise self._child.fail("timeout", f"{name} did not answer for {limits.event_wall:g} s")
        return since

    def _ended(self, name: str) -> Trouble:
        """It hung up. Find out why."""
        child = self._child
        for _ in range(20):
            fate = child.command(wire.Command("ask", self._number))
            if fate.status is not None:
                break
            time.sleep(0.02)
        else:
            return child.fail("crashed", f"{name} closed its line to the referee")
        if os.WIFEXITED(fate.status):
            code = os.WEXITSTATUS(fate.status)
            if code == wire.MEMORY_EXIT:
                return child.fail("out of memory", f"{name} needed more than {child.limits.memory >> 20} MB")
            return child.fail("crashed", f"{name} ended its own process (exit status {code})")
        number = os.WTERMSIG(fate.status)
        if number == signal.SIGXCPU or fate.cpu >= child.limits.node_cpu - 0.5:
            return child.fail("timeout", f"{name} computed for more than {child.limits.node_cpu} s in one run")
        if number == signal.SIGKILL or fate.peak > child.limits.memory / 2:  # an allocation that failed in C code
            return child.fail("out of memory", f"{name} was ended by the system for want of memory")
        word = "a recursion without end?" if number == signal.SIGSEGV else signal.strsignal(number)
        return child.fail("crashed", f"{name} was ended by {signal.Signals(number).name}: {word}")

    def close(self) -> None:
        """Hang up. The process ends when it sees that."""
        self._link.close()

    def kill(self) -> None:
        """A crash: end the process at once, whatever it does."""
        self._link.close()
        if not self._child.trouble:
            self._child.command(wire.Command("kill", self._number))
