"""Whole runs: an election, a gossip among a thousand nodes, the grading of a submission, the judging of a history. In
seconds, not in ratios."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench import checkers
from labkit import Cluster, Message, Node, on
from labkit.protocols.raft import Raft

SOLUTIONS = Path(__file__).parents[1] / "solutions"
SUBMISSIONS = 4
KEPT = {"no trace": False, "trace": True}


class Rumour(Message):
    version: int


class Gossip(Node):
    """Tells a random peer three times a second the newest version it has heard of."""

    def start(self) -> Any:
        self.version = 1 if self.id == "n1" else 0
        self.every(1 / 3, self.tell)

    def tell(self) -> None:
        self.send(self.random.choice(self.peers), Rumour(version=self.version))

    @on(Rumour)
    def rumour(self, msg: Rumour, sender: str) -> None:
        self.version = max(self.version, msg.version)


class GossipInCoroutines(Node):
    async def start(self) -> Any:
        self.version = 1 if self.id == "n1" else 0
        while True:
            await self.sleep(1 / 3)
            self.send(self.random.choice(self.peers), Rumour(version=self.version))

    @on(Rumour)
    async def rumour(self, msg: Rumour, sender: str) -> None:
        self.version = max(self.version, msg.version)


@dataclass
class Figure:
    """One figure, once for each round."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)


def gossip(node: type[Node], trace: bool) -> float:
    """Seconds for 1,000 nodes and 30 virtual seconds, the building of the cluster included."""
    start = time.process_time()
    Cluster(node, 1_000, seed=1, trace=trace).run(30.0)
    return time.process_time() - start


def elections(trace: bool, seeds: int = 300) -> float:
    """Three-node Raft elections of two virtual seconds, a second on one core."""
    start = time.process_time()
    for seed in range(seeds):
        Cluster(Raft, 3, seed=seed, trace=trace).run(2.0)
    return seeds / (time.process_time() - start)


LONG_RUN = """
import resource, sys, time
from bench.exchange import Plain
from bench.peers import MEAN
from labkit import Cluster

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

cluster = Cluster(Plain, 5, seed=1)
cluster.run(MEAN)
before, start = peak(), time.process_time()
cluster.run(int(sys.argv[1]) / 2 / 5 * MEAN)
spent = time.process_time() - start
cluster.trace.at(0.0)
start = time.perf_counter()
cluster.trace.at(cluster.now * 0.7)
print((peak() - before) * 1e6 / len(cluster.trace), spent * 1e9 / len(cluster.trace), (time.perf_counter() - start) * 1e3)
"""


def long_run(events: int, figure: int) -> float:
    """A traced exchange of so many events, in a process of its own. Returns its peak memory in MB for a million events
    (above what it had at the start), nanoseconds an event, or milliseconds to find a moment that was never asked for.
    """
    command = [sys.executable, "-c", LONG_RUN, str(events)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[figure])


def grading(solution: Path) -> float:
    """Seconds for each of a folder of submissions, by the command as an instructor gives it, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder, "submissions")
        submissions.mkdir()
        for number in range(SUBMISSIONS):
            shutil.copy(solution, submissions / f"student-{number:02}.ipynb")
        command = [sys.executable, "-m", "labkit.cli", "grade", str(submissions), "--out", str(Path(folder, "out"))]
        start = time.perf_counter()
        subprocess.run([*command, "--exercise", solution.stem], check=True, capture_output=True)
        return (time.perf_counter() - start) / SUBMISSIONS


def jobs() -> Iterator[tuple[str, str, Callable[[], float]]]:
    """What is to be run: name, unit, and the call that measures it once."""
    for name, node in {"handlers": Gossip, "coroutines": GossipInCoroutines}.items():
        for kept, trace in KEPT.items():
            what = f"gossip, 1,000 nodes, 30 virtual seconds: {name}, {kept}"
            yield what, "s", partial(gossip, node, trace)
    for kept, trace in KEPT.items():
        yield f"Raft election, 3 nodes, 2 virtual seconds: {kept}", "seeds/s", partial(elections, trace)
    for events in (10_000, 100_000, 1_000_000, 10_000_000):
        yield f"traced exchange, {events:,} events", "ns an event", partial(long_run, events, 1)
    yield "memory of a trace, 1,000,000 events", "MB", partial(long_run, 1_000_000, 0)
    yield "memory of a trace, 10,000,000 events", "MB a million", partial(long_run, 10_000_000, 0)
    yield "a moment of 100,000 events, the first asked for", "ms", partial(long_run, 100_000, 2)
    for solution in sorted(SOLUTIONS.glob("*.ipynb")):
        yield f"grading {solution.stem}, {SUBMISSIONS} submissions", "s each", partial(grading, solution)


def figures(repeats: int) -> list[Figure]:
    """Measure each whole run `repeats` times, in turns."""
    measured = [(Figure(name, unit), job) for name, unit, job in (*jobs(), *checkers.jobs())]
    for _ in range(repeats):
        for figure, job in measured:
            figure.values.append(job())
    return [figure for figure, _ in measured]
