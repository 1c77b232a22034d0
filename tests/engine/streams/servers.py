"""A server on n1 and a client on n2, for the tests of streams."""

import asyncio

from labkit import Cluster, Node


def pair(serve, client, **options):
    """A cluster: n1 runs `await serve(node, reader, writer)` for each connection, and n2 `await client(node)`."""

    class Server(Node):
        async def start(self):
            async def handle(reader, writer):
                await serve(self, reader, writer)

            self.server = await asyncio.start_server(handle, port=8000)
            self._server = self.server

    class Client(Node):
        async def start(self):
            await client(self)

    return Cluster(nodes={"n1": Server, "n2": Client}, **{"seed": 1, "latency": 0.01} | options)


def notes(cluster, *ids):
    return [event.data for event in cluster.trace.select("note") if not ids or event.node in ids]


def errors(cluster):
    return [event.data["error"] for event in cluster.trace.select("error")]


async def echo(node, reader, writer):
    """Send back every line; at the end of them, close."""
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


async def silent(node, reader, writer):
    """Take the connection, and neither read nor write."""
