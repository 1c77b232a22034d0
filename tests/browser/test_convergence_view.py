"""The view of convergence: groups of equal replicas, how many values there are, and since when all agree."""

import re

import pytest
from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.browser.test_gossip_view import document_of
from tests.view import readings
from tests.view.data_runs import counter_run
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at):
    page.goto(Replay(document, at=at, views=["convergence"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=convergence] .lk-note, [data-view=convergence] .lk-empty:visible")
    return page.locator("[data-view=convergence]")


def test_before_there_are_replicas_the_view_says_what_it_wants(page: Page, tmp_path):
    document = eventful_run()
    empty = document | {"events": {name: [] for name in document["events"]}, "now": 0.0, "marks": []}
    expect(show(page, tmp_path, empty, 0.0).locator(".lk-empty")).to_contain_text("such as value")


@pytest.mark.parametrize("at", [0.5, 1.4])
def test_replicas_with_equal_values_share_a_badge(page: Page, tmp_path, at):
    document = counter_run()
    view = show(page, tmp_path, document, at)
    groups: dict[int, set[str]] = {}
    for id, value in readings.attribute(document, "value", at).items():
        groups.setdefault(value, set()).add(id)
    assert len(groups) > 1
    expect(view.locator(".lk-group")).to_have_count(len(groups))
    for value, ids in groups.items():
        card = view.locator(".lk-group").filter(has=page.locator("code", has_text=re.compile(f"^{value}$")))
        assert set(card.locator("[data-node]").all_inner_texts()) == ids
    most = max(map(len, groups.values()))
    expect(view.locator("[data-group=A] [data-node]")).to_have_count(most)
    expect(view.locator(".lk-summary")).to_contain_text(f"{len(groups)} different values of value at 5 replicas")


def test_the_moment_since_when_all_agree_is_a_click_away(page: Page, tmp_path):
    document = counter_run()
    now = document["now"]
    times = sorted({time for _, time, *_ in readings.events(document)})
    agree = [len(set(readings.attribute(document, "value", time).values())) == 1 for time in times]
    since = times[max(k for k, one in enumerate(agree) if not one) + 1]
    view = show(page, tmp_path, document, now)
    expect(view.locator(".lk-summary")).to_have_text("All 5 replicas agree on value")
    button = view.locator("button", has_text="since")
    expect(button).to_have_text(f"since {since:.3f} s")
    button.click()
    expect(page.locator(".lk-clock")).to_contain_text(f"{since:.3f}")
    expect(view.locator(".lk-summary")).to_have_text("All 5 replicas agree on value")
    expect(view.locator("[data-line=distinct] .lk-agree")).to_have_count(1)


def test_the_order_of_keys_does_not_count_and_a_crashed_replica_stands_apart(page: Page, tmp_path):
    nodes = ["a", "b", "c"]
    rows = [(0.0, "start", id, None, 1, None) for id in nodes]
    rows += [(0.1, "state", "a", None, None, {"role": "x", "counts": {"p": 1, "q": [2]}})]
    rows += [(0.1, "state", "b", None, None, {"role": "y", "counts": {"q": [2], "p": 1}})]
    rows += [(0.1, "state", "c", None, None, {"counts": {"q": [1]}})]
    rows += [(0.2, "crash", "c", None, None, "fault")]
    document = document_of(rows, nodes)
    view = show(page, tmp_path, document, 0.2)
    expect(view.locator("[data-group=A] [data-node]")).to_have_count(2)
    expect(view.locator("[data-group=none]")).to_contain_text("c crashed")
    expect(view.locator(".lk-summary")).to_have_text("All 2 replicas agree on counts · without one: c")
    expect(view.get_by_role("combobox", name="Attribute", exact=True).locator("option")).to_have_text(["counts"])
    view = show(page, tmp_path, document, 0.15)
    expect(view.locator(".lk-group")).to_have_count(2)
    expect(view.locator("[data-line=distinct]")).to_contain_text("at most 2")
