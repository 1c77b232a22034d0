"""A client: sends a request to a node, and waits for the answer with its `msg_id`."""

from __future__ import annotations

import asyncio
from typing import Any

from labkit.maelstrom.network import Network
from labkit.maelstrom.protocol import TIMEOUT, Body, Message, canonical, is_definite, name_of, shortened


class OperationError(Exception):
    """An operation that did not succeed. Definite: it did not happen and never will."""

    def __init__(self, code: int | None, text: str, definite: bool):
        super().__init__(text)
        self.code, self.text, self.definite = code, text, definite


class BadAnswer(Exception):
    """An answer that breaks the protocol of the workload. The text says how."""


class Client:
    """One client on the network, with one request at a time."""

    def __init__(self, id: str, network: Network, timeout: float):
        self.id, self.network, self.timeout = id, network, timeout
        self.unaddressed = 0  # messages that came without in_reply_to
        self._next = 0
        self._awaited: tuple[int, asyncio.Future[Body]] | None = None
        network.join(id, self._receive)

    def close(self) -> None:
        self.network.leave(self.id)

    async def call(self, node: str, body: Body, *, timeout: float | None = None) -> Body:
        """The answer's body. Raises OperationError when it is an error, or does not come in time."""
        self._next += 1
        number, limit = self._next, self.timeout if timeout is None else timeout
        answer: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        self._awaited = (number, answer)
        self.network.send(self.id, node, {**body, "msg_id": number})
        try:
            reply = await asyncio.wait_for(answer, limit)
        except TimeoutError:
            raise OperationError(TIMEOUT, f"{node} did not answer within {limit:g} s", False) from None
        finally:
            self._awaited = None
        if reply.get("type") == "error":
            code, text = reply.get("code"), reply.get("text")
            if not isinstance(code, int) or isinstance(code, bool):
                raise BadAnswer(f"the error has no integer 'code': {shortened(canonical(reply))}")
            said = f"{name_of(code)}{f': {text}' if text else ''}"
            raise OperationError(code, said, is_definite(code))
        return reply

    async def request(self, node: str, body: Body, fields: dict[str, Any] | None = None, **options: Any) -> Body:
        """`call`, and see that the answer is of the right type and has `fields` (name -> type or None for any).

        Raises BadAnswer if it is not, besides what `call` raises.
        """
        reply = await self.call(node, body, **options)
        wanted = f"{body['type']}_ok"
        if "type" not in reply:
            raise BadAnswer(_unlike(node, body, reply, f"it has no field 'type', which should be {wanted!r}"))
        if reply["type"] != wanted:
            raise BadAnswer(_unlike(node, body, reply, f"its type is {reply['type']!r}, not {wanted!r}"))
        for field, kind in (fields or {}).items():
            if field not in reply:
                raise BadAnswer(_unlike(node, body, reply, f"it has no field {field!r}"))
            value = reply[field]
            if kind is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                raise BadAnswer(_unlike(node, body, reply, f"its {field!r} is not {_KINDS[kind]}"))
        return reply

    def _receive(self, message: Message) -> None:
        if self._awaited is None:
            return
        number, answer = self._awaited
        reply = message.body.get("in_reply_to")
        if reply is None:
            self.unaddressed += 1
        elif reply == number and not isinstance(reply, bool) and not answer.done():
            answer.set_result(message.body)


_KINDS = {int: "an integer", list: "an array", dict: "an object", str: "a string"}


def _unlike(node: str, request: Body, reply: Body, why: str) -> str:
    return f"{node} answered {shortened(canonical(request))} with {shortened(canonical(reply))}: {why}"
