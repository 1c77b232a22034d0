"""Inside the sandbox: the zygote, and the processes that it forks, one for each boot of each node of each run.

The zygote is trusted code only. It imports labkit once, compiles the cells of the submission (which runs nothing),
and forks when the referee asks; so a process starts in about a millisecond, and what one does to itself, to labkit or
to its globals is gone with it. A forked process confines itself further, runs the cells, and then answers events: it
is the student's real class on labkit's real node runtime (`labkit.engine.process`), in a world that lists what is to
be done (`Outbox`) instead of doing it.

A process has one open file, its socket to the referee. When that closes, it ends.
"""

import contextlib
import gc
import io
import linecache
import os
import signal
import socket
import sys
import time
import traceback
import types
from asyncio import events
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import msgspec

import labkit
from labkit.engine.buggify import Buggify
from labkit.engine.connection import Segment
from labkit.engine.loop import VirtualLoop
from labkit.engine.network import Network
from labkit.engine.platters import disk_full
from labkit.engine.process import Clock, Process
from labkit.engine.refused import guarded
from labkit.engine.timers import Timer
from labkit.engine.world import Send
from labkit.errors import LabkitError
from labkit.grade import confine, wire
from labkit.message import Message, by_value
from labkit.node import Node

SOCKET = 3  # where a process finds its socket
ABSENT = ("labkit.protocols", "labkit.course", "labkit.grade", "labkit.view", "labkit.check", "labkit.explore")
COLLECT_EVERY = 5_000  # events

Code = list[types.CodeType]


# -- the zygote


def main(control: int) -> None:
    """Serve the referee on the socket `control` until it hangs up."""
    link = socket.socket(fileno=control)
    reader = link.makefile("rb")
    program = wire.decode_program(reader.readline())
    reader.close()
    filtering = confine.seccomp_works()
    code: Code | None = None
    _hide()
    gc.collect()
    gc.freeze()  # so that collections in the forks touch, and copy, less
    link.sendall(b"ready\n")
    running: dict[int, int] = {}  # number -> pid
    ended: dict[int, wire.Fate] = {}
    while True:
        data, fds, _, _ = socket.recv_fds(link, 4096, 1)
        if not data:
            os._exit(0)
        command = wire.decode_command(data)
        if command.do == "compile":
            code = _compiled(program)
        elif command.do == "start":
            pid = os.fork()
            if pid == 0:
                _become_process(fds[0], program, code, filtering)
            os.close(fds[0])
            running[command.number] = pid
        _reap(running, ended)
        if command.do == "kill" and command.number in running:
            os.kill(running[command.number], signal.SIGKILL)
            _wait(running, ended, command.number)
        link.sendall(wire.encode(_fate(command, running, ended)) + b"\n")


def _compiled(program: wire.Program) -> Code:
    """The cells as code. The zygote lets a confined process do it first: it runs nothing, but it may never end."""
    code: Code = []
    for name, source in program.cells:
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        code.append(compile(source, name, "exec", dont_inherit=True))
    return code


def _fate(command: wire.Command, running: dict[int, int], ended: dict[int, wire.Fate]) -> wire.Fate:
    number = command.number
    if number in ended:
        return ended.pop(number) if command.do == "kill" else ended[number]
    cpu = time_of(running[number]) if number in running else 0.0
    return wire.Fate(number=number, status=None, cpu=cpu)


def time_of(pid: int) -> float:
    """Seconds of processor time that a process has used, by the clock that the kernel keeps for it."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _reap(running: dict[int, int], ended: dict[int, wire.Fate]) -> None:
    for number in list(running):
        _wait(running, ended, number, os.WNOHANG)


def _wait(running: dict[int, int], ended: dict[int, wire.Fate], number: int, options: int = 0) -> None:
    pid, status, usage = os.wait4(running[number], options)
    if pid:
        del running[number]
        cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        ended[number] = wire.Fate(number=number, status=status, cpu=cpu, peak=peak)
        if len(ended) > 1000:
            del ended[next(iter(ended))]


# -- what a submission finds


class _Absent:
    """Says why the rest of labkit cannot be imported here."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        for absent in ABSENT:
            if name == absent or name.startswith(absent + "."):
                raise ImportError(f"{absent} is not there when a submission is graded: a solution stands on its own")


def _hide() -> None:
    """Take away what a submission has no use for; leave a `check` that does nothing, since exercises import it."""
    for name in [name for name in sys.modules if name.startswith(ABSENT)]:
        del sys.modules[name]
    for absent in ABSENT:
        vars(labkit).pop(absent.partition(".")[2], None)
    sys.meta_path.insert(0, _Absent())  # type: ignore[arg-type]
    course = types.ModuleType("labkit.course")
    course.check = lambda *_, **__: None  # type: ignore[attr-defined]
    sys.modules["labkit.course"] = labkit.course = course  # type: ignore[attr-defined]


class _Printed(io.TextIOBase):
    """What the code prints, up to a limit."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = wire.PRINT_LIMIT - len(self.text)
        if room > 0:
            self.text += text[:room]
        return len(text)

    def take(self) -> str:
        text, self.text = self.text, ""
        return text.encode("utf-8", "replace").decode()


# -- a process


def _become_process(fd: int, program: wire.Program, code: Code | None, filtering: bool) -> NoReturn:
    """In a fork: keep one socket, give up what can be given up, and serve. Never returns."""
    status = 1
    try:
        os.dup2(fd, SOCKET) if fd != SOCKET else None
        os.closerange(SOCKET + 1, 1 << 16)
        os.dup2(1, 2)
        link = socket.socket(fileno=SOCKET)
        confine.die_with_parent()
        confine.set_limits(program.memory, program.cpu, processes=False)
        if filtering:
            confine.seccomp()
        _serve(link, program, code)
        status = 0
    except MemoryError:
        status = wire.MEMORY_EXIT
    finally:
        os._exit(status)


def _serve(link: socket.socket, program: wire.Program, code: Code | None) -> None:
    lines = _lines(link)
    boot = wire.decode_boot(next(lines))
    sys.stdout = sys.stderr = printed = _Printed()
    try:
        node = _load(program, boot.program, _compiled(program) if code is None else code)
    except MemoryError:
        raise
    except BaseException as error:
        why = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        names = {name for name, _ in program.cells}
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in names]
        text = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
        if not boot.id:
            link.sendall(wire.encode(wire.Loaded(ok=False, why=why[:1000], traceback=text[-10_000:])) + b"\n")
        return
    if not boot.id:
        link.sendall(wire.encode(wire.Loaded(ok=True, why="", traceback=printed.take())) + b"\n")
        return
    outbox = Outbox(boot, node)
    with _running(outbox.loop):
        for line in lines:
            event = wire.decode_event(line)
            outbox.step(event)
            answer = wire.Answer(seq=event.seq, effects=outbox.effects, printed=printed.take() if printed.text else "")
            link.sendall(wire.encode(answer) + b"\n")
            if event.seq % COLLECT_EVERY == 0:
                gc.collect()


@contextlib.contextmanager
def _running(loop: VirtualLoop) -> Iterator[None]:
    """As `loop.running()`, without its watchdog: here the referee is the one who loses patience."""
    gc.disable()
    sys.set_asyncgen_hooks(finalizer=loop.finalize)
    events._set_running_loop(loop)
    try:
        with guarded():
            yield
    finally:
        events._set_running_loop(None)


def _lines(link: socket.socket) -> Iterator[bytes]:
    """The referee's lines. It sends no event before the last one is answered."""
    rest = b""
    while True:
        data = link.recv(1 << 16)
        if not data:
            return
        rest += data
        if data.endswith(b"\n"):
            yield from rest.split(b"\n")[:-1]
            rest = b""


def _load(program: wire.Program, name: str, code: Code) -> type[Node]:
    """Run the cells, each in the same namespace, as a notebook does. Returns the class to make nodes of; without a name
    the student's first, after a look at whether all are there."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    vars(module)["display"] = lambda *_, **__: None
    for cell in code:
        if not name or name in program.nodes or cell.co_filename in program.given:
            exec(cell, vars(module))
    wanted = [name] if name else program.nodes
    found = [vars(module).get(name) for name in wanted]
    for name, node in zip(wanted, found, strict=True):
        if not (isinstance(node, type) and issubclass(node, Node)):
            raise NameError(f"the cells define no class {name} that derives from Node")
    return found[0]  # type: ignore[return-value]


class _Classes(wire.Makers):
    """Finds the classes that the program defines, by name."""

    def __init__(self) -> None:
        self._messages: dict[str, Any] = {}

    def message(self, name: str, fields: dict[str, Any]) -> Any:
        kind = self._messages.get(name)
        if kind is None:
            self._messages = {found.__name__: found for found in _below(Message) if not issubclass(found, Segment)}
            if name not in self._messages:  # a node of another class sent it: it is no less a message for that
                self._messages[name] = msgspec.defstruct(name, [*fields], bases=(Message,), frozen=True)
            kind = self._messages[name]
        if all(type(value) in (int, str, bool, float, bytes, type(None)) for value in fields.values()):
            return kind(**fields)
        return msgspec.convert(msgspec.to_builtins(fields, builtin_types=(bytes,)), kind)

    def enum(self, name: str, member: str, value: Any) -> Any:
        found = vars(sys.modules["__main__"]).get(name)
        return found[member] if found is not None else value

    def data(self, name: str, fields: dict[str, Any]) -> Any:
        return fields


def _below(kind: type) -> Iterator[type]:
    child: type
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


class Outbox(Network):
    """The world of one process: it carries nothing out, and lists what the process asked for, in order."""

    def __init__(self, boot: wire.Boot, program: type[Node]):
        super().__init__(0, 0.0, VirtualLoop(), None)  # type: ignore[abstract]
        self.record = self._list
        self.effects: list[wire.Effect] = []
        self._classes = _Classes()
        self._clock = Clock()
        self._full = False
        self._woken = 0
        self._waking: dict[int, tuple[Callable[[Any], Any], Any]] = {}
        self._timers: dict[
            int, tuple[int, float]
        ] = {}  # timer's number -> its last wake's number, and when that is due
        reach = None if boot.reach is None else frozenset(boot.reach)
        for id in boot.nodes:
            self.add(id, tuple(boot.peers), reach)
        self.process = Process(
            program,
            boot.id,
            tuple(boot.peers),
            loop=self.loop,
            world=self,
            seed=boot.seed,
            boot=boot.boot,
            clock=self._clock,
            stored=wire.unpack(boot.stored, self._classes),
            traced=boot.traced,
            broken=wire.unpack(boot.broken, self._classes) or (),
            buggify=None if boot.buggify is None else Buggify(boot.buggify[0], boot.seed, boot.buggify[1]),
        )

    def step(self, event: wire.Event) -> None:
        """Let the event happen; `effects` then lists what came of it."""
        self.effects = []
        self.loop.now = event.now
        if event.clock is not None:
            self._clock.offset, self._clock.rate = event.clock
        for client in event.clients or ():
            if client not in self.machines:
                self.add(client, (), None, is_client=True)
        if event.full is not None:
            self._full = event.full
        if event.wake is not None:
            callback, argument = self._waking.pop(event.wake, (_nothing, None))
            if isinstance(argument, Timer) and argument.due is not None and argument.due < event.now:
                argument.due = event.now  # the node was paused, or slow
            callback(argument)
        elif event.message is not None:
            assert event.sender is not None
            message = wire.unpack(event.message, self._classes)
            self.process.deliver(message, event.sender, event.call, event.reply)
        else:
            self.process.boot()

    def sender(self, process: Any, by_value: Callable[[Any], Any] = by_value) -> Send:
        machines, src = self.machines, process.id
        reach = machines[src].reach

        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            target = machines.get(to)
            if target is None or (reach is not None and to not in reach and not target.is_client):
                raise self._unreachable(src, to)
            self.effects.append(wire.Send(to, wire.pack(by_value(message)), call, reply))

        return send

    def wake(self, due: float, callback: Callable[[Any], Any], argument: Any) -> None:
        self._woken = number = self._woken + 1
        timer = call = None
        function = getattr(callback, "__func__", None)
        if function is Process.fire:
            assert isinstance(argument, Timer)
            timer = argument.id
            last, when = self._timers.get(timer, (0, due))
            if when != due:
                self._waking.pop(last, None)  # it would find its timer set anew, and do nothing
            self._timers[timer] = number, due
        elif function is Process.expire:
            call = argument
        self._waking[number] = callback, argument
        self.effects.append(wire.Wake(due, number, timer, call))

    def _list(self, event: tuple[Any, ...]) -> None:
        _, kind, _, _, id, due, data = event
        self.effects.append(_RECORDS[kind](id, due, data))

    def open_streams(self) -> None:
        raise LabkitError(
            "streams (asyncio.open_connection, asyncio.start_server) are not there when a submission is graded: "
            "send messages with self.send and self.call"
        )

    def store(self, process: Any, key: Any, value: Any, deleted: bool) -> None:
        if self._full and not deleted:
            raise disk_full()
        self.effects.append(wire.Store(wire.pack(key), wire.pack(value), deleted))

    def sync(self, process: Any) -> None:
        self.effects.append(wire.Sync())

    def failed(self, process: Any, error: BaseException) -> None:
        if isinstance(error, MemoryError):
            raise error
        self.effects.append(wire.Failed(process.traceback[-10_000:]))


def _nothing(argument: Any) -> None:
    """What became of a wake that no longer matters."""


_RECORDS: dict[str, Callable[[Any, Any, Any], wire.Effect]] = {
    "state": lambda id, due, data: wire.State(data),
    "set": lambda id, due, data: wire.Set(id, due, data),
    "cancel": lambda id, due, data: wire.Cancel(id),
    "timer": lambda id, due, data: wire.Fired(id, data),
    "note": lambda id, due, data: wire.Note(data),
    "buggify": lambda id, due, data: wire.Rare(data),
    "error": lambda id, due, data: wire.Error(data["error"], data["where"]),
}
