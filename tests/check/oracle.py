"""Small histories made at random, and slow judges of them that try everything."""

from itertools import permutations
from random import Random

from labkit.check import History
from labkit.check.models import find, start_of

ASKED = {
    "register": lambda rng: rng.choice([("read", None), ("write", rng.randrange(3))]),
    "cas-register": lambda rng: rng.choice(
        [("read", None), ("write", rng.randrange(3)), ("cas", [rng.randrange(3), rng.randrange(3)])]
    ),
    "kv": lambda rng: rng.choice([("get", None), ("put", "a"), ("append", rng.choice("ab")), ("delete", None)]),
    "set": lambda rng: rng.choice([("read", None), (rng.choice(["add", "remove", "contains"]), rng.randrange(2))]),
    "queue": lambda rng: rng.choice([("dequeue", None), ("dequeue", None), ("enqueue", rng.randrange(3))]),
    "lock": lambda rng: (rng.choice(["acquire", "release"]), None),
    "mutex": lambda rng: (rng.choice(["acquire", "release"]), None),
}


class TrueObject:
    """An object that answers each request at one instant, as its model says."""

    def __init__(self):
        self.values, self.items, self.queue, self.owner = None, set(), [], None

    def apply(self, f, value, process):
        """What the request gets back; False says that it is refused."""
        if f in ("read", "get"):
            return sorted(self.items) if self.items or value == "set" else self.values
        if f in ("write", "put"):
            self.values = value
        elif f == "delete":
            self.values = None
        elif f == "append":
            self.values = value if self.values is None else self.values + value
        elif f == "cas":
            equal = self.values == value[0]
            self.values = value[1] if equal else self.values
            return equal
        elif f == "add":
            self.items.add(value)
        elif f == "remove":
            self.items.discard(value)
        elif f == "contains":
            return value in self.items
        elif f == "enqueue":
            self.queue.append(value)
        elif f == "dequeue":
            return self.queue.pop(0) if self.queue else None
        elif f == "acquire":
            granted = self.owner is None
            self.owner = process if granted else self.owner
            return granted
        elif f == "release":
            held = self.owner is not None
            self.owner = None if held else self.owner
            return held
        return None


def events_of(model, rng: Random, operations: int, clients: int = 3, keys: int = 1, lost: float = 0.2):
    """The events of clients that use a true object for each key, with answers that come late, or never."""
    objects = [TrueObject() for _ in range(keys)]
    waiting: dict[int, list] = {}
    events, asked = [], 0
    while asked < operations or waiting:
        process = rng.randrange(clients)
        if process not in waiting:
            if asked < operations:
                f, value = ASKED[model](rng)
                key = rng.randrange(keys)
                asked += 1
                waiting[process] = [f, key, value, "sent", None]
                events.append({"process": process, "type": "invoke", "f": f, "key": key, "value": value})
            continue
        f, key, value, stage, _ = waiting[process]
        thing = objects[key]
        if stage == "sent":
            if model == "mutex" and f == "release" and thing.owner != process:
                result = False
            else:
                result = thing.apply(f, "set" if model == "set" and f == "read" else value, process)
            waiting[process][3:] = ["done", result] if rng.random() > lost / 2 else ["lost", None]
            if rng.random() < lost / 4:  # it never took effect, as far as anybody knows: try again, as another process
                waiting[process][3:] = ["lost", None]
        else:
            del waiting[process]
            event = {"process": process, "type": "info", "f": f, "key": key}
            if stage == "done":
                event |= {"type": "ok", "value": value}
                result = _
                if f in ("read", "get", "dequeue"):
                    event["value"] = result
                elif result is not None:
                    event["result"] = result
            events.append(event)
    return events


def spoilt(events, rng: Random):
    """The same events, with one thing changed: an answer, an order, or whether there is an answer."""
    events = [dict(event) for event in events]
    answers = [n for n, event in enumerate(events) if event["type"] == "ok"]
    if not answers:
        return events
    n = rng.choice(answers)
    change = rng.randrange(3)
    if change == 0:
        others = [event for event in events if event["type"] == "ok" and event["f"] == events[n]["f"]]
        other = rng.choice(others)
        events[n] |= {name: other[name] for name in ("value", "result") if name in other and name in events[n]}
        if "result" in events[n] and rng.random() < 0.5:
            events[n]["result"] = not events[n]["result"]
    elif change == 1:
        events[n] = {key: events[n][key] for key in ("process", "f", "key")} | {"type": rng.choice(["info", "fail"])}
    else:
        start = max(i for i in range(n) if events[i]["process"] == events[n]["process"])
        events.insert(rng.randrange(start + 1, n + 1), events.pop(n))  # its answer came earlier
    return events


def linearizable_by_trying(history: History, model: str) -> bool:
    """Every order of every subset of the operations without an answer, key by key."""
    judge = find(model, history)
    for key in {op.key for op in history}:
        mine = [op for op in history if op.key == key and op.type != "fail"]
        if not _some_order(mine, judge, start_of(judge), frozenset()):
            return False
    return True


def _some_order(operations, judge, state, done):
    left = [op for op in operations if op not in done]
    if all(op.completed is None for op in left):
        return True
    first = min(op.completed for op in left if op.completed is not None)
    for op in left:
        if op.invoked < first:
            after = judge.step(state, op.f, judge.argument(op), op.result)
            if after is not None and _some_order(operations, judge, after, done | {op}):
                return True
    return False


__all__ = ["ASKED", "events_of", "linearizable_by_trying", "permutations", "spoilt"]
