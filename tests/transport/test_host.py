"""One node run for real: what it sees of time, messages and errors is what it sees in a simulation."""

import asyncio

import pytest

from labkit import Node, UnknownNode, on
from labkit.engine.disk import Store
from labkit.transport.host import Host, RealTime
from tests.transport.players import Ping, Player, Pong


class Wire:
    """Joins hosts of one asyncio loop, with no socket between."""

    def __init__(self):
        self.time = RealTime(asyncio.get_running_loop())
        self.time.go()
        self.hosts, self.events = {}, []

    def add(self, program, id, peers=(), **options):
        def transmit(to, message, call, reply, number):
            self.time.real.call_soon(self.arrive, to, message, id, call, reply, number)

        self.hosts[id] = host = Host(
            program, id, tuple(peers), transmit, time=self.time, record=self.events.append, **options
        )
        return host

    def arrive(self, to, message, sender, call, reply, number):
        self.hosts[to].deliver(message, sender, call, reply, number)
        self.time.turn()

    def kinds(self, node):
        return [event[1] for event in self.events if event[2] == node]


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


def run(scenario):
    asyncio.run(scenario())


def test_two_hosts_play():
    async def scenario():
        wire = Wire()
        one, two = wire.add(Player, "n1", ["n2"]), wire.add(Player, "n2", ["n1"])
        two.boot()
        one.boot()
        await until(lambda: one.process.node.rallies >= 5)
        assert wire.kinds("n1")[:3] == ["start", "send", "state"]
        times = [event[0] for event in wire.events]
        assert times == sorted(times)
        wire.time.halt()

    run(scenario)


def test_calls_timers_and_clocks_are_those_of_a_simulation():
    class Asker(Node):
        async def start(self):
            self.log = []
            self.after(0.02, self.late)
            self.log.append((await self.call("n2", Ping(n=7), timeout=5)).n)
            try:
                await self.call("nobody", Ping(n=1), timeout=0.03)
            except TimeoutError as error:
                self.log.append(str(error))

        def late(self):
            self.log.append(self.now)

    class Answerer(Node):
        @on(Ping)
        def ping(self, msg, sender):
            return Pong(n=msg.n + 1)

    async def scenario():
        wire = Wire()
        wire.arrive = lambda *args, arrive=wire.arrive: None if args[0] == "nobody" else arrive(*args)
        one = wire.add(Asker, "n1", ["n2"], reaches=lambda to: True)
        wire.add(Answerer, "n2", ["n1"]).boot()
        one.boot()
        await until(lambda: len(one.process.node.log) == 3)
        due = next(event[5] for event in wire.events if event[1] == "set")
        assert set(one.process.node.log) == {8, due, "nobody did not answer Ping within 0.03 s"}  # 8 may be late
        wire.time.halt()

    run(scenario)


def test_an_error_crashes_the_node_and_not_its_host(capsys):
    class Broken(Node):
        def start(self):
            self.disk["boots"] = self.disk.get("boots", 0) + 1

        @on(Ping)
        def ping(self, msg, sender):
            return 1 // msg.n

    async def scenario():
        wire, ends = Wire(), []
        host = wire.add(Broken, "n1", store=Store(), failed=ends.append)
        host.boot()
        host.deliver(Ping(n=0), "c1")
        host.deliver(Ping(n=1), "c1")
        wire.time.turn()
        assert [type(error) for error in ends] == [ZeroDivisionError]
        assert wire.kinds("n1") == ["start", "disk", "state", "deliver", "error", "crash", "drop"]
        host.boot()
        assert host.process.node.disk["boots"] == 2
        wire.time.halt()

    run(scenario)
    printed = capsys.readouterr().err
    assert "n1 crashed" in printed and "return 1 // msg.n" in printed and "engine/process.py" not in printed


def test_nodes_that_never_let_time_pass_are_stopped(capsys):
    class Storm(Node):
        def start(self):
            self.after(0, self.start)

    async def scenario():
        wire, ends = Wire(), []
        wire.add(Storm, "n1", failed=ends.append).boot()
        assert len(ends) == 1 and "time stands still" in str(ends[0])
        assert wire.kinds("n1")[-1] == "crash"
        assert not wire.time.stands
        wire.time.halt()

    run(scenario)
    assert "n1 was stopped" in capsys.readouterr().err


def test_time_stands_still_when_it_is_halted():
    class Ticker(Node):
        def start(self):
            self.ticks = 0
            self.every(0.01, self.tick)

        def tick(self):
            self.ticks += 1

    async def scenario():
        wire = Wire()
        host = wire.add(Ticker, "n1")
        host.boot()
        await until(lambda: host.process.node.ticks == 3)
        wire.time.halt()
        then, ticks = wire.time.now, host.process.node.ticks
        await asyncio.sleep(0.05)
        assert (wire.time.now, host.process.node.ticks) == (then, ticks)
        wire.time.go()
        await until(lambda: host.process.node.ticks == ticks + 2)
        assert wire.time.now < then + 5
        wire.time.halt()

    run(scenario)


def test_a_message_to_nobody_is_refused_where_it_is_sent():
    class Lost(Node):
        def start(self):
            try:
                self.send("n9", Ping(n=0))
            except UnknownNode as error:
                self.why = str(error)

    async def scenario():
        wire = Wire()
        host = wire.add(Lost, "n1", ["n2"])
        host.boot()
        assert "no such node; its peers are n2" in host.process.node.why
        wire.time.halt()

    run(scenario)


def test_what_is_no_node_is_refused():
    async def scenario():
        with pytest.raises(Exception, match="derives from Node"):
            Wire().add(int, "n1")

    run(scenario)
