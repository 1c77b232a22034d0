"""Nodes that talk over loopback, and what a test of them needs."""

import asyncio
import gc
import warnings

from labkit import Message, Node, on
from labkit.transport.node import TcpNode


class Ping(Message):
    n: int
    load: bytes = b""


class Pong(Message):
    n: int


class Secret(Message):
    n: int


class Player(Node):
    def start(self):
        self.rallies = 0
        if self.id == "n1":
            self.send("n2", Ping(n=0))

    @on(Ping)
    def ping(self, msg, sender):
        return Pong(n=msg.n) if sender not in self.peers else self.send(sender, Pong(n=msg.n))

    @on(Pong)
    async def pong(self, msg, sender):
        self.rallies += 1
        await self.sleep(0.001)
        self.send(sender, Ping(n=msg.n + 1))


class Sink(Node):
    def start(self):
        self._got = []  # not shown, so that it is not copied at every step

    @property
    def got(self):
        return self._got

    @on(Ping)
    def ping(self, msg, sender):
        self._got.append(msg.n)


async def until(condition, seconds=15.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


def run(scenario, collect=True):
    """Run it, and fail if it leaves a task, a socket or a warning behind."""

    async def whole():
        await asyncio.wait_for(scenario(), 30)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    if collect:
        gc.collect()  # what other tests left is not held against this one
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        asyncio.run(whole(), debug=False)
        if collect:
            gc.collect()


def make(program, id, peers=(), **options):
    """A node that listens; the others' addresses are filled in by `join`."""
    events = []
    node = TcpNode(program, id, dict.fromkeys(peers, ("127.0.0.1", 0)), record=events.append, **options)
    node.events = events
    node.address = node.listen()
    return node


def join(*nodes):
    for node in nodes:
        for other in nodes:
            if other is not node:
                node.endpoint.addresses[other.id] = other.address
    for node in nodes:
        node.start()


async def close(*nodes):
    for node in nodes:
        await node.close()


def of(node, kind):
    return [event for event in node.events if event[1] == kind]
