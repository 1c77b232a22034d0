"""What a test is asked to do. The names, defaults and units are those of Maelstrom's command line."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from labkit.errors import LabkitError


@dataclass
class Options:
    """The options of one test. Times are in seconds, `latency` too; `rate` is in operations a second, by all clients
    together."""

    workload: str
    command: list[str]
    nodes: list[str]
    time_limit: float = 60.0
    rate: float = 5.0
    concurrency: int = 0  # clients; 0: one for each node
    latency: float = 0.0
    latency_dist: str = "constant"
    nemesis: tuple[str, ...] = ()
    nemesis_interval: float = 10.0
    topology: str = "grid"
    key_count: int | None = None
    max_txn_length: int = 4
    max_writes_per_key: int | None = None
    consistency_models: tuple[str, ...] = ("strict-serializable",)
    availability: float | None = None  # the least share of operations that must succeed
    timeout: float | None = None  # of an operation; None: the workload's own
    init_timeout: float = 10.0
    recovery: float = 10.0  # quiet time before the final reads
    log_stderr: bool = False
    log_net_send: bool = False
    log_net_recv: bool = False
    seed: int = 0
    store: Path = field(default_factory=lambda: Path("store"))

    def __post_init__(self) -> None:
        self.concurrency = self.concurrency or len(self.nodes)

    def stream(self, name: str) -> random.Random:
        """The random numbers of one concern."""
        return random.Random(f"{self.seed}/maelstrom/{name}")

    def timeout_or(self, default: float) -> float:
        return default if self.timeout is None else self.timeout


def parse_concurrency(text: str, nodes: int) -> int:
    """How many clients "10" or "2n" (two for each node) means. Raises LabkitError."""
    match = re.fullmatch(r"(\d+)(n?)", text.strip())
    count = int(match[1]) * (nodes if match[2] else 1) if match else 0
    if not count:
        raise LabkitError(f"--concurrency {text}: give a number of clients, or a number for each node such as 2n")
    return count


def parse_availability(text: str) -> float:
    """The least share that must succeed: "total" is all of it. Raises LabkitError."""
    try:
        share = 1.0 if text == "total" else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise LabkitError(f"--availability {text}: give total, or a share between 0 and 1")
    return share
