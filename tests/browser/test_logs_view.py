"""The view of replicated logs: committed, applied and divergent entries, on the one cursor."""

import re

import pytest
from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view.protocol_runs import divergent_logs, long_log
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at, views=("logs",)) -> None:
    page.goto(Replay(document, at=at, views=views).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".lk-clock")


def cell(page: Page, node: str, index: int):
    row = page.locator(f"[data-view=logs] tr:has(th[data-row={node}])")
    return row.locator("td").nth(index - 1).locator(".lk-cell")


def test_before_there_is_a_log_the_view_says_what_it_waits_for(page: Page, tmp_path):
    document = eventful_run()
    empty = document | {"events": {name: [] for name in document["events"]}, "now": 0.0, "marks": []}
    show(page, tmp_path, empty, 0.0)
    expect(page.locator("[data-view=logs] .lk-empty")).to_contain_text("a public attribute log")


def test_entries_are_committed_applied_or_only_stored_and_a_divergent_suffix_has_another_shape(page: Page, tmp_path):
    document = divergent_logs()
    events = document["events"]
    cut = next(k for k, kind in enumerate(events["kind"]) if kind == "partition")
    cut_off = events["data"][cut][0]
    now = document["now"]
    show(page, tmp_path, document, now)
    for node in cut_off:
        expect(cell(page, node, 1)).to_have_class(re.compile("lk-is-sure"))
        expect(cell(page, node, 6)).to_have_class(re.compile("lk-is-other"))
        expect(cell(page, node, 6)).to_have_attribute("title", re.compile("stored, differs from the log of"))
        expect(cell(page, node, 6)).to_contain_text("≠")
    assert page.locator("[data-view=logs] .lk-is-other").count() == 6, (
        "three entries of each of the two that are cut off"
    )
    expect(page.locator("[data-view=logs] tr.lk-row-down small")).to_have_text("crashed, on disk")
    expect(page.locator("[data-view=logs] .lk-said")).to_contain_text(
        f"{cut_off[1]}: 8 entries, 5 committed, differs from"
    )


def test_a_click_on_an_entry_goes_to_where_it_came_from(page: Page, tmp_path):
    document = divergent_logs()
    show(page, tmp_path, document, document["now"])
    cell(page, "n1", 1).click()
    expect(page.locator(".lk-inspector")).to_contain_text("AppendEntries")
    expect(page.locator("[data-view=logs] tr:has(th[data-row=n1]) td .lk-is-entry")).to_have_count(1)


@pytest.mark.parametrize("width", [380, 1200])
def test_a_long_log_is_condensed_and_its_beginning_is_a_click_away(page: Page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 700})
    document = long_log()
    show(page, tmp_path, document, document["now"])
    view = page.locator("[data-view=logs]")
    earlier = view.locator(".lk-grid-bar button").first
    expect(earlier).to_contain_text("earlier entries")
    assert view.locator(".lk-is-entry").count() <= 3 * 45
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    while earlier.is_visible():
        earlier.click()
        page.wait_for_function(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
        )
    assert view.locator("thead .lk-cell").first.inner_text().strip() == "1"
