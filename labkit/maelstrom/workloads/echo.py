"""Echo: what a client says must come back unchanged."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.history import Event, of_kind
from labkit.maelstrom.protocol import canonical, shortened
from labkit.maelstrom.verdict import Verdict, count
from labkit.maelstrom.workloads.base import Op, Worker, Workload


class Echo(Workload):
    name = "echo"

    def next(self, worker: Worker) -> Op:
        return Op("echo", f"Please echo {self.draw.randrange(128)}")

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        reply = await worker.client.request(worker.node, {"type": "echo", "echo": op.value}, {"echo": None})
        return {"value": reply["echo"]}

    def check(self, history: list[Event]) -> Verdict:
        echoes = [echo for echo in of_kind(history, "echo") if echo.type == "ok"]
        findings = [
            f"{echo.start['node']} was asked to echo {canonical(echo.start['value'])} and answered "
            f"{shortened(canonical(echo.value))}"
            for echo in echoes
            if canonical(echo.value) != canonical(echo.start["value"])
        ]
        if findings:
            return Verdict(False, f"{len(findings):,} of {count(len(echoes), 'echo', 'echoes')} were wrong.", findings)
        if not echoes:
            return Verdict(None, "Nothing was echoed, so nothing can be said.")
        return Verdict(True, f"All {count(len(echoes), 'echo', 'echoes')} came back as they were sent.")
