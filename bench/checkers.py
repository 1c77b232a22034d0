"""The checkers of histories: beside a plain Wing and Gong search on small histories, and on big ones in seconds."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from labkit.check import History, consistent, linearizable, serializable
from labkit.check.models import CasRegister

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


def plain_wing_gong(history: History) -> bool:
    """Wing and Gong 1993, section 4, without any memory of what was tried."""
    model = CasRegister()
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10 * len(history) + 1_000))

    def linearize(left: list[Any], state: Any) -> bool:
        if not left:
            return True
        first = min(op.completed for op in left)
        for op in left:
            if op.invoked < first:
                after = model.step(state, op.f, op.value, op.result)
                if after is not None and linearize([other for other in left if other is not op], after):
                    return True
        return False

    return linearize(list(history), model.start)


def seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def beside_wing_gong(operations: int, clients: int, wrong: bool, histories: int = 10) -> float:
    """How many times faster the same verdicts come. `wrong`: the last read has a value that nobody wrote."""
    end = [{"process": -1, "type": kind, "f": "read", "key": 0, "value": "?"} for kind in ("invoke", "ok")]
    sample = [
        History(register(operations, clients, 3, seed=seed) + (end if wrong else [])) for seed in range(histories)
    ]
    plain = seconds(lambda: [plain_wing_gong(history) for history in sample])
    return plain / seconds(lambda: [linearizable(history, "cas-register") for history in sample])


def jobs() -> Iterator[tuple[str, str, Callable[[], float]]]:
    """What is to be run: name, unit, and the call that measures it once."""
    for operations, clients, wrong in ((100, 5, False), (200, 6, False), (12, 4, True)):
        what = f"register, {operations} operations, {clients} clients, {'not ' if wrong else ''}linearizable"
        work = partial(beside_wing_gong, operations, clients, wrong)
        yield f"{what}: beside plain Wing and Gong", "times faster", work
    for what, values in (("few values", 5), ("many values", 10**9)):
        history = History(register(10_000, 20, values))
        name = f"linearizable register, 10,000 operations, 20 clients: {what}"
        yield name, "s", partial(seconds, partial(linearizable, history, "cas-register"))
    store = History(register(10_000, 50, 5, keys=10))
    name = "linearizable store, 10 keys, 10,000 operations, 50 clients"
    yield name, "s", partial(seconds, partial(linearizable, store, "kv"))
    some = History(register(500, 5, 10**9, keys=3))
    yield "causal store, 500 operations, 5 clients", "s", partial(seconds, partial(consistent, some, "kv", "causal"))
    lists = History(appends(3_000, 10, 30))
    yield "serializable lists, 3,000 transactions", "s", partial(seconds, partial(serializable, lists))
