"""Transactions over lists that are appended to, and over registers that are written."""

from __future__ import annotations

from typing import Any

from labkit.maelstrom.checks.consistency import check_transactions
from labkit.maelstrom.client import BadAnswer
from labkit.maelstrom.history import Event
from labkit.maelstrom.options import Options
from labkit.maelstrom.protocol import canonical, shortened
from labkit.maelstrom.verdict import Verdict
from labkit.maelstrom.workloads.base import Op, Worker, Workload

KEYS, WRITES_PER_KEY = 10, 16


class TxnListAppend(Workload):
    name = "txn-list-append"
    write = "append"

    def __init__(self, options: Options):
        super().__init__(options)
        self._writes_per_key = options.max_writes_per_key or WRITES_PER_KEY
        self._keys = list(range(options.key_count or KEYS))  # those in use
        self._written: dict[int, int] = {}

    def next(self, worker: Worker) -> Op:
        return Op("txn", [self._step() for _ in range(self.draw.randint(1, self.options.max_txn_length))])

    def _step(self) -> list[Any]:
        """A read or a write, half the time each. Of the keys in use the first is the most popular, and each next one
        is half as popular; one that was written to often enough makes way for a new one."""
        place = min(int(self.draw.expovariate(0.7)), len(self._keys) - 1)
        key = self._keys[place]
        if self.draw.random() < 0.5:
            return ["r", key, None]
        self._written[key] = value = self._written.get(key, 0) + 1
        if value >= self._writes_per_key:
            self._keys[place] = max(self._keys) + 1
        return [self.write, key, value]

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        reply = await worker.client.request(worker.node, {"type": "txn", "txn": op.value}, {"txn": list})
        if why := self._unlike(op.value, reply["txn"]):
            raise BadAnswer(f"{worker.node} answered the txn {canonical(op.value)} with {_short(reply['txn'])}: {why}")
        return {"value": reply["txn"]}

    def _unlike(self, asked: list[Any], told: list[Any]) -> str | None:
        """In what a completed transaction differs from the one that was asked for, apart from what was read."""
        if len(asked) != len(told):
            return f"it has {len(told)} operations, not {len(asked)}"
        for want, got in zip(asked, told, strict=True):
            if not isinstance(got, list) or len(got) != 3:
                return f"{_short(got)} is not an array of three"
            compared = 2 if want[0] == "r" else 3
            if canonical(got[:compared]) != canonical(want[:compared]):
                return f"{_short(got)} answers {canonical(want)}"
            if want[0] == "r" and not self._readable(got[2]):
                return f"{_short(got)} reads something that is no {'list' if self.write == 'append' else 'value'}"
        return None

    def _readable(self, value: Any) -> bool:
        return value is None or (isinstance(value, list) and not any(isinstance(item, list | dict) for item in value))

    def check(self, history: list[Event]) -> Verdict:
        return check_transactions(history, self.options.consistency_models, self.name.removeprefix("txn-"))


class TxnRWRegister(TxnListAppend):
    name = "txn-rw-register"
    write = "w"

    def _readable(self, value: Any) -> bool:
        return not isinstance(value, list | dict)


def _short(value: Any) -> str:
    return shortened(canonical(value))
