"""The view of a history: operations as bars, the order in which they take effect, the one that has no place."""

import re

from playwright.sync_api import Page, expect

from labkit.check import History, linearizable
from labkit.view import Replay
from tests.view.protocol_runs import copies
from tests.view.runs import eventful_run


def open_history(page: Page, tmp_path, **options) -> None:
    trace = copies().trace
    if options.pop("judged", False):
        options["evidence"] = linearizable(History.of(trace), "register")
    page.goto(Replay(trace, views=["history"], **options).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=history] .lk-op")


def test_a_run_without_clients_says_how_to_ask(page: Page, tmp_path):
    page.goto(Replay(eventful_run(), views=["history"]).save(tmp_path / "run.html").as_uri())
    expect(page.locator("[data-view=history] .lk-empty")).to_contain_text('cluster.client("c1").call("n1", request)')


def test_a_violation_is_marked_and_the_order_before_it_is_numbered(page: Page, tmp_path):
    open_history(page, tmp_path, judged=True)
    view = page.locator("[data-view=history]")
    expect(view.locator(".lk-verdict")).to_contain_text("✗ not linearizable (register)")
    expect(view.locator(".lk-op-wrong")).to_have_count(1)
    expect(view.locator(".lk-op-wrong title")).to_have_text("a-client-with-a-long-name: Read → 1")
    expect(page.locator(".lk-banner")).to_contain_text("Violated here")
    view.locator(".lk-verdict button").click()
    expect(view.locator(".lk-op-row .lk-note")).to_contain_text("it has no place in any order")
    points = view.locator(".lk-op-point text").all_text_contents()
    assert points == sorted(points, key=int) and "3" in points


def test_a_point_lies_within_its_bar(page: Page, tmp_path):
    open_history(page, tmp_path, judged=True)
    page.locator(".lk-timeline").focus()
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelectorAll('.lk-op-point').length")
    for point in page.locator(".lk-op-point circle").all():
        box = point.bounding_box()
        middle = box["x"] + box["width"] / 2
        bars = [bar.bounding_box() for bar in page.locator(".lk-op rect").all()]
        assert any(bar["x"] <= middle <= bar["x"] + bar["width"] for bar in bars if abs(bar["y"] - box["y"]) < 25)


def test_choosing_an_operation_moves_the_cursor_to_it(page: Page, tmp_path):
    open_history(page, tmp_path, at=0.5)
    view = page.locator("[data-view=history]")
    expect(view.locator(".lk-note")).to_contain_text("evidence=verdict")
    view.locator(".lk-op", has_text="alice: Write 2").first.click()
    expect(page.locator(".lk-inspector")).to_contain_text("alice asks n1 for")
    expect(view.locator(".lk-note")).to_contain_text(re.compile(r"alice asks n1: Write 2.*answered after 0\.0\d+ s"))
    before = page.inner_text(".lk-clock")
    view.locator(".lk-op", has_text="alice: Write 2").first.click()
    expect(page.locator(".lk-clock")).not_to_have_text(before)
    view.get_by_role("button", name="operation ›").focus()
    page.keyboard.press("Enter")
    expect(view.locator(".lk-note")).to_contain_text("bob asks n1: Read")


def test_the_text_tells_the_last_operations_and_the_verdict(page: Page, tmp_path):
    open_history(page, tmp_path, judged=True)
    expect(page.locator("[data-view=history] .lk-said")).to_contain_text("alice Write 2")
    expect(page.locator("[data-view=history] .lk-said")).to_contain_text("violated: a-client-with-a-long-name")
