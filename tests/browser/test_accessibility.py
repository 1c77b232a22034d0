"""axe-core finds nothing to say against the live page, a replay and what a saved notebook holds, in light and dark."""

from playwright.sync_api import Page, expect

from labkit import Cluster
from labkit.check import History, consistency, linearizable
from labkit.view import Replay
from labkit.view.views import names
from tests.browser.conftest import open_widget
from tests.harness.axe import violations
from tests.view.election import Raft
from tests.view.protocol_runs import divergent_logs
from tests.view.runs import eventful_run

THEMES = {"light": "#fff;color:#222", "dark": "#111;color:#ddd"}


def test_the_live_view_with_every_view_open(page: Page):
    page.set_viewport_size({"width": 1100, "height": 900})
    open_widget(page, divergent_logs(), known=1.6, openAt=1.6, views=list(names()))
    page.locator(".lk-node").first.click()
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert violations(page, of=".labkit-view") == []


def test_a_page_of_its_own_stopped_at_a_violation(page: Page, tmp_path):
    page.goto(Replay(eventful_run()).save(tmp_path / "replay.html").as_uri())
    expect(page.locator(".lk-banner")).to_be_visible()
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert violations(page, whole=True) == []


def test_what_a_saved_notebook_holds(page: Page):
    cluster = Cluster(Raft, size=3, seed=7)
    cluster.run(0.5)
    cluster.crash("n2")
    cluster.run(0.5)
    read = {"process": "c1", "f": "read", "key": "x"}
    history = History([read | {"type": "invoke"}, read | {"type": "ok", "value": 2}])
    things = [cluster, cluster.nodes["n1"], cluster.trace, cluster.trace[5], cluster.faults, history]
    things += [linearizable(history, "kv"), consistency(history, "kv"), Replay(cluster.trace, at=0.5)]
    shown = "".join(f"<section>{thing._repr_mimebundle_()['text/html']}</section>" for thing in things)
    for theme, colours in THEMES.items():
        page.emulate_media(color_scheme=theme)
        host = f'<body data-jp-theme-light="{str(theme == "light").lower()}" style="background:{colours}">'
        page.set_content(f"<!DOCTYPE html>{host}{shown}")
        page.evaluate("() => { for (const folded of document.querySelectorAll('details')) folded.open = true; }")
        page.locator("iframe").scroll_into_view_if_needed()
        page.frame_locator("iframe").locator(".lk-node").first.wait_for()
        assert violations(page, of="section") == []
        assert [line for frame in page.frames[1:] for line in violations(frame)] == []
