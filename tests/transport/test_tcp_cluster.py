"""A cluster of real nodes in one process: the surface of `Cluster`, over sockets and in real time."""

import asyncio
import gc
import subprocess
import sys
import time

import pytest

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.transport import TcpCluster


class Ping(Message):
    n: int


class Pong(Message):
    n: int


class Player(Node):
    def start(self):
        self.rallies = 0
        if self.id == "n1":
            self.send("n2", Ping(n=0))

    @on(Ping)
    def ping(self, msg, sender):
        self.send(sender, Pong(n=msg.n))

    @on(Pong)
    async def pong(self, msg, sender):
        self.rallies += 1
        await self.sleep(0.01)
        self.send(sender, Ping(n=msg.n + 1))


class Put(Message):
    key: str
    value: list[int]


class Get(Message):
    key: str


class Value(Message):
    value: list[int] | None


class Store(Node):
    def start(self):
        self.boots = self.disk.get("boots", 0) + 1
        self.disk["boots"] = self.boots

    @on(Put)
    async def put(self, msg, sender):
        if sender not in self.peers:
            for peer in self.peers:
                await self.call(peer, msg, timeout=5.0)
        self.disk[msg.key] = msg.value
        return Value(value=msg.value)

    @on(Get)
    def get(self, msg, sender):
        return Value(value=self.disk.get(msg.key))


def after(rallies):
    return lambda cluster: cluster.nodes["n1"].rallies >= rallies


def test_the_same_class_plays_over_sockets():
    with TcpCluster(Player, size=2) as cluster:
        assert cluster.run(until=after(5), limit=20)
        kinds = [event.kind for event in cluster.trace]
        times = [event.time for event in cluster.trace]
        assert times == sorted(times) and kinds[0] == "start" and kinds.count("deliver") >= 10
        deliver = next(cluster.trace.select("deliver"))
        assert cluster.trace.message(deliver) == Ping(n=0)
        assert cluster.trace.now == cluster.now


def test_a_deterministic_exchange_ends_as_it_does_in_a_simulation():
    class Counter(Node):
        def start(self):
            self.sum, self.log = 0, []
            if self.id == "n1":
                self.pass_on(0)

        def pass_on(self, n):
            if n < 60:
                self.send(f"n{n % 3 + 1}", Ping(n=n))

        @on(Ping)
        def ping(self, msg, sender):
            self.sum += msg.n
            self.log.append((sender, msg.n))
            self.disk["sum"] = self.sum
            self.pass_on(msg.n + 1)

    def final(cluster):
        assert cluster.run(until=lambda c: sum(len(node.log) for node in c.nodes.values()) == 60, limit=20)
        return {id: (node.sum, node.log, dict(node.disk)) for id, node in cluster.nodes.items()}

    with TcpCluster(Counter, size=3) as real:
        assert final(real) == final(Cluster(Counter, size=3))


def test_a_second_takes_a_second_and_time_stands_still_between_runs():
    with TcpCluster(Player, size=2) as cluster:
        cluster.run(0)
        start = time.monotonic()
        cluster.run(0.25)
        assert time.monotonic() - start >= 0.24 and cluster.now == 0.25
        length = len(cluster.trace)
        time.sleep(0.1)
        assert (cluster.now, len(cluster.trace)) == (0.25, length)
        cluster.run(0.1)
        assert cluster.now == pytest.approx(0.35)
        assert max(event.time for event in cluster.trace) <= cluster.now


def test_a_crashed_node_loses_its_state_and_keeps_its_disk():
    with TcpCluster(Store, size=3) as cluster:
        client = cluster.client("c1")
        assert client.call("n1", Put(key="x", value=[1, 2]), timeout=10) == Value(value=[1, 2])
        cluster.crash("n3")
        assert not cluster.up("n3")
        cluster.run(0.05)
        cluster.restart("n3")
        assert client.call("n3", Get(key="x"), timeout=10) == Value(value=[1, 2])
        assert cluster.nodes["n3"].boots == 2
        assert client.call("n2", Put(key="x", value=[3]), timeout=10) == Value(value=[3])  # all are connected again
        assert [operation.outcome for operation in cluster.history] == ["ok"] * 3
        assert [fault.action for fault in cluster.faults] == ["crash", "restart"]


def test_a_partition_drops_messages_and_heals():
    class Beat(Node):
        def start(self):
            self.heard = 0
            self.every(0.01, self.beat)

        def beat(self):
            self.broadcast(Ping(n=0))

        @on(Ping)
        def ping(self, msg, sender):
            self.heard += 1

    with TcpCluster(Beat, size=2) as cluster:
        assert cluster.run(until=lambda c: all(node.heard > 2 for node in c.nodes.values()), limit=20)
        cluster.partition({"n1"}, {"n2"})
        heard = {id: node.heard for id, node in cluster.nodes.items()}
        cluster.run(0.1)
        assert {id: node.heard for id, node in cluster.nodes.items()} == heard
        assert {event.data for event in cluster.trace.select("drop")} == {"partition"}
        came, received = [], cluster._network._received
        cluster._network._received = lambda *args: came.append(args) or received(*args)
        cluster.heal()
        assert cluster.run(until=lambda c: all(node.heard > heard[id] for id, node in c.nodes.items()), limit=20)
        assert came  # through the sockets again, not past them


def test_settings_of_links_add_to_what_sockets_do():
    class Asker(Store):
        async def ask(self):
            self.asked = self.now
            self.answer = (await self.call("n2", Get(key="x"), timeout=10)).value
            self.took = self.now - self.asked

        def start(self):
            super().start()
            self.took = None
            self.after(0.01, self.ask)

    with TcpCluster(Asker, size=2) as cluster:
        cluster.run(0)
        cluster.link("n1", "n2", latency=0.1)
        assert cluster.run(until=lambda c: c.nodes["n1"].took is not None, limit=20)
        assert cluster.nodes["n1"].took >= 0.2  # there and back
        cluster.link("n1", "n2", loss=1.0)
        cluster.run(0.2)
        length = len(list(cluster.trace.select("deliver")))
        assert (
            cluster.client("c1").call("n2", Get(key="x"), timeout=10).value is None
        )  # clients have links of their own
        assert len(list(cluster.trace.select("deliver"))) == length + 2


def test_an_error_of_a_node_is_its_crash(capsys):
    class Broken(Player):
        @on(Pong)
        def pong(self, msg, sender):
            raise ValueError("no backhand")

    with TcpCluster(Broken, size=2) as cluster:
        assert cluster.run(until=lambda c: not c.up("n1"), limit=20)
        error = next(cluster.trace.select("error"))
        assert error.data["error"] == "ValueError: no backhand"
    assert "no backhand" in capsys.readouterr().err


def test_nodes_that_never_let_time_pass_end_the_run_with_an_error():
    class Storm(Node):
        def start(self):
            self.after(0, self.start)

    with TcpCluster(Storm, size=1) as cluster, pytest.raises(LabkitError, match="time stands still"):
        cluster.run(1)


def test_an_async_cell_shares_its_loop():
    async def cell():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        with TcpCluster(Player, size=2) as cluster:
            other = asyncio.create_task(tick())
            assert await cluster.run_async(until=after(3), limit=20)
            await cluster.run_async(0.05)
            cluster.run(0.01)  # a synchronous call inside a running loop
            other.cancel()
        assert ticks > 3 and asyncio.get_running_loop().is_running()

    asyncio.run(cell())


def test_the_live_picture_asks_and_gets_what_has_happened(monkeypatch):
    from labkit.view.live import LiveView

    async def cell():
        with TcpCluster(Player, size=2) as cluster:
            view = LiveView(cluster, asyncio.get_running_loop(), speed=0.1, height=None)
            sent = []
            monkeypatch.setattr(view, "send", sent.append)
            view.answer({"type": "hello", "have": 0})
            have = 0
            while cluster.now < 0.1:
                view.answer({"type": "advance", "have": have, "to": 0.1})
                assert sent[-1]["error"] is None and sent[-1]["start"] == have
                have += len(sent[-1]["columns"]["time"])
            assert have == len(cluster.trace) > 10
            view.answer({"type": "fault", "have": have, "action": "crash", "args": ["n2"]})
            assert "crash" in sent[-1]["columns"]["kind"]
            view.close()

    asyncio.run(cell())


def test_a_closed_cluster_can_be_read_but_not_run():
    with TcpCluster(Player, size=2) as cluster:
        cluster.run(0.02)
    cluster.close()
    assert len(cluster.trace) > 4
    with pytest.raises(LabkitError, match="is closed"):
        cluster.run(1)


def test_too_many_connections_are_refused_at_once():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        with pytest.raises(LabkitError, match="open files"):
            TcpCluster(Player, size=40)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    gc.collect()


FORGETFUL = """
from labkit.protocols.raft import Raft
from labkit.transport import TcpCluster
cluster = TcpCluster(Raft, size=3, seed=2)
print(cluster.run(until=lambda c: any(n.role == "leader" for n in c.nodes.values()), limit=20))
{close}
"""


@pytest.mark.parametrize("close", ["cluster.close()", "# nobody closes it"])
def test_nothing_is_left_when_the_interpreter_ends(close):
    program = FORGETFUL.format(close=close)
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("True")


def test_streams_between_nodes_run_over_real_sockets_too():
    class Server(Node):
        async def start(self):
            async with await asyncio.start_server(self.serve, port=80) as server:
                await server.serve_forever()

        async def serve(self, reader, writer):
            while line := await reader.readline():
                writer.write(line.upper())
                await writer.drain()
            writer.close()

    class Asker(Node):
        async def start(self):
            self.heard = []
            await asyncio.sleep(0.05)
            reader, writer = await asyncio.open_connection("n1", 80)
            for word in (b"one\n", b"two\n"):
                writer.write(word)
                self.heard.append((await reader.readline()).decode())
            writer.close()

    with TcpCluster(nodes={"n1": Server, "n2": Asker}) as cluster:
        assert cluster.run(until=lambda cluster: getattr(cluster.nodes["n2"], "heard", [])[1:], limit=20.0)
        assert cluster.nodes["n2"].heard == ["ONE\n", "TWO\n"]
