"""What a failure detector is worth: detection time, mistakes, messages; and what a learner is told about them."""

import math

import pytest

from labkit import Cluster, Message, Node, on
from labkit.check.suspicions import (
    Suspicions,
    accurate,
    detected,
    detection_time,
    load,
    mistakes,
    no_storm,
    seldom,
    tells,
    withdrawn,
)


class Scripted(Node):
    """n1 suspects whom, and when, the script says; the others do nothing."""

    SCRIPT = ()  # (seconds, the new value of suspects)

    def start(self):
        self.suspects = set()
        for when, suspects in self.SCRIPT if self.id == "n1" else ():
            self.after(when, self.suspect, suspects)

    def suspect(self, suspects):
        self.suspects = suspects


def trace(*script, crash=None, restart=None, seconds=10.0):
    program = type("Program", (Scripted,), {"SCRIPT": script})
    cluster = Cluster(program, size=2, seed=1)
    for time, do in sorted((time, do) for do, time in (("crash", crash), ("restart", restart)) if time is not None):
        cluster.run(time - cluster.now)
        getattr(cluster, do)("n2")
    cluster.run(seconds - cluster.now)
    return cluster.trace


def test_a_crash_that_is_suspected_in_time_is_detected():
    run = trace((4.0, {"n2"}), crash=3.0)
    assert detected(run, 1.5) is None
    assert detection_time(run) == pytest.approx(1.0)
    assert mistakes(run) == 0 and accurate(run, 0.05) is None


def test_a_crash_that_nobody_suspects_takes_for_ever():
    run = trace(crash=3.0)
    assert detection_time(run) == math.inf
    violation = detected(run, 2.0)
    assert violation.time == pytest.approx(5.0) and violation.nodes == ("n1", "n2")
    assert "silence is the only sign" in violation.message


def test_a_suspicion_that_is_taken_back_while_the_other_is_down_is_none():
    run = trace((4.0, {"n2"}), (6.0, set()), (6.1, {"n2"}), crash=3.0)
    assert "is no sign of life" in detected(run, 2.0).message
    assert detected(run, 5.0) is None, "it may waver until the time is over"


def test_a_mistake_is_one_from_when_it_is_made_until_it_is_withdrawn():
    run = trace((2.0, {"n2"}), (4.0, set()), (5.0, {"n2"}), (6.0, set()))
    assert [(m.since, m.until) for m in Suspicions(run).mistakes] == [(2.0, 4.0), (5.0, 6.0)]
    assert mistakes(run) == 2
    assert "a timeout must be longer" in accurate(run, 0.05).message
    assert withdrawn(run, 2.5, "why") is None
    assert withdrawn(run, 1.5, "think").message.endswith("think")
    assert seldom(run, 2, "why") is None and seldom(run, 1, "why", since=4.5) is None
    assert "for the second time: think" in seldom(run, 1, "think").message


def test_who_is_back_and_still_suspected_is_another_matter_than_a_mistake():
    run = trace((4.0, {"n2"}), (9.0, set()), crash=3.0, restart=6.0)
    assert mistakes(run) == 0
    violation = withdrawn(run, 2.0, "why", back="old news")
    assert "n2 is back since 6.00 s" in violation.message and violation.message.endswith("old news")
    assert withdrawn(run, 3.5, "why") is None


def test_a_node_that_suspects_itself_or_speaks_too_soon_is_told_so():
    assert "n1 suspects itself" in accurate(trace((2.0, {"n1"})), 0.05).message
    assert "for not having spoken yet" in accurate(trace((0.0, {"n2"})), 0.05).message


@pytest.mark.parametrize("value", ["n2", {"n2": True}, {"somebody"}, 3])
def test_suspects_must_be_a_set_of_ids(value):
    assert "make it a set of ids" in tells(trace((1.0, value))).message
    assert tells(trace((1.0, {"n2"}), (2.0, ["n2"]))) is None


class Rumour(Message):
    pass


class Echo(Node):
    def start(self):
        if self.id == "n1":
            self.after(1.0, self.broadcast, Rumour())

    @on(Rumour)
    def hear(self, msg, sender):
        self.broadcast(Rumour())


def test_a_storm_is_found_and_messages_are_counted():
    cluster = Cluster(Echo, size=3, seed=1)
    cluster.run(until=lambda c: len(c.trace) > 1000)
    assert "does an answer call for an answer" in no_storm(cluster.trace, 100).message
    assert no_storm(cluster.trace, 10_000) is None
    assert load(trace()) == 0
    assert "has no attribute suspects" in tells(cluster.trace).message
