"""axe-core finds nothing to say against any view, what can be opened in it, two runs side by side, a replay and what a
saved notebook holds, in light and dark."""

import pytest
from playwright.sync_api import Page, expect

from labkit import Cluster
from labkit.check import History, consistency, linearizable
from labkit.view import Replay, compare
from tests.browser import tour
from tests.harness.axe import violations
from tests.view.election import Raft
from tests.view.runs import eventful_run

THEMES = {"light": "#fff;color:#222", "dark": "#111;color:#ddd"}


@pytest.mark.parametrize("walk", [tour.views, tour.controls])
def test_every_view_and_all_that_can_be_opened(page: Page, walk):
    """And nothing of it is wider than a phone."""
    wide, found = {"width": 1100, "height": 1000}, {}
    page.set_viewport_size(wide)
    for stop in walk(page):
        for theme, rules in (("light", None), ("dark", ["color-contrast"])):  # the rest is the same in both
            page.emulate_media(color_scheme=theme)
            lines = violations(page, of=".labkit-view", only=rules)
            found |= {line: f"{stop}, {theme}" for line in lines if line not in found}
        page.set_viewport_size({"width": 390, "height": 844})
        tour.settle(page)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            found["something is wider than a phone"] = stop
        page.set_viewport_size(wide)
    assert not found, "\n".join(f"{where}: {line}" for line, where in found.items())


def pages_of_their_own(folder):
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.5)
    other = Cluster(Raft, size=3, seed=1)
    other.run(0.3)
    other.crash("n1")
    other.run(0.2)
    yield Replay(eventful_run()).save(folder / "replay.html"), ".lk-banner"
    yield compare(cluster, other).save(folder / "both.html"), ".lk-versus"
    yield Replay(eventful_run(), at=0.5, language="zh").save(folder / "zh.html"), ".lk-node"


def test_pages_of_their_own(page: Page, tmp_path):
    for path, shown in pages_of_their_own(tmp_path):
        page.goto(path.as_uri())
        expect(page.locator(shown).first).to_be_visible()
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
