"""The runs of a live view: what is done in the past begins a fork, and the kernel keeps them all."""

import asyncio

import pytest

from labkit import Cluster, Fault, Faults, LabkitError, Node
from labkit.view.compare import compare, shared
from labkit.view.live import show
from labkit.view.runs import Runs
from tests.engine.faults.broken_nodes import Source
from tests.view.election import Raft
from tests.view.test_live import FakeDisplay, in_a_loop, view_of

EACH = [
    ("crash", ["n1"], {}),
    ("restart", ["n1"], {}),
    ("pause", ["n1"], {}),
    ("resume", ["n1"], {}),
    ("slow", ["n1"], {"seconds": 0.05}),
    ("clock", ["n1"], {"jump": 1, "drift": 0.01}),
    ("clock", ["n1"], {"offset": 1, "rate": 1.01}),
    ("disk", ["n1"], {"latency": 0.05, "full": False, "torn": 1}),
    ("link", ["n1", "n2"], {"cut": True, "one_way": True}),
    ("link", [], {"loss": 0.5, "latency": [0.01, 0.1]}),
    ("partition", [["n1"], ["n2", "n3"]], {}),
    ("heal", [], {}),
]


def pasted(text: str, node=Raft, **options) -> Cluster:
    """The cluster of a cell into which the faults were pasted."""
    return Cluster(node, size=3, seed=1, faults=eval(text, {"Fault": Fault, "Faults": Faults}), **options)


@pytest.mark.parametrize(("action", "args", "options"), EACH)
def test_every_fault_by_hand_replays_when_pasted(action, args, options):
    cluster = Cluster(Raft, size=3, seed=1)
    runs = Runs(cluster)
    cluster.run(0.5)
    runs.strike(0, action, args, options)
    cluster.run(0.5)
    again = pasted(str(cluster.faults))
    again.run(cluster.now)
    assert len(cluster.faults) == 1 and again.trace.digest() == cluster.trace.digest()


@pytest.mark.parametrize(
    ("action", "options"), [("drop", {}), ("deliver", {}), ("duplicate", {}), ("delay", {"seconds": 0.2})]
)
def test_a_message_in_flight_is_named_by_its_id_and_replays_when_pasted(action, options):
    cluster = Cluster(Source, size=3, seed=1, latency=0.05)
    cluster.run(0.12)
    runs = Runs(cluster)
    id = [event.id for event in cluster.trace.select("send")][-1]
    runs.strike(0, action, [id], options)
    cluster.run(0.5)
    assert cluster.faults[0].args == ("n1", "n3", "Number", 1)
    with pytest.raises(LabkitError, match="not on its way"):
        runs.strike(0, action, [id], options)
    again = pasted(str(cluster.faults), Source, latency=0.05)
    again.run(cluster.now)
    assert again.trace.digest() == cluster.trace.digest()


@in_a_loop
async def test_what_is_done_in_the_past_begins_a_run_of_its_own_that_goes_on():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    cluster.run(1.0)
    count = cluster.trace.count(0.5)
    view.answer(
        {"type": "fork", "run": 0, "time": 0.5, "count": count, "action": "crash", "args": ["n1"], "options": {}}
    )
    told = view.sent[-1]
    assert told["error"] is None and told["run"] == 1
    assert told["runs"][1] == {"run": 1, "parent": 0, "at": 0.5, "count": count, "what": "crash n1"}
    view.answer({"type": "pull", "run": 1, "have": count})
    assert view.sent[-1]["run"] == 1 and view.sent[-1]["columns"]["kind"][0] == "crash"
    view.answer({"type": "advance", "run": 1, "to": 0.8, "have": count})
    assert view.sent[-1]["now"] == 0.8 and cluster.now == 1.0
    view.answer({"type": "fork", "run": 1, "time": 0.6, "count": 10**6, "action": "heal", "have": 0})
    assert "there is no event" in view.sent[-1]["error"] and len(view.sent[-1]["runs"]) == 2


@in_a_loop
async def test_between_two_events_of_an_instant_a_fork_begins_between_them():
    cluster = Cluster(Source, size=4, seed=1, latency=0.05)
    view = view_of(cluster)
    cluster.run(0.5)
    first, second = list(cluster.trace.select("deliver"))[:2]
    assert first.time == second.time
    deed = {"action": "drop", "args": [second.id], "options": {}}
    view.answer({"type": "fork", "run": 0, "time": first.time, "count": first.seq + 1, **deed})
    fork = view._runs[1].cluster
    assert view.sent[-1]["error"] is None and fork.trace[-1].kind == "drop" and fork.trace[-1].id == second.id
    assert view.sent[-1]["runs"][1]["what"] == "drop Number n1 → n3"


@in_a_loop
async def test_the_recording_kept_is_of_the_run_looked_at_last_and_holds_the_bookmarks():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    view.keep_in(FakeDisplay())
    cluster.run(1.0)
    count = cluster.trace.count(0.5)
    view.answer({"type": "fork", "run": 0, "time": 0.5, "count": count, "action": "crash", "args": ["n1"]})
    mark = {"name": "here", "time": 0.5, "count": count, "run": 1}
    view.answer({"type": "bookmarks", "run": 1, "bookmarks": [mark], "at": 0.5})
    recording = view.recording()
    assert recording.document["now"] == 0.5 and recording.document["bookmarks"] == [mark]
    view.answer({"type": "hello", "run": 0})
    assert view.sent[-1]["bookmarks"] == [mark] and len(view.sent[-1]["runs"]) == 2
    await asyncio.sleep(0)


@in_a_loop
async def test_a_run_that_the_kernel_does_not_know_is_not_answered():
    view = view_of(Cluster(Raft, size=3, seed=1))
    view.answer({"type": "pull", "run": 7, "have": 0})
    assert view.sent == []


def test_two_runs_share_what_came_before_their_first_difference():
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(1.0)
    fork = cluster.fork(at=0.5)
    fork.crash("n1")
    same = shared(cluster.trace, fork.trace)
    assert same == cluster.trace.count(0.5) == len(fork.trace) - 1
    replay = compare(cluster, fork)
    assert replay.at == 0.5 and replay.document["other"]["events"]["kind"] == ["crash"]
    with pytest.raises(LabkitError, match="other nodes"):
        compare(cluster, Cluster(Raft, size=4))
    with pytest.raises(LabkitError, match="is no run"):
        compare(cluster, Node)


@in_a_loop
async def test_a_view_that_is_opened_at_a_moment_stays_there():
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(1.0)
    view = view_of(cluster, at=0.4)
    view.answer({"type": "hello", "run": 0})
    assert (view.sent[-1]["open_at"], view.sent[-1]["stay"]) == (0.4, True)
    view.answer({"type": "hello", "run": 0})
    assert (view.sent[-1]["open_at"], view.sent[-1]["stay"]) == (1.0, False)


def test_a_view_opens_at_a_moment_that_has_been():
    with pytest.raises(LabkitError, match="has come to 0 s"):
        show(Cluster(Raft, size=3), at=1.0)


def grown_tree() -> Runs:
    """A first run, a fork of it, a fork of that, and a second one of the first."""
    cluster = Cluster(Raft, size=3, seed=1, title="A tree")
    cluster.run(0.8)
    runs = Runs(cluster)
    for parent, time, node in ((0, 0.4, "n1"), (1, 0.6, "n2"), (0, 0.5, "n3")):
        runs.fork(parent, time, runs[parent].cluster.trace.count(time), "crash", [node], {})
        runs[-1].cluster.run(0.3)
    return runs


@pytest.mark.parametrize("shown", range(4))
def test_a_recording_holds_every_run_of_the_tree_and_nothing_twice(shown):
    runs = grown_tree()
    kept = runs.recorded(shown, 10_000)
    assert kept["shown"] == shown and [run["run"] for run in kept["runs"]] == [0, 1, 2, 3]
    whole = {shown: runs[shown].cluster.trace.columns()}

    def columns(number: int) -> dict[str, list]:
        if number not in whole:
            run = kept["runs"][number]
            base = columns(run["base"])
            whole[number] = {name: base[name][: run["from"]] + run["events"][name] for name in base}
        return whole[number]

    for number, run in enumerate(runs):
        assert columns(number) == run.cluster.trace.columns()
        assert kept["runs"][number]["now"] == run.cluster.now
    events = sum(len(run["events"]["time"]) for run in kept["runs"] if "events" in run)
    assert runs.recorded(shown, events + len(runs[shown].cluster.trace)) == kept
    assert runs.recorded(shown, events + len(runs[shown].cluster.trace) - 1) == {}, "too large: the run shown, alone"


def test_one_run_alone_is_no_tree():
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.3)
    assert Runs(cluster).recorded(0, 10_000) == {}
