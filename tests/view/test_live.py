"""The kernel's side of the live view, with a browser that is only a list of messages."""

import asyncio
import threading

import pytest

from labkit import Cluster
from labkit.view import live
from labkit.view.live import LiveView
from tests.view.election import Raft


class FakeView(LiveView):
    """A view whose messages are kept instead of sent."""

    def __init__(self, *args, **options):
        self.sent: list[dict] = []
        super().__init__(*args, **options)

    def send(self, content, buffers=None):
        self.sent.append(content)


class FakeDisplay:
    """A display handle that counts how often it was updated."""

    def __init__(self):
        self.updates = []

    def update(self, shown):
        self.updates.append(shown)


def view_of(cluster, **options):
    return FakeView(cluster, asyncio.get_running_loop(), speed=0.25, height=None, **options)


def in_a_loop(test):
    """Run a coroutine function as a test."""

    def run():
        asyncio.run(test())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@in_a_loop
async def test_an_advance_runs_the_cluster_and_sends_only_what_is_new():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    view.answer({"type": "advance", "to": 0.5, "have": 0})
    first = view.sent[-1]
    assert cluster.now == pytest.approx(0.5) and first["now"] == cluster.now
    view.answer({"type": "advance", "to": 0.6, "have": first["length"]})
    second = view.sent[-1]
    assert second["start"] == first["length"] == len(first["columns"]["time"])
    assert len(view.sent) == 2, "its own progress is no news to the view"


@in_a_loop
async def test_a_long_trace_is_sent_in_windows():
    cluster = Cluster(Raft, size=20, seed=1)
    view = view_of(cluster)
    cluster.run(3)
    view.sent.clear()
    have = 0
    while have < len(cluster.trace):
        view.answer({"type": "pull", "have": have})
        assert len(view.sent[-1]["columns"]["time"]) <= live.WINDOW
        have += len(view.sent[-1]["columns"]["time"])
    assert len(view.sent) > 1


@in_a_loop
async def test_one_request_holds_the_kernel_for_a_slice_of_time_only():
    cluster = Cluster(Raft, size=40, seed=1)
    view = view_of(cluster)
    view.answer({"type": "advance", "to": 2000.0, "have": 0})
    assert 0 < cluster.now < 2000


@in_a_loop
async def test_a_click_is_a_fault_like_any_other():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    cluster.run(0.5)
    view.answer({"type": "fault", "action": "crash", "args": ["n1"], "have": 0})
    assert not cluster.up("n1")
    assert view.sent[-1]["fault_count"] == 1 and "'crash', 'n1'" in view.sent[-1]["faults"]
    view.answer({"type": "fault", "action": "partition", "args": [["n2"], ["n3", "n1"]], "have": 0})
    assert cluster.trace[-1].kind == "partition"


@in_a_loop
async def test_what_labkit_refuses_is_told_in_its_own_words():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    view.answer({"type": "fault", "action": "crash", "args": ["n9"], "have": 0})
    assert "there is no node 'n9'" in view.sent[-1]["error"]
    view.answer({"type": "fault", "action": "run", "args": [5], "have": 0})
    assert "the view cannot do 'run'" in view.sent[-1]["error"]


@in_a_loop
async def test_a_run_in_a_cell_is_announced_seldom():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    for _ in range(200):
        cluster.run(0.01)
    assert {message["type"] for message in view.sent} == {"more"} and len(view.sent) < 40
    await asyncio.sleep(2 * live.NOTICE)
    assert view.sent[-1]["length"] == len(cluster.trace)


@in_a_loop
async def test_the_first_view_opens_where_the_cluster_stood_and_a_reloaded_page_at_now():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    cluster.run(0.5)
    view.answer({"type": "hello", "have": 0})
    assert view.sent[-1]["open_at"] == 0
    view.answer({"type": "hello", "have": 0})
    assert view.sent[-1]["open_at"] == 0.5


@in_a_loop
async def test_a_recording_speaks_the_language_of_the_page_that_showed_the_view():
    view = view_of(Cluster(Raft, size=2, seed=1))
    for told, recorded in (("zh", "zh"), ("en", "en"), ("tlh", ""), (None, "")):
        view.answer({"type": "hello", "have": 0, "language": told})
        assert view.recording().language == recorded


@in_a_loop
async def test_a_pause_keeps_a_recording_once():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    handle = FakeDisplay()
    view.keep_in(handle)
    cluster.run(0.5)
    for _ in range(3):
        view.answer({"type": "settled", "at": 0.25})
    await asyncio.sleep(live.KEEP + 0.2)
    assert len(handle.updates) == 1
    assert handle.updates[0].at == 0.25


@in_a_loop
async def test_a_message_on_another_thread_is_answered_on_the_kernels_loop():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    where = []
    view.answer = lambda message: where.append(threading.current_thread())
    thread = threading.Thread(target=view._heard, args=(view, {"type": "pull"}, []))
    thread.start()
    thread.join()
    await asyncio.sleep(0.05)
    assert where == [threading.main_thread()]


@in_a_loop
async def test_a_closed_view_lets_go_of_the_cluster():
    cluster = Cluster(Raft, size=3, seed=1)
    view = view_of(cluster)
    view.close()
    cluster.run(0.5)
    assert view.sent == []


def test_outside_a_notebook_the_cluster_is_described_in_words(capsys):
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.5)
    cluster.view()
    assert "3 nodes at 0.500 s" in capsys.readouterr().out
