"""Lin-kv: a linearizable key-value store with read, write and compare-and-set."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.checks.consistency import check_lin_kv
from labkit.maelstrom.history import Event
from labkit.maelstrom.options import Options
from labkit.maelstrom.verdict import Verdict
from labkit.maelstrom.workloads.base import Op, Worker, Workload

VALUES = 5  # 0 to 4: few, so that a compare-and-set often finds what it expects
OPERATIONS_PER_KEY = 128
PROCESSES_PER_KEY = 20


class _Group:
    """Workers that use the same key, until it has had enough operations."""

    def __init__(self) -> None:
        self.key = -1
        self.left = 0
        self.processes: set[int] = set()


class LinKV(Workload):
    name = "lin-kv"
    idempotent = frozenset({"read"})
    refusable = frozenset({"cas", "read"})

    def __init__(self, options: Options):
        super().__init__(options)
        self.timeout = options.timeout_or(max(10 * options.latency, 1.0))
        self._keys = 0
        self._groups: dict[int, _Group] = {}

    def next(self, worker: Worker) -> Op:
        key = self._key(worker)
        kind = self.draw.choice(["read", "read", "read", "write", "cas", "cas"])
        if kind == "read":
            return Op("read", None, key)
        if kind == "write":
            return Op("write", self.draw.randrange(VALUES), key)
        return Op("cas", [self.draw.randrange(VALUES), self.draw.randrange(VALUES)], key)

    def _key(self, worker: Worker) -> int:
        group = self._groups.setdefault(worker.number // (2 * len(self.options.nodes)), _Group())
        group.processes.add(worker.process)
        if not group.left or len(group.processes) > PROCESSES_PER_KEY:
            group.key, self._keys = self._keys, self._keys + 1
            group.left = self.options.max_writes_per_key or OPERATIONS_PER_KEY
            group.processes = {worker.process}
        group.left -= 1
        return group.key

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        body: dict[str, Any] = {"type": op.f, "key": op.key}
        if op.f == "read":
            return {"value": (await worker.client.request(worker.node, body, {"value": None}))["value"]}
        body |= {"value": op.value} if op.f == "write" else {"from": op.value[0], "to": op.value[1]}
        await worker.client.request(worker.node, body)
        return {}

    def check(self, history: list[Event]) -> Verdict:
        return check_lin_kv(history)
