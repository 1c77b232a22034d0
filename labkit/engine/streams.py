"""Streams: `asyncio.open_connection` and `asyncio.start_server` between simulated nodes.

Each boot of a node has a small TCP of its own, after RFC 9293: a connection is opened by three segments, every byte has
a number, what is not acknowledged is sent again after a timeout that doubles (RFC 6298), the receiver's window bounds
what may be on its way, and each direction is closed by itself. So cuts and losses delay bytes and lose none. Segments
cross the same links as messages and are in the trace as sends of `SYN`, `SYN_ACK`, `DATA`, `ACK`, `FIN` and `RST`.

As in reality, a crashed machine says nothing: its peers find out when what they write is not acknowledged
(TimeoutError, after 102 s), or when it is up again and answers `RST` (ConnectionResetError). A node that only reads
waits for ever.

What is left out: congestion control, urgent data, options, and the checks against forged segments.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from labkit.engine.connection import RST, SYN, SYN_ACK, Connection, Segment
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.process import Process

FIRST_PORT, PORTS, PORTS_OF_A_BOOT = 49152, 16384, 1000  # what a connecting node is given (RFC 6335)
HERE = ("localhost", "127.0.0.1", "::1")
ANY = (None, "", "0.0.0.0", "::")


class Streams:
    """The connections and listening ports of one boot of a node."""

    def __init__(self, process: Process):
        self.process, self.loop, self.world, self.id = process, process.loop, process.world, process.id
        self.servers: dict[int, Server] = {}
        self.connections: dict[tuple[int, str, int], Connection] = {}  # own port, peer, its port
        self._given = process.boots * PORTS_OF_A_BOOT

    async def connect(self, factory: Callable[[], Any], host: Any, port: Any) -> tuple[Connection, Any]:
        """loop.create_connection: raises ConnectionRefusedError, TimeoutError, UnknownNode."""
        peer = self.id if host in HERE or host in ANY else host
        connection = Connection(self, peer, self._free_port(), _port(port))
        connection.protocol = factory()
        connection.opened = self.loop.create_future()
        connection.emit(SYN)
        self.connections[connection.key] = connection
        try:
            await connection.opened
        except BaseException:
            self.connections.pop(connection.key, None)
            raise
        return connection, connection.protocol

    def listen(self, factory: Callable[[], Any], host: Any, port: Any) -> Server:
        """loop.create_server: raises OSError if the port is taken, LabkitError if the address is not this node's."""
        hosts = host if isinstance(host, list | tuple) else [host]
        for name in hosts:
            if name not in ANY and name not in HERE and name != self.id:
                raise LabkitError(f"{self.id} cannot listen as {name!r}: leave the host out, or give its own id")
        number = _port(port or 0) or self._free_port()
        if number in self.servers:
            where = f"error while attempting to bind on address ({self.id!r}, {number}): address already in use"
            raise OSError(errno.EADDRINUSE, where)
        return Server(self, factory, number)

    def arrived(self, peer: str, segment: Segment) -> None:
        """A segment has come in: a step of this node."""
        connection = self.connections.get((segment.to_port, peer, segment.from_port))
        if isinstance(segment, SYN) and connection is not None and connection.peer_first != segment.seq:
            connection.fail(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))  # it has rebooted since
            connection = None
        server = self.servers.get(segment.to_port)
        if connection is not None:
            connection.arrived(segment)
        elif isinstance(segment, SYN) and server is not None:
            connection = Connection(self, peer, segment.to_port, segment.from_port, server)
            self.connections[connection.key] = connection
            connection.synchronize(segment)
            connection.emit(SYN_ACK)
        elif not isinstance(segment, RST):
            self.reset(peer, segment)

    def reset(self, peer: str, segment: Segment) -> None:
        """Answer what belongs to no connection."""
        self.process.send(peer, RST(segment.to_port, segment.from_port, 0, ack=segment.seq))

    def stop(self) -> None:
        """The node is down: nobody is told."""
        self.servers.clear()
        self.connections.clear()

    def _free_port(self) -> int:
        taken = {*self.servers, *(port for port, _, _ in self.connections)}
        for _ in range(PORTS):
            self._given += 1
            port = FIRST_PORT + self._given % PORTS
            if port not in taken:
                return port
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")


class _Socket(NamedTuple):
    """What there is of a server's socket."""

    address: tuple[str, int]

    def getsockname(self) -> tuple[str, int]:
        return self.address


class Server(asyncio.AbstractServer):
    """What `asyncio.start_server` returns: a port that listens."""

    def __init__(self, stack: Streams, factory: Callable[[], Any], port: int):
        self._stack, self._factory, self.port = stack, factory, port
        self._clients: list[Connection] = []
        self._closed = False
        self._waiters: list[asyncio.Future[None]] = []
        self._forever: asyncio.Future[None] | None = None

    def accept(self, connection: Connection) -> Any:
        """The protocol of a new connection."""
        self._clients.append(connection)
        return self._factory()

    def detach(self, connection: Connection) -> None:
        """A connection is over."""
        if connection in self._clients:
            self._clients.remove(connection)
        self._wake()

    def _wake(self) -> None:
        if self._closed and not self._clients:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    @property
    def sockets(self) -> tuple[_Socket, ...]:
        return (_Socket((self._stack.id, self.port)),) if self.is_serving() else ()

    def get_loop(self) -> Any:
        return self._stack.loop

    def is_serving(self) -> bool:
        return self._stack.servers.get(self.port) is self

    async def start_serving(self) -> None:
        self.listen()

    def listen(self) -> None:
        """Take connections from now on."""
        if not self._closed:
            self._stack.servers[self.port] = self

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self.is_serving():
                del self._stack.servers[self.port]
            if self._forever is not None and not self._forever.done():
                self._forever.cancel()
            self._wake()

    def close_clients(self) -> None:
        for connection in tuple(self._clients):
            connection.close()

    def abort_clients(self) -> None:
        for connection in tuple(self._clients):
            connection.abort()

    async def serve_forever(self) -> None:
        if self._forever is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        if self._closed:
            raise RuntimeError(f"server {self!r} is closed")
        self.listen()
        self._forever = self._stack.loop.create_future()
        try:
            await self._forever
        except asyncio.CancelledError:
            try:
                self.close()
                await self.wait_closed()
            finally:
                raise
        finally:
            self._forever = None

    async def wait_closed(self) -> None:
        """Wait until the port is closed and no connection is left, as from Python 3.12 on."""
        if self._stack.process.alive and (not self._closed or self._clients):
            waiter: asyncio.Future[None] = self._stack.loop.create_future()
            self._waiters.append(waiter)
            await waiter

    def __repr__(self) -> str:
        return f"<Server {self._stack.id} port {self.port}{'' if self.is_serving() else ', closed'}>"


def _port(port: Any) -> int:
    number = int(port) if isinstance(port, str) and port.isdecimal() else port
    if not isinstance(number, int) or not 0 <= number < 65536:
        raise LabkitError(f"port={port!r}: a port is a whole number from 1 to 65535")
    return number
