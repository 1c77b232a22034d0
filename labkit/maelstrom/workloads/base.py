"""What every workload has: operations to draw, a way to carry them out, and a check of what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from labkit.maelstrom.client import Client
from labkit.maelstrom.history import Event
from labkit.maelstrom.options import Options
from labkit.maelstrom.protocol import Body
from labkit.maelstrom.verdict import Verdict

DEFAULT_TIMEOUT = 5.0  # seconds that a client waits for an answer


@dataclass
class Op:
    """An operation to carry out. `key` is None where the workload has no keys."""

    f: str
    value: Any = None
    key: Any = None
    final: bool = False


@dataclass
class Worker:
    """One worker: it drives a process after the other, each with a client of its own, always at the same node."""

    number: int
    node: str
    process: int
    client: Client
    state: dict[str, Any] = field(default_factory=dict)  # the workload's own; lost with the process


class Workload:
    """A workload. `setup` goes to every node once, before the first operation."""

    name = ""
    idempotent: frozenset[str] = frozenset()  # operations that change nothing: without an answer they fail, harmlessly
    refusable: frozenset[str] = frozenset()  # operations that may rightly be refused every time
    has_final = False  # whether it ends with reads after recovery

    def __init__(self, options: Options):
        self.options = options
        self.draw = options.stream(f"workload/{self.name}")
        self.timeout = options.timeout_or(DEFAULT_TIMEOUT)

    def setup(self, node: str) -> Body | None:
        """A request to make of a node before the first operation; its answer is awaited."""
        return None

    def next(self, worker: Worker) -> Op:
        """The next operation for a worker."""
        raise NotImplementedError

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        """Carry an operation out. Returns what the completion says besides what the invocation said.

        Raises OperationError if it did not succeed, BadAnswer if the node broke the protocol.
        """
        raise NotImplementedError

    async def final(self, worker: Worker) -> AsyncIterator[Op]:
        """The operations after recovery, on every worker. By default one read."""
        yield Op("read", final=True)

    def check(self, history: list[Event]) -> Verdict:
        """What the history says about the system."""
        raise NotImplementedError
