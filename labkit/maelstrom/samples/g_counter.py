"""A grow-only counter over the service seq-kv: one key for each node, which only that node writes.

Nobody else writes a node's key, so no addition is lost, and the counter is the sum of all keys. seq-kv may answer a
read from the past. But a write of something new happens in the present, and a client never goes back: so a node that
has just written reads no older state than that.
"""

import asyncio
from typing import Any

from labkit import Message, Node, RemoteError, on

KEY_DOES_NOT_EXIST = 20


class Add(Message):
    delta: int


class AddOk(Message):
    pass


class Read(Message):
    key: str | None = None  # a client's request has none


class ReadOk(Message):
    value: int


class Write(Message):
    key: str
    value: Any


class GCounter(Node):
    def start(self):
        self.mine = 0  # what was added here
        self.reads = 0
        self._writing = asyncio.Lock()  # one write at a time: the network may reorder two

    @on(Add)
    async def add(self, msg, sender):
        self.mine += msg.delta
        async with self._writing:
            await self.call("seq-kv", Write(key=self.id, value=self.mine), timeout=None)
        return AddOk()

    @on(Read)
    async def read(self, msg, sender):
        self.reads += 1
        await self.call("seq-kv", Write(key=f"{self.id} reads", value=self.reads), timeout=None)
        shares = await asyncio.gather(*(self.share(node) for node in (self.id, *self.peers)))
        return ReadOk(value=sum(shares))

    async def share(self, node):
        try:
            return (await self.call("seq-kv", Read(key=node), timeout=None)).value
        except RemoteError as error:
            if error.code != KEY_DOES_NOT_EXIST:
                raise
            return 0
