"""Time in the player: steps by a unit, bookmarks, links to a moment, forks, and two runs side by side."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from labkit import Cluster
from labkit.view import Replay, compare
from tests.browser.conftest import open_widget
from tests.harness.browser import click_flight
from tests.view.election import Raft
from tests.view.runs import eventful_run
from tests.view.test_runs import grown_tree


def said(page: Page, kind: str) -> list[dict]:
    return page.evaluate("kind => view.model.said.filter(message => message.type === kind)", kind)


def clock(page: Page) -> float:
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(page.inner_text(".lk-clock").split()[0])


def home(page: Page) -> None:
    page.focus(".lk-timeline")
    page.keyboard.press("Home")
    expect(page.locator(".lk-clock")).to_have_text("0.000 s")


def first(kind: str, fits) -> float:
    events = eventful_run()["events"]
    rows = zip(events["time"], events["kind"], events["node"], events["data"], strict=True)
    return next(time for time, what, node, data in rows if what == kind and fits(node, data))


def test_the_arrows_step_by_messages_of_one_type(seen: Page):
    home(seen)
    seen.select_option(".lk-unit", label="RequestVote")
    seen.focus(".lk-timeline")
    seen.keyboard.press("ArrowRight")
    expect(seen.locator(".lk-inspector header b")).to_have_text("RequestVote")
    sent = first("send", lambda node, data: data["$"] == "RequestVote")
    assert clock(seen) == pytest.approx(sent, abs=0.001)
    seen.keyboard.press("ArrowRight")
    assert clock(seen) > sent
    seen.keyboard.press("ArrowLeft")
    assert clock(seen) == pytest.approx(sent, abs=0.001)


def test_the_head_of_a_column_leads_to_the_next_change_of_its_variable(seen: Page):
    home(seen)
    seen.click(".lk-table thead .lk-head >> text=term")
    first_term = first("state", lambda node, data: "term" in data)
    assert clock(seen) == pytest.approx(first_term, abs=0.001)
    expect(seen.locator(".lk-unit")).to_have_value('["change",null,null,null,"term",null]')
    before = clock(seen)
    for _ in range(6):
        seen.keyboard.press("ArrowRight")
    assert clock(seen) > before
    expect(seen.locator(".lk-table td.lk-changed").first).to_be_visible()


def test_a_variable_of_one_node_steps_by_its_own_changes_and_keeps_the_focus(seen: Page):
    seen.click(".lk-node[data-node=n3] .lk-ring")
    seen.click("[data-attribute=role]", modifiers=["Shift"])
    expect(seen.locator(".lk-unit option:checked")).to_have_text("role of n3")
    expect(seen.locator("[data-attribute=role]")).to_be_focused()
    expect(seen.locator(".lk-inspector dd.lk-changed").first).to_be_visible()


def test_a_step_that_has_not_happened_yet_makes_the_cluster_run_on(widget: Page):
    widget.evaluate("() => { view.model.known[0] = 0.01; view.model.tell({ type: 'more', now: 0.01, length: 1 }); }")
    expect(widget.locator(".lk-clock")).to_have_text("0.010 s")
    widget.select_option(".lk-unit", label="messages")
    widget.focus(".lk-timeline")
    widget.keyboard.press("ArrowRight")
    expect(widget.locator(".lk-inspector header b")).to_have_text("RequestVote", timeout=8000)


def test_v_goes_to_the_violation_and_says_where_there_is_none(page: Page, tmp_path):
    page.goto(Replay(eventful_run(), at=0.0).save(tmp_path / "run.html").as_uri())
    page.focus(".lk-timeline")
    page.keyboard.press("v")
    expect(page.locator(".lk-banner.lk-here")).to_contain_text("two leaders at once")
    page.keyboard.press("v")
    expect(page.locator(".lk-aloud")).to_have_text("No later: violations")


def test_a_bookmark_has_a_name_a_flag_and_a_place_in_the_recording(seen: Page):
    home(seen)
    seen.keyboard.press("n")
    expect(seen.locator(".lk-clock")).not_to_have_text("0.000 s")
    at = clock(seen)
    seen.keyboard.press("b")
    seen.fill(".lk-popover input", "the first leader")
    seen.keyboard.press("Enter")
    expect(seen.locator(".lk-flags i")).to_have_count(1)
    kept = said(seen, "bookmarks")[-1]["bookmarks"]
    assert [one["name"] for one in kept] == ["the first leader"] and kept[0]["time"] == pytest.approx(at, abs=0.001)
    home(seen)
    seen.keyboard.press("]")
    assert clock(seen) == at
    seen.keyboard.press("b")
    seen.click("[aria-label='Forget the first leader']")
    expect(seen.locator(".lk-flags i")).to_have_count(0)
    seen.keyboard.press("Escape")
    expect(seen.locator(".lk-popover")).to_have_count(0)


def test_the_link_to_a_moment_opens_it_again(page: Page, tmp_path):
    document = eventful_run() | {"bookmarks": [{"name": "half way", "time": 0.5, "count": 40}]}
    address = Replay(document, at=0.0).save(tmp_path / "run.html").as_uri()
    page.goto(address)
    page.focus(".lk-timeline")
    page.keyboard.press("n")
    expect(page.locator(".lk-clock")).not_to_have_text("0.000 s")
    at = page.inner_text(".lk-clock")
    page.keyboard.press("b")
    expect(page.locator(".lk-bookmarks")).to_contain_text("half way")
    link = page.inner_text(".lk-code")
    assert link.startswith(f"{address}#t=")
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".lk-clock")).to_have_text(at)


def test_in_a_live_view_the_link_is_code(seen: Page):
    seen.focus(".lk-timeline")
    seen.keyboard.press("b")
    expect(seen.locator(".lk-code")).to_have_text("cluster.view(at=0.85)")


def test_the_question_mark_shows_all_keys_and_escape_closes_them(seen: Page):
    seen.focus(".lk-timeline")
    seen.keyboard.press("?")
    expect(seen.locator(".lk-popover kbd")).to_have_count(20)
    seen.keyboard.press("Escape")
    expect(seen.locator(".lk-popover")).to_have_count(0)
    assert seen.evaluate("document.activeElement.className") == "lk-timeline"


# --- forks


def forked_from(count: int) -> dict[str, Any]:
    """What the eventful run would have been, had its first leader crashed early."""
    cluster = Cluster(Raft, size=5, seed=7, title="Raft")
    cluster.run(0.9)
    fork = cluster.fork(at=count - 1)
    fork.crash("n1")
    fork.run(0.4)
    return {"events": fork.trace.columns(), "now": fork.now}


@pytest.fixture
def forked(page: Page) -> Page:
    """A live view in which the reader went back to the first leader and crashed n1 there."""
    events = eventful_run()["events"]
    count = next(
        i for i, data in enumerate(events["data"]) if events["kind"][i] == "state" and data.get("role") == "leader"
    )
    while events["time"][count] == events["time"][count - 1]:
        count += 1
    open_widget(page, known=0.85, openAt=0.85, fork=forked_from(count))
    home(page)
    page.keyboard.press("n")
    page.click(".lk-node[data-node=n1] .lk-ring")
    page.click(".lk-inspector .lk-danger")
    expect(page.locator(".lk-run")).to_have_count(2)
    return page


def test_a_fork_is_shown_at_its_own_moment_and_shares_what_came_before(forked: Page):
    asked = said(forked, "fork")[0]
    assert asked["action"] == "crash" and asked["args"] == ["n1"] and asked["run"] == 0
    expect(forked.locator(".lk-run-button[aria-pressed=true]")).to_contain_text("crash n1")
    expect(forked.locator(".lk-node.lk-down[data-node=n1]")).to_have_count(1, timeout=9000)
    pulls = [message for message in said(forked, "pull") if message["run"] == 1]
    assert pulls[0]["have"] == asked["count"], "what both share is not sent again"


def test_the_tree_of_runs_is_walked_by_clicks_and_by_a_key(forked: Page):
    forked.click(".lk-run-button >> text=the first run")
    expect(forked.locator(".lk-run-button[aria-pressed=true]")).to_contain_text("the first run")
    expect(forked.locator(".lk-run-button[aria-pressed=true]")).to_be_focused()
    expect(forked.locator(".lk-node.lk-down[data-node=n1]")).to_have_count(0)
    forked.keyboard.press("r")
    expect(forked.locator(".lk-run-button[aria-pressed=true]")).to_contain_text("crash n1")
    forked.focus(".lk-timeline")
    forked.keyboard.press("End")
    forked.click(".lk-node[data-node=n2] .lk-ring")
    forked.click(".lk-inspector .lk-danger")
    assert said(forked, "fault")[-1]["run"] == 1, "at its end a fork goes on by itself"


def test_two_runs_stand_side_by_side_from_their_first_difference(forked: Page):
    forked.click(".lk-run >> text=Compare")
    words = forked.locator(".lk-versus")
    expect(words).to_contain_text("They differ from event")
    expect(words).to_contain_text("left: n1 crashes")
    forked.click(".lk-versus >> text=Show")
    expect(forked.locator(".lk-twin:not(.lk-other) .lk-node.lk-down[data-node=n1]")).to_have_count(1)
    expect(forked.locator(".lk-other .lk-node.lk-down")).to_have_count(0)
    forked.click("text=End comparison")
    expect(forked.locator(".lk-other")).to_have_count(0)


def test_two_runs_are_compared_on_a_page_of_their_own(page: Page, tmp_path):
    cluster = Cluster(Raft, size=5, seed=7, title="Raft")
    cluster.run(0.9)
    fork = cluster.fork(at=0.5)
    fork.crash("n1")
    fork.run(0.4)
    page.goto(compare(cluster, fork, names=("as it was", "without n1")).save(tmp_path / "both.html").as_uri())
    expect(page.locator(".lk-versus")).to_contain_text("right: n1 crashes, at 0.500 s")
    expect(page.locator(".lk-run-name")).to_have_text(["as it was", "without n1"])
    expect(page.locator(".lk-other .lk-node.lk-down[data-node=n1]")).to_have_count(1)
    page.focus(".lk-timeline")
    page.keyboard.press("Home")
    expect(page.locator(".lk-node.lk-new")).to_have_count(10)


@pytest.mark.parametrize("shown", [0, 2])
def test_the_runs_of_a_recording_are_walked_and_compared_without_a_kernel(page: Page, tmp_path, shown):
    runs = grown_tree()
    document = runs[shown].cluster.trace.document() | runs.recorded(shown, 10_000)
    page.goto(Replay(document, at=0.7).save(tmp_path / "tree.html").as_uri())
    expect(page.locator(".lk-run")).to_have_count(4)
    pressed = page.locator(".lk-run-button[aria-pressed=true]")
    expect(pressed).to_contain_text("crash n2" if shown else "the first run")
    for number, down in ((1, ["n1"]), (3, ["n3"]), (0, []), (2, ["n1", "n2"])):
        page.click(f".lk-run-button[data-run='{number}']")
        expect(pressed).to_have_attribute("data-run", str(number))
        expect(page.locator(".lk-clock")).to_have_text("0.700 s")
        expect(page.locator(".lk-node.lk-down")).to_have_count(len(down))
        for node in down:
            expect(page.locator(f".lk-node.lk-down[data-node={node}]")).to_have_count(1)
    page.locator(".lk-run", has_text="the first run").locator("text=Compare").click()
    expect(page.locator(".lk-versus")).to_contain_text("left: n1 crashes, at 0.400 s")
    expect(page.locator(".lk-other .lk-node.lk-down")).to_have_count(0)


def test_code_that_cannot_be_forked_is_told(seen: Page):
    home(seen)
    seen.keyboard.press("n")
    seen.click(".lk-node[data-node=n1] .lk-ring")
    seen.click(".lk-inspector .lk-danger")
    expect(seen.locator(".lk-alert")).to_have_text("this run cannot be forked")


# --- faults by hand


FORMS = [
    ("Slow", {"seconds": "0.2"}, ("slow", ["n2"], {"seconds": 0.2})),
    ("Clock", {"jump": "-1", "drift": "0.01"}, ("clock", ["n2"], {"jump": -1, "drift": 0.01})),
    ("Clock, set", {"offset": "2"}, ("clock", ["n2"], {"offset": 2, "rate": 1})),
    ("Disk", {"latency": "0.05", "torn": "1"}, ("disk", ["n2"], {"latency": 0.05, "torn": 1})),
]


@pytest.mark.parametrize(("fold", "fields", "deed"), FORMS)
def test_what_can_be_done_to_a_node_has_a_form(seen: Page, fold: str, fields: dict[str, str], deed: tuple):
    seen.click(".lk-node[data-node=n2] .lk-ring")
    form = seen.locator(f'[data-fold="{fold}"]')
    form.locator("summary").click()
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("button").click()
    fault = said(seen, "fault")[0]
    assert (fault["action"], fault["args"], fault["options"]) == deed


def test_a_link_is_cut_one_way_and_made_lossy(seen: Page):
    seen.click(".lk-node[data-node=n2] .lk-ring")
    seen.select_option("[aria-label='A link of n2']", "n2>n4")
    seen.select_option("[aria-label=Direction]", "there")
    seen.click(".lk-inspector .lk-danger")
    seen.click("[data-fold=Link] summary")
    seen.fill("[data-fold=Link] [name=loss]", "0.5")
    seen.select_option("[aria-label=Direction]", "both")
    seen.click("[data-fold=Link] button")
    cut, loss = said(seen, "fault")[:2]
    assert (cut["action"], cut["args"], cut["options"]) == ("link", ["n2", "n4"], {"cut": True, "one_way": True})
    assert (loss["args"], loss["options"]) == (["n2", "n4"], {"loss": 0.5})


def test_a_click_on_a_line_chooses_the_link(seen: Page):
    seen.locator(".lk-link-hit").first.dispatch_event("click")
    expect(seen.locator(".lk-inspector header b")).to_have_text("n1 – n2")
    seen.click("[data-name=links]")
    seen.click(".lk-inspector >> text=Clog")
    assert said(seen, "fault")[0]["options"] == {"clog": True} and said(seen, "fault")[0]["args"] == []


def test_a_message_in_flight_is_dropped_delayed_delivered_or_doubled(seen: Page):
    click_flight(seen)
    events = eventful_run()["events"]
    for text in ("Deliver now", "Drop", "Duplicate", "Delay by"):
        seen.click(f".lk-inspector >> text={text}")
    faults = said(seen, "fault")
    assert [fault["action"] for fault in faults] == ["deliver", "drop", "duplicate", "delay"]
    assert faults[-1]["options"] == {"seconds": 0.1}
    (id,) = {fault["args"][0] for fault in faults}
    sent = events["id"].index(id)
    assert events["kind"][sent] == "send" and events["time"][sent] <= 0.85


def test_what_was_done_is_shown_as_python(seen: Page):
    seen.click("[data-name=copy]")
    expect(seen.locator(".lk-code")).to_have_text("faults = Faults([])")


# --- very many nodes


@pytest.fixture
def crowd(page: Page, tmp_path) -> Page:
    cluster = Cluster(Raft, size=300, seed=1, title="Raft")
    cluster.run(0.1)
    cluster.crash("n17")
    cluster.run(0.05)
    page.goto(Replay(cluster.trace, at=0.15).save(tmp_path / "many.html").as_uri())
    expect(page.locator(".lk-crowd-bar")).to_contain_text("300 nodes")
    return page


def test_very_many_nodes_are_dots_and_the_table_has_rows_only_in_sight(crowd: Page):
    expect(crowd.locator(".lk-node")).to_have_count(0)
    expect(crowd.locator(".lk-crowd-bar")).to_contain_text("× crashed: 1")
    assert crowd.locator(".lk-table tbody tr:not(.lk-spare)").count() == 60
    crowd.evaluate("() => { document.querySelector('.lk-table').scrollTop = 1e6; }")
    expect(crowd.locator(".lk-table tbody th >> text=n300")).to_be_visible()
    assert crowd.locator(".lk-table tbody tr:not(.lk-spare)").count() == 60
    assert crowd.locator(".lk-spacetime").bounding_box()["height"] < 300


def test_a_dot_is_found_by_name_or_by_a_click(crowd: Page):
    crowd.fill("[aria-label='Find a node']", "n17")
    crowd.keyboard.press("Enter")
    expect(crowd.locator(".lk-inspector header")).to_contain_text("n17crashed")
    crowd.locator(".lk-crowd canvas").click(position={"x": 8, "y": 8})
    box = crowd.locator(".lk-crowd canvas").bounding_box()
    crowd.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(crowd.locator(".lk-inspector header")).not_to_contain_text("n17")


def test_the_timeline_has_what_a_longer_unit_leaves_of_its_line(seen: Page):
    before = seen.locator(".lk-timeline").bounding_box()["width"]
    seen.evaluate("() => { document.querySelector('.lk-unit').style.minWidth = '400px'; }")
    seen.wait_for_function(
        """(before) => {
          const [knob, line] = [".lk-knob", ".lk-timeline"].map((one) => document.querySelector(one));
          const [inner, outer] = [knob.getBoundingClientRect(), line.getBoundingClientRect()];
          return outer.width < before - 100 && inner.right <= outer.right + 1;
        }""",
        arg=before,
    )
