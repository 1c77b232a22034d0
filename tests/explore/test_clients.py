"""Clients in a search of everything: they ask at any moment, and what they are told is judged in every state."""

from functools import partial

import pytest

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.check import linearizable
from labkit.check.answers import answers_linearizable
from labkit.explore import Script, explore
from labkit.explore.exhaustive import exhaustive
from labkit.protocols.abd import Read, Register, Write

all_orders = partial(explore, strategy="exhaustive", progress=False)


def atomic(history):
    return linearizable(history, "kv")


# --- a register on three servers, by states


class NoWriteBack(Register):
    """A read returns the latest value that a majority knows, and does not see to it that later reads find it."""

    def go_on(self, number):
        operation = self.pending[number]
        if operation["kind"] == "read" and len(operation["answers"]) >= self.majority():
            operation["value"] = self.latest(operation)[1]
            self.complete(number)
        else:
            super().go_on(number)


write = [("n1", Write(key="x", value="1"))]
TWO_READS = Script(c1=write, c2=[("n1", Read(key="x")), ("n2", Read(key="x"))])


@pytest.mark.parametrize("prop", [atomic, answers_linearizable("kv")], ids=["history", "trace"])
def test_a_register_without_write_back_lets_a_later_read_see_an_older_value(prop):
    report = all_orders(NoWriteBack, TWO_READS, prop, size=3)
    assert not report
    assert "by states" in report.why
    assert "c1: asks" not in report.why and "c2 asks Read(key='x') of n1, then" in report.why
    assert [c.node for c in report.finding.schedule if c.do == "invoke"] == ["c1", "c2", "c2"]
    assert report.finding.replay().violation == report.finding.violation
    assert "read(x) -> nil" in report.finding.violation.message


def test_the_register_is_atomic_in_all_states_with_two_clients():
    report = all_orders(Register, Script(c1=write, c2=[("n2", Read(key="x"))]), atomic, size=3)
    assert report
    assert report.runs == 13_133
    assert not report.stopped


def test_a_bound_that_was_asked_for_is_told_with_the_verdict():
    report = all_orders(Register, TWO_READS, atomic, size=3, depth=8)
    assert report
    assert "as deep as was asked for: depth 8" in report.headline()


def test_a_lost_answer_leaves_a_request_pending():
    report = all_orders(Register, Script(c1=write), atomic, size=3, depth=4, losses=1, crashes=1)
    assert report


# --- the same, by replay


class Put(Message):
    value: int


class Copy(Message):
    value: int


class Get(Message):
    pass


class Got(Message):
    value: int | None


class Done(Message):
    pass


class Eager(Node):
    """Two copies of a value; a read takes the own one."""

    def start(self):
        self.value = None

    @on(Put)
    async def put(self, msg, sender):
        self.value = msg.value
        for peer in self.peers:
            await self.call(peer, Copy(value=msg.value), timeout=None)
        return Done()

    @on(Copy)
    def copy(self, msg, sender):
        self.value = msg.value
        return Done()

    @on(Get)
    async def get(self, msg, sender):
        return Got(value=self.value)


class Primary(Eager):
    """All reads go to the first node."""

    @on(Get)
    async def get(self, msg, sender):
        if self.id == "n1":
            return Got(value=self.value)
        return await self.call("n1", msg, timeout=None)


ONE_WRITE = Script(c1=[("n1", Put(value=1))], c2=[("n1", Get()), ("n2", Get())])


@pytest.mark.parametrize(("program", "reduce", "holds"), [
    (Eager, True, False), (Eager, False, False), (Primary, True, True), (Primary, False, True),
])  # fmt: skip
def test_coroutines_are_searched_by_replay_with_clients(program, reduce, holds):
    report = all_orders(program, ONE_WRITE, atomic, size=2, depth=14, reduce=reduce)
    assert bool(report) is holds
    assert "is a coroutine" in report.why
    if not holds:
        assert report.finding.replay().violation == report.finding.violation


class Plain(Eager):
    """As Eager, without coroutines: a write is answered at once."""

    @on(Put)
    def put(self, msg, sender):
        self.value = msg.value
        self.broadcast(Copy(value=msg.value))
        return Done()

    @on(Copy)
    def copy(self, msg, sender):
        self.value = msg.value

    @on(Get)
    def get(self, msg, sender):
        return Got(value=self.value)


@pytest.mark.parametrize("script", [ONE_WRITE, Script(c1=ONE_WRITE["c1"], c2=ONE_WRITE["c2"][:1])], ids=["two", "one"])
@pytest.mark.parametrize("size", [1, 2])
def test_both_ways_come_to_the_same_verdict(script, size):
    if size == 1:
        script = Script({id: [("n1", message) for _, message in asked] for id, asked in script.items()})
    make = partial(Cluster, Plain, size)
    found = [
        exhaustive(make, properties=[atomic], script=script, way=way, depth=12, reduce=reduce).holds
        for way, reduce in (("states", False), ("states", True), ("replay", False), ("replay", True))
    ]
    assert len(set(found)) == 1
    assert found[0] is not (size == 2 and len(script["c2"]) == 2)


# --- crashes between two writes to the disk


class Account(Node):
    """Moves money with two writes: a crash between them loses it."""

    def start(self):
        self.one, self.other = self.disk.get("one", 1), self.disk.get("other", 0)

    @on(Put)
    def move(self, msg, sender):
        self.disk["one"] = self.one = 0
        self.disk["other"] = self.other = 1
        return Done()


class Slow(Account):
    @on(Put)
    async def move(self, msg, sender):
        return super().move(msg, sender)


class Together(Account):
    """With one sync for both."""

    @on(Put)
    async def move(self, msg, sender):
        self.disk.autosync = False
        self.disk["both"] = True
        self.disk.sync()
        self.one, self.other = 0, 1
        return Done()

    def start(self):
        self.one, self.other = (0, 1) if "both" in self.disk else (1, 0)


def nothing_is_lost(moment):
    return all(node["one"] + node["other"] == 1 for node in moment.state.values())


@pytest.mark.parametrize(("program", "holds"), [(Account, False), (Slow, False), (Together, True)])
def test_a_crash_between_two_writes_is_found_both_ways(program, holds):
    script = Script(c1=[("n1", Put(value=1))])
    report = all_orders(program, script, size=1, depth=6, crashes=1, restarts=1, invariants=[nothing_is_lost])
    assert bool(report) is holds
    if not holds:
        assert ("disk", 1) in [choice.until for choice in report.finding.schedule]
        assert report.finding.replay().violation is not None


# --- scripts


def drive(cluster):
    one, two = cluster.client("c1"), cluster.client("c2")
    one.invoke("n1", Put(value=1))
    two.call("n1", Get())
    two.call("n2", Get())


def test_clients_ask_what_they_ask_in_an_undisturbed_run_of_the_scenario():
    report = all_orders(Eager, drive, atomic, size=2, depth=14)
    assert "c1 asks Put(value=1) of n1; c2 asks Get() of n1, then Get() of n2" in report.why
    assert not report


def test_a_script_drives_any_search():
    report = explore(Eager, ONE_WRITE, atomic, size=2, runs=200, workers=1, progress=False)
    assert not report
    assert len(report.finding.steps) <= 6


def test_a_finding_with_clients_is_a_test_that_fails():
    report = all_orders(Eager, ONE_WRITE, atomic, size=2, depth=14)
    text = report.finding.as_test()
    assert "Script({'c1': [('n1', Put(value=1))]" in text
    names: dict = {"__name__": "pasted"}
    exec(compile(text, "pasted", "exec"), names)
    with pytest.raises(AssertionError, match="atomic"):
        names["test_atomic_holds"]()


@pytest.mark.parametrize(("script", "words"), [
    ({"c1": ["n1"]}, "give whom and what"),
    ({"c1": [("n9", Get())]}, "c1 asks 'n9'"),
    ({"n1": [("n1", Get())]}, "n1 is a node"),
])  # fmt: skip
def test_a_script_that_makes_no_sense_is_refused(script, words):
    with pytest.raises(LabkitError, match=words):
        exhaustive(partial(Cluster, Eager, 2), script=script, depth=3)


def test_a_property_of_answers_needs_clients_that_ask():
    with pytest.raises(LabkitError, match=r"none asks anything.*Script"):
        all_orders(Eager, None, atomic, size=2, depth=3)
