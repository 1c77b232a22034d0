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
    for solution in sorted(SOLUTIONS.glob("*.ipynb")):
        yield f"grading {solution.stem}, {SUBMISSIONS} submissions", "s each", partial(grading, solution)


def figures(repeats: int) -> list[Figure]:
    """Measure each whole run `repeats` times, in turns."""
    measured = [(Figure(name, unit), job) for name, unit, job in (*jobs(), *checkers.jobs())]
    for _ in range(repeats):
        for figure, job in measured:
            figure.values.append(job())
    return [figure for figure, _ in measured]
