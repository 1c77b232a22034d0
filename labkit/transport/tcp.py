"""TCP between nodes: an `Endpoint` for each node, a connection for each direction, a bounded queue for each peer.

Every node dials all of its peers and sends over the connections that it dialled; what arrives, arrives over those that
the others dialled. So no two ends ever argue over which of two connections to keep. A client dials too, and is nobody's
peer: answers go back over its own connection.

What may happen to a message is what may happen to it on any network: it arrives at most once, messages to one peer
arrive in order as long as their connection lasts, and some are lost.

- Until a peer has answered for the first time, messages to it wait (so nodes may be started in any order).
- When its connection breaks, what was under way is lost, and what is sent is dropped ("down") until it shows that it is
  back.
- A peer that does not read as fast as it is written to fills its queue; then the oldest messages are dropped ("queue
  full"), because the newest say best what is the case now.

Broken connections are dialled anew after a pause that doubles from 50 ms to 2 s, shortened by a random part, so that
nodes do not all come back at the same moment (Brooker, "Exponential Backoff and Jitter", AWS 2015).
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
import ssl
from collections.abc import Callable
from typing import Any

from labkit.errors import LabkitError
from labkit.transport.connection import PARTING, Connection, Queue, Refused
from labkit.transport.frames import MAX_FRAME, VERSION, Hello, Welcome, greeting, read_greeting
from labkit.transport.tls import Tls, names_in

QUEUE = 16 << 20  # bytes that may wait for one peer
CLIENTS = 10_000  # that are remembered
PATIENCE = 5.0  # seconds that the other end has for the handshake and its greeting
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two attempts to connect

Address = tuple[str, int]
log = logging.getLogger("labkit.transport")


class Endpoint:
    """The TCP side of one node: it listens, dials its peers, and moves frames.

    `peers` maps the ids of the peers to their addresses, and is read anew before each attempt to connect.
    `received(sender, bodies)` takes what arrived, many frames at once; it raises FrameError to close the connection.
    `dropped(to, id, why)` hears of each message that will not leave. tls: certificates (see `labkit.transport.tls`);
    without them anyone who reaches the port can speak in any node's name.
    """

    def __init__(
        self,
        id: str,
        peers: dict[str, Address],
        *,
        received: Callable[[str, list[bytes]], None],
        dropped: Callable[[str, int, str], None] = lambda to, id, why: None,
        tls: Tls | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        queue_limit: int = QUEUE,
        max_frame: int = MAX_FRAME,
    ):
        self.id, self.addresses, self.tls = id, peers, tls
        self.received, self.dropped = received, dropped
        self.loop = loop or asyncio.get_running_loop()
        self.queue_limit, self.max_frame = queue_limit, max_frame
        self.queues = {peer: Queue(self, peer) for peer in peers if peer != id}
        self.connections: set[Connection] = set()
        self.address: Address | None = None
        self.closed = False
        self._clients: dict[str, None] = {}  # whoever dialled and is no peer
        self._dirty: set[Queue] = set()
        self._awake: dict[str, asyncio.Event] = {}  # dial this peer now
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listener: socket.socket | None = None

    # --- sending

    def reaches(self, to: str) -> bool:
        """Whether this is a peer, or a client that has been here: an answer to one that has left is dropped, no
        error."""
        return to in self.addresses or to in self._clients

    def send(self, to: str, frame: bytes, id: int) -> None:
        """Queue a frame; `flush()` writes it."""
        queue = self.queues.get(to)
        if queue is None:
            self.dropped(to, id, "down")  # a client that has left
        else:
            queue.put(frame, id)
            self._dirty.add(queue)

    def flush(self) -> None:
        """Write what was sent since the last time, all at once."""
        while self._dirty:
            self._dirty.pop().flush()

    # --- listening

    def listen(self, address: Address = ("127.0.0.1", 0)) -> Address:
        """Take connections at this address; port 0 lets the system choose one. Returns the address.

        Raises LabkitError if that is not possible, for example because another program has the port.
        """
        host, port = address
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            self._listener = socket.create_server((host, port), family=family)
        except OSError as error:
            raise LabkitError(f"{self.id} cannot listen at {host}:{port}: {error.strerror or error}") from None
        self._listener.setblocking(False)
        self.address = (host, self._listener.getsockname()[1])
        self._start(self._accept(self._listener))
        return self.address

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                taken, where = await self.loop.sock_accept(listener)
            except OSError as error:
                if self.closed:
                    return
                log.warning("%s cannot take a connection: %s", self.id, error)  # too many open files, for example
                await asyncio.sleep(0.2)
                continue
            self._start(self._welcome(taken, f"{where[0]}:{where[1]}"))

    async def _welcome(self, taken: socket.socket, where: str) -> None:
        connection = Connection(self, self._read_hello)
        options: dict[str, Any] = {}
        if self.tls is not None:
            options = {"ssl": self.tls.server(), "ssl_handshake_timeout": PATIENCE}
        try:
            async with asyncio.timeout(PATIENCE):
                await self.loop.connect_accepted_socket(lambda: connection, taken, **options)
                await connection.greeted
        except TimeoutError:
            log.warning("%s refused %s: no greeting came in %g s", self.id, where, PATIENCE)
            connection.close("no greeting came in time")
        except Refused as error:
            log.warning("%s refused %s: %s", self.id, where, error)
        except OSError as error:  # ssl.SSLError is one
            log.warning("%s refused %s: %s", self.id, where, plainly(error))
        finally:
            if connection.transport is None:
                taken.close()

    def _read_hello(self, connection: Connection, body: bytes) -> str:
        """Who dialled, if it may. What is refused is told why, and raises Refused."""
        try:
            hello = read_greeting(body, Hello)
            self._check_claim(connection, hello.id)
            if hello.to not in ("", self.id):
                raise Refused(f"{hello.id} looks for {hello.to}, and this is {self.id}: check the addresses")
            if hello.id == self.id:
                raise Refused(f"it calls itself {self.id}, as this node: two nodes have one id, or one dials itself")
        except LabkitError as error:
            connection.write(greeting(Welcome(VERSION, self.id, str(error)[:500])))
            raise
        connection.write(greeting(Welcome(VERSION, self.id, "")))
        peer: str = hello.id
        if peer in self.addresses:
            self.wake(peer)
        else:  # a client: answers go back by this connection
            old = self.queues.get(peer)
            if old is not None and old.connection is not None:
                old.connection.close(f"{peer} has connected anew")
            self.queues[peer] = queue = Queue(self, peer)
            self._clients[peer] = None
            if len(self._clients) > CLIENTS:
                del self._clients[next(iter(self._clients))]
            queue.connect(connection)
        log.info("%s: connection from %s", self.id, peer)
        return peer

    def _check_claim(self, connection: Connection, claimed: str) -> None:
        if not claimed or len(claimed) > 100:
            raise Refused("it gave no proper id")
        if self.tls is not None:
            names = names_in(connection.transport.get_extra_info("peercert"))
            if claimed not in names:
                raise Refused(f"it calls itself {claimed}, but its certificate is for {', '.join(names) or 'nobody'}")

    def connection_ended(self, connection: Connection, why: str) -> None:
        """A connection is over (its own `connection_lost` tells)."""
        peer = connection.peer
        if peer and not self.closed:
            (log.warning if connection.why else log.info)("%s: connection with %s ended: %s", self.id, peer, why)
        queue = connection.queue
        if peer not in self.addresses and queue is not None and self.queues.get(peer) is queue:
            del self.queues[peer]

    # --- dialling

    def dial(self) -> None:
        """Connect to every peer, and stay connected."""
        for peer, queue in self.queues.items():
            if peer in self.addresses:
                self._awake[peer] = asyncio.Event()
                self._start(self._keep_connected(peer, queue))

    def wake(self, peer: str) -> None:
        """Dial this peer now, if it is not connected: there is a sign that it is up. Messages wait for the outcome."""
        if peer in self._awake:
            self._awake[peer].set()
            queue = self.queues[peer]
            queue.waits = queue.waits or queue.connection is None

    async def _keep_connected(self, peer: str, queue: Queue) -> None:
        pause, complained = FIRST_PAUSE, ""
        while True:
            self._awake[peer].clear()
            try:
                connection = await self.connect(peer)
            except (OSError, Refused, TimeoutError) as error:
                if not self._awake[peer].is_set():  # else it came up while this attempt was failing
                    queue.missed()
                why = plainly(error)
                if why != complained:  # once, not at every attempt
                    level = logging.WARNING if queue.waits else logging.INFO
                    log.log(level, "%s cannot connect to %s: %s", self.id, peer, complained := why)
            else:
                pause, complained = FIRST_PAUSE, ""
                log.info("%s: connected to %s", self.id, peer)
                queue.connect(connection)
                await asyncio.wait([connection.lost])
            try:
                async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):
                    await self._awake[peer].wait()
            except TimeoutError:
                pause = min(2 * pause, LONGEST_PAUSE)

    async def connect(self, peer: str) -> Connection:
        """One attempt to reach a peer ("": whoever is at that address), with the greetings.

        Raises OSError, TimeoutError or Refused.
        """
        connection = Connection(self, lambda connection, body: self._read_welcome(connection, body, peer))
        options: dict[str, Any] = {}
        if self.tls is not None:
            options = {"ssl": self.tls.client(), "server_hostname": "", "ssl_handshake_timeout": PATIENCE}
        try:
            async with asyncio.timeout(PATIENCE):
                await self.loop.create_connection(lambda: connection, *self.addresses[peer], **options)
                connection.write(greeting(Hello(VERSION, self.id, peer)))
                await connection.greeted
        except BaseException as error:
            connection.close(str(error) or type(error).__name__)
            raise
        if connection.lost.done():
            raise Refused(connection.why or "the connection broke at once")
        return connection

    def _read_welcome(self, connection: Connection, body: bytes, peer: str) -> str:
        welcome = read_greeting(body, Welcome)
        if welcome.refused:
            raise Refused(f"it refuses: {welcome.refused}")
        self._check_claim(connection, welcome.id)
        if peer and peer != welcome.id:
            raise Refused(f"at that address is {welcome.id}: check the addresses")
        return str(welcome.id)

    # --- the end

    def _start(self, coroutine: Any) -> None:
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def abort(self) -> None:
        """End everything at once, as if the process had been killed."""
        self._stop()
        for connection in tuple(self.connections):
            connection.why = connection.why or "aborted"
            connection.abort()

    async def close(self) -> None:
        """Send what still waits, for a second at most; then close every connection and stop listening."""
        self._stop()
        self.flush()
        end = self.loop.time() + PARTING
        while any(queue.size and queue.connection for queue in self.queues.values()) and self.loop.time() < end:
            await asyncio.sleep(0.01)
        open_ones = tuple(self.connections)
        for connection in open_ones:
            connection.close(f"{self.id} stops")
        if open_ones:
            await asyncio.wait([connection.lost for connection in open_ones], timeout=PARTING)
        self.abort()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))
        lost = [connection.lost for connection in open_ones if not connection.lost.done()]
        if lost:
            await asyncio.wait(lost, timeout=PARTING)

    def _stop(self) -> None:
        self.closed = True
        for task in self._tasks:
            task.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def plainly(error: BaseException) -> str:
    """An error of sockets or TLS in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if isinstance(error, TimeoutError):
        return f"no answer in {PATIENCE:g} s"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno) if error.errno > 0 else str(error)
    return str(error) or type(error).__name__
