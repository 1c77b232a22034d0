"""Connections between nodes: what is sent arrives, is counted, or is refused where it is sent."""

import asyncio

import msgspec
import pytest

from labkit import LabkitError, Message, Node
from labkit.transport.frames import VERSION, Splitter, greeting
from labkit.transport.node import TcpNode
from labkit.transport.tcp import Endpoint
from tests.transport.players import Ping, Player, Secret, Sink, close, join, make, of, run, until


def test_three_nodes_talk_and_stop_in_good_order():
    class Greeter(Sink):
        def start(self):
            super().start()
            self.broadcast(Ping(n=int(self.id[1:])))

    async def scenario():
        ids = ["n1", "n2", "n3"]
        nodes = [make(Greeter, id, [peer for peer in ids if peer != id]) for id in ids]
        join(*nodes)
        await until(lambda: all(len(node.host.process.node.got) == 2 for node in nodes))
        assert sorted(nodes[0].host.process.node.got) == [2, 3]
        await close(*nodes)

    run(scenario)


def test_what_was_sent_last_arrives_before_the_end():
    class Talker(Node):
        def start(self):
            self.broadcast(Ping(n=-1))

        def chat(self):
            for n in range(2_000):
                self.send("n2", Ping(n=n, load=bytes(1_000)))

    async def scenario():
        one, two = make(Talker, "n1", ["n2"]), make(Sink, "n2", ["n1"])
        join(one, two)
        await until(lambda: two.host.process.node.got == [-1])
        one.time.soon(lambda _: one.host.process.node.chat(), None)
        one.time.turn()
        await one.close()
        await until(lambda: two.host.process.node.got[1:] == list(range(2_000)))
        await two.close()

    run(scenario)


def test_a_peer_that_restarts_is_found_again():
    async def scenario():
        one, two = make(Player, "n1", ["n2"]), make(Player, "n2", ["n1"])
        join(one, two)
        await until(lambda: one.host.process.node.rallies >= 3)
        where = two.address
        await two.close()
        await until(lambda: one.endpoint.queues["n2"].connection is None)
        one.time.soon(lambda _: one.host.process.send("n2", Ping(n=1)), None)
        one.time.turn()
        assert of(one, "drop")[-1][2:] == ("n2", "n1", of(one, "send")[-1][4], None, "down")
        two = TcpNode(Player, "n2", {"n1": one.address})
        two.listen(where)
        two.start()
        await until(lambda: one.endpoint.queues["n2"].connection is not None)
        before = one.host.process.node.rallies
        one.time.soon(lambda _: one.host.process.send("n2", Ping(n=1)), None)
        one.time.turn()
        await until(lambda: one.host.process.node.rallies >= before + 3)
        await close(one, two)

    run(scenario)


def test_messages_wait_for_a_peer_that_has_not_started_yet():
    async def scenario():
        one = make(Player, "n1", ["n2"])
        two = make(Player, "n2", ["n1"])
        two.endpoint._listener.close()  # nobody is there yet
        one.endpoint.addresses["n2"] = two.address
        one.start()
        await asyncio.sleep(0.1)
        later = TcpNode(Player, "n2", {"n1": one.address})
        later.listen(two.address)
        later.start()
        await until(lambda: one.host.process.node.rallies >= 2)
        await close(one, later, two)

    run(scenario)


def test_a_slow_peer_costs_the_oldest_messages_and_no_memory():
    class Talker(Node):
        def flood(self):
            for n in range(500):
                self.send("n2", Ping(n=n, load=bytes(10_000)))

    async def scenario():
        gate, arrived = asyncio.Event(), []

        async def crawl(reader, writer):
            """A peer that greets, and then does not read until the gate opens."""
            writer.write(greeting(msgspec.msgpack.decode(HELLO_REPLY)))
            await gate.wait()
            splitter = Splitter(1 << 20)
            while data := await reader.read(1 << 16):
                arrived.extend(msgspec.msgpack.decode(body) for body in splitter.split(data))
            writer.close()

        server = await asyncio.start_server(crawl, "127.0.0.1", 0)
        node = make(Talker, "n1", ["n2"], queue_limit=200_000)
        node.endpoint.addresses["n2"] = server.sockets[0].getsockname()[:2]
        node.start()
        queue = node.endpoint.queues["n2"]
        await until(lambda: queue.connection is not None)
        for _ in range(10):
            node.time.soon(lambda _: node.host.process.node.flood(), None)
            node.time.turn()
            await asyncio.sleep(0)
        assert queue.size <= 200_000
        lost = [event[4] for event in of(node, "drop")]
        assert len(lost) > 1_000 and {event[6] for event in of(node, "drop")} == {"queue full"}
        gate.set()
        sent = [event[4] for event in of(node, "send")]
        await until(lambda: len(arrived) - 1 == len(sent) - len(lost))
        got, gone = [id for id, *_ in arrived[1:]], set(lost)
        assert got == [id for id in sent if id not in gone]  # in order, and the newest among them
        assert got[-1] == sent[-1]
        await node.close()
        server.close()
        await server.wait_closed()

    run(scenario)


HELLO_REPLY = msgspec.msgpack.encode(["labkit-welcome", VERSION, "n2", ""])


def test_a_message_above_the_limit_is_an_error_where_it_is_sent(capsys):
    class Talker(Node):
        def start(self):
            self.send("n2", Ping(n=0, load=bytes(17 << 20)))

    async def scenario():
        ends = []
        node = make(Talker, "n1", ["n2"], failed=ends.append)
        node.start()
        assert "Ping is too large: 17,825,8" in str(ends[0])
        await node.close()

    run(scenario)
    capsys.readouterr()


def test_an_unknown_message_is_dropped_with_its_name(caplog):
    class Other(Node):
        def start(self):
            for message in (msgspec.defstruct("Martian", [("n", int)], bases=(Message,), frozen=True)(n=1), Ping(n=2)):
                self.send("n2", message)

    async def scenario():
        one, two = make(Other, "n1", ["n2"]), make(Sink, "n2", ["n1"])
        two.codec._find = lambda tag: None  # in another process, that class is not there
        join(one, two)
        await until(lambda: two.host.process.node.got == [2])
        (drop,) = of(two, "drop")
        assert drop[2:5] == ("n2", "n1", of(one, "send")[0][4]) and "unknown message type 'Martian'" in drop[6]
        await close(one, two)

    run(scenario)
    assert "Martian" in caplog.text


def test_a_message_without_a_handler_is_dropped_and_crashes_nobody():
    class Other(Node):
        def start(self):
            self.send("n2", Secret(n=1))
            self.send("n2", Ping(n=2))

    async def scenario():
        one, two = make(Other, "n1", ["n2"]), make(Sink, "n2", ["n1"])
        join(one, two)
        await until(lambda: two.host.process.node.got == [2])
        assert "Sink has no handler for Secret" in of(two, "drop")[0][6]
        await close(one, two)

    run(scenario)


def test_nodes_at_the_wrong_address_are_refused(caplog):
    async def scenario():
        one, two = make(Player, "n1", ["n2"]), make(Player, "n3", ["n1"])
        one.endpoint.addresses["n2"] = two.address
        two.endpoint.addresses["n1"] = one.address
        one.start()
        await until(lambda: "n1 looks for n2, and this is n3" in caplog.text)
        await close(one, two)

    run(scenario)


def test_a_port_that_is_taken_is_named():
    async def scenario():
        one = make(Sink, "n1")
        other = TcpNode(Sink, "n2", {})
        with pytest.raises(LabkitError, match=f"n2 cannot listen at 127.0.0.1:{one.address[1]}: "):
            other.listen(one.address)
        await close(one, other)

    run(scenario)


def test_an_endpoint_reaches_its_peers_and_whoever_has_called():
    async def scenario():
        endpoint = Endpoint("n1", {"n2": ("127.0.0.1", 1)}, received=lambda sender, bodies: None)
        assert endpoint.reaches("n2") and not endpoint.reaches("c1")
        where = endpoint.listen()
        client = Endpoint("c1", {"": where}, received=lambda sender, bodies: None)
        await client.connect("")
        assert endpoint.reaches("c1")
        await client.close()
        await until(lambda: not endpoint.connections)
        assert endpoint.reaches("c1")  # an answer to one that has left is no error
        endpoint.send("c1", b"", 1)
        await endpoint.close()

    run(scenario)
