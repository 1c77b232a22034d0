"""Scripts: what clients ask of a cluster, as data, so that a search of everything can choose when they ask.

A client asks its first request at any time, and each later one at any time after it was told the last answer. It never
gives up: a request whose answer does not come stays pending, as its outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.explore.freezing import freeze
from labkit.explore.observing import Observer, in_order
from labkit.message import Message

if TYPE_CHECKING:
    from labkit.client import Operation
    from labkit.cluster import Cluster

STEP = 0.001  # virtual seconds between two events of a history whose times are made up


class Ask(NamedTuple):
    """A request of a client: to whom, and the message."""

    to: str
    message: Message


class Script(dict[str, tuple[Ask, ...]]):
    """What each client asks, one request after the other. As a scenario, it lets each ask as soon as it can::

        Script(
            c1=[("n1", Write(key="x", value="1"))],
            c2=[("n1", Read(key="x")), ("n2", Read(key="x"))],
        )

    Raises LabkitError if a request is no pair of a node's id and a message.
    """

    def __init__(self, clients: Mapping[str, Iterable[Any]] | None = None, **more: Iterable[Any]):
        super().__init__()
        for id, requests in {**(clients or {}), **more}.items():
            self[id] = tuple(_ask(id, request) for request in requests)

    @property
    def __name__(self) -> str:
        return "script"

    def __call__(self, cluster: Cluster) -> None:
        """Drive a cluster: each client asks as soon as it has its last answer, or has waited for it for 1 s."""
        left = {id: list(requests) for id, requests in self.items() if requests}
        pending: dict[str, Operation] = {}
        while left or pending:
            for id in [id for id in left if id not in pending]:
                request = left[id].pop(0)
                pending[id] = cluster.client(id).invoke(*request)
                if not left[id]:
                    del left[id]
            cluster.run(until=partial(_any_over, list(pending.values())), limit=3.0)
            pending = {id: asked for id, asked in pending.items() if asked.outcome == "pending"}

    @classmethod
    def of(cls, trace: Trace) -> Script:
        """What the clients of a run asked."""
        asked: dict[str, list[Ask]] = {}
        for event in trace.select("invoke"):
            asked.setdefault(str(event.node), []).append(Ask(str(event.peer), event.data))
        return cls(asked)

    def check(self, nodes: Sequence[str]) -> None:
        """Raises LabkitError if it asks a node that there is not, or a client is one."""
        for id, requests in self.items():
            if id in nodes:
                raise LabkitError(f"{id} is a node: give the client a name of its own, such as 'c1'")
            for to, message in requests:
                if to not in nodes:
                    raise LabkitError(f"{id} asks {to!r} ({message!r}), but the nodes are {', '.join(nodes)}")

    def words(self) -> str:
        """Who asks what, in words."""
        asked = (
            f"{id} asks {', then '.join(f'{message!r} of {to}' for to, message in requests)}"
            for id, requests in self.items()
        )
        return "; ".join(asked)

    def __repr__(self) -> str:
        parts = (f"{id!r}: {[tuple(request) for request in requests]!r}" for id, requests in self.items())
        return f"Script({{{', '.join(parts)}}})"


def _any_over(asked: list[Operation], cluster: Cluster) -> bool:
    return any(operation.outcome != "pending" for operation in asked)


def _ask(id: str, request: Any) -> Ask:
    if isinstance(request, tuple) and len(request) == 2:
        to, message = request
        if isinstance(to, str) and isinstance(message, Message):
            return Ask(to, message)
    raise LabkitError(f'{id} cannot ask {request!r}: give whom and what, as in ("n1", Read(key="x"))')


class Told(NamedTuple):
    """One operation of a client in a `Record`. `seen`: how many operations of each client had completed when it began;
    `result`: empty while it is pending, then the number of the answer."""

    seen: tuple[int, ...]
    result: tuple[int, ...] = ()


Check = Callable[[Trace], str | None]


class Record(Observer):
    """The history of the clients of a script. Judged by `check(trace)`, of a trace that has their operations alone."""

    def __init__(self, script: Script, check: Check):
        self.script, self.check = script, check
        self.ids = tuple(script)
        self.start = ((),) * len(script)
        self._answers: list[Message] = []
        self._numbers: dict[Any, int] = {}

    def sees(self, what: str, src: str, to: str, message: Any) -> bool:
        return (src if what == "sent" else to) in self.script

    def sent(self, value: Any, src: str, to: str, message: Any) -> Any:
        mine = self.ids.index(src)
        seen = tuple(sum(bool(told.result) for told in calls) for calls in value)
        return (*value[:mine], (*value[mine], Told(seen)), *value[mine + 1 :])

    def delivered(self, value: Any, src: str, to: str, message: Any) -> Any:
        mine, number = self.ids.index(to), self._numbers.setdefault(freeze(message), len(self._answers))
        if number == len(self._answers):
            self._answers.append(message)
        *before, last = value[mine]
        return (*value[:mine], (*before, last._replace(result=(number,))), *value[mine + 1 :])

    def judge(self, value: Any) -> str | None:
        if not any(told.result for calls in value for told in calls):
            return None
        return self.check(history_trace(self._events(value), self.script))

    def _events(self, value: Any) -> Iterator[tuple[str, str, int, Any]]:
        for kind, k, number in in_order(value):
            answer = self._answers[value[k][number].result[0]] if kind == "ok" else None
            yield kind, self.ids[k], number, answer


def history_trace(events: Iterable[tuple[str, str, int, Any]], script: Script) -> Trace:
    """A trace with operations of clients alone, from ("invoke" or "ok", the client, which of its requests, answer)."""
    trace = Trace(nodes=())
    for kind, id, number, answer in events:
        to, request = script[id][number]
        trace.now += STEP
        trace.record((trace.now, kind, id, to, number + 1, None, request if kind == "invoke" else answer))
    return trace
