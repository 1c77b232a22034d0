"""Kafka: logs by key, to which clients send, from which they poll, and in which they commit how far they have read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from labkit.maelstrom.checks.logs import check_logs
from labkit.maelstrom.client import BadAnswer, OperationError
from labkit.maelstrom.history import Event
from labkit.maelstrom.options import Options
from labkit.maelstrom.protocol import canonical, shortened
from labkit.maelstrom.verdict import Verdict
from labkit.maelstrom.workloads.base import Op, Worker, Workload

KEYS, WRITES_PER_KEY = 4, 1024
ASSIGN, CRASH = 1 / 16, 1 / 128  # the shares of operations that are an assign, or the end of a client
LEAST_FINAL = 1.0  # seconds of polling after recovery, at least; else as long as the recovery itself


class Kafka(Workload):
    """A worker's state is `offsets`: for each assigned key, from where to poll next.

    Operations: `assign` (value: the keys), `send` (key, value; the completion's value is [offset, message]), `poll`
    (the completion's value maps keys to pairs of offset and message), and `crash` (the client is thrown away).
    """

    name = "kafka"
    has_final = True

    def __init__(self, options: Options):
        super().__init__(options)
        self._writes_per_key = options.max_writes_per_key or WRITES_PER_KEY
        self._keys = [str(number) for number in range(options.key_count or KEYS)]
        self._all_keys = list(self._keys)
        self._sent: dict[str, int] = {}
        self._highest: dict[str, int] = {}  # the highest offset that was acknowledged or polled

    def next(self, worker: Worker) -> Op:
        luck = self.draw.random()
        if luck < CRASH:
            return Op("crash")
        if luck < CRASH + ASSIGN or "offsets" not in worker.state:
            return Op("assign", sorted(self.draw.sample(self._keys, self.draw.randint(1, len(self._keys)))))
        if self.draw.random() < 0.5:
            return Op("poll")
        place = self.draw.randrange(len(self._keys))
        key = self._keys[place]
        self._sent[key] = value = self._sent.get(key, 0) + 1
        if value >= self._writes_per_key:
            self._keys[place] = str(len(self._all_keys))
            self._all_keys.append(self._keys[place])
        return Op("send", value, key)

    async def run(self, worker: Worker, op: Op) -> dict[str, Any]:
        if op.f == "crash":
            raise OperationError(None, "the client was thrown away, as planned", False)
        if op.f == "send":
            return await self._send(worker, op)
        if op.f == "assign":
            return await self._assign(worker, op)
        return await self._poll(worker)

    async def _send(self, worker: Worker, op: Op) -> dict[str, Any]:
        reply = await worker.client.request(
            worker.node, {"type": "send", "key": op.key, "msg": op.value}, {"offset": int}
        )
        self._highest[op.key] = max(self._highest.get(op.key, -1), reply["offset"])
        return {"value": [reply["offset"], op.value]}

    async def _assign(self, worker: Worker, op: Op) -> dict[str, Any]:
        """Poll these keys from now on: each from where it was, or after the committed offset, or from 0."""
        if op.final:
            worker.state["offsets"] = dict.fromkeys(op.value, 0)
            return {}
        body = {"type": "list_committed_offsets", "keys": op.value}
        reply = await worker.client.request(worker.node, body, {"offsets": dict})
        committed = reply["offsets"]
        for key, offset in committed.items():
            if not isinstance(offset, int) or isinstance(offset, bool):
                raise BadAnswer(f"{worker.node} listed the committed offset of key {key} as {offset!r}, not an integer")
        offsets = worker.state.get("offsets", {})
        worker.state["offsets"] = {key: offsets.get(key, committed.get(key, -1) + 1) for key in op.value}
        return {}

    async def _poll(self, worker: Worker) -> dict[str, Any]:
        offsets = worker.state.get("offsets", {})
        reply = await worker.client.request(worker.node, {"type": "poll", "offsets": dict(offsets)}, {"msgs": dict})
        messages = reply["msgs"]
        for key, pairs in messages.items():
            if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
                text = shortened(canonical(pairs))
                raise BadAnswer(f"{worker.node} polled key {key} as {text}, which is no array of [offset, message]")
        read = {key: max(offset for offset, _ in pairs) for key, pairs in messages.items() if pairs}
        for key, offset in read.items():
            if key in offsets:
                offsets[key] = max(offsets[key], offset + 1)
            self._highest[key] = max(self._highest.get(key, -1), offset)
        done: dict[str, Any] = {"value": messages}
        if read:
            try:
                await worker.client.request(worker.node, {"type": "commit_offsets", "offsets": read})
            except OperationError as error:
                done["commit_error"] = error.text
        return done

    async def final(self, worker: Worker) -> AsyncIterator[Op]:
        """Every client polls all keys from the beginning, until it has seen the end of each or time is up."""
        end = asyncio.get_running_loop().time() + max(self.options.recovery, LEAST_FINAL)
        yield Op("assign", list(self._all_keys), final=True)
        while asyncio.get_running_loop().time() < end:
            yield Op("poll", final=True)
            offsets = worker.state.get("offsets", {})
            if offsets and all(offsets.get(key, 0) > offset for key, offset in self._highest.items()):
                break
            await asyncio.sleep(0.05)

    def check(self, history: list[Event]) -> Verdict:
        return check_logs(history)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int) and not isinstance(pair[0], bool)
