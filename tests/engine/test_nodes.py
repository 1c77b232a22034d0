"""What a student writes: handlers, calls, timers, disks, clients."""

import asyncio
from dataclasses import dataclass

import pytest

from labkit import Cluster, Node, UnknownNode, on
from tests.engine.doubler import Answer, Ask, Caller, Doubler, kinds, pair


def test_a_call_is_answered_by_what_the_handler_returns():
    cluster = pair(Caller)
    cluster.run(1.0)
    assert cluster.nodes["n1"].got == 42


def test_a_call_to_a_dead_node_times_out():
    class Patient(Node):
        async def start(self):
            self.error = ""
            try:
                await self.call("n2", Ask(n=1), timeout=0.5)
            except TimeoutError as error:
                self.error = str(error)
                self.when = self.now

    cluster = pair(Patient)
    cluster.crash("n2")
    cluster.run(2.0)
    assert cluster.nodes["n1"].error == "n2 did not answer Ask within 0.5 s"
    assert cluster.nodes["n1"].when == 0.5


def test_an_answer_that_comes_too_late_is_ignored():
    class Hasty(Node):
        async def start(self):
            self.outcome = "none"
            try:
                await self.call("n2", Ask(n=1), timeout=0.001)
            except TimeoutError:
                self.outcome = "timeout"
            self.second = (await self.call("n2", Ask(n=5), timeout=1.0)).n

    cluster = pair(Hasty)
    cluster.run(1.0)
    assert (cluster.nodes["n1"].outcome, cluster.nodes["n1"].second) == ("timeout", 10)


def test_an_answer_to_an_earlier_boot_is_not_taken_for_one_to_this_boot():
    class Counter(Node):
        async def start(self):
            self.answers = []
            reply = await self.call("n2", Ask(n=self.disk.get("boots", 0)), timeout=None)
            self.answers = [*self.answers, reply.n]

    cluster = pair(Counter, latency=0.1)
    cluster.nodes  # noqa: B018
    cluster.run(0.15)  # the first answer is on its way
    cluster.restart("n1")
    cluster.run(1.0)
    assert cluster.nodes["n1"].answers == [0]
    assert len(kinds(cluster, "deliver", node="n1")) == 2


def test_receive_serves_a_node_that_is_one_loop():
    class Loop(Node):
        async def start(self):
            self.seen = []
            while True:
                msg, sender = await self.receive()
                self.seen = [*self.seen, (sender, msg.n)]

    class Sender(Node):
        def start(self):
            for n in range(3):
                self.send("n1", Ask(n=n))

    cluster = pair(Loop, Sender, latency=0.01)
    cluster.run(1.0)
    assert cluster.nodes["n1"].seen == [("n2", 0), ("n2", 1), ("n2", 2)]


def test_timers_fire_reset_and_cancel():
    class Clocked(Node):
        def start(self):
            self.fired = []
            self.late = self.after(0.2, self.mark, "late")
            self.never = self.after(0.3, self.mark, "never")
            self.tick = self.every(0.25, self.mark, "tick")
            self.after(0.1, self.change)

        def change(self):
            self.late.reset()
            self.never.cancel()

        def mark(self, what):
            self.fired = [*self.fired, (what, round(self.now, 6))]
            if len(self.fired) > 3:
                self.tick.cancel()

    cluster = Cluster(Clocked, size=1)
    cluster.run(2.0)
    fired = cluster.nodes["n1"].fired
    assert fired == [("tick", 0.25), ("late", 0.3), ("tick", 0.5), ("tick", 0.75)]
    assert [e.id for e in kinds(cluster, "timer")].count(3) == 3
    assert [e.id for e in kinds(cluster, "cancel")] == [2]


def test_the_disk_survives_a_crash_and_memory_does_not():
    class Keeper(Node):
        def start(self):
            self.memory = 0
            self.boots = self.disk.get("boots", 0) + 1
            self.disk["boots"] = self.boots
            self.memory += 1

    cluster = Cluster(Keeper, size=1)
    cluster.run(1.0)
    cluster.crash("n1")
    assert not cluster.up("n1")
    cluster.run(1.0)
    cluster.restart("n1")
    assert (cluster.nodes["n1"].boots, cluster.nodes["n1"].memory) == (2, 1)


def test_a_crash_loses_only_writes_that_were_not_synced_and_the_last_ones_first():
    class Lazy(Node):
        def start(self):
            self.found = dict(self.disk)
            self.disk.autosync = False
            self.disk["a"] = 1
            self.disk.sync()
            for key in "bcd":
                self.disk[key] = 1

    found = set()
    for seed in range(20):
        cluster = Cluster(Lazy, size=1, seed=seed)
        cluster.run(0.1)
        cluster.restart("n1")
        found.add("".join(cluster.nodes["n1"].found))
    assert found == {"a", "ab", "abc", "abcd"}


def test_what_is_on_disk_is_not_shared_with_memory():
    class Keeper(Node):
        def start(self):
            self.log = ["x"]
            self.disk["log"] = self.log
            self.log.append("y")
            self.read = self.disk["log"]
            self.read.append("z")
            self.again = self.disk["log"]

    cluster = Cluster(Keeper, size=1)
    cluster.run(0)
    assert cluster.nodes["n1"].again == ["x"]


def test_a_dead_nodes_code_never_runs_again():

    late = []

    class Ghost(Node):
        async def start(self):
            try:
                while True:
                    await asyncio.sleep(0.1)
            finally:
                late.append("finally")
                self.send("n2", Ask(n=1))

    cluster = pair(Ghost)
    cluster.run(0.55)
    sent = len(kinds(cluster, "send"))
    cluster.crash("n1")
    cluster.run(5.0)
    assert len(kinds(cluster, "send")) == sent


def test_what_a_dying_coroutine_still_does_leaves_no_trace():
    class Clinger(Node):
        async def start(self):
            try:
                await self.sleep(10)
            finally:
                self.note("not yet!")
                self.disk["last"] = "words"
                self.after(0.1, self.start)

    cluster = Cluster(Clinger, size=1)
    cluster.run(1.0)
    cluster.crash("n1")
    cluster.run(1.0)
    assert not kinds(cluster, "note", "disk", "set")
    assert cluster.trace[-1].kind == "crash"


def test_tasks_are_named_by_their_own_node():
    class Namer(Node):
        async def start(self):
            task = asyncio.create_task(self.sleep(0))
            self.name = task.get_name()
            await task

    cluster = Cluster(Namer, size=3)
    cluster.run(0)
    assert [node.name for node in cluster.nodes.values()] == ["n1-task-1", "n2-task-1", "n3-task-1"]


def test_a_subclass_overrides_a_handler_by_its_name():
    class Tripler(Doubler):
        def ask(self, msg, sender):
            return Answer(n=3 * msg.n)

    cluster = pair(Caller, Tripler)
    cluster.run(1.0)
    assert cluster.nodes["n1"].got == 63


def test_public_state_is_in_the_trace_and_private_state_is_not():
    class Stateful(Node):
        def start(self):
            self.items = []
            self._secret = 1
            self.timer = self.after(0.1, self.add)

        def add(self):
            self.items.append({"n1", "n0"})
            self._secret += 1

    cluster = Cluster(Stateful, size=1)
    cluster.run(1.0)
    assert [event.data for event in kinds(cluster, "state")] == [{"items": []}, {"items": [["n0", "n1"]]}]


def test_notes_and_clock_skew():
    class Noter(Node):
        def start(self):
            self.note(f"at {self.now:g}")
            self.after(1.0, self.later)

        def later(self):
            self.note(f"at {self.now:g}")

    cluster = Cluster(Noter, size=1)
    cluster.clock("n1", offset=100.0, rate=2.0)
    cluster.run(2.0)
    assert [(e.time, e.data) for e in kinds(cluster, "note")] == [(0.0, "at 100"), (0.5, "at 101")]


def test_a_topology_limits_who_can_be_sent_to(capsys):
    import networkx as nx

    class Ring(Node):
        def start(self):
            self.heard = ()
            for peer in self.peers:
                self.send(peer, Ask(n=1))

        @on(Ask)
        def ask(self, msg, sender):
            self.heard = tuple(sorted((*self.heard, sender)))

    cluster = Cluster(Ring, topology=nx.cycle_graph(4))
    cluster.run(1.0)
    assert cluster.nodes["n1"].peers == ("n2", "n4")
    assert cluster.nodes["n3"].heard == ("n2", "n4")
    assert sorted(map(sorted, cluster.trace.edges)) == [["n1", "n2"], ["n1", "n4"], ["n2", "n3"], ["n3", "n4"]]

    class Shouter(Node):
        def start(self):
            if self.id == "n1":
                self.send("n3", Ask(n=1))

    Cluster(Shouter, topology=nx.cycle_graph(4)).run(0.1)
    assert "n1 has no link to n3 in this topology; its peers are n2, n4" in capsys.readouterr().err


def test_clients_ask_and_their_history_is_kept():
    cluster = Cluster(Doubler, size=2)
    client = cluster.client("c1")
    assert client.call("n1", Ask(n=4)).n == 8
    cluster.crash("n2")
    with pytest.raises(TimeoutError):
        client.call("n2", Ask(n=5), timeout=0.5)
    assert [operation.outcome for operation in cluster.history] == ["ok", "info"]
    assert [event.kind for event in kinds(cluster, "invoke", "ok", "info")] == ["invoke", "ok", "invoke", "info"]
    assert cluster.ids == ("n1", "n2")
    with pytest.raises(UnknownNode):
        client.invoke("n9", Ask(n=1))
    assert client.call("n1", Ask(n=1)).n == 2


def test_a_timer_cancelled_and_set_again_fires_once():
    class Fickle(Node):
        def start(self):
            self.fired = []
            self.timeout = self.after(1.0, self.fire)
            self.after(0.5, self.timeout.cancel)
            self.after(2.0, self.timeout.reset)

        def fire(self):
            self.fired = [*self.fired, self.now]

    cluster = Cluster(Fickle, size=1)
    cluster.run(8.0)
    assert cluster.nodes["n1"].fired == [3.0]


def test_what_a_node_keeps_to_itself_is_not_copied_at_every_step():
    made = []

    @dataclass
    class Remembered:
        def __post_init__(self):
            made.append(self)

    class Archive(Node):
        def start(self):
            self._past, self.size = [], 0
            self.every(0.1, self.remember)

        def remember(self):
            self._past.append(Remembered())
            self.size += 1

    cluster = Cluster(Archive, size=1)
    cluster.run(5.05)
    assert len(made) == 50
    assert [event.data["size"] for event in cluster.trace.select("state")] == list(range(51))
