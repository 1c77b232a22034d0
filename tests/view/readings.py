"""What the views of data must show, read out of a run's document in plain Python."""

import math
from typing import Any


def events(document: dict, upto: float = math.inf) -> list[tuple[Any, ...]]:
    """(seq, time, kind, node, peer, id, data) of the events until a time."""
    columns = document["events"]
    rows = zip(*(columns[name] for name in ("time", "kind", "node", "peer", "id", "data")), strict=True)
    return [(seq, *row) for seq, row in enumerate(rows) if row[0] <= upto]


def attribute(document: dict, name: str, upto: float) -> dict[str, Any]:
    """The value of an attribute at every node that is up and has it."""
    values: dict[str, Any] = {}
    for _, _, kind, node, _, _, data in events(document, upto):
        if kind in ("start", "crash"):
            values.pop(node, None)
        elif kind == "state" and name in data:
            values[node] = data[name]
    return values


def percentile(values: list[float], percent: int) -> float:
    """By the nearest rank."""
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def flights(document: dict, upto: float) -> list[float]:
    """The seconds that each message took that has arrived."""
    sent: dict[int, float] = {}
    took = []
    for _, time, kind, _, _, number, _ in events(document, upto):
        if kind in ("send", "duplicate"):
            sent[number] = time
        elif kind == "deliver":
            took.append(time - sent[number])
    return took


def operations(document: dict, upto: float) -> list[float]:
    """The seconds that each answered operation took."""
    asked: dict[tuple, float] = {}
    took = []
    for _, time, kind, node, _, number, _ in events(document, upto):
        if kind == "invoke":
            asked[node, number] = time
        elif kind == "ok":
            took.append(time - asked[node, number])
    return took


def owner(tokens: dict[str, list[int]], position: float) -> str:
    """Who owns a position of a hash ring."""
    every = sorted((token, node) for node, mine in tokens.items() for token in mine)
    return next((node for token, node in every if token >= position), every[0][1])


def shares(tokens: dict[str, list[int]], size: int) -> dict[str, float]:
    """Each node's part of a ring of whole numbers, found position by position."""
    count = dict.fromkeys(tokens, 0)
    for position in range(size):
        count[owner(tokens, position)] += 1
    return {node: many / size for node, many in count.items()}
