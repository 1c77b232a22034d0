"""Searches that end badly say so: interrupted, with a scenario that never ends, with a maker that ignores its seed."""

import time

import pytest

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.explore import explore, search


class Ping(Message):
    n: int


class Player(Node):
    def start(self):
        self.count = 0
        if self.id == "n1":
            self.broadcast(Ping(n=0))

    @on(Ping)
    def ping(self, msg, sender):
        self.count += 1
        if msg.n < 5:
            self.send(sender, Ping(n=msg.n + 1))


class Coroutine(Player):
    @on(Ping)
    async def ping(self, msg, sender):
        super().ping(msg, sender)


def drive(cluster):
    cluster.run(0.1)


def after(calls):
    """An invariant that is interrupted when it is asked for the last time."""
    left = [calls]

    def interrupted(moment):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return True

    return interrupted


@pytest.mark.parametrize("program", [Player, Coroutine])
def test_an_interrupted_search_of_everything_tells_what_it_knew(program):
    invariants = [after(8)]
    options = {"depth": 12, "invariants": invariants, "progress": False}
    report = explore(program, drive, size=4, strategy="exhaustive", **options)
    assert report.interrupted
    assert not report
    assert "it was interrupted" in report.headline()


def test_a_first_run_that_does_not_end_is_told_with_its_line_when_it_is_interrupted():
    def endless(cluster):
        cluster.run(0.5)
        raise KeyboardInterrupt  # the stop button, in an endless loop

    with pytest.raises(LabkitError, match=r"had not come to its end.*at 0.5 virtual s.*endless, line"):
        explore(Player, endless, size=2, progress=False)


def test_a_run_that_never_ends_in_a_worker_is_told(monkeypatch):
    def hangs(cluster):
        while cluster.seed:
            time.sleep(0.01)

    monkeypatch.setattr(search, "GRACE", -29.5)
    with pytest.raises(LabkitError, match=r"loop for ever in run \d.*workers=1"):
        explore(Player, hangs, size=2, seconds=30, workers=2, progress=False)


@pytest.mark.parametrize(("make", "words"), [
    (lambda seed, faults: Cluster(Player, 3), "cluster with seed 0, so all runs"),
    (lambda seed, faults: Cluster(Player, 3, seed=seed), "without these faults .*: pass them on"),
])  # fmt: skip
def test_a_maker_that_ignores_what_it_is_given_is_told_so(make, words):
    with pytest.raises(LabkitError, match=words):
        explore(make, drive, runs=50, workers=1, progress=False)


@pytest.mark.parametrize("properties", [42, ["one"], None])
def test_properties_are_functions(properties):
    with pytest.raises(LabkitError, match=r"give functions|is no property"):
        explore(Player, drive, properties, size=2, progress=False)


def test_a_run_shows_itself():
    def never(trace):
        from labkit.check import Violation

        return Violation("never", "as always", len(trace) - 1, trace.now)

    report = explore(Player, drive, [never], size=2, runs=2, workers=1, progress=False)
    shown = report.finding.replay()._repr_mimebundle_()
    assert "never" in shown["text/plain"]
    assert "labkit-replay" in shown["text/html"]
