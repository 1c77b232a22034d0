"""G-set: a set that only grows."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.checks.sets import check_set
from labkit.maelstrom.history import Event
from labkit.maelstrom.options import Options
from labkit.maelstrom.verdict import Verdict
from labkit.maelstrom.workloads.base import Op, Worker, Workload


class GSet(Workload):
    name = "g-set"
    idempotent = frozenset({"read"})
    has_final = True

    def __init__(self, options: Options):
        super().__init__(options)
        self._added = 0

    def next(self, worker: Worker) -> Op:
        if self.draw.random() < 0.5:
            return Op("read")
        self._added += 1
        return Op("add", self._added - 1)

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        if op.f == "add":
            await worker.client.request(worker.node, {"type": "add", "element": op.value})
            return {}
        reply = await worker.client.request(worker.node, {"type": "read"}, {"value": list})
        return {"value": reply["value"]}

    def check(self, history: list[Event]) -> Verdict:
        return check_set(history, add="add", noun="element")
