"""The view of ballots: promises, what was accepted before, and the value that a majority accepted."""

import re

from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view.protocol_runs import rival_ballots
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at) -> None:
    page.goto(Replay(document, at=at, views=["ballots"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".lk-clock")


def column(page: Page, number: int) -> dict[str, str]:
    """The cells of a ballot, by node."""
    heads = page.locator("[data-view=ballots] thead .lk-cell b").all_inner_texts()
    place = heads.index(f"ballot {number}")
    rows = page.locator("[data-view=ballots] tbody tr")
    return {row.locator("th span").inner_text(): row.locator("td").nth(place).inner_text() for row in rows.all()}


def test_a_run_without_ballots_says_what_the_view_looks_for(page: Page, tmp_path):
    show(page, tmp_path, eventful_run(), 0.5)
    expect(page.locator("[data-view=ballots] .lk-empty")).to_contain_text("promised or accepted_n")


def test_what_was_accepted_and_promised_is_what_the_trace_says(page: Page, tmp_path):
    document = rival_ballots()
    show(page, tmp_path, document, document["now"])
    page.wait_for_selector("[data-view=ballots] td")
    events, value, accepted = document["events"], {}, {}
    for kind, node, data in zip(events["kind"], events["node"], events["data"], strict=True):
        if kind == "state":
            value[node] = data.get("accepted_value", value.get(node))
            if data.get("accepted_n"):
                accepted.setdefault(data["accepted_n"], {})[node] = value[node]
    assert len(accepted) > 1
    for number, nodes in accepted.items():
        cells = column(page, number)
        for node, text in cells.items():
            assert ("●" in text) == (node in nodes), (number, node, text)
            assert node not in nodes or nodes[node] in text
    assert any("had 8: pears" in text.replace("\n", " ") for text in column(page, 13).values())
    head = page.locator("[data-view=ballots] thead .lk-cell", has_text="ballot 15")
    expect(head).to_contain_text("✓ pears chosen")
    expect(page.locator("[data-view=ballots] .lk-said")).to_contain_text("ballot 15 by n1: pears chosen by 4")


def test_a_click_on_a_promise_goes_to_it_and_later_ballots_are_to_come(page: Page, tmp_path):
    document = rival_ballots()
    show(page, tmp_path, document, document["now"])
    page.locator("[data-view=ballots] tr:has(th[data-row=n5]) td").first.locator(".lk-cell").click()
    expect(page.locator(".lk-inspector")).to_contain_text("promised = 5")
    expect(page.locator("[data-view=ballots] thead .lk-cell", has_text="ballot 15")).to_have_class(
        re.compile("lk-is-future")
    )
