"""Views are asked for by name; the same names work for a live view, a replay and a saved trace."""

import asyncio
from pathlib import Path

import pytest

from labkit import Cluster
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.view import Replay, assets, views
from tests.view.election import Raft
from tests.view.runs import eventful_run
from tests.view.test_live import FakeView, in_a_loop
from tests.view.test_replay import unpack


def test_every_module_of_a_view_is_in_the_menu():
    files = {path.stem for path in (Path(assets.__file__).parent / "frontend" / "views").glob("*.js")}
    assert set(views.names()) == files
    assert set(views.usual()) <= files


def test_an_unknown_name_is_told_with_the_nearest_one_and_all_of_them():
    with pytest.raises(
        LabkitError, match=r"there is no view 'clutser'. Did you mean 'cluster'\? The views are cluster, "
    ):
        Cluster(Raft, size=3).view("clutser")
    with pytest.raises(LabkitError, match="'table' is asked for twice"):
        Replay(eventful_run(), views=["table", "cluster", "table"])


def test_a_replay_carries_its_views_in_order():
    assert unpack(Replay(eventful_run(), views=["spacetime", "table"]).html())["views"] == ["spacetime", "table"]
    assert unpack(Replay(eventful_run()).html())["views"] == list(views.usual())


def test_a_trace_saved_as_a_page_plays_the_views_asked_for(tmp_path):
    trace = Trace.from_document(eventful_run())
    trace.save(tmp_path / "run.html", views=["spacetime"])
    assert unpack((tmp_path / "run.html").read_text(encoding="utf-8"))["views"] == ["spacetime"]
    with pytest.raises(LabkitError, match="only a page has views"):
        trace.save(tmp_path / "run.jsonl", views=["spacetime"])


def test_more_views_get_more_room():
    usual = Replay(eventful_run())
    assert Replay(eventful_run(), views=[*usual.views[:2]])._height() < usual._height()


def test_a_document_may_name_its_views_and_those_asked_for_come_first():
    document = eventful_run() | {"views": ["cluster", "elections"]}
    assert unpack(Replay(document).html())["views"] == ["cluster", "elections"]
    assert Replay(document, views=["logs"]).views == ["logs"]


@in_a_loop
async def test_the_recording_of_a_live_view_shows_what_the_reader_chose():
    cluster = Cluster(Raft, size=3, seed=1)
    view = FakeView(cluster, asyncio.get_running_loop(), speed=0.25, height=None, views=["logs"])
    assert view.recording().views == ["logs"]
    view.views = ["logs", "cluster"]  # as the page sets it
    cluster.run(0.2)
    assert view.recording(0.1).views == ["logs", "cluster"]
    view.close()
