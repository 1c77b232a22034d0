"""One TCP connection of an endpoint, and the queue of what goes out by it."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError
from labkit.transport.frames import MAX_GREETING, FrameError, Splitter

if TYPE_CHECKING:
    from labkit.transport.tcp import Endpoint

PARTING = 1.0  # seconds for what still waits when a connection is closed
CHUNK = 256 << 10  # bytes written at once


class Refused(LabkitError):
    """The other end will not talk to this node, or is not the one that it should be."""


class Connection(asyncio.Protocol):
    """One TCP connection, from its greeting to its end. It belongs to an endpoint."""

    def __init__(self, endpoint: Endpoint, greet: Callable[[Connection, bytes], str]):
        self.endpoint = endpoint
        self.peer = ""  # the id at the other end, once it is known
        self.queue: Queue | None = None  # whose messages go out here
        self.transport: Any = None
        self.greeted: asyncio.Future[None] = endpoint.loop.create_future()
        self.lost: asyncio.Future[None] = endpoint.loop.create_future()
        self.why = ""  # it was closed from this side
        self._greet = greet
        self._splitter = Splitter(MAX_GREETING)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.set_write_buffer_limits(high=CHUNK)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.type == socket.SOCK_STREAM:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.endpoint.connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self.why:
            return
        bodies = self._splitter.split(data)
        try:
            if not self.peer:
                first = next(bodies, None)
                if first is None:
                    return
                self.peer = self._greet(self, first)
                self._splitter.limit = self.endpoint.max_frame
                self.greeted.set_result(None)
            arrived = list(bodies)
            if arrived:
                self.endpoint.received(self.peer, arrived)
        except (FrameError, Refused) as error:
            self.close(str(error))

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def pause_writing(self) -> None:
        if self.queue is not None:
            self.queue.paused = True

    def resume_writing(self) -> None:
        if self.queue is not None:
            self.queue.paused = False
            self.queue.flush()

    def close(self, why: str) -> None:
        """End it from this side, for a reason that is logged."""
        if not self.why:
            self.why = why
            if self.transport is not None:
                self.transport.close()
            self.endpoint.loop.call_later(PARTING, self.abort)

    def abort(self) -> None:
        if self.transport is not None and not self.lost.done():
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.endpoint.connections.discard(self)
        why = self.why or (str(error) if error else "the other end closed the connection")
        if self.queue is not None:
            self.queue.disconnect(self)
        if not self.lost.done():
            self.lost.set_result(None)
        if not self.greeted.done():
            self.greeted.set_exception(Refused(why))
            self.greeted.exception()  # whoever waits for it sees it; if nobody does, asyncio shall not complain
        self.endpoint.connection_ended(self, why)


class Queue:
    """What waits for one peer, or one client, and the connection that it goes out by."""

    def __init__(self, endpoint: Endpoint, peer: str):
        self._endpoint, self.peer = endpoint, peer
        self._frames: deque[tuple[bytes, int]] = deque()  # the frame, and the message's id for the trace
        self.size = 0  # bytes that wait here
        self.paused = False
        self.connection: Connection | None = None
        self.waits = True  # for a connection that is expected; else what is put here is dropped
        self.met = False  # it has been connected

    def put(self, frame: bytes, id: int) -> None:
        if self.connection is None and not self.waits:
            self._endpoint.dropped(self.peer, id, "down")
            return
        self._frames.append((frame, id))
        self.size += len(frame)
        while self.size > self._endpoint.queue_limit and len(self._frames) > 1:
            self._drop("queue full")

    def flush(self) -> None:
        """Write what waits, in large pieces, until the connection has enough."""
        frames = self._frames
        while frames and not self.paused and self.connection is not None:
            piece, size = [], 0
            while frames and size < CHUNK:
                frame, _ = frames.popleft()
                piece.append(frame)
                size += len(frame)
            self.size -= size
            self.connection.write(b"".join(piece))

    def connect(self, connection: Connection) -> None:
        self.connection, connection.queue = connection, self
        self.waits = self.paused = False
        self.met = True
        self.flush()

    def missed(self) -> None:
        """An attempt to connect has failed: wait only for a peer that was never there yet."""
        if self.met:
            self.waits = False
            self._drop_all()

    def disconnect(self, connection: Connection) -> None:
        if connection is self.connection:
            self.connection = None
            self._drop_all()

    def _drop_all(self) -> None:
        while self._frames:
            self._drop("down")

    def _drop(self, why: str) -> None:
        frame, id = self._frames.popleft()
        self.size -= len(frame)
        self._endpoint.dropped(self.peer, id, why)
