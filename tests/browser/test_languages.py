"""The view speaks Chinese: every label that is on the page has a Chinese text, and names and data stay as they are."""

import re

import pytest
from playwright.sync_api import Page, expect

from labkit import Cluster, LabkitError
from labkit.view import Replay, language
from tests.browser.conftest import open_widget
from tests.view.election import Raft
from tests.view.protocol_runs import divergent_logs

SPOKEN = ["cluster", "table", "spacetime", "logs", "elections", "ballots", "commit", "history"]  # the views that do

# Every text and spoken attribute in the view, without what is code.
TEXTS = """() => {
  const found = new Set();
  const root = document.querySelector(".labkit-view");
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement, textContent } = walk.currentNode;
    if (!parentElement.closest("[translate=no], code, thead, td, dt, dd")) found.add(textContent);
  }
  for (const element of [root, ...root.querySelectorAll("*:not(td):not(th)")]) {
    for (const name of ["title", "aria-label", "aria-valuetext"]) found.add(element.getAttribute(name) ?? "");
  }
  return [...found];
}"""
# Names, which no language changes: of nodes, clients, messages, attributes and keys, and values as Python writes them.
NAMES = re.compile(
    r"\w+\(.*\)|\w+=\S+|Raft with a log|Raft|Python|Space|Shift|Home|End|Esc|Enter|Append\w*|RequestVote\w*"
    r"|Vote\w*|Put|Done"
    r"|None|True|False|[a-z]+_[a-z_]+|\b(heartbeat|leader|follower|candidate|term|role|log|votes)\b"
    r"|\b(store|sessions|commit|yes|abort)\b"
)


def english(texts: list[str]) -> list[str]:
    return sorted(text for text in texts if re.search(r"[A-Za-z]{3}", NAMES.sub("", text)))


def test_no_english_label_is_left_on_a_chinese_page(page: Page):
    page.set_viewport_size({"width": 1100, "height": 1400})
    open_widget(page, divergent_logs(), known=1.6, openAt=1.6, views=SPOKEN, language="zh")
    expect(page.locator(".lk-play")).to_have_attribute("aria-label", "播放")
    said = page.evaluate(TEXTS)
    page.locator(".lk-node").first.click()
    said += page.evaluate(TEXTS)
    for key in ("?", "b"):
        page.locator(".lk-timeline").focus()
        page.keyboard.press(key)
        said += page.evaluate(TEXTS)
        page.keyboard.press("Escape")
    assert not english(said), "\n".join(english(said))


def test_a_page_speaks_the_language_of_its_host_unless_another_is_asked_for(page: Page, tmp_path):
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.5)
    page.goto(Replay(cluster.trace, at=0.3, language="zh").save(tmp_path / "zh.html").as_uri())
    expect(page.locator(".lk-play")).to_have_attribute("title", "播放（空格键）")
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.goto(Replay(cluster.trace, at=0.3).save(tmp_path / "en.html").as_uri())
    expect(page.locator(".lk-play")).to_have_attribute("title", "Play (Space)")


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
