"""A node on stdin and stdout, in Maelstrom's protocol: one JSON message a line (see `labkit.transport.bodies`).

The node's class is the one that runs in a simulated cluster. The first message, `init`, tells it its id and its peers;
then it starts. A handler that returns a Message answers the request, with `in_reply_to`; `self.call` makes requests of
the node's own, also of services such as lin-kv. An answer of type `error` raises RemoteError in the call, and a handler
that returns an `Error` sends one. A request that no handler takes is answered with error 10 (not supported), one whose
fields do not fit with error 12 (malformed request).

What the node prints goes to stderr: stdout belongs to the protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from labkit.errors import LabkitError, MessageError
from labkit.message import Error, Message
from labkit.node import Node
from labkit.transport.bodies import Bodies, Body
from labkit.transport.files import FileStore
from labkit.transport.host import Host, RealTime
from labkit.transport.loading import load

NOT_SUPPORTED, MALFORMED = 10, 12
CALLS = 1 << 32  # a process numbers its calls from a multiple of this


def serve(program: str, data: Path | None = None) -> int:
    """Run the node "module:Class" or "file.py:Class" on stdin and stdout until stdin ends. Returns the exit status.

    `data` is a folder that keeps the disks of nodes, each in a folder of its id; without it the disk is in memory.
    Raises LabkitError if there is no such class, or the disk cannot be used.
    """
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    try:
        return asyncio.run(_serve(load(program, Node), data, sys.stdin.fileno(), out))
    finally:
        sys.stdout = sys.__stdout__


async def _serve(program: type[Node], data: Path | None, file: int, out: IO[bytes]) -> int:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[int] = loop.create_future()

    def end(how: int | LabkitError) -> None:
        if not over.done():
            over.set_exception(how) if isinstance(how, LabkitError) else over.set_result(how)

    node = _Served(program, data, out, end)

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the node has ended before its stdin
            for line in _lines(file):
                loop.call_soon_threadsafe(node.hear, line)
            loop.call_soon_threadsafe(node.end, 0)

    threading.Thread(target=read, daemon=True).start()
    try:
        return await over
    finally:
        node.close()


def _lines(file: int) -> Iterator[bytes]:
    """The lines of a file that are not empty. Without a buffer of Python's, which a thread would hold at the end."""
    rest = b""
    while data := os.read(file, 1 << 16):
        *whole, rest = (rest + data).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


class _Served:
    """One node between the lines that come and the lines that go."""

    def __init__(
        self, program: type[Node], data: Path | None, out: IO[bytes], end: Callable[[int | LabkitError], None]
    ):
        self.program, self.data, self.out, self.end = program, data, out, end
        self.time = RealTime(asyncio.get_running_loop())
        self.bodies = Bodies(program)
        self.host: Host | None = None
        self.store: FileStore | None = None
        self._early: list[tuple[str, Body]] = []  # what came before init
        self._base = 0  # from where the process numbers its calls

    def hear(self, line: bytes) -> None:
        """A line has come."""
        try:
            message = json.loads(line)
            sender, body = message["src"], message["body"]
            kind = body["type"]
        except (ValueError, KeyError, TypeError):
            print(f"labkit: this line is no message: {line[:300]!r}", file=sys.stderr, flush=True)
            return
        if kind == "init":
            try:
                self._init(sender, body)
            except LabkitError as error:
                self.end(error)
        elif self.host is None:
            self._early.append((sender, body))
        else:
            self._take(sender, body)

    def close(self) -> None:
        """The end: the node's disk is let go."""
        if self.store is not None:
            self.store.close()

    def _init(self, sender: str, body: Body) -> None:
        id = body["node_id"]
        if self.host is None:
            peers = tuple(sorted(node for node in body["node_ids"] if node != id))
            if self.data is not None:
                self.store = FileStore(self.data / id, id)
            self.host = Host(
                self.program,
                id,
                peers,
                self._transmit,
                time=self.time,
                reaches=lambda to: True,
                store=self.store,
                failed=lambda error: self.end(1),
            )
            self.time.go()
            self.host.boot()
        if self.host.process is not None:
            self._write(sender, {"type": "init_ok", "in_reply_to": body.get("msg_id")})
            early, self._early = self._early, []
            for came_from, body in early:
                self._take(came_from, body)

    def _take(self, sender: str, body: Body) -> None:
        """Give a message to the node, or an error to its sender."""
        assert self.host is not None
        call, reply = body.get("msg_id"), body.get("in_reply_to")
        if reply is None and (why := self._refusal(body)) is not None:
            self._refuse(sender, call, NOT_SUPPORTED, why)
            return
        try:
            message = self.bodies.decode(body)
        except MessageError as error:
            self._refuse(sender, call, MALFORMED, str(error))
            return
        self.host.deliver(message, sender, call, None if reply is None else self._base + reply)
        self.time.turn()

    def _refusal(self, body: Body) -> str | None:
        """Why the node cannot take a request of this type, if it cannot."""
        if not self.program._table():
            return None  # it takes everything, with self.receive()
        kind = self.bodies.kind(body)
        if kind is not None and (kind in self.program._table() or self.program._handler_for(kind)):
            return None
        if Message in self.program._table():
            return None
        return f"{self.program.__name__} has no handler for {body['type']}"

    def _refuse(self, sender: str, call: int | None, code: int, why: str) -> None:
        print(f"labkit: refused a message of {sender}: {why}", file=sys.stderr, flush=True)
        if call is not None:
            self._write(sender, {**self.bodies.encode(Error(code=code, text=why)), "in_reply_to": call})

    def _transmit(self, to: str, message: Message, call: int | None, reply: int | None, id: int) -> None:
        body = self.bodies.encode(message)
        if call is not None:
            self._base = call // CALLS * CALLS
            body["msg_id"] = call - self._base
        if reply is not None:
            body["in_reply_to"] = reply
        self._write(to, body)

    def _write(self, to: str, body: Body) -> None:
        assert self.host is not None
        line = json.dumps({"src": self.host.id, "dest": to, "body": body})
        try:
            self.out.write(line.encode() + b"\n")
            self.out.flush()
        except BrokenPipeError:
            self.end(0)  # nobody listens any more
