"""Broadcast: what one node is told, every node must come to know and never forget."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.checks.sets import check_set
from labkit.maelstrom.history import Event
from labkit.maelstrom.options import Options
from labkit.maelstrom.protocol import Body
from labkit.maelstrom.topology import TOPOLOGIES
from labkit.maelstrom.verdict import Verdict
from labkit.maelstrom.workloads.base import Op, Worker, Workload


class Broadcast(Workload):
    name = "broadcast"
    idempotent = frozenset({"read"})
    has_final = True

    def __init__(self, options: Options):
        super().__init__(options)
        self._sent = 0

    def setup(self, node: str) -> Body:
        return {"type": "topology", "topology": TOPOLOGIES[self.options.topology](self.options.nodes)}

    def next(self, worker: Worker) -> Op:
        if self.draw.random() < 0.5:
            return Op("read")
        self._sent += 1
        return Op("broadcast", self._sent - 1)

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        if op.f == "broadcast":
            await worker.client.request(worker.node, {"type": "broadcast", "message": op.value})
            return {}
        reply = await worker.client.request(worker.node, {"type": "read"}, {"messages": list})
        return {"value": reply["messages"]}

    def check(self, history: list[Event]) -> Verdict:
        return check_set(history, add="broadcast", noun="message")
