"""Nodes as processes, over TCP on loopback: messages a second, and how long a committed write takes, beside peers.

Figures are of wall time, with all processes on this machine: they depend on what else runs here. So each is measured in
turn with its peer, and the ratio is what counts.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from labkit import Message, Node, on
from labkit.transport import connect

WINDOW = 200  # tokens under way to each of the two others
SECONDS = 1.0
WRITES = 200


class Go(Message):
    seconds: float


class Done(Message):
    messages: int
    seconds: float


class Token(Message):
    n: int


class Flood(Node):
    """n1 keeps tokens under way to the others, who send each one back."""

    def start(self) -> Any:
        self._count, self._going = 0, False

    @on(Go)
    async def go(self, msg: Go, sender: str) -> Done:
        self._going, self._count = True, 0
        start = time.perf_counter()
        for n in range(WINDOW):
            self.broadcast(Token(n=n))
        await self.sleep(msg.seconds)
        self._going = False
        return Done(messages=self._count, seconds=time.perf_counter() - start)

    @on(Token)
    def token(self, msg: Token, sender: str) -> None:
        if self.id != "n1":
            self.send(sender, msg)
            return
        self._count += 2  # there and back
        if self._going:
            self.send(sender, msg)


class Write(Message):
    value: int


class Replicate(Message):
    index: int
    value: int


class Stored(Message):
    index: int


class Log(Node):
    """A log that a leader, n1, replicates: a write is committed when it is on the disks of a majority."""

    def start(self) -> Any:
        self._length = len(self.disk)
        self._acks: dict[int, tuple[set[str], asyncio.Event]] = {}

    @on(Write)
    async def write(self, msg: Write, sender: str) -> Stored:
        self._length = index = self._length + 1
        committed = asyncio.Event()
        self._acks[index] = set(), committed
        self.broadcast(Replicate(index=index, value=msg.value))
        self.disk[index] = msg.value  # synced when this returns
        self._voted(index, self.id)
        await committed.wait()
        del self._acks[index]
        return Stored(index=index)

    @on(Replicate)
    def replicate(self, msg: Replicate, sender: str) -> None:
        self.disk[msg.index] = msg.value
        self.send(sender, Stored(index=msg.index))

    @on(Stored)
    def stored(self, msg: Stored, sender: str) -> None:
        self._voted(msg.index, sender)

    def _voted(self, index: int, node: str) -> None:
        if index in self._acks:  # else it is committed already
            voters, committed = self._acks[index]
            voters.add(node)
            if len(voters) > (len(self.peers) + 1) / 2:
                committed.set()


@contextlib.contextmanager
def nodes(program: str, *, disks: bool) -> Iterator[str]:
    """Three processes of this program; gives n1's address."""
    ports = free_ports(3)
    addresses = {f"n{number}": f"127.0.0.1:{port}" for number, port in enumerate(ports, 1)}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for id, address in addresses.items():
            command = [sys.executable, "-m", "labkit.cli", "node", f"bench.network:{program}", "--id", id]
            command += ["--listen", address, *(["--data", f"{folder}/{id}"] if disks else [])]
            for peer, where in addresses.items():
                command += ["--peer", f"{peer}={where}"] if peer != id else []
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            assert process.stdout is not None
            stack.callback(process.stdout.close)
            process.stdout.readline()
        time.sleep(1.0)  # they connect
        yield addresses["n1"]


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [taken.getsockname()[1] for taken in sockets]


def messages_of_labkit() -> float:
    """Messages a second through n1, there and back, with two other processes."""
    with nodes("Flood", disks=False) as address, connect(address) as client:
        client.call(Go(seconds=0.2), timeout=30)  # warm up
        done = client.call(Go(seconds=SECONDS), timeout=30)
        return float(done.messages / done.seconds)


def messages_of_streams() -> float:
    """The same with nothing but asyncio's streams: 16 bytes there and back, no types, no queues, no trace."""
    ports = free_ports(2)
    servers = [multiprocessing.get_context("spawn").Process(target=serve_echo, args=(port,)) for port in ports]
    for server in servers:
        server.start()
    try:
        return asyncio.run(_exchange(ports))
    finally:
        for server in servers:
            server.terminate()
            server.join()


def serve_echo(port: int) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                writer.write(await reader.readexactly(16))

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", port)
        await server.serve_forever()

    logging.disable(logging.CRITICAL)
    asyncio.run(main())


async def _exchange(ports: list[int]) -> float:
    count = 0

    async def play(port: int) -> None:
        nonlocal count
        for _ in range(200):
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            await asyncio.sleep(0.05)
        for _ in range(WINDOW):
            writer.write(bytes(16))
        try:
            while True:
                writer.write(await reader.readexactly(16))
                count += 2
        finally:
            writer.close()

    tasks = [asyncio.create_task(play(port)) for port in ports]
    while count < 4 * WINDOW:
        await asyncio.sleep(0.01)
    start, before = time.perf_counter(), count
    await asyncio.sleep(SECONDS)
    rate = (count - before) / (time.perf_counter() - start)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return rate


def commit(disks: bool) -> float:
    """Milliseconds (the median) for a client's write, until two of three processes have it (on their disks)."""
    with nodes("Log", disks=disks) as address, connect(address) as client:
        times = []
        for value in range(WRITES):
            start = time.perf_counter()
            client.call(Write(value=value), timeout=30)
            times.append(time.perf_counter() - start)
        return statistics.median(times[WRITES // 10 :]) * 1e3


def commit_of_pysyncobj() -> float:
    """The same for PySyncObj, asked in the leader's own process: a hop less. Its journal is a file that it does not
    sync."""
    ports = free_ports(3)
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        processes = [context.Process(target=_serve_pysyncobj, args=(n, ports, folder, results)) for n in range(3)]
        for process in processes:
            process.start()
        try:
            return float(results.get(timeout=60))
        finally:
            for process in processes:
                process.terminate()
                process.join()


def _serve_pysyncobj(number: int, ports: list[int], folder: str, results: Any) -> None:
    from pysyncobj import SyncObj, SyncObjConf, replicated

    class Journal(SyncObj):  # type: ignore[misc]
        @replicated  # type: ignore[untyped-decorator]
        def write(self, value: int) -> int:
            return value

    logging.disable(logging.CRITICAL)
    addresses = [f"127.0.0.1:{port}" for port in ports]
    own = addresses.pop(number)
    options = {"journalFile": f"{folder}/{number}", "appendEntriesUseBatch": False, "autoTickPeriod": 0.001}
    journal = Journal(own, addresses, SyncObjConf(**options))
    journal.waitReady()
    while True:
        if journal._isLeader():
            times = []
            for value in range(WRITES):
                start = time.perf_counter()
                journal.write(value, sync=True, timeout=30)
                times.append(time.perf_counter() - start)
            results.put(statistics.median(times[WRITES // 10 :]) * 1e3)
        time.sleep(0.1)


def one_sync() -> float:
    """Milliseconds (the median) to append 60 bytes to a file and sync it: what no synced write can beat."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(WRITES):
            start = time.perf_counter()
            os.write(file.fileno(), bytes(60))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


@dataclass
class Pair:
    """A figure of labkit's beside a peer's, once for each round."""

    name: str
    unit: str
    measure: Callable[[], float]
    peer: str
    measure_peer: Callable[[], float]
    mine: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def ratios(self) -> list[float]:
        return [mine / theirs for mine, theirs in zip(self.mine, self.theirs, strict=True)]


def pairs(repeats: int) -> list[Pair]:
    """Measure each pair `repeats` times, in turns."""
    measured = [
        Pair("messages through n1, 3 processes", "/s", messages_of_labkit, "asyncio streams", messages_of_streams),
        Pair("a write that 2 of 3 have, not synced", "ms", partial(commit, False), "PySyncObj", commit_of_pysyncobj),
        Pair("a write on 2 of 3 disks, synced", "ms", partial(commit, True), "one append and sync", one_sync),
    ]
    for _ in range(repeats):
        for pair in measured:
            pair.mine.append(pair.measure())
            pair.theirs.append(pair.measure_peer())
    return measured
