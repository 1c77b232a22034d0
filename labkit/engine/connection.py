"""One end of a stream: a small TCP (see `labkit.engine.streams`), and asyncio's transport on top of it."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from labkit.message import Message

if TYPE_CHECKING:
    from labkit.engine.streams import Server, Streams

SEGMENT = 16 * 1024  # bytes of data in a segment, at most
WINDOW = 64 * 1024  # bytes that a connection holds for a reader who does not read
HIGH_WATER = 64 * 1024  # bytes waiting to be sent, above which drain() waits; it waits no more below a quarter of it
CONNECT_TRIES = 4  # after 1, 2, 4 and 8 s: an attempt to connect is given up after 15 s
FIRST_TIMEOUT, SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 1.0, 0.2, 60.0
TRIES = 9  # from 0.2 s on: a connection is given up after 102 s (RFC 9293, 3.8.3, asks for 100 at least)
ACK_DELAY = 0.04  # an acknowledgement waits so long for data to travel with
TIME_WAIT = 60.0  # a closed connection still answers a peer whose last segments were lost


class Segment(Message):
    """What travels. `seq` is the number of its first byte (a SYN or a FIN counts as one), `ack` that of the next."""

    from_port: int
    to_port: int
    seq: int
    ack: int = 0
    window: int = WINDOW
    again: bool = False


class SYN(Segment):
    pass


class SYN_ACK(Segment):
    pass


class DATA(Segment):
    data: bytes = b""


class ACK(Segment):
    pass


class FIN(Segment):
    pass


class RST(Segment):
    pass


def length(segment: Segment) -> int:
    """How many numbers it takes up."""
    return len(segment.data) if isinstance(segment, DATA) else isinstance(segment, SYN | SYN_ACK | FIN)


class Connection(asyncio.Transport):
    """One end of a connection, and its asyncio transport."""

    def __init__(self, stack: Streams, peer: str, port: int, peer_port: int, server: Server | None = None):
        super().__init__({"peername": (peer, peer_port), "sockname": (stack.id, port)})
        self.stack, self.id, self.peer, self.server = stack, stack.id, peer, server
        self.port, self.peer_port = port, peer_port
        self.key = (port, peer, peer_port)
        self.protocol: Any = None
        self.opened: asyncio.Future[None] | None = None  # who waits for the connection to be made
        self.established = False
        self.first = self.next = int(stack.world.now * 250_000)  # the initial sequence number, from a 4 µs clock
        self.window = WINDOW
        self._unsent = bytearray()
        self._unacked: deque[tuple[Segment, float]] = deque()  # and when it was sent; below 0: more than once
        self._timeout, self._smooth, self._varies = FIRST_TIMEOUT, 0.0, 0.0
        self._tries = self._armed = self._recover = 0  # _recover: what comes before it was lost, as far as we know
        self.peer_first = self.expected = -1  # the peer's initial number, and its next; -1 until it is known
        self._early: dict[int, Segment] = {}
        self._unread = bytearray()
        self._acks_owed = 0
        self._paused = self._writing_paused = False
        self._closing = self._lost = False
        self._ending = self._ended = False  # our direction: a Fin is to be sent; it was
        self._peer_ended = self._eof_told = False
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4

    # --- sending

    def emit(self, kind: type[Segment]) -> None:
        """Send a segment without data that is to be acknowledged."""
        self._emit(kind(self.port, self.peer_port, self.next))

    def _emit(self, segment: Segment) -> None:
        self._transmit(segment)
        self.next += length(segment)
        self._unacked.append((segment, self.stack.world.now))
        if len(self._unacked) == 1:
            self._arm()

    def _transmit(self, segment: Segment) -> None:
        self._acks_owed = 0
        room = max(0, WINDOW - len(self._unread))
        self.stack.process.send(self.peer, replace(segment, ack=self.expected, window=room))

    def _acknowledge(self) -> None:
        self._transmit(ACK(self.port, self.peer_port, self.next))

    def _flush(self) -> None:
        """Send what the window allows; then the Fin, if it is time."""
        while self._unsent and self.established:
            on_its_way = self.next - self._unacked[0][0].seq if self._unacked else 0
            size = min(SEGMENT, len(self._unsent), self.window - on_its_way)
            if size <= 0:
                if not self._unacked:
                    self._arm()  # to ask for a larger window, should nobody tell
                break
            data = bytes(self._unsent[:size])
            del self._unsent[:size]
            self._emit(DATA(self.port, self.peer_port, self.next, data=data))
        if self._ending and not self._unsent and not self._ended:
            self._ended = True
            self.emit(FIN)
            if self._closing:
                self._tell_lost(None)
        if self._writing_paused and len(self._unsent) <= self._low and not self._lost:
            self._writing_paused = False
            self.protocol.resume_writing()

    def _arm(self) -> None:
        self._armed += 1
        self.stack.world.wake(self.stack.world.now + self._timeout, self._overdue, self._armed)

    def _overdue(self, armed: int) -> None:
        if armed == self._armed and self.stack.process.alive and self.stack.connections.get(self.key) is self:
            self.stack.process._enter(self._send_again)

    def _send_again(self) -> None:
        if not self._unacked and not self._unsent:
            return
        self._tries += 1
        if self._tries >= (TRIES if self.established else CONNECT_TRIES):
            self.fail(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
            return
        self._timeout = min(2 * self._timeout, LONGEST_TIMEOUT)
        if self._unacked:
            self._recover = self.next
            self._unacked = deque((segment, -1.0) for segment, _ in self._unacked)  # they measure no round trip
            self._repeat()
        else:
            self._transmit(DATA(self.port, self.peer_port, self.next))  # empty: the answer tells the window
        self._arm()

    def _repeat(self) -> None:
        self._transmit(replace(self._unacked[0][0], again=True))

    # --- receiving

    def arrived(self, segment: Segment) -> None:
        if isinstance(segment, RST):
            if self.first <= segment.ack <= self.next:
                refused = self.opened is not None and not self.established
                error = ConnectionRefusedError if refused else ConnectionResetError
                code = errno.ECONNREFUSED if refused else errno.ECONNRESET
                self.fail(error(code, f"{os.strerror(code)}: {self.peer} port {self.peer_port}"))
            return
        if isinstance(segment, SYN) or (self.expected < 0 and not isinstance(segment, SYN_ACK)):
            return  # it came twice, or too early
        if self.expected < 0:
            self.synchronize(segment)
        self._acknowledged(segment)
        if not self.established and self._unacked and self._unacked[0][0].seq == self.first:
            return
        if not self.established:
            self._establish()
        if isinstance(segment, DATA | FIN):
            self._take(segment)
        elif isinstance(segment, SYN_ACK):
            self._owe(0.0)
        if self.stack.connections.get(self.key) is self:
            self._flush()

    def synchronize(self, segment: Segment) -> None:
        """Take the number from which the peer counts."""
        self.peer_first, self.expected = segment.seq, segment.seq + 1

    def _establish(self) -> None:
        self.established = True
        if self.server is not None:
            self.protocol = self.server.accept(self)
        self.protocol.connection_made(self)
        if self.opened is not None and not self.opened.done():
            self.opened.set_result(None)

    def _acknowledged(self, segment: Segment) -> None:
        """What the peer has need not be sent again."""
        self.window = segment.window
        self._tries = 0
        before = len(self._unacked)
        while self._unacked:
            first, sent = self._unacked[0]
            if first.seq + length(first) > segment.ack:
                break
            self._unacked.popleft()
            if sent >= 0:
                self._measure(self.stack.world.now - sent)
        if len(self._unacked) < before:
            self._armed += 1  # the old timeout is void
            if self._unacked:
                self._timeout = self._patience()
                if self._unacked[0][0].seq < self._recover:  # it was sent before the timeout, and lost too (RFC 6582)
                    self._repeat()
                self._arm()
            elif self._ended and self._peer_ended:
                self._forget()

    def _measure(self, trip: float) -> None:
        """The retransmission timeout from a round trip: RFC 6298, section 2."""
        if self._smooth == 0.0:
            self._smooth, self._varies = trip, trip / 2
        else:
            self._varies += (abs(self._smooth - trip) - self._varies) / 4
            self._smooth += (trip - self._smooth) / 8
        self._timeout = self._patience()

    def _patience(self) -> float:
        return max(SHORTEST_TIMEOUT, self._smooth + 4 * self._varies) if self._smooth else FIRST_TIMEOUT

    def _take(self, segment: Segment) -> None:
        """Put a segment in its place, and hand on what is now in order."""
        if self._closing and isinstance(segment, DATA) and segment.seq + len(segment.data) > self.expected:
            self.stack.reset(self.peer, segment)  # nobody will read it
            self.fail(None)
            return
        in_order = segment.seq == self.expected and length(segment) > 0
        self._early.setdefault(segment.seq, segment)
        fresh = bytearray()
        while self.expected in self._early:
            piece = self._early.pop(self.expected)
            if isinstance(piece, DATA):
                fresh += piece.data
            self._peer_ended = self._peer_ended or isinstance(piece, FIN)
            self.expected += length(piece)
            if not length(piece):  # a probe
                break
        self._early = {seq: piece for seq, piece in self._early.items() if seq > self.expected}
        self._unread += fresh
        self._owe(at_once=not in_order or self._peer_ended)
        self._hand_over()
        if self._ended and self._peer_ended and not self._unacked:
            self._forget()

    def _owe(self, delay: float = ACK_DELAY, at_once: bool = False) -> None:
        """An acknowledgement, with the next data; at once for every second segment, for a gap and for the end."""
        self._acks_owed += 1
        if self._acks_owed >= 2 or at_once:
            self._acknowledge()
        else:
            self.stack.world.wake(self.stack.world.now + delay, self._pay, self._acks_owed)

    def _pay(self, _: int) -> None:
        if self._acks_owed and self.stack.process.alive:
            self._acknowledge()

    def _hand_over(self) -> None:
        if self._unread and not self._paused and not self._closing:
            data, full = bytes(self._unread), len(self._unread) >= WINDOW - SEGMENT
            self._unread.clear()
            self.protocol.data_received(data)
            if full and self.expected >= 0:
                self._acknowledge()  # there is room again
        if self._peer_ended and not self._unread and not self._eof_told and not self._closing and not self._paused:
            self._eof_told = True
            if not self.protocol.eof_received():
                self.close()

    # --- the end

    def fail(self, error: OSError | None) -> None:
        """The connection is no more."""
        self.stack.connections.pop(self.key, None)
        self._unsent.clear()
        self._unacked.clear()
        self._closing = True
        if self.established:
            self._tell_lost(error)
        elif self.opened is not None and not self.opened.done() and error is not None:
            self.opened.set_exception(error)

    def _tell_lost(self, error: OSError | None) -> None:
        if not self._lost:
            self._lost = True
            self.stack.loop.call_soon(self._say_lost, error)

    def _say_lost(self, error: OSError | None) -> None:
        self.protocol.connection_lost(error)
        if self.server is not None:
            self.server.detach(self)

    def _forget(self) -> None:
        self.stack.world.wake(self.stack.world.now + TIME_WAIT, self._forgotten, None)

    def _forgotten(self, _: None) -> None:
        if self.stack.connections.get(self.key) is self and self._closing:
            del self.stack.connections[self.key]

    # --- asyncio's transport

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self._closing or not self.stack.process.alive

    def is_reading(self) -> bool:
        return not self.is_closing() and not self._paused

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        if self._paused and not self.is_closing():
            self._paused = False
            self.stack.loop.call_soon(self._hand_over)

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        low = high // 4 if low is None else low
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._mind_the_limit()

    def _mind_the_limit(self) -> None:
        if len(self._unsent) > self._high and not self._writing_paused:
            self._writing_paused = True
            self.protocol.pause_writing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
        if self._ending and not self._closing:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not self.is_closing() and data:
            self._unsent += data
            self._flush()
            self._mind_the_limit()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._ending and not self.is_closing():
            self._ending = True
            self._flush()

    def close(self) -> None:
        if self.is_closing() or sys._getframe(2).f_code.co_name == "__del__":
            return  # a StreamWriter closes itself when it is collected, from Python 3.12 on: chance has no part here
        self._closing = self._ending = True
        if self._unread:  # RFC 9293, 3.10.4: closed without having read everything
            self.stack.reset(self.peer, DATA(self.peer_port, self.port, self.expected))
            self.fail(None)
        elif self._ended:
            self._tell_lost(None)
            if self._peer_ended and not self._unacked:
                self._forget()
        else:
            self._flush()

    def abort(self) -> None:
        if self.stack.process.alive and not self._lost:
            self._unsent.clear()
            self._unread.clear()
            if self._closing:
                self._flush()
            else:
                self.close()

    def __repr__(self) -> str:
        state = "closing " if self.is_closing() else ""
        return f"<{state}connection {self.id} port {self.port} - {self.peer} port {self.peer_port}>"
