"""Broadcast by gossip: tell your neighbours what they do not know yet, until they say that they do.

A partition only delays it: what a neighbour has not acknowledged is told again.
"""

import asyncio

from labkit import Message, Node, on


class Topology(Message):
    topology: dict[str, list[str]]


class TopologyOk(Message):
    pass


class Broadcast(Message):
    message: int


class BroadcastOk(Message):
    pass


class Read(Message):
    pass


class ReadOk(Message):
    messages: list[int]


class Gossip(Message):
    news: list[int]


class GossipOk(Message):
    pass


class BroadcastNode(Node):
    def start(self):
        self.messages = set()
        self.known = {peer: set() for peer in self.peers}  # what each neighbour has acknowledged, or told us
        self.every(0.1, self.gossip)

    @on(Topology)
    def topology(self, msg, sender):
        self.known = {neighbour: set() for neighbour in msg.topology[self.id]}
        return TopologyOk()

    @on(Broadcast)
    def broadcast_(self, msg, sender):
        self.messages.add(msg.message)
        return BroadcastOk()

    @on(Read)
    def read(self, msg, sender):
        return ReadOk(messages=sorted(self.messages))

    async def gossip(self):
        await asyncio.gather(*(self.tell(neighbour) for neighbour in self.known))

    async def tell(self, neighbour):
        news = self.messages - self.known[neighbour]
        if news:
            try:
                await self.call(neighbour, Gossip(news=sorted(news)), timeout=1.0)
                self.known[neighbour] |= news
            except TimeoutError:
                pass  # it will be told again

    @on(Gossip)
    def learn(self, msg, sender):
        self.messages |= set(msg.news)
        self.known.setdefault(sender, set()).update(msg.news)
        return GossipOk()
