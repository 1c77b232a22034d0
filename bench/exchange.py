"""The exchange of `bench.peers` in labkit, in every way that labkit lets a node be written."""

from collections.abc import Callable
from typing import Any

from bench.measure import Way, Work
from bench.peers import LONGEST, MEAN, SHORTEST, rally
from labkit import Cluster, Message, Node, on

KEPT = ["no trace", "trace", "trace and digest"]

delivered = [0]  # counted by the nodes of the run that is being measured


class Token(Message):
    n: int


class Parcel(Message):
    n: int
    items: list[int]


class Player(Node):
    """Knows its neighbour: the next node, and n1 after the last."""

    def neighbour(self) -> str:
        return f"n{int(self.id[1:]) % (len(self.peers) + 1) + 1}"


class Plain(Player):
    def start(self) -> Any:
        self.send(self.neighbour(), Token(n=0))

    @on(Token)
    def token(self, msg: Token, sender: str) -> None:
        delivered[0] += 1
        self.send(sender, Token(n=msg.n + 1))


class Stateful(Player):
    def start(self) -> Any:
        self.tokens = 0
        self.send(self.neighbour(), Token(n=0))

    @on(Token)
    def token(self, msg: Token, sender: str) -> None:
        delivered[0] += 1
        self.tokens += 1
        self.send(sender, Token(n=msg.n + 1))


class WithParcels(Player):
    def start(self) -> Any:
        self.send(self.neighbour(), Parcel(n=0, items=[1, 2, 3]))

    @on(Parcel)
    def parcel(self, msg: Parcel, sender: str) -> None:
        delivered[0] += 1
        self.send(sender, Parcel(n=msg.n + 1, items=msg.items))


class Coroutine(Player):
    def start(self) -> Any:
        self.send(self.neighbour(), Token(n=0))

    @on(Token)
    async def token(self, msg: Token, sender: str) -> None:
        delivered[0] += 1
        self.send(sender, Token(n=msg.n + 1))


class OneLoop(Player):
    async def start(self) -> Any:
        self.send(self.neighbour(), Token(n=0))
        while True:
            msg, sender = await self.receive()
            delivered[0] += 1
            self.send(sender, Token(n=msg.n + 1))


class Caller(Player):
    async def start(self) -> Any:
        neighbour = self.neighbour()
        while True:
            await self.call(neighbour, Token(n=0), timeout=1.0)
            delivered[0] += 1  # the answer; `token` counts the question

    @on(Token)
    def token(self, msg: Token, sender: str) -> Token:
        delivered[0] += 1
        return Token(n=msg.n + 1)


class Asyncio(Node):
    async def start(self) -> Any:
        await rally(delivered)


def in_labkit(node: type[Node], *, trace: bool, digest: bool = False) -> Callable[[int, int], Work]:
    """A cluster of this node, booted; the work is to run it for as long as it takes to deliver the messages."""

    def prepare(nodes: int, messages: int) -> Work:
        cluster = Cluster(node, nodes, seed=1, latency=(SHORTEST, LONGEST), trace=trace)
        cluster.run(SHORTEST / 2)
        delivered[0] = 0

        def work() -> int:
            cluster.run(messages / nodes * MEAN)
            if digest:
                cluster.trace.digest()
            return delivered[0]

        return work

    return prepare


NODES = {
    "plain handler": Plain,
    "plain handler, an attribute changes": Stateful,
    "plain handler, a list is copied": WithParcels,
    "coroutine handler": Coroutine,
    "one coroutine a node: receive": OneLoop,
    "calls with a timeout": Caller,
    "asyncio code, a queue and a sleep": Asyncio,
}
WAYS = [
    Way(name, kept, in_labkit(node, trace=kept != "no trace", digest=kept == "trace and digest"))
    for name, node in NODES.items()
    for kept in KEPT
]
