"""A small service and its caller, for tests of what nodes do."""

from labkit import Cluster, Message, Node, on


class Ask(Message):
    n: int


class Answer(Message):
    n: int


class Doubler(Node):
    @on(Ask)
    def ask(self, msg, sender):
        return Answer(n=2 * msg.n)


class Caller(Node):
    async def start(self):
        self.got = None
        self.got = (await self.call("n2", Ask(n=21), timeout=1.0)).n


def pair(first, second=Doubler, **options):
    return Cluster(nodes={"n1": first, "n2": second}, **options)


def kinds(cluster, *names, node=None):
    return list(cluster.trace.select(*names, node=node))
