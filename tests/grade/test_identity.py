"""The referee's run of sandboxed nodes is the run that the student has at home: the same trace, the same verdict."""

import linecache
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from labkit import Cluster, Fault, Faults, LabkitError
from labkit.course import load
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.grade.course import EXERCISE, GIVEN, SANDBOXES, SOLUTION

Cells = list[tuple[str, str]]
Build = Callable[..., Cluster]

# Uses everything that a node can do: disks, timers, coroutines, calls, every kind of value, errors, notes, prints.
EVERYTHING: Cells = [
    (
        "cell 1",
        """
import enum
from labkit import Message, Node, on

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

class Entry(Message):
    term: int
    command: str

class Ping(Message):
    n: int

class Pong(Message):
    n: int
    log: list[Entry] = []
    pair: tuple[int, ...] = (1, 2)
    raw: bytes = b"\\x00\\xff"
    colour: Colour = Colour.BLUE
    limit: float = float("inf")
    seen: frozenset[int] = frozenset({3, 1})
    table: dict[str, list[int]] = {}
    first: Entry | None = None
""",
    ),
    (
        "cell 2",
        """
import asyncio

class Player(Node):
    def start(self):
        self.rallies = 0
        self.boots = self.disk.get("boots", 0) + 1
        self.disk["boots"] = self.boots
        if self.boots > 1:
            self.kept = self.disk["x"]
        self.disk.autosync = False
        self.disk["x"] = (Entry(1, "a"), {"s": {1, 2}}, Colour.RED, 1.5, None, b"raw", [float("-inf")])
        self.disk[(1, 2)] = self.id
        if self.random.random() < 0.5:
            self.disk.sync()
        self.clock = self.after(0.3 + self.random.random(), self.tick)
        self.beat = self.every(0.2, self.pulse)
        if self.id == "n1":
            self.send("n2", Ping(n=0))
        print("hello from", self.id)

    def tick(self):
        self.note(f"{self.id} ticks at {self.now:.4f}")
        self.clock.reset(0.25)

    def pulse(self):
        self.pulses = getattr(self, "pulses", 0) + 1
        if self.pulses == 5:
            self.clock.cancel()
            self.after(0, self.tick)

    @on(Ping)
    def ping(self, msg, sender):
        self.clock.reset()
        return Pong(n=msg.n, log=[Entry(1, "a")], table={"x": [1]}, first=Entry(2, "b"))

    @on(Pong)
    async def pong(self, msg, sender):
        self.last = msg
        self.rallies += 1
        await self.sleep(0.01)
        try:
            answer = await self.call(sender, Ping(n=msg.n + 1), timeout=0.02)
            self.heard = [answer.colour, answer.pair, answer.seen]
        except TimeoutError as error:
            self.note(str(error))
        async with asyncio.timeout(0.5):
            await asyncio.gather(self.sleep(0.01), asyncio.sleep(0.02))
        if sender in self.peers:
            self.send(sender, Ping(n=msg.n + 1))
        if self.rallies == 30 and self.id == "n1":
            1 / 0
        if self.rallies == 12 and self.id == "n3":
            self.send("n9", Ping(n=1))
""",
    ),
]
FAULTS = [
    Fault(0.5, "crash", "n3"),
    Fault(1.0, "restart", "n3"),
    Fault(1.2, "clock", "n2", offset=0.5, rate=1.5),
    Fault(1.4, "partition", ["n1"], ["n2", "n3"]),
    Fault(1.6, "heal"),
    Fault(1.7, "link", None, None, loss=0.1, duplicate=0.2, reorder=0.2),
]


@pytest.fixture
def home() -> Iterator[Callable[[Cells, str], Build]]:
    """Builds clusters in this process, of the class that cells define, as a notebook does."""
    main = sys.modules["__main__"]

    def at_home(cells: Cells, node: str) -> Build:
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        for name, source in cells:
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
            exec(compile(source, name, "exec"), vars(module))
        return lambda **options: Cluster(vars(module)[node], **options)

    yield at_home
    sys.modules["__main__"] = main


def scenario(build: Build, seed: int) -> Cluster:
    """A run with faults, a client and pauses."""
    cluster = build(size=3, seed=seed, faults=Faults(FAULTS))
    cluster.run(0.8)
    ping = next(event.data for event in cluster.trace.select("send") if type(event.data).__name__ == "Ping")
    client = cluster.client("c1")
    for node in ("n1", "n2", "n1"):
        client.invoke(node, type(ping)(n=5))
        cluster.run(0.3)
        cluster.run(until=lambda _: client.operations[-1].outcome != "pending", limit=3)
    cluster.restart("n1")
    cluster.run(2.0)
    return cluster


@pytest.mark.parametrize("where", SANDBOXES)
def test_a_run_in_the_sandbox_has_the_trace_of_a_run_at_home(where: str, home: Any) -> None:
    kinds: set[str] = set()
    with Child(EVERYTHING, ["Player"], probe(where)) as child:
        for seed in (1, 2):
            far = scenario(builder(child), seed)
            near = scenario(home(EVERYTHING, "Player"), seed)
            kinds |= {event.kind for event in near.trace}
            assert far.trace.document() == near.trace.document()
            assert far.trace.digest() == near.trace.digest()
            assert [op.outcome for op in far.history] == [op.outcome for op in near.history]
    assert kinds >= {"send", "deliver", "drop", "set", "cancel", "timer", "state", "disk", "note", "error", "ok"}
    assert "hello from n1" in "".join(child.printed)


def test_a_verdict_in_the_sandbox_is_the_verdict_at_home(home: Any) -> None:
    """Of the right solution, and of one that leads without being elected: the same points, the same failing run."""
    exercise = load(EXERCISE)
    hasty = SOLUTION.replace('if self.role == "candidate" and len(self.votes) >', "if self.role and 3 >")
    assert hasty != SOLUTION
    for solution, name in ((SOLUTION, "memory"), (hasty, "quiet")):
        some = replace(exercise, parts=tuple(part for part in exercise.parts if part.name == name))
        cells = [("cell 2", GIVEN.replace("from labkit.course import check\n", "")), ("cell 4", solution)]
        near = some.evaluate(home(cells, "Raft"), range(2))
        with Child(cells, ["Raft"], probe()) as child:
            far = some.evaluate(builder(child), range(2))
        assert far.to_json() == near.to_json()
        for mine, theirs in zip(near.parts, far.parts, strict=True):
            assert (mine.failure and mine.failure.document) == (theirs.failure and theirs.failure.document)
    assert far.score < far.max


def test_a_replay_of_the_faults_in_the_sandbox_is_exact() -> None:
    with Child(EVERYTHING, ["Player"], probe()) as child:
        build = builder(child)
        first = build(size=3, seed=3)
        first.run(0.5)
        first.crash("n2")
        first.run(0.5)
        first.restart("n2")
        first.run(1.0)
        again = build(size=3, seed=3, faults=first.faults)
        again.run(2.0)
        assert again.trace.digest() == first.trace.digest()


def test_the_processes_of_old_runs_are_ended() -> None:
    with Child(EVERYTHING, ["Player"], probe()) as child:
        build = builder(child)
        clusters = [build(size=3, seed=seed) for seed in range(4)]
        for cluster in clusters[-2:]:
            cluster.run(0.1)
        with pytest.raises(LabkitError, match="of a run that is over"):
            build(size=3, seed=9).run(0.1)
            clusters[2].run(0.1)
            build(size=3, seed=9)
            clusters[2].run(0.1)
        assert child.trouble is None


def test_streams_and_what_goes_round_the_loop_are_refused_in_the_sandbox() -> None:
    cells: Cells = [
        (
            "cell 1",
            """
import asyncio
import time
from labkit import Node

class Wanting(Node):
    def start(self):
        self.after(1.0, self.nap)
        if self.id == "n2":
            return asyncio.start_server(print, port=8000)

    def nap(self):
        time.sleep(5.0)
""",
        )
    ]
    with Child(cells, ["Wanting"], probe()) as child:
        cluster = builder(child)(size=2, seed=1)
        cluster.run(2.0)
        errors = {event.node: event.data["error"] for event in cluster.trace.select("error")}
    assert "streams" in errors["n2"] and "self.send" in errors["n2"]
    assert "time.sleep is not possible in a simulated node" in errors["n1"]
