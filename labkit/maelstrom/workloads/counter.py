"""Counters: in the end, every node knows the sum. A g-counter only grows; a pn-counter also shrinks."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.checks.counters import check_counter
from labkit.maelstrom.history import Event
from labkit.maelstrom.verdict import Verdict
from labkit.maelstrom.workloads.base import Op, Worker, Workload


class PNCounter(Workload):
    name = "pn-counter"
    idempotent = frozenset({"read"})
    has_final = True
    smallest, largest = -5, 4  # of what is added

    def next(self, worker: Worker) -> Op:
        if self.draw.random() < 0.5:
            return Op("read")
        return Op("add", self.draw.randint(self.smallest, self.largest))

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        if op.f == "add":
            await worker.client.request(worker.node, {"type": "add", "delta": op.value})
            return {}
        reply = await worker.client.request(worker.node, {"type": "read"}, {"value": int})
        return {"value": reply["value"]}

    def check(self, history: list[Event]) -> Verdict:
        return check_counter(history)


class GCounter(PNCounter):
    name = "g-counter"
    smallest, largest = 0, 4
