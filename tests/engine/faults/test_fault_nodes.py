"""Nodes that pause, are slow, crash at a chosen event, have wrong clocks or take rare paths."""

import pytest

from labkit import Cluster, Fault, LabkitError, Message, Node, on
from tests.engine.faults.broken_nodes import Number, Source, came, numbers


class Clockwork(Node):
    """Notes when its timers fire, and when a sleep and a call end."""

    async def start(self):
        self.ticks = []
        self.every(0.1, self.tick)
        self.once = self.after(0.45, self.note, "once")
        self.after(0.46, self.note, "never").cancel()
        await self.sleep(0.47)
        self.note("slept")
        try:
            await self.call("n2", Number(n=1), timeout=0.2)
        except TimeoutError:
            self.note("timed out")

    def tick(self):
        self.ticks = [*self.ticks, self._process.world.now]

    @on(Number)
    def number(self, msg, sender):
        self.note(f"got {msg.n}")


def notes(cluster, id="n1"):
    return [(event.data, round(event.time, 6)) for event in cluster.trace.select("note", node=id)]


def test_a_paused_node_does_everything_late_and_in_order():
    cluster = Cluster(Source, size=2, latency=0.01)
    cluster.run(1.05)
    cluster.pause("n2")
    cluster.run(1.0)
    assert numbers(cluster)[-1] == 9
    cluster.resume("n2")
    cluster.run(0.2)
    assert numbers(cluster) == list(range(22))
    assert [n for n, time in came(cluster) if time == 2.05] == list(range(10, 20))
    assert {event.data for event in cluster.trace.select("wait")} == {"pause"}


def test_the_timers_of_a_paused_node_fire_once_and_late():
    cluster = Cluster(Clockwork, size=2, latency=0.01)
    cluster.run(0.35)
    cluster.pause("n1")
    cluster.run(0.65)
    assert notes(cluster) == []
    cluster.resume("n1")
    cluster.run(0.55)
    assert notes(cluster) == [("once", 1.0), ("slept", 1.0), ("timed out", 1.2)]
    ticks = cluster.nodes["n1"].ticks
    assert ticks == pytest.approx([0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5])


def test_an_answer_that_came_in_the_pause_counts_before_the_timeout_after_it():
    class Asker(Node):
        async def start(self):
            self.got = None
            if self.id == "n1":
                self.got = (await self.call("n2", Number(n=1), timeout=0.1)).n

        @on(Number)
        def number(self, msg, sender):
            return Number(n=2)

    cluster = Cluster(Asker, size=2, latency=0.02)
    cluster.run(0.03)
    cluster.pause("n1")
    cluster.run(1.0)
    cluster.resume("n1")
    cluster.run(0.1)
    assert cluster.nodes["n1"].got == 2


def test_a_crash_ends_a_pause_and_what_waited_is_lost():
    cluster = Cluster(Source, size=2, latency=0.01)
    cluster.run(1.05)
    cluster.pause("n2")
    cluster.run(0.5)
    cluster.restart("n2")
    cluster.run(0.5)
    assert numbers(cluster) == [*range(10), *range(15, 20)]
    assert sum(event.data == "down" for event in cluster.trace.select("drop")) == 5


def test_a_slow_node_works_on_one_event_after_the_other():
    cluster = Cluster(Source, size=2, latency=0.01)
    cluster.slow("n2", seconds=0.25)
    cluster.run(2.0)
    assert came(cluster) == [(n, round(0.11 + 0.25 * (n + 1), 6)) for n in range(7)]
    cluster.slow("n2", seconds=None)
    cluster.run(1.0)
    assert numbers(cluster) == list(range(29))
    assert came(cluster)[-1][1] == pytest.approx(2.91)


def test_timers_of_a_slow_node_take_its_time_too_and_a_cancelled_one_takes_none():
    cluster = Cluster(Clockwork, size=2, latency=0.01)
    cluster.slow("n1", seconds=0.04)
    cluster.run(0.6)
    assert cluster.nodes["n1"].ticks == pytest.approx([0.14, 0.28, 0.42, 0.56])


class Writer(Node):
    """Two writes and two messages in one step, each of which may be its last."""

    def start(self):
        self.boots = self.disk.get("boots", 0) + 1
        self.disk["boots"] = self.boots
        if self.boots == 1 and self.id == "n1":
            self.after(0.1, self.step)

    def step(self):
        try:
            self.disk["a"] = 1
            self.send("n2", Number(n=1))
            self.disk["b"] = 2
            self.send("n2", Number(n=2))
        except Exception:
            self.send("n2", Number(n=99))
        finally:
            self.reached = True
            self.disk["c"] = 3

    @on(Number)
    def number(self, msg, sender):
        pass


@pytest.mark.parametrize(
    ("when", "disk", "sent"),
    [
        (("write", "n1", 1), {"boots": 1}, []),  # written, not synced: here the disk kept none of it
        (("disk", "n1", 1), {"boots": 1, "a": 1}, []),
        (("send", "n1", 1), {"boots": 1, "a": 1}, [1]),
        (("disk", "n1", 2), {"boots": 1, "a": 1, "b": 2}, [1]),
        (("send", "n1", 2), {"boots": 1, "a": 1, "b": 2}, [1, 2]),
        (("timer", "n1", 1), {"boots": 1, "a": 1, "b": 2, "c": 3}, [1, 2]),
    ],
)
def test_a_node_crashes_between_two_writes_of_one_step(when, disk, sent):
    cluster = Cluster(
        Writer, size=2, faults=[Fault(0.0, "disk", "n1", survive="none"), Fault(0.05, "crash", "n1", when=when)]
    )
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert cluster._network.machines["n1"].store.durable == disk
    assert numbers(cluster) == sent
    assert not list(cluster.trace.select("error"))
    crash = next(cluster.trace.select("crash"))
    assert crash.time == pytest.approx(0.1) and crash.data == "fault"
    if when[0] != "timer":
        assert not [e for e in cluster.trace.select("state", "disk", "send", node="n1") if e.seq > crash.seq]
    cluster.restart("n1")
    assert cluster.nodes["n1"].boots == 2


def test_a_coroutine_stops_at_its_crash_too():
    class Slow(Writer):
        async def step(self):
            await self.sleep(0.1)
            super().step()

    cluster = Cluster(Slow, size=2, faults=[Fault(0.05, "crash", "n1", when=("disk", "n1", 1))])
    cluster.run(1.0)
    assert cluster._network.machines["n1"].store.durable == {"boots": 1, "a": 1}
    assert not list(cluster.trace.select("error"))


def test_a_restart_waits_for_the_crash_and_a_fault_for_an_event_by_its_number():
    faults = [
        Fault(0.0, "restart", "n2", when=("crash", "n2", 2)),
        Fault(0.3, "crash", "n2"),
        Fault(0.4, "restart", "n2"),
        Fault(0.5, "crash", "n2"),
        Fault(0.0, "partition", ["n1"], ["n2"], when=50),
    ]
    cluster = Cluster(Source, size=2, faults=faults)
    cluster.run(5.0)
    boots = [event.time for event in cluster.trace.select("start", node="n2")]
    assert boots == pytest.approx([0.0, 0.4, 0.5])
    (split,) = cluster.trace.select("partition")
    assert split.seq >= 51 and split.time == cluster.trace[50].time
    assert str(cluster.faults) == str(type(cluster.faults)(faults))


def test_a_fault_cannot_wait_for_what_is_not_recorded():
    with pytest.raises(LabkitError, match="leave out trace=False"):
        Cluster(Source, size=2, trace=False, faults=[Fault(0.0, "heal", when=3)])


class Reader(Node):
    def start(self):
        self.log = []
        self.every(1.0, self.tick)
        self.after(2.5, self.tick)

    def tick(self):
        self.log = [*self.log, round(self.now, 6)]


def test_clocks_jump_and_drift_from_what_they_show_and_timers_do_not_jump():
    cluster = Cluster(Reader, size=2)
    cluster.run(1.5)
    cluster.clock("n1", jump=-10)
    cluster.run(2.0)
    assert cluster.nodes["n1"].log == [1.0, -8.0, -7.5, -7.0]
    cluster.clock("n1", drift=1.0)  # twice as fast from now on: no jump, and the next timer set runs by it
    assert cluster.nodes["n1"].now == pytest.approx(-6.5)
    cluster.run(1.0)
    assert cluster.nodes["n1"].log[4:] == [-5.5, -4.5]
    assert cluster.nodes["n2"].log == [1.0, 2.0, 2.5, 3.0, 4.0]


class Rare(Node):
    def start(self):
        self.taken = {"a": 0, "b": 0, "c": 0, "d": 0}
        self.every(0.01, self.tick)

    def tick(self):
        for name in self.taken:
            if self.buggify(name, probability=0.2):
                self.taken = self.taken | {name: self.taken[name] + 1}


def taken(seed=1, **options):
    cluster = Cluster(Rare, size=2, seed=seed, **options)
    cluster.run(10.0)
    assert len(list(cluster.trace.select("buggify", node="n1"))) == sum(cluster.nodes["n1"].taken.values())
    return cluster.nodes["n1"].taken, cluster.nodes["n2"].taken


def test_rare_paths_are_off_unless_asked_for():
    assert sum(taken()[0].values()) == 0


def test_rare_paths_named_are_taken_as_often_as_they_say():
    first, second = taken(buggify={"a", "c"})
    assert first["b"] == first["d"] == 0 and 150 < first["a"] < 250 and first["c"] > 150
    assert first != second


def test_a_seed_enables_a_quarter_of_the_rare_paths_on_all_nodes_alike():
    enabled = 0
    for seed in range(20):
        first, second = taken(seed, buggify=True)
        assert [name for name in first if first[name]] == [name for name in second if second[name]]
        enabled += sum(bool(count) for count in first.values())
    assert 10 < enabled < 32  # of 80


def test_rare_paths_refuse_what_is_no_name_and_no_probability():
    class Wrong(Message):
        pass

    with pytest.raises(LabkitError, match="True, False, or a set of names"):
        Cluster(Rare, size=1, buggify="a")
    node = Cluster(Rare, size=1)
    node.run(0.0)
    with pytest.raises(LabkitError, match="between 0 and 1"):
        node.nodes["n1"].buggify("a", probability=2)
    with pytest.raises(LabkitError, match="give the rare path a name"):
        node.nodes["n1"].buggify("")
