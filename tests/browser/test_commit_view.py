"""The view of atomic commitment: who knows what of a transaction, and how long a participant is in doubt."""

import re

from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view.protocol_runs import commits
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at) -> None:
    page.goto(Replay(document, at=at, views=["commit"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector(".lk-clock")


def cells(page: Page, node: str) -> list[str]:
    row = page.locator(f"[data-view=commit] tr:has(th[data-row={node}]) td")
    return [" ".join(text.split()) for text in row.all_inner_texts()]


def test_a_run_without_transactions_says_so_even_if_it_has_votes_and_logs(page: Page, tmp_path):
    show(page, tmp_path, eventful_run(), 0.5)
    expect(page.locator("[data-view=commit] .lk-empty")).to_contain_text("No transaction yet")


def test_decisions_and_doubts_at_the_cursor(page: Page, tmp_path):
    show(page, tmp_path, commits(), 1.2)
    page.wait_for_selector("[data-view=commit] td")
    assert cells(page, "n2") == ["✓ commit", "✓ commit", "✗ abort", "? in doubt"]
    assert cells(page, "n1")[3] == "× crashed"
    expect(page.locator("[data-view=commit] thead .lk-cell").nth(3)).to_contain_text("? undecided")
    expect(page.locator("[data-view=commit] .lk-said")).to_contain_text("T4: ? undecided (n1 crashed, n2 in doubt")


def test_a_transaction_is_drawn_along_time_with_its_votes(page: Page, tmp_path):
    show(page, tmp_path, commits(), 0.2)
    view = page.locator("[data-view=commit]")
    expect(view.locator(".lk-phase-vote")).to_have_count(3)  # the fourth decides
    expect(view.locator(".lk-phase-doubt")).to_have_count(4)
    expect(view.locator(".lk-phase-commit")).to_have_count(5)
    view.locator("thead .lk-cell", has_text="T4").click()
    expect(view.locator(".lk-note").first).to_contain_text("T4 along time")
    expect(view.locator(".lk-phase-abort")).to_have_count(4)
    expect(view.locator(".lk-phase-down")).to_have_count(1)
    view.locator(".lk-phase-down").click()
    expect(page.locator(".lk-inspector")).to_contain_text("n1 crashes")


def test_a_decision_to_commit_and_one_to_abort_are_an_alarm(page: Page, tmp_path):
    columns = {name: [] for name in ("time", "kind", "node", "peer", "id", "due", "data")}
    words = [("a", "yes"), ("b", "prepared"), ("a", "committed"), ("b", "aborted")]
    for number, (node, word) in enumerate(words):
        for name, value in zip(columns, (number / 10, "state", node, None, None, None, {"state": word}), strict=True):
            columns[name].append(value)
    head = {"format": "labkit-trace", "version": 1, "title": "Split", "seed": 0, "nodes": ["a", "b"], "edges": None}
    show(page, tmp_path, head | {"now": 0.4, "events": columns}, 0.4)
    expect(page.locator("[data-view=commit] thead .lk-cell")).to_have_class(re.compile("lk-is-alarm"))
    expect(page.locator("[data-view=commit] thead .lk-cell")).to_contain_text("‼ commit and abort")
