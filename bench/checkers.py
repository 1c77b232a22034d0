"""The checkers of histories: beside a plain Wing and Gong search on small histories, and on big ones in seconds."""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.histories import appends, register, store, timeouts
from bench.measure import time_once
from bench.peers import BARE
from labkit.check import History, consistent, linearizable, serializable
from labkit.check.models import CasRegister

BARE_EVENTS = 300_000
SPOILT = [{"process": -1, "type": kind, "f": "read", "key": 0, "value": "?"} for kind in ("invoke", "ok")]


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
    sample = [
        History(register(operations, clients, 3, seed=seed) + (SPOILT if wrong else [])) for seed in range(histories)
    ]
    plain = seconds(lambda: [plain_wing_gong(history) for history in sample])
    return plain / seconds(lambda: [linearizable(history, "cas-register") for history in sample])


def jobs() -> Iterator[tuple[str, str, Callable[[], float]]]:
    """What is to be run: name, unit, and the call that measures it once."""
    for operations, clients, wrong in ((100, 5, False), (200, 6, False), (12, 4, True)):
        what = f"register, {operations} operations, {clients} clients, {'not ' if wrong else ''}linearizable"
        work = partial(beside_wing_gong, operations, clients, wrong)
        yield f"{what}: beside plain Wing and Gong", "times faster", work
    for _, name, judge, _, _ in judged():
        yield name, "s", partial(seconds, judge)


def judged() -> Iterator[tuple[int, str, Callable[[], Any], str, float | None]]:
    """What is to be judged: operations, name, the call, the verdict, and the seconds that it may take on a quiet
    machine, if that is set."""

    def linear(events: list[Any], name: str, model: str, outcome: str, limit: float | None) -> Any:
        history = History(events)
        return len(history), f"linearizable {name}", partial(linearizable, history, model), outcome, limit

    for what, values in (("few values", 5), ("many values", 10**9)):
        ten, hundred = register(10_000, 20, values), register(100_000, 5, values)
        yield linear(ten, f"register, 10,000 operations, 20 clients: {what}", "cas-register", "holds", 0.5)
        yield linear(hundred, f"register, 100,000 operations, 5 clients: {what}", "cas-register", "holds", 1.5)
    middle = register(10_000, 20, 10**9)
    reads = [event for event in middle if event["type"] == "ok" and event["f"] == "read" and event["value"] is not None]
    reads[len(reads) // 2]["value"] = reads[len(reads) // 2 - 100]["value"]
    name = "register, 10,000 operations, 20 clients: a stale read in the middle"
    yield linear(middle, name, "cas-register", "violated", None)
    yield linear(store(1_712, 50, 10), "store of strings, 1,712 operations, 50 clients", "kv", "holds", 0.4)
    wrong = store(1_712, 50, 10)
    last = next(n for n in reversed(range(len(wrong))) if wrong[n]["type"] == "ok" and wrong[n]["f"] == "get")
    wrong[last]["value"] = "x 1 1 y"
    yield linear(wrong, "store of strings, 1,712 operations, 50 clients: wrong at the end", "kv", "violated", None)
    yield linear(register(10_000, 50, 5, keys=10), "store, 10 keys, 10,000 operations, 50 clients", "kv", "holds", None)
    etcd = [History(timeouts(85, 5, 0.1 if seed % 4 else 0.0, seed)) for seed in range(102)]
    name = "registers with timeouts, 102 histories of 85 operations, 5 clients (as large as those of etcd)"
    yield 102 * 85, f"linearizable {name}", partial(verdicts, etcd), "", 0.67
    some, lists = History(register(500, 5, 10**9, keys=3)), History(appends(3_000, 10, 30))
    yield 500, "causal store, 500 operations, 5 clients", partial(consistent, some, "kv", "causal"), "", None
    yield 3_000, "serializable lists, 3,000 transactions", partial(serializable, lists), "holds", None


def verdicts(histories: list[History]) -> None:
    """Judge them all; some hold, some do not, and none stays open."""
    outcomes = {linearizable(history, "cas-register").outcome for history in histories}
    assert outcomes == {"holds", "violated"}, outcomes


def main() -> None:
    """Print how long each verdict takes, and for each operation how many times longer than a message of the bare heap
    loop of the same run."""
    table = Table(title="Verdicts on histories", title_justify="left", box=None)
    for heading in ("history", "seconds", "at most", "an operation / a bare message"):
        table.add_column(heading, justify="left" if heading == "history" else "right")
    for operations, name, judge, outcome, limit in judged():
        bare = min(time_once(BARE, 5, BARE_EVENTS) for _ in range(3))
        gc.collect()
        took = min(seconds(judge) for _ in range(3))
        assert not outcome or judge().outcome == outcome, name
        table.add_row(name, f"{took:.3f}", f"{limit:g}" if limit else "", f"{took * 1e9 / operations / bare:.1f}")
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
