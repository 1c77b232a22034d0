"""Local transitions: what one node does with one event, from one of its states, computed once with the real class.

A node whose handlers are plain methods is a function (state, event) -> (state, messages). So a state of it can be
copied, compared and numbered, and what it does with an event needs to be found out only once. The node runs in a
`Process` like any other; this is the world around it.

States are compared by value, as Python compares: the order of a dict or a set does not count, nor does which of two
equal lists a list is. Time is abstracted away. A node that needs more than that (a coroutine, its clock, a decision by
a random number out of a continuum) raises `Unsearchable`, and is searched by replay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from labkit.engine.loop import VirtualLoop
from labkit.engine.process import CALLS, Process
from labkit.engine.timers import Timer
from labkit.engine.values import is_shown, plain
from labkit.errors import UnknownNode
from labkit.explore.draws import Draws, Unsearchable, high, low
from labkit.explore.freezing import duplicate, freeze
from labkit.explore.script import Ask
from labkit.message import Message, by_value
from labkit.node import Node


class Place(NamedTuple):
    """One node of the system that is searched: its id, what runs there, its peers, whom it can reach (None: all). Or a
    client, with what it asks."""

    id: str
    program: type[Node]
    peers: tuple[str, ...]
    reach: frozenset[str] | None = None
    asks: tuple[Ask, ...] | None = None


class Envelope(NamedTuple):
    """A message under way; of a client's, which of its calls it makes, or answers."""

    src: str
    to: str
    message: Message
    call: int | None = None
    reply: int | None = None


@dataclass
class Local:
    """One state of one node. `process` is a boot that stopped there (None: the node is down); it never runs again,
    only copies of it do."""

    process: Process | None
    durable: dict[Any, Any]
    pending: list[Any]
    timers: list[Timer]
    view: dict[str, Any] = field(default_factory=dict)
    error: str | None = None  # what ended it
    asked: tuple[int, bool] | None = None  # of a client: how many answers it has, and whether it waits for one more

    @property
    def up(self) -> bool:
        return self.process is not None

    def ready(self) -> list[int]:
        """Which timers may fire next. Timers set earlier go first if they are sure to be due first: t1 precedes t2
        where t2's least delay is no less than t1's greatest (as in DSLabs; Michael et al., EuroSys 2019)."""
        delays = [timer.delay for timer in self.timers]
        return [
            place
            for place, delay in enumerate(delays)
            if not any(low(delay) >= high(earlier) for earlier in delays[:place])
        ]


class Outcome(NamedTuple):
    """One way in which a step comes out: what was drawn, the state after it and the messages sent. `until` says that it
    crashed in the middle, and where."""

    draws: tuple[int, ...]
    after: int
    sent: tuple[int, ...]
    until: tuple[str, int] | None = None


class _NoClock:
    """The clock of a node for which time is abstracted away."""

    rate = 1.0

    @property
    def offset(self) -> NoReturn:
        raise Unsearchable("it reads its clock")


class Bench:
    """The world in which the steps of one node at a time are tried. Numbers the states and the messages it has seen."""

    now = 0.0

    def __init__(self, places: list[Place]):
        self.places = {place.id: place for place in places}
        self.index = {place.id: number for number, place in enumerate(places)}
        self.loop = VirtualLoop()  # type: ignore[abstract]
        self.draws = Draws()
        self.known: dict[Any, list[Outcome]] = {}  # the local transitions
        self.crashing = False  # whether they include crashes in the middle of a step
        self.locals: list[Local] = []
        self.envelopes: list[Envelope] = []
        self.handled: dict[tuple[str, str], int] = {}  # what ran: (class, handler) -> local transitions
        self._numbers: dict[Any, int] = {}
        self._letters: dict[Any, int] = {}
        self._sent: list[int] = []
        self._points: list[tuple[str, int, int, dict[Any, Any]]] = []  # points at which a crash may strike in a step
        self._durable: dict[Any, Any] = {}
        self._pending: list[Any] = []
        self._timers: list[Timer] = []
        self._error: str | None = None

    # --- the steps

    def down(self, place: Place, durable: dict[Any, Any], error: str | None = None) -> int:
        """The state of a node that does not run, with what its disk holds, and the error that ended it if one did."""
        return self._number(place, Local(None, durable, [], [], {}, error))

    def boot(self, place: Place, durable: dict[Any, Any]) -> list[Outcome]:
        """What a node does when it starts."""
        key = (place.id, freeze(durable), "boot")
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self._boot(place, durable)
        return known

    def _boot(self, place: Place, durable: dict[Any, Any]) -> list[Outcome]:
        if place.asks is not None:
            return [Outcome((), self._client(place, 0, False), ())]

        def begin() -> Process:
            self._begin(durable, [], [])
            process = self._process(place, durable)
            process._enter(process._start)
            return process

        self._ran(place, "start")
        return self._all(place, begin)

    def deliver(self, place: Place, state: int, letter: int) -> list[Outcome]:
        """What a node does with a message."""
        known = self.known.get((state, letter))
        if known is None:
            known = self.known[state, letter] = self._deliver(place, state, letter)
        return known

    def _deliver(self, place: Place, state: int, letter: int) -> list[Outcome]:
        src, _, message, call, reply = self.envelopes[letter]
        if place.asks is not None:
            done, waits = self.locals[state].asked or (0, False)
            answered = waits and reply == call_number(done)
            return [Outcome((), self._client(place, done + 1, False) if answered else state, ())]

        def begin() -> Process:
            process = self._copy(place, self.locals[state])
            process._enter(process._handle, by_value(message), src, call, None)
            return process

        self._ran(place, f"on {type(message).__name__}")
        return self._all(place, begin)

    def ask(self, place: Place, state: int) -> list[Outcome]:
        """What a client asks next, if anything."""
        assert place.asks is not None
        done, waits = self.locals[state].asked or (0, False)
        if waits or done == len(place.asks):
            return []
        to, message = place.asks[done]
        return [Outcome((), self._client(place, done, True), (self.letter(place.id, to, message, call_number(done)),))]

    def _client(self, place: Place, done: int, waits: bool) -> int:
        return self._number(place, Local(None, {}, [], [], asked=(done, waits)))

    def fire(self, place: Place, state: int, which: int) -> list[Outcome]:
        """What a node does when one of its timers fires."""
        known = self.known.get((state, which, "timer"))
        if known is None:
            known = self.known[state, which, "timer"] = self._fire(place, state, which)
        return known

    def _fire(self, place: Place, state: int, which: int) -> list[Outcome]:

        def begin() -> Process:
            process = self._copy(place, self.locals[state])
            timer = self._timers[which]
            timer.due = self.loop.now
            process.fire(timer)
            return process

        self._ran(place, self.locals[state].timers[which].name)
        return self._all(place, begin)

    def crash(self, place: Place, state: int) -> list[Outcome]:
        """What is left of a node that crashes between two steps: of the writes not synced, any first ones."""
        known = self.known.get((state, "crash"))
        if known is None:
            local, known = self.locals[state], []
            for kept in range(len(local.pending) + 1):
                durable = dict(local.durable)
                write(durable, local.pending[:kept])
                known.append(Outcome((kept,) if kept else (), self.down(place, durable), ()))
            self.known[state, "crash"] = known
        return known

    def _all(self, place: Place, begin: Callable[[], Process]) -> list[Outcome]:
        """The outcomes of a step, for all that may be drawn in it and for a crash at each point in it."""
        outcomes: list[Outcome] = []
        told: list[int] | None = []
        with self.loop.running():
            while told is not None:
                self.draws.begin(told)
                process = begin()
                self.loop.current = None
                draws = tuple(drawn for drawn, _ in self.draws.taken)
                outcomes.append(Outcome(draws, self._end(place, process), tuple(self._sent)))
                for kind, count, sent, durable in self._points if self.crashing else ():
                    outcomes.append(Outcome(draws, self.down(place, durable), tuple(self._sent[:sent]), (kind, count)))
                told = self.draws.next()
        return outcomes

    # --- before and after a step

    def _begin(self, durable: dict[Any, Any], pending: list[Any], timers: list[Timer]) -> None:
        self._sent, self._points, self._error = [], [], None
        self._durable, self._pending, self._timers = dict(durable), list(pending), timers

    def _process(self, place: Place, stored: dict[Any, Any]) -> Process:
        process = Process(
            place.program,
            place.id,
            place.peers,
            loop=self.loop,
            world=self,  # type: ignore[arg-type]
            seed="",
            boot=1,
            clock=_NoClock(),  # type: ignore[arg-type]
            stored=stored,
            traced=False,
        )
        process.random = self.draws
        return process

    def _copy(self, place: Place, local: Local) -> Process:
        """A copy of the process that stopped in a state, to go on from there."""
        old = local.process
        assert old is not None
        process = self._process(place, old.disk._data)
        memo = {
            id(old): process, id(old.node): process.node, id(old.disk): process.disk, id(self.draws): self.draws,
        }  # fmt: skip
        own = process.node.__dict__
        for name, value in old.node.__dict__.items():
            own[name] = duplicate(value, memo)
        timers = [duplicate(timer, memo) for timer in local.timers]
        process.disk.autosync = old.disk.autosync
        self._begin(local.durable, local.pending, timers)
        return process

    def _end(self, place: Place, process: Process) -> int:
        """The number of the state in which a step left a node."""
        self.loop.ready.clear()
        if not process.alive:
            return self.down(place, self._durable, self._error)
        if process._calls or process._inbox or process._receivers or process.tasks.waiting:
            raise Unsearchable(f"{place.program.__name__} waits in a coroutine")
        process.tasks.close()
        timers = [timer for timer in self._timers if timer.due is not None]
        return self._number(place, Local(process, self._durable, self._pending, timers))

    def _number(self, place: Place, local: Local) -> int:
        if local.process is None:
            key: Any = (place.id, local.error, freeze(local.durable), local.asked)
        else:
            at = {id(timer): number for number, timer in enumerate(local.timers)}
            parts = (
                local.process.node.__dict__,
                local.process.disk.autosync,
                local.durable,
                local.pending,
                [(timer.method, timer.args, timer.delay, timer.interval) for timer in local.timers],
            )
            key = (place.id, freeze(parts, local.process, at))
        number = self._numbers.setdefault(key, len(self.locals))
        if number == len(self.locals):
            self.locals.append(local)
            if local.process is not None:
                shown = {k: v for k, v in local.process.node.__dict__.items() if is_shown(k, v)}
                local.view = {name: plain(_value(value)) for name, value in shown.items()}
        return number

    def _ran(self, place: Place, what: str) -> None:
        key = (place.program.__name__, what)
        self.handled[key] = self.handled.get(key, 0) + 1

    # --- the world of the process

    def sender(self, process: Process) -> Callable[..., None]:
        place = self.places[process.id]

        def send(to: str, message: Any, call: int | None = None, reply: int | None = None) -> None:
            if call is not None:
                raise Unsearchable("it calls another node and waits for the answer")
            target = self.places.get(to)
            if target is None or (place.reach is not None and to not in place.reach and target.asks is None):
                raise UnknownNode(f"{place.id} cannot send to {to!r}: the nodes are {', '.join(self.places)}")
            self._sent.append(self.letter(place.id, to, by_value(message), None, reply))
            self._points.append(("send", self._nth("send"), len(self._sent), dict(self._durable)))

        return send

    def letter(self, src: str, to: str, message: Message, call: int | None = None, reply: int | None = None) -> int:
        """The number of a message from one node to another."""
        key = (src, to, freeze(message), call, reply)
        number = self._letters.setdefault(key, len(self.envelopes))
        if number == len(self.envelopes):
            self.envelopes.append(Envelope(src, to, message, call, reply))
        return number

    def _nth(self, kind: str) -> int:
        return sum(point[0] == kind for point in self._points) + 1

    def wake(self, due: float, callback: Any, argument: Any) -> None:
        if type(argument) is not Timer:
            raise Unsearchable("it sleeps, or waits for a time")
        if any(timer is argument for timer in self._timers):
            self._timers = [timer for timer in self._timers if timer is not argument]
        self._timers.append(argument)

    def open_streams(self) -> None:
        raise Unsearchable("it opens a connection")

    def record(self, event: Any) -> None:
        if event[1] == "error":
            self._error = f"{event[2]} raised {event[6]['error']} ({event[6]['where']})"

    def store(self, process: Process, key: Any, value: Any, deleted: bool) -> None:
        self._pending.append((key, value, deleted))

    def sync(self, process: Process) -> None:
        if self._pending:
            write(self._durable, self._pending)
            self._pending = []
            self._points.append(("disk", self._nth("disk"), len(self._sent), dict(self._durable)))

    def failed(self, process: Process, error: BaseException) -> None:
        if isinstance(error, Unsearchable):
            raise error


def call_number(done: int) -> int:
    """How a client's machine numbers the call that it makes after so many others."""
    return CALLS + done + 1


def write(durable: dict[Any, Any], writes: list[Any]) -> None:
    """Make writes durable."""
    for key, value, deleted in writes:
        if deleted:
            durable.pop(key, None)
        else:
            durable[key] = value


def _value(value: Any) -> Any:
    return float.__add__(value, 0.0) if isinstance(value, float) else value
