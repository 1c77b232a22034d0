"""Views are composed on one cursor; the reader adds and removes them, by keys too, and the kernel hears of it."""

import re

from playwright.sync_api import Page, expect

from labkit.view import Replay, views
from tests.browser.conftest import open_widget
from tests.view.runs import eventful_run


def shown(page: Page) -> list[str]:
    return page.eval_on_selector_all("[data-view]", "all => all.map(one => one.dataset.view)")


def test_a_page_shows_the_views_in_the_order_asked_for(page: Page, tmp_path):
    page.goto(Replay(eventful_run(), at=0.5, views=["spacetime", "table"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".lk-view-table td")
    assert shown(page) == ["spacetime", "table"]
    expect(page.locator(".lk-inspector")).to_be_visible()
    expect(page.locator(".lk-fault-row")).to_have_count(0)


def test_the_menu_adds_and_removes_views_by_keys_alone(seen: Page):
    seen.evaluate(
        "() => { window.leaked = []; document.addEventListener('keydown', event => leaked.push(event.key)); }"
    )
    seen.focus(".lk-menu-holder > button")
    seen.keyboard.press("Enter")
    expect(seen.get_by_label("Cluster", exact=False).locator("visible=true").first).to_be_visible()
    before = seen.inner_text(".lk-clock")
    seen.keyboard.press("ArrowDown")
    seen.keyboard.press("Space")
    expect(seen.locator("[data-view=table]")).to_have_count(0)
    assert shown(seen) == ["cluster", "spacetime"]
    seen.keyboard.press("Space")
    expect(seen.locator("[data-view=table]")).to_have_count(1)
    expect(seen.locator(".lk-side [data-view=table] td").first).to_be_visible()
    seen.keyboard.press("Escape")
    expect(seen.locator(".lk-menu")).to_be_hidden()
    expect(seen.locator(".lk-menu-holder > button")).to_be_focused()
    assert seen.inner_text(".lk-clock") == before, "the player's keys rest while the menu is open"
    assert seen.evaluate("leaked") == []


def test_the_kernel_hears_which_views_the_reader_chose(seen: Page):
    seen.click(".lk-menu-holder > button")
    seen.locator(".lk-menu label", has_text="spacetime").click()
    assert seen.evaluate("view.model.saved.views") == ["cluster", "table"]
    assert seen.evaluate("view.model.said.some(message => message.type === 'settled')")
    seen.locator(".lk-title").click()
    expect(seen.locator(".lk-menu")).to_be_hidden()


def test_the_menu_lists_every_view_by_the_name_python_knows(widget: Page):
    widget.click(".lk-menu-holder > button")
    assert widget.locator(".lk-menu code").all_inner_texts() == list(views.names())


def test_every_view_is_named_and_tells_what_it_shows(page: Page):
    open_widget(page, known=0.85, openAt=0.85)
    expect(page.locator("[data-view=cluster]")).to_have_attribute("aria-label", "Cluster")
    expect(page.locator("[data-view=cluster] .lk-said")).to_have_text(
        re.compile(r"5 nodes, 0 crashed, \d+ messages? in flight")
    )
