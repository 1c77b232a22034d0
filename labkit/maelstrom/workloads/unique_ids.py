"""Unique ids: no id is given out twice, whichever nodes gave it."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.history import Event, of_kind
from labkit.maelstrom.protocol import canonical, shortened
from labkit.maelstrom.verdict import Verdict, count, listed
from labkit.maelstrom.workloads.base import Op, Worker, Workload


class UniqueIds(Workload):
    name = "unique-ids"

    def next(self, worker: Worker) -> Op:
        return Op("generate")

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        reply = await worker.client.request(worker.node, {"type": "generate"}, {"id": None})
        return {"value": reply["id"]}

    def check(self, history: list[Event]) -> Verdict:
        givers: dict[str, list[str]] = {}
        for operation in of_kind(history, "generate"):
            if operation.type == "ok":
                givers.setdefault(canonical(operation.value), []).append(operation.start["node"])
        given = sum(map(len, givers.values()))
        twice = {id: nodes for id, nodes in givers.items() if len(nodes) > 1}
        details = {"acknowledged": given, "distinct": len(givers), "duplicated": twice}
        if twice:
            findings = [
                f"the id {shortened(id, 100)} was given out {len(nodes)} times, by {listed(nodes)}"
                for id, nodes in twice.items()
            ]
            return Verdict(False, f"{count(len(twice), 'id')} of {len(givers):,} were not unique.", findings, details)
        if not given:
            return Verdict(None, "No id was given out, so nothing can be said.", [], details)
        return Verdict(True, f"All {count(given, 'id')} were different.", [], details)
