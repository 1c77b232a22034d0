"""Histories to be judged, of the shapes that people have: registers, stores, transactions, and timeouts."""

import random
from typing import Any

Event = dict[str, Any]


def register(operations: int, clients: int, values: int, *, keys: int = 1, seed: int = 1) -> list[Event]:
    """The events of clients that read, write, and compare and set registers which answer after a random while."""
    rng = random.Random(seed)
    state: dict[int, int | None] = dict.fromkeys(range(keys))
    waiting: dict[int, list[Any]] = {}
    events: list[Event] = []
    while operations or waiting:
        process = rng.randrange(clients)
        if process not in waiting:
            if operations:
                operations -= 1
                f, key = rng.choice(["read", "read", "write", "cas"]), rng.randrange(keys)
                value: Any = {
                    "read": None,
                    "write": rng.randrange(values),
                    "cas": [rng.randrange(values) for _ in "on"],
                }[f]
                waiting[process] = [f, key, value, None]
                events.append({"process": process, "type": "invoke", "f": f, "key": key, "value": value})
            continue
        f, key, value, answer = waiting[process]
        if answer is None:
            answer = {"type": "ok"}
            if f == "read":
                answer["value"] = state[key]
            elif f == "write" or state[key] == value[0]:
                state[key] = value if f == "write" else value[1]
            else:
                answer["result"] = False
            waiting[process][3] = answer
        else:
            events.append({"process": process, "f": f, "key": key, "value": value} | answer)
            del waiting[process]
    return events


def appends(transactions: int, clients: int, keys: int, seed: int = 1) -> list[Event]:
    """The events of transactions that take effect at once, of three reads or appends each."""
    rng = random.Random(seed)
    state: dict[int, list[int]] = {key: [] for key in range(keys)}
    events: list[Event] = []
    for number in range(transactions):
        steps: list[Any] = []
        for part in range(3):
            key = rng.randrange(keys)
            if rng.random() < 0.5:
                steps.append(["r", key, list(state[key])])
            else:
                state[key].append(3 * number + part)
                steps.append(["append", key, 3 * number + part])
        asked = [[f, key, None if f == "r" else value] for f, key, value in steps]
        process = number % clients
        events.append({"process": process, "type": "invoke", "f": "txn", "value": asked})
        events.append({"process": process, "type": "ok", "f": "txn", "value": steps})
    return events


def store(operations: int, clients: int, keys: int, seed: int = 1) -> list[Event]:
    """The events of clients of different speed that get, append to and now and then put the strings of a store, all
    busy all the time: the shape of the histories of 50 clients that Porcupine is tested with."""
    rng = random.Random(seed)
    state: dict[str, str] = {}
    waiting: dict[int, list[Any]] = {}
    speeds, serials = [rng.uniform(0.3, 2) for _ in range(clients)], [0] * clients
    events: list[Event] = []
    while operations or waiting:
        (process,) = rng.choices(range(clients), speeds)
        if process not in waiting:
            if operations:
                operations -= 1
                f, key = rng.choices(["get", "append", "put"], [47, 47, 6])[0], str(rng.randrange(keys))
                value = None if f == "get" else f"x {process} {serials[process]} y"
                serials[process] += 1
                waiting[process] = [f, key, value, False]
                events.append({"process": process, "type": "invoke", "f": f, "key": key, "value": value})
            continue
        f, key, value, done = waiting[process]
        if not done:
            if f != "get":
                state[key] = value if f == "put" else state.get(key, "") + value
            waiting[process] = [f, key, state.get(key) if f == "get" else value, True]
        else:
            events.append({"process": process, "type": "ok", "f": f, "key": key, "value": value})
            del waiting[process]
    return events


def timeouts(operations: int, clients: int, stale: float, seed: int) -> list[Event]:
    """The events of clients of a register of five values, of which many time out and go on under a new name, as in
    Jepsen's histories of etcd. stale: how likely a read returns what was there before the last change."""
    rng = random.Random(seed)
    now, old = None, None
    waiting: dict[int, list[Any]] = {}
    names = list(range(clients))
    lost: list[list[Any]] = []
    events: list[Event] = []

    def take_effect(request: list[Any]) -> None:
        nonlocal now, old
        f, value = request[1], request[2]
        if f == "read":
            request[3] = {"type": "ok", "value": old if rng.random() < stale else now}
        elif f == "write" or now == value[0]:
            old, now = now, value if f == "write" else value[1]
            request[3] = {"type": "ok", "value": value}
        else:
            request[3] = {"type": "ok", "value": value, "result": False}

    while operations or waiting:
        client = rng.randrange(clients)
        if lost and rng.random() < 0.02:
            take_effect(lost.pop(rng.randrange(len(lost))))
        if client not in waiting:
            if operations:
                operations -= 1
                f = rng.choice(["read", "write", "cas"])
                value: Any = {"read": None, "write": rng.randrange(5), "cas": [rng.randrange(5), rng.randrange(5)]}[f]
                waiting[client] = [names[client], f, value, None]
                events.append({"process": names[client], "type": "invoke", "f": f, "value": value})
            continue
        name, f, value, answer = request = waiting[client]
        if answer is not None:
            events.append({"process": name, "f": f} | answer)
            del waiting[client]
        elif f == "read" or rng.random() < 0.7:
            take_effect(request)
        else:
            events.append({"process": name, "type": "info", "f": f, "value": "timed out"})
            lost.append(request)
            names[client] += clients
            del waiting[client]
    return events
