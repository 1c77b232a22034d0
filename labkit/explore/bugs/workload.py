"""Clients for scenarios: several at a time, each a little program that asks, waits for the answer, and asks again.

A program is a generator. It yields a pause in seconds, or a request `(node, message, timeout)`, and gets back the
`Operation` once it has an outcome.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator

from labkit import Cluster, Operation
from labkit.message import Message

Program = Generator[float | tuple[str, Message, float], Operation | None, None]
STEP = 0.01  # seconds between two looks at the clients


def drive(
    cluster: Cluster, programs: dict[str, Program], seconds: float, step: Callable[[], None] | None = None
) -> None:
    """Run the cluster for so many virtual seconds with these clients, by name; `step()` is called 100 times a
    second."""
    end, waiting = cluster.now + seconds, dict.fromkeys(programs, 0.0)
    asked: dict[str, Operation] = {}
    while cluster.now < end:
        for name in list(programs):
            operation = asked.get(name)
            if cluster.now < waiting[name] or (operation is not None and operation.outcome == "pending"):
                continue
            try:
                wish = programs[name].send(asked.pop(name, None))
            except StopIteration:
                del programs[name]
                continue
            if isinstance(wish, tuple):
                to, request, timeout = wish
                asked[name] = cluster.client(name).invoke(to, request, timeout=timeout)
            else:
                waiting[name] = cluster.now + wish
        if step is not None:
            step()
        cluster.advance(min(end, cluster.now + STEP))


def client_random(cluster: Cluster, name: str) -> random.Random:
    """A client's own random numbers."""
    return random.Random(f"{cluster.seed}/{name}")


def answered(operation: Operation | None) -> bool:
    """Whether a request was answered with something else than a refusal."""
    return (
        operation is not None
        and operation.outcome == "ok"
        and type(operation.reply).__name__ not in ("Refused", "Error")
    )
