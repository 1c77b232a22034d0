"""A client from outside: a plain, synchronous connection to one node, for scripts, notebooks and the command line."""

from __future__ import annotations

import asyncio
import secrets
from itertools import count
from pathlib import Path
from typing import Any

from labkit.errors import LabkitError, NodeDown
from labkit.message import Message, by_value
from labkit.transport.aside import aside
from labkit.transport.connection import Refused
from labkit.transport.frames import Codec, Unreadable
from labkit.transport.tcp import Address, Endpoint, plainly
from labkit.transport.tls import Tls


def connect(address: str | Address, *, id: str | None = None, tls: str | Path | None = None) -> Remote:
    """A client's connection to a node at "host:port".

    id: the client's own, by default one of chance. tls: the directory with its certificates, if the node wants one.
    Raises LabkitError if nobody answers there, or the node refuses.
    """
    return Remote(parse_address(address) if isinstance(address, str) else address, id, tls)


class Remote:
    """A node in another process, as a client sees it::

    with connect("127.0.0.1:7001") as node:
        node.call(Get(key="x"))
    """

    def __init__(self, address: Address, id: str | None, tls: str | Path | None):
        self.id = id or f"client-{secrets.token_hex(4)}"
        self.node = ""  # the id of the node at the other end
        self._loop = asyncio.new_event_loop()
        self._numbers = count(1)
        self._codec = Codec((), "")
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        try:
            certificates = Tls(tls, self.id) if tls is not None else None
            self._endpoint = Endpoint(
                self.id, {"": address}, received=self._received, tls=certificates, loop=self._loop
            )
            self._connection = self._run(self._endpoint.connect(""))
        except (OSError, LabkitError) as error:
            self._give_up()
            hint = "; if it talks TLS, so must you" if isinstance(error, Refused) and tls is None else ""
            raise LabkitError(f"cannot connect to {address[0]}:{address[1]}: {plainly(error)}{hint}") from None
        except BaseException:
            self._give_up()
            raise
        self.node = self._connection.peer

    def call(self, msg: Message, *, timeout: float = 5.0) -> Any:
        """Send a request and wait for the Message that the node answers with.

        Raises TimeoutError after so many seconds, and NodeDown if the connection breaks: in both cases the request may
        have taken effect or not.
        """
        return self._run(self._call(msg, timeout))

    def send(self, msg: Message) -> None:
        """Send a message for which no answer is expected. Raises NodeDown if the connection is broken."""
        self._write(next(self._numbers), None, msg)
        self._run(asyncio.sleep(0))

    def close(self) -> None:
        """End the connection."""
        if not self._loop.is_closed():
            self._run(self._endpoint.close())
            self._loop.close()

    def _give_up(self) -> None:
        if hasattr(self, "_endpoint"):
            self._run(self._endpoint.close())
        self._loop.close()

    async def _call(self, msg: Message, timeout: float) -> Any:
        number = next(self._numbers)
        self._waiting[number] = answer = self._loop.create_future()
        self._write(number, number, msg)
        try:
            await asyncio.wait([answer, self._connection.lost], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._waiting[number]
        if answer.done():
            return answer.result()
        if self._connection.lost.done():
            raise NodeDown(f"{self.node} went away before it answered; the request may have taken effect or not")
        raise TimeoutError(f"{self.node} did not answer {type(msg).__name__} within {timeout:g} s")

    def _write(self, number: int, call: int | None, msg: Message) -> None:
        if self._loop.is_closed() or self._connection.lost.done():
            raise NodeDown(f"the connection to {self.node} is closed; connect again")
        self._codec.module = type(msg).__module__  # where two types have one name, those beside the request count
        self._connection.write(self._codec.encode(number, call, None, by_value(msg)))

    def _received(self, sender: str, bodies: list[bytes]) -> None:
        for body in bodies:
            try:
                _, _, reply, message = self._codec.decode(body)
            except Unreadable as error:
                for waiting in self._waiting.values():  # a client asks one thing at a time
                    waiting.set_exception(LabkitError(f"the answer of {self.node} cannot be read: {error}"))
                continue
            answer = self._waiting.get(reply or 0)
            if answer is not None and not answer.done():
                answer.set_result(message)

    def _run(self, coroutine: Any) -> Any:
        with aside():
            return self._loop.run_until_complete(coroutine)

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.id}, connected to {self.node}>"


def parse_address(text: str) -> Address:
    """ "host:port" as a pair. Raises LabkitError if it is something else."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise LabkitError(f"{text!r} is no address: write host:port, such as 127.0.0.1:7001")
    return host, int(port)
