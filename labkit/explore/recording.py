"""Recordings: what the clients of a run asked, and when, as data. A recording drives a cluster in place of the
scenario that it was written down from, so that single requests can be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from labkit.client import Operation
from labkit.cluster import Cluster
from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.errors import LabkitError
from labkit.message import Message


class Request(NamedTuple):
    """At `time` (virtual seconds) a client asks a node, and waits for the answer for `timeout` seconds at most."""

    time: float
    client: str
    to: str
    message: Message
    timeout: float

    def __repr__(self) -> str:
        return repr(tuple(self))


class Recording:
    """A scenario as data: the requests of all clients, and how many virtual `seconds` the run takes in all.

    A client that still waits for an answer asks its next question as soon as it has it. Raises LabkitError where the
    values make no request.
    """

    __slots__ = ("requests", "seconds")

    def __init__(self, requests: Iterable[Any] = (), seconds: float = 5.0):
        self.requests = tuple(sorted(map(_request, requests), key=lambda request: request.time))
        self.seconds = seconds

    def __call__(self, cluster: Cluster) -> None:
        """Drive a cluster."""
        left = list(self.requests)
        asked: dict[str, Operation] = {}
        while cluster.now < self.seconds:
            busy = {client: operation for client, operation in asked.items() if operation.outcome == "pending"}
            place = next((n for n, request in enumerate(left) if request.client not in busy), None)
            if place is not None and left[place].time <= cluster.now:
                _, client, to, message, timeout = left.pop(place)
                asked[client] = cluster.client(client).invoke(to, message, timeout=timeout)
                continue
            end = self.seconds if place is None else min(self.seconds, left[place].time)
            late = {request.client for request in left if request.time < end} & busy.keys()
            cluster.advance(end, _any_over([busy[client] for client in late]) if late else None)

    def __repr__(self) -> str:
        lines = "".join(f"    {request!r},\n" for request in self.requests)
        return f"Recording([\n{lines}], seconds={self.seconds!r})" if lines else f"Recording(seconds={self.seconds!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and (self.requests, self.seconds) == (other.requests, other.seconds)

    def __hash__(self) -> int:
        return hash(repr(self))

    def document(self) -> dict[str, Any]:
        """The recording as JSON data."""
        return {"requests": [[*r[:3], plain(r.message), r.timeout] for r in self.requests], "seconds": self.seconds}


def _any_over(operations: list[Operation]) -> Callable[[], bool]:
    return lambda: any(operation.outcome != "pending" for operation in operations)


def _request(entry: Any) -> Request:
    try:
        request = Request(*entry)
        numbers = all(isinstance(n, int | float) and n >= 0 for n in (request.time, request.timeout))
        if not (numbers and isinstance(request.client, str) and isinstance(request.to, str)):
            raise TypeError
        if not isinstance(request.message, Message):
            raise TypeError
    except TypeError:
        raise LabkitError(
            f"{entry!r} is no request: give (time, client, node, message, timeout), "
            'as in (0.5, "c1", "n2", Get(key="x"), 0.4)'
        ) from None
    return request


def written_down(trace: Trace, seconds: float) -> Recording:
    """What the clients asked in a run, as far as it went in so many seconds. How long a client would have waited for
    an answer that came, nobody knows: as long as it waited at most for one that did not come."""
    ends = {(event.node, event.id): event for event in trace.select("ok", "info")}
    asked = [event for event in trace.select("invoke") if event.time < seconds]
    patience: dict[str | None, float] = {}
    for event in asked:
        end = ends.get((event.node, event.id))
        if end is not None and end.kind == "info":
            patience[event.node] = max(patience.get(event.node, 0.0), end.time - event.time)
    return Recording(_asked(asked, ends, patience), seconds)


def _asked(asked: list[Any], ends: dict[Any, Any], patience: dict[Any, float]) -> Iterator[Request]:
    for event in asked:
        end = ends.get((event.node, event.id))
        if end is not None and end.kind == "info":
            timeout = end.time - event.time
        else:
            timeout = patience.get(event.node, max(patience.values(), default=1.0))
            if end is not None:
                timeout = max(timeout, 2 * (end.time - event.time))
        yield Request(event.time, str(event.node), str(event.peer), event.data, round(timeout, 6))
