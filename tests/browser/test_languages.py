"""The view speaks Chinese: no English text is left on any page, and names and data stay as the program has them."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.view import Replay, compare, language
from tests.browser import tour
from tests.browser.conftest import open_widget
from tests.view.election import Raft

ENGLISH = Path(__file__).with_name("english.js").read_text(encoding="utf-8")  # a function of the page


@pytest.mark.parametrize("walk", [tour.views, tour.beginnings, tour.controls, tour.steps])
def test_no_english_is_left_on_a_chinese_page(page: Page, walk):
    page.set_viewport_size({"width": 1100, "height": 1000})
    left = {}
    for stop in walk(page, language="zh"):
        left |= {text: stop for text in page.evaluate(ENGLISH) if text not in left}
    assert not left, "\n".join(f"{stop}: {text}" for text, stop in left.items())


class Link(Message):
    """A message with the name of a label."""


class Named(Node):
    """A program whose words are those of the view."""

    def start(self):
        self.clock, self.values, self.status = 1, "commit", {"yes": "no"}
        self.note("one message sent")
        self.broadcast(Link())

    @on(Link)
    def link(self, msg, sender):
        self.role = "idle"


def test_what_the_program_says_is_not_translated(page: Page):
    cluster = Cluster(nodes={"Details": Named, "Faults": Named}, seed=1, title="Player")
    cluster.run(1.0)
    open_widget(page, cluster.trace.document(), known=1.0, openAt=1.0, language="zh")
    expect(page.locator(".lk-title")).to_have_text("Player")
    expect(page.locator(".lk-table tbody th").first).to_have_text("Details")
    expect(page.locator(".lk-table thead")).to_contain_text("clock")
    expect(page.locator(".lk-table tbody td").first).to_have_text("idle")
    expect(page.locator(".lk-table tbody")).to_contain_text("commit")
    page.locator(".lk-node").first.click()
    expect(page.locator(".lk-inspector header b")).to_have_text("Details")
    details = page.locator(".lk-inspector dl")
    for own in ("clock", "values", "'commit'", "{'yes': 'no'}", "one message sent"):
        expect(details).to_contain_text(own)
    expect(page.locator(".lk-unit option", has_text="Link")).to_have_count(1)


def test_two_runs_side_by_side_are_told_in_chinese(page: Page, tmp_path):
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.5)
    other = Cluster(Raft, size=3, seed=1)
    other.run(0.3)
    other.crash("n1")
    other.run(0.2)
    page.goto(compare(cluster, other, language="zh").save(tmp_path / "both.html").as_uri())
    versus = page.locator(".lk-versus")
    expect(versus).to_contain_text("个事件")
    expect(versus).to_contain_text("n1 崩溃")
    expect(page.locator(".lk-run-name")).to_have_text(["第一个运行", "第二个运行"])


def test_a_page_speaks_the_language_of_its_host_unless_another_is_asked_for(page: Page, tmp_path):
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.5)
    page.goto(Replay(cluster.trace, at=0.3, language="zh").save(tmp_path / "zh.html").as_uri())
    expect(page.locator(".lk-play")).to_have_attribute("title", "播放（空格键）")
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.goto(Replay(cluster.trace, at=0.3).save(tmp_path / "en.html").as_uri())
    expect(page.locator(".lk-play")).to_have_attribute("title", "Play (Space)")


def test_the_live_view_speaks_the_language_of_the_notebook_and_its_recording_will_too(page: Page):
    open_widget(page, lang="zh-CN")
    expect(page.locator(".lk-play")).to_have_attribute("title", "播放（空格键）")
    assert page.evaluate("view.model.said.find(({ type }) => type === 'hello').language") == "zh"


def test_the_usual_language_is_chosen_once_and_a_language_that_is_not_there_is_refused():
    cluster = Cluster(Raft, size=1)
    try:
        language("zh")
        assert Replay(cluster.trace).language == "zh" and Replay(cluster.trace, language="en").language == "en"
    finally:
        language(None)
    assert Replay(cluster.trace).language == ""
    with pytest.raises(LabkitError, match="there is no language 'tlh'; there are 'en'"):
        language("tlh")
