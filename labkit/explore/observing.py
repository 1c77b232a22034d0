"""Observers: what happened on the way to a state, where a property is about that and not about the state alone.

An observer is an auxiliary variable in the sense of Owicki and Gries (1976): it sees some of the messages, and never
changes what the nodes do. Its value is part of the state, so that two ways to the same state count as two where the
observer can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from labkit.check import History, linearizable
from labkit.message import Message


class Observer:
    """Derive from it. `messages` are the classes that it looks at; a value is anything hashable, and `start` the first
    one. `judge` says what is wrong with a value, or None."""

    messages: tuple[type[Message], ...] = ()
    start: Any = None

    def sees(self, what: str, src: str, to: str, message: Any) -> bool:
        """Whether it looks at a message that is "sent" or "delivered"."""
        return isinstance(message, self.messages)

    def sent(self, value: Any, src: str, to: str, message: Any) -> Any:
        """The value after a message was sent."""
        return value

    def delivered(self, value: Any, src: str, to: str, message: Any) -> Any:
        """The value after a message was delivered (and changed something)."""
        return value

    def judge(self, value: Any) -> str | None:
        return None


class Call(NamedTuple):
    """An operation of a client. `seen`: how many operations of each other client had completed when it began, which is
    all that a history tells about the order of operations. `result` is a tuple of one, or empty while it is pending."""

    f: str
    value: Any
    seen: tuple[int, ...]
    result: tuple[Any, ...] = ()


class Clients(Observer):
    """The history of clients that are nodes: what they asked with messages, and what they were told.

    asks: for each class of requests a function `(f, value)` of the message; answers: for each class of answers its
    result. The value is a tuple of calls for each client. It is judged by `labkit.check.linearizable` with `model`.
    """

    def __init__(
        self,
        clients: tuple[str, ...],
        asks: dict[type[Message], Callable[[Any], tuple[str, Any]]],
        answers: dict[type[Message], Callable[[Any], Any]],
        model: str,
    ):
        self.clients, self.asks, self.answers, self.model = clients, asks, answers, model
        self.messages = (*asks, *answers)
        self.start = ((),) * len(clients)

    def sent(self, value: Any, src: str, to: str, message: Any) -> Any:
        if type(message) not in self.asks or src not in self.clients:
            return value
        mine = self.clients.index(src)
        seen = tuple(sum(bool(call.result) for call in calls) for calls in value)
        call = Call(*self.asks[type(message)](message), seen)
        return (*value[:mine], (*value[mine], call), *value[mine + 1 :])

    def delivered(self, value: Any, src: str, to: str, message: Any) -> Any:
        if type(message) not in self.answers or to not in self.clients:
            return value
        mine = self.clients.index(to)
        *before, last = value[mine]
        done = last._replace(result=(self.answers[type(message)](message),))
        return (*value[:mine], (*before, done), *value[mine + 1 :])

    def judge(self, value: Any) -> str | None:
        verdict = linearizable(History(self.events(value)), self.model)
        return verdict.text() if verdict.outcome == "violated" else None

    def events(self, value: Any) -> list[dict[str, Any]]:
        """A history with these calls in an order that fits what they had seen."""
        events: list[dict[str, Any]] = []
        for kind, k, number in in_order(value):
            call = value[k][number]
            told = call.value if kind == "invoke" or call.value is not None else call.result[0]
            events.append({"process": k, "type": kind, "f": call.f, "value": told})
        return events


def in_order(value: Any) -> Iterator[tuple[str, int, int]]:
    """The calls of clients, a tuple for each, in an order that fits what they had `seen`: as ("invoke" or "ok", the
    number of the client, the number of its call). A call completes as soon as no other has to begin before."""
    begun, done = [0] * len(value), [0] * len(value)

    def later(client: int, number: int) -> bool:
        """Whether there are calls not yet begun that had not seen this one."""
        return any(c.seen[client] <= number for k, calls in enumerate(value) for c in calls[begun[k] :])

    def may_begin(client: int) -> bool:
        calls = value[client]
        return (
            begun[client] == done[client] < len(calls)
            and all(done[k] >= seen for k, seen in enumerate(calls[begun[client]].seen))
        )  # fmt: skip

    moved = True
    while moved:
        moved = False
        for k in range(len(value)):
            if may_begin(k):
                yield "invoke", k, begun[k]
                begun[k] += 1
                moved = True
        for k, calls in enumerate(value):
            if not moved and begun[k] > done[k] and calls[done[k]].result and not later(k, done[k]):
                yield "ok", k, done[k]
                done[k] += 1
                moved = True
