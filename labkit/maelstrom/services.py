"""The services that every network offers to its nodes: lin-kv, seq-kv, lww-kv and lin-tso.

After Maelstrom's published description (doc/services.md). A service answers a request body with a body. Each of them
keeps exactly the promise in its name, and no more: seq-kv answers from the past where that is allowed, and lww-kv loses
updates, so that a node that needs more is found out.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any, Protocol

from labkit.maelstrom.protocol import MALFORMED, NO_SUCH_KEY, NOT_SUPPORTED, PRECONDITION_FAILED, Body, canonical

Values = dict[str, Any]  # canonical JSON of the key -> value
HISTORY = 32  # past states that seq-kv may still answer from
REPLICAS = 5  # of lww-kv
NEEDS = {"read": ("key",), "write": ("key", "value"), "cas": ("key", "from", "to")}


class Service(Protocol):
    def answer(self, client: str, request: Body) -> Body: ...


def error(code: int, text: str) -> Body:
    return {"type": "error", "code": code, "text": text}


def refusal(request: Body) -> Body | None:
    """Why a key-value store cannot understand a request, if it cannot."""
    kind = request.get("type")
    if kind not in NEEDS:
        return error(NOT_SUPPORTED, f"this service understands read, write and cas, not {kind!r}")
    missing = [field for field in NEEDS[kind] if field not in request]
    return error(MALFORMED, f"a {kind} needs the field {missing[0]!r}") if missing else None


def change(values: Values, request: Body) -> tuple[tuple[str, Any] | None, Body]:
    """What a request changes in a key-value store (a key and its new value, or nothing), and the answer."""
    key = canonical(request["key"])
    if request["type"] == "write":
        return (key, request["value"]), {"type": "write_ok"}
    if request["type"] == "read":
        if key in values:
            return None, {"type": "read_ok", "value": values[key]}
        return None, error(NO_SUCH_KEY, f"key {key} does not exist")
    if key not in values:
        if request.get("create_if_not_exists") is True:
            return (key, request["to"]), {"type": "cas_ok"}
        return None, error(NO_SUCH_KEY, f"key {key} does not exist")
    if canonical(values[key]) != canonical(request["from"]):
        text = f"current value {canonical(values[key])} is not {canonical(request['from'])}"
        return None, error(PRECONDITION_FAILED, text)
    return (key, request["to"]), {"type": "cas_ok"}


class LinearizableKV:
    """One copy, one request at a time."""

    def __init__(self) -> None:
        self.values: Values = {}

    def answer(self, client: str, request: Body) -> Body:
        if refused := refusal(request):
            return refused
        update, answer = change(self.values, request)
        if update:
            self.values[update[0]] = update[1]
        return answer


class SequentialKV:
    """One order of all requests, and each client sees it move forwards; but a client may lag behind.

    A request that changes nothing may be answered from any of the last states that its client has not passed yet.
    """

    def __init__(self, draw: random.Random):
        self._draw = draw
        self._states: deque[Values] = deque([{}], maxlen=HISTORY)
        self._last = 0  # the number of the newest state
        self._seen: dict[str, int] = {}

    def answer(self, client: str, request: Body) -> Body:
        if refused := refusal(request):
            return refused
        oldest = self._last - len(self._states) + 1
        number = self._draw.randint(max(self._seen.get(client, 0), oldest), self._last)
        state = self._states[number - oldest]
        update, answer = change(state, request)
        if update and not (update[0] in state and canonical(state[update[0]]) == canonical(update[1])):
            state = self._states[-1]
            update, answer = change(state, request)
            self._last += 1
            self._states.append({**state, update[0]: update[1]} if update else state)
            number = self._last
        self._seen[client] = number
        return answer


class LastWriteWinsKV:
    """Replicas that answer each on its own and merge now and then, keeping the value with the higher timestamp."""

    def __init__(self, draw: random.Random):
        self._draw = draw
        self._replicas: list[dict[str, tuple[int, Any]]] = [{} for _ in range(REPLICAS)]
        self._clocks = [0] * REPLICAS

    def answer(self, client: str, request: Body) -> Body:
        if refused := refusal(request):
            return refused
        self._merge(self._draw.randrange(REPLICAS), self._draw.randrange(REPLICAS))
        chosen = self._draw.randrange(REPLICAS)
        replica = self._replicas[chosen]
        update, answer = change({key: value for key, (_, value) in replica.items()}, request)
        if update:
            replica[update[0]] = (self._clocks[chosen], update[1])
            self._clocks[chosen] += 1
        return answer

    def _merge(self, source: int, target: int) -> None:
        self._clocks[target] = max(self._clocks[source], self._clocks[target])
        into = self._replicas[target]
        for key, (time, value) in self._replicas[source].items():
            if key not in into or (into[key][0], canonical(into[key][1])) < (time, canonical(value)):
                into[key] = (time, value)


class LinearizableTSO:
    """A timestamp oracle: 0, 1, 2, ..."""

    def __init__(self) -> None:
        self.next = 0

    def answer(self, client: str, request: Body) -> Body:
        if request.get("type") != "ts":
            return error(NOT_SUPPORTED, f"this service understands ts, not {request.get('type')!r}")
        self.next += 1
        return {"type": "ts_ok", "ts": self.next - 1}


def all_services(stream: Any) -> dict[str, Service]:
    """The services by their ids; `stream(name)` gives random numbers of that name."""
    return {
        "lin-kv": LinearizableKV(),
        "seq-kv": SequentialKV(stream("seq-kv")),
        "lww-kv": LastWriteWinsKV(stream("lww-kv")),
        "lin-tso": LinearizableTSO(),
    }
