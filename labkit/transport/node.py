"""One node on a TCP network: its host, its endpoint, and the messages between the two."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from labkit.engine.disk import Store
from labkit.engine.trace import FORMAT, VERSION
from labkit.engine.values import plain
from labkit.engine.world import Event
from labkit.errors import LabkitError
from labkit.node import Node
from labkit.transport.frames import Codec, Unreadable
from labkit.transport.host import Host, RealTime
from labkit.transport.tcp import Address, Endpoint
from labkit.transport.tls import Tls

log = logging.getLogger("labkit.transport")


class TcpNode:
    """A node that talks TCP with the nodes of other processes. To be made and used on a running asyncio loop.

    `peers` maps the ids of the other nodes to their addresses. The rest is as in `Host` and `Endpoint`.
    """

    def __init__(
        self,
        program: type[Node],
        id: str,
        peers: Mapping[str, Address],
        *,
        seed: int | None = None,
        record: Callable[[Event], None] | None = None,
        store: Store | None = None,
        tls: Tls | None = None,
        failed: Callable[[BaseException], None] | None = None,
        **limits: Any,
    ):
        self.id = id
        self.time = RealTime(asyncio.get_running_loop())
        self.codec = Codec(program._handlers, program.__module__)
        self.endpoint = Endpoint(id, dict(peers), received=self._received, dropped=self._dropped, tls=tls, **limits)
        ids = sorted({id, *peers})
        self.host = Host(
            program,
            id,
            tuple(peers),
            self._transmit,
            time=self.time,
            seed=seed,
            reaches=self.endpoint.reaches,
            record=record,
            store=store,
            failed=failed,
            numbers=count(1 + ids.index(id), len(ids)),  # no two nodes give a message the same number
        )
        self._record: Callable[[Event], None] = record or (lambda event: None)
        self.time.flush.append(self.endpoint.flush)

    def listen(self, address: Address = ("127.0.0.1", 0)) -> Address:
        """Take connections at this address; returns it, with the port that it has. Raises LabkitError if it cannot be
        had."""
        return self.endpoint.listen(address)

    def start(self) -> None:
        """Dial the peers, and boot the node."""
        self.endpoint.dial()
        self.time.go()
        self.host.boot()

    async def close(self) -> None:
        """Stop the node, send what it has sent, and close all connections."""
        self.host.stop()
        self.time.halt()
        await self.endpoint.close()

    def _transmit(self, to: str, message: Any, call: int | None, reply: int | None, id: int) -> None:
        self.endpoint.send(to, self.codec.encode(id, call, reply, message), id)

    def _received(self, sender: str, bodies: list[bytes]) -> None:
        decode, deliver, understands = self.codec.decode, self.host.deliver, self.host.understands
        try:
            for body in bodies:
                try:
                    id, call, reply, message = decode(body)
                    if reply is None and not understands(type(message)):
                        raise Unreadable(id, self.host.program._why_no_handler(type(message)))
                except Unreadable as error:
                    log.warning("%s dropped a message from %s: %s", self.id, sender, error)
                    self._record((self.time.now, "drop", self.id, sender, error.id, None, str(error)))
                else:
                    deliver(message, sender, call, reply, id)
        finally:
            self.time.turn()

    def _dropped(self, to: str, id: int, why: str) -> None:
        self._record((self.time.now, "drop", to, self.id, id, None, why))


class TraceFile:
    """Writes a trace as it happens, as the JSON lines that `Trace.open` reads. Call `flush` after each turn."""

    def __init__(self, path: str | Path, title: str, nodes: tuple[str, ...]):
        try:
            self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115  # closed by `close`
        except OSError as error:
            raise LabkitError(f"the trace cannot be written to {path}: {error.strerror}") from None
        head = {"format": FORMAT, "version": VERSION, "title": title, "seed": 0, "nodes": list(nodes)}
        self._file.write(json.dumps(head | {"edges": None, "now": 0.0}) + "\n")

    def record(self, event: Event) -> None:
        self._file.write(json.dumps([*event[:-1], plain(event[-1])]) + "\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()
