"""The view of load: what waits and what is served, from attributes or from messages, at the cursor and over time."""

import pytest
from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view import readings
from tests.view.data_runs import Secretive, load_run
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at):
    page.goto(Replay(document, at=at, views=["load"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=load] .lk-note, [data-view=load] .lk-empty:visible")
    return page.locator("[data-view=load]")


def at_the_door(document, node: str, upto: float) -> int:
    """Messages that have reached a node and wait."""
    waiting = set()
    for _, _, kind, receiver, _, number, _ in readings.events(document, upto):
        if kind == "wait" and receiver == node:
            waiting.add(number)
        elif kind in ("deliver", "drop"):
            waiting.discard(number)
    return len(waiting)


def words(served: int, waiting: int) -> str:
    parts = [f"{served} served"] * bool(served) + [f"{waiting} waiting"] * bool(waiting)
    return ", ".join(parts) or "idle"


def line(view, id):
    return view.locator(f"[data-line={id}]")


def test_without_a_queue_or_a_request_the_view_says_what_it_wants(page: Page, tmp_path):
    document = eventful_run()
    empty = document | {"events": {name: [] for name in document["events"]}, "now": 0.0, "marks": []}
    expect(show(page, tmp_path, empty, 0.0).locator(".lk-empty")).to_contain_text("a public attribute queue")


@pytest.mark.parametrize("at", [0.4, 1.15, 1.6])
def test_queue_and_service_at_the_cursor_are_what_the_attributes_say(page: Page, tmp_path, at):
    document = load_run()
    view = show(page, tmp_path, document, at)
    queue, active = (readings.attribute(document, name, at) for name in ("queue", "active"))
    for id in queue:
        waiting = len(queue[id]) + at_the_door(document, id, at)
        expect(line(view, id).locator(".lk-line-words > span").last).to_have_text(words(active[id], waiting))
    expect(view.locator("[data-line]")).to_have_count(4)


def test_a_slow_server_and_a_crashed_one_are_named_and_marked(page: Page, tmp_path):
    view = show(page, tmp_path, load_run(), 1.5)
    expect(line(view, "s3").locator("small")).to_have_text("slow")
    expect(line(view, "s2").locator("small")).to_have_text("✕ crashed")
    expect(line(view, "s2").locator(".lk-span-down")).to_have_count(1)
    expect(line(view, "s3").locator(".lk-span-trouble")).to_have_count(1)
    expect(line(view, "s1").locator(".lk-span-trouble")).to_have_count(0)
    expect(view.locator(".lk-said")).to_contain_text("s2 crashed")


def test_the_full_height_is_the_longest_queue_of_the_run(page: Page, tmp_path):
    document = load_run()
    view = show(page, tmp_path, document, 0.1)
    state: dict[str, dict] = {}
    door: dict[str, set] = {}
    most = 0
    for _, _, kind, node, _, number, data in readings.events(document):
        if kind in ("start", "crash"):
            state[node] = {}
        elif kind == "state":
            state[node] |= data
        elif kind == "wait":
            door.setdefault(node, set()).add(number)
        elif kind in ("deliver", "drop"):
            door.get(node, set()).discard(number)
        if node in state:
            mine = state[node]
            most = max(most, len(mine.get("queue", [])) + mine.get("active", 0) + len(door.get(node, ())))
    expect(view.locator(".lk-note")).to_contain_text(f"full height {most} ")


def test_a_server_that_says_nothing_is_measured_by_the_requests_it_has_not_answered(page: Page, tmp_path):
    document = load_run(Secretive)
    at = 1.0
    view = show(page, tmp_path, document, at)
    opened = dict.fromkeys(document["nodes"], 0)
    names = {}
    for _, _, kind, node, _, number, data in readings.events(document, at):
        if kind == "send":
            names[number] = data["$"]
            if data["$"] == "WorkReply":
                opened[node] -= 1
        elif kind == "deliver" and names[number] == "Work":
            opened[node] += 1
    for id in ("s1", "s2", "s3", "s4"):
        told = words(opened[id], at_the_door(document, id, at))
        expect(line(view, id).locator(".lk-line-words > span").last).to_have_text(told)
    expect(view.locator(".lk-note")).to_contain_text("what a server was asked and has not answered")
    assert any(opened.values())


def test_a_click_on_a_strip_seeks_and_a_name_opens_the_inspector(page: Page, tmp_path):
    document = load_run()
    view = show(page, tmp_path, document, 0.0)
    strip = line(view, "s1").locator(".lk-strip")
    strip.click(position={"x": strip.bounding_box()["width"] / 2, "y": 10})
    reached = float(page.locator(".lk-clock").inner_text().split()[-2])
    assert abs(reached - document["now"] / 2) < 0.05
    line(view, "s3").locator("button").click()
    expect(page.locator(".lk-inspector")).to_contain_text("s3")


@pytest.mark.parametrize("width", [380, 1920])
def test_fifty_servers_fit_a_phone_and_a_projector(page: Page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 800})
    view = show(page, tmp_path, load_run(servers=50), 1.5)
    expect(view.locator("[data-line]")).to_have_count(50)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    strip = line(view, "s1").locator(".lk-strip").bounding_box()
    box = view.bounding_box()
    assert strip["x"] + strip["width"] <= box["x"] + box["width"]
