"""A saved replay plays without kernel, network or host; where scripts are off its still remains."""

import re

import pytest
from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view.runs import big_run, eventful_run


def test_a_saved_page_opens_at_the_violation_and_plays(page: Page, tmp_path):
    path = Replay(eventful_run()).save(tmp_path / "replay.html")
    page.goto(path.as_uri())
    expect(page.locator(".lk-banner")).to_contain_text("two leaders at once")
    expect(page.locator(".lk-node.lk-marked").first).to_be_visible()
    before = page.inner_text(".lk-clock")
    page.click(".lk-play")
    expect(page.locator(".lk-clock")).not_to_have_text(before)
    expect(page.locator(".lk-fault-row")).to_be_hidden()


def test_a_message_on_the_diagram_tells_its_name_and_fields(page: Page, tmp_path):
    page.goto(Replay(eventful_run(), at=0.5).save(tmp_path / "replay.html").as_uri())
    page.wait_for_selector(".lk-spacetime canvas")
    page.locator(".lk-chip").first.click()
    expect(page.locator(".lk-inspector header span")).to_have_text(re.compile(r"n\d → n\d"))
    expect(page.locator(".lk-inspector")).to_contain_text("term")
    expect(page.locator(".lk-inspector")).to_contain_text("sent")


@pytest.mark.parametrize(("theme", "dark"), [("true", False), ("false", True)])
def test_a_replay_in_a_notebook_takes_the_notebooks_theme(page: Page, theme, dark):
    fragment = Replay(eventful_run(), at=0.5).fragment()
    page.set_content(f'<!DOCTYPE html><body data-jp-theme-light="{theme}">{fragment}</body>')
    root = page.frame_locator("iframe").locator(".labkit-view")
    root.wait_for()
    color = root.evaluate("element => getComputedStyle(element).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", color)[:3])) < 200) is dark


def test_without_scripts_the_still_remains(browser, guard):
    context = browser.new_context(java_script_enabled=False)
    guard.watch(context)
    page = context.new_page()
    page.set_content(f"<!DOCTYPE html><body>{Replay(eventful_run(), at=0.5).fragment()}</body>")
    expect(page.locator(".labkit-poster table")).to_be_visible()
    expect(page.locator(".labkit-poster img")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [380, 700, 1400])
def test_nothing_is_cut_off_at_any_width(page: Page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(Replay(big_run(9, 0.6), at=0.5).save(tmp_path / "replay.html").as_uri())
    page.wait_for_selector(".lk-node")
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width >= 700:
        assert page.locator(".labkit-view").bounding_box()["height"] <= 760


def test_fifty_nodes_do_not_overlap(page: Page, tmp_path):
    page.set_viewport_size({"width": 900, "height": 900})
    page.goto(Replay(big_run(50, 0.4), at=0.3).save(tmp_path / "replay.html").as_uri())
    page.wait_for_selector(".lk-node")
    page.wait_for_timeout(100)
    overlaps = """() => {
      const nodes = [...document.querySelectorAll('.lk-ring')].map(ring => ring.getBoundingClientRect());
      let count = 0;
      nodes.forEach((a, i) => nodes.slice(i + 1).forEach(b => {
        if (Math.hypot(a.x - b.x, a.y - b.y) < a.width) count += 1;
      }));
      return [nodes.length, count];
    }"""
    assert page.evaluate(overlaps) == [50, 0]


def test_the_name_of_a_message_covers_no_node_and_nothing_that_is_said_of_one(page: Page, tmp_path):
    page.goto(Replay(eventful_run(), at=0.3).save(tmp_path / "replay.html").as_uri())
    page.wait_for_selector(".lk-node")
    page.locator(".labkit-view").focus()
    look = """async () => {
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      const seen = selector => [...document.querySelectorAll(selector)].filter(it => it.style.display !== 'none')
        .map(it => [it.textContent, it.getBoundingClientRect()]);
      const names = seen('.lk-flight-name');
      const covered = seen('.lk-ring, .lk-word').filter(([, a]) => names.some(([, b]) =>
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
      return [names.length, covered.map(([text]) => text)];
    }"""
    shown = 0
    for _ in range(60):
        page.keyboard.press("ArrowRight")
        names, covered = page.evaluate(look)
        shown += names
        assert not covered
    assert shown > 20
