"""The live view on a page: it plays, asks, and tells the kernel what was clicked. Keys stay within it."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from labkit.view import assets
from tests.browser.conftest import open_widget
from tests.view.runs import eventful_run


def said(page: Page, kind: str) -> list[dict]:
    return page.evaluate("kind => view.model.said.filter(message => message.type === kind)", kind)


def clock(page: Page) -> float:
    return float(page.inner_text(".lk-clock").split()[0])


def test_an_empty_view_says_what_to_do(widget: Page):
    expect(widget.locator(".lk-inspector")).to_contain_text("Press play")
    expect(widget.locator(".lk-node").first).to_have_attribute("aria-label", "n1, not started")


def test_play_asks_for_more_and_shows_the_leader(widget: Page):
    widget.select_option("select", "1")
    widget.click(".lk-play")
    expect(widget.locator(".lk-node.lk-leader")).to_have_count(1, timeout=8000)
    expect(widget.locator(".lk-pill-leader")).to_contain_text("leads term 1")
    asked = said(widget, "advance")
    assert len(asked) >= 2
    assert all(later["to"] > earlier["to"] for earlier, later in pairwise(asked))


def test_no_more_than_two_questions_wait_for_an_answer(widget: Page):
    widget.evaluate("() => { view.model.answering = false; }")
    widget.click(".lk-play")
    widget.wait_for_timeout(500)
    assert len(said(widget, "advance")) <= 2


def test_the_frames_stop_when_nothing_moves(seen: Page):
    count = """window.frames_ = 0; const real = window.requestAnimationFrame;
      window.requestAnimationFrame = callback => { window.frames_ += 1; return real(callback); };"""
    seen.evaluate(f"() => {{ {count} }}")
    seen.wait_for_timeout(300)
    assert seen.evaluate("window.frames_") == 0
    seen.click(".lk-play")
    seen.wait_for_function("window.frames_ > 3", polling=50)


def test_a_click_on_a_node_can_crash_it(seen: Page):
    seen.click(".lk-node[data-node=n2] .lk-ring")
    seen.evaluate("() => { view.model.answering = false; }")
    seen.click(".lk-danger")
    expect(seen.locator(".lk-node[data-node=n2]")).to_have_class(re.compile("lk-pending"))
    assert said(seen, "fault")[0]["action"] == "crash" and said(seen, "fault")[0]["args"] == ["n2"]


def test_a_line_across_the_picture_splits_the_network(seen: Page):
    box = seen.locator(".lk-picture").bounding_box()
    x = box["x"] + box["width"] * 0.42
    seen.mouse.move(x, box["y"] + 8)
    seen.mouse.down()
    seen.mouse.move(x, box["y"] + box["height"] / 2)
    seen.mouse.move(x, box["y"] + box["height"] - 8)
    expect(seen.locator(".lk-cut-line")).to_have_count(1)
    seen.mouse.up()
    fault = said(seen, "fault")[0]
    assert fault["action"] == "partition"
    assert (
        sorted(id for side in fault["args"] for id in side) == ["n1", "n2", "n3", "n4", "n5"]
        and len(fault["args"]) == 2
    )


def test_a_partition_can_be_made_by_ticking_nodes_with_the_keyboard(seen: Page):
    seen.focus("[data-name=split]")
    seen.keyboard.press("Enter")
    for node in ("n1", "n3"):
        seen.focus(f".lk-node[data-node={node}]")
        seen.keyboard.press("Enter")
    expect(seen.locator(".lk-hint")).to_have_text("n1 n3 | n2 n4 n5")
    seen.focus("[data-name=apply]")
    seen.keyboard.press("Enter")
    assert said(seen, "fault")[0]["args"] == [["n1", "n3"], ["n2", "n4", "n5"]]


def test_what_is_done_in_the_past_begins_another_run(seen: Page):
    seen.focus(".lk-timeline")
    seen.keyboard.press("Home")
    seen.click(".lk-node[data-node=n1] .lk-ring")
    expect(seen.locator(".lk-inspector small").first).to_contain_text("begins another run")
    seen.click(".lk-inspector .lk-danger, .lk-inspector .lk-primary")
    assert said(seen, "fault") == [] and said(seen, "fork")[0]["count"] == 0
    seen.keyboard.press("l")
    expect(seen.locator(".lk-inspector .lk-forks")).to_have_count(0)
    seen.click(".lk-danger")
    assert said(seen, "fault")[0]["action"] == "crash"


def test_everything_can_be_done_with_keys_and_none_leaks(seen: Page):
    seen.evaluate(
        "() => { window.leaked = []; document.addEventListener('keydown', event => leaked.push(event.key)); }"
    )
    seen.focus(".lk-timeline")
    seen.keyboard.press("Home")
    expect(seen.locator(".lk-clock")).to_have_text("0.000 s")
    seen.keyboard.press("n")
    expect(seen.locator(".lk-clock")).not_to_have_text("0.000 s")
    expect(seen.locator(".lk-aloud")).to_contain_text("becomes leader")
    step = seen.locator(".lk-inspector header").text_content()
    seen.keyboard.press("ArrowRight")
    expect(seen.locator(".lk-inspector header")).not_to_have_text(step)
    seen.keyboard.press("ArrowLeft")
    expect(seen.locator(".lk-inspector header")).to_have_text(step)
    seen.keyboard.press("End")
    expect(seen.locator(".lk-clock")).to_have_text("0.850 s")
    seen.focus(".lk-node[data-node=n4]")
    seen.keyboard.press("Enter")
    expect(seen.locator(".lk-inspector header b")).to_have_text("n4")
    seen.keyboard.press("Escape")
    assert seen.evaluate("document.activeElement.dataset.node") == "n4"
    seen.keyboard.press("x")
    assert seen.evaluate("leaked") == []
    missing = (
        "[...view.el.querySelectorAll('[tabindex], button, select')].filter(e => !e.dataset.lmSuppressShortcuts).length"
    )
    assert seen.evaluate(missing) == 0


def test_space_plays_and_pauses(seen: Page):
    seen.focus(".lk-timeline")
    seen.keyboard.press("Space")
    expect(seen.locator(".lk-play")).to_have_attribute("aria-label", "Pause")
    seen.keyboard.press("Space")
    expect(seen.locator(".lk-play")).to_have_attribute("aria-label", "Play")
    assert said(seen, "settled"), "a pause is told, so that a recording can be kept"


def test_a_run_in_a_cell_is_played_from_where_the_reader_stands(seen: Page):
    seen.evaluate(
        "() => { view.model.now = 1.2; view.model.tell({type: 'more', now: 1.2, length: view.model.length()}); }"
    )
    between = "(([at]) => at > 0.85 && at < 1.2)(document.querySelector('.lk-clock').textContent.split(' '))"
    seen.wait_for_function(between, polling="raf")
    expect(seen.locator(".lk-play")).to_have_attribute("aria-label", "Play", timeout=5000)
    assert clock(seen) == pytest.approx(1.2)
    assert said(seen, "advance") == [], "what was recorded is played, and no more is asked for"


def test_with_reduced_motion_flights_are_steps(browser, guard):
    context = browser.new_context(reduced_motion="reduce")
    guard.watch(context)
    page = open_widget(context.new_page(), known=0.85, openAt=0.0)
    page.wait_for_timeout(200)
    assert clock(page) == pytest.approx(0.85), "it does not start to move by itself"
    page.focus(".lk-timeline")
    page.keyboard.press("Home")
    page.keyboard.press("n")
    page.wait_for_function("document.querySelector('.lk-flights').spots.length")
    frames = """() => new Promise(done => {
      const frames = [];
      const look = () => {
        const places = document.querySelector('.lk-flights').spots.map(({x, y}) => `${x} ${y}`);
        frames.push([document.querySelector('.lk-clock').textContent, places.join()]);
        if (new Set(frames.map(([at]) => at)).size < 5) requestAnimationFrame(look);
        else done(frames);
      };
      document.querySelector('.lk-play').click();
      requestAnimationFrame(look);
    })"""
    shown = page.evaluate(frames)
    events = [f"{time:.3f} s" for time in page.evaluate("view.model.events.time")]
    assert {at for at, _ in shown} <= set(events), "it stands at events, and never between them"
    for at in {at for at, _ in shown}:
        assert len({places for then, places in shown if then == at}) <= events.count(at), "at one event nothing moves"
    context.close()


def test_a_step_forward_at_now_makes_something_happen(seen: Page):
    before = clock(seen)
    seen.focus(".lk-timeline")
    seen.keyboard.press("ArrowRight")
    expect(seen.locator(".lk-clock")).not_to_have_text(f"{before:.3f} s")
    assert clock(seen) > before
    assert len(said(seen, "advance")) < 25
    expect(seen.locator(".lk-play")).to_have_attribute("aria-label", "Play")


def test_a_fault_that_changes_nothing_does_not_stay_pending(seen: Page):
    seen.click(".lk-node[data-node=n2] .lk-ring")
    seen.click(".lk-danger")
    expect(seen.locator(".lk-pending")).to_have_count(0)


def test_an_error_of_the_cluster_stops_the_play_and_is_told(seen: Page):
    seen.click(".lk-play")
    seen.evaluate(
        "() => view.model.answer({type: 'advance', have: 0}, {error: 'n1 sent 20000 messages at one instant.'})"
    )
    expect(seen.locator(".lk-alert")).to_have_text("n1 sent 20000 messages at one instant.")
    expect(seen.locator(".lk-play")).to_have_attribute("aria-label", "Play")


def test_two_views_on_a_page_are_independent(seen: Page):
    seen.evaluate(
        "run => { window.other = mount(run, {known: 0.5, openAt: 0.5}); }",
        seen.evaluate("({...view.model.values.header, events: view.model.events})"),
    )
    expect(seen.locator(".lk-clock")).to_have_text(["0.850 s", "0.500 s"])


def test_a_removed_view_frees_everything(seen: Page):
    seen.click(".lk-play")
    seen.evaluate("() => view.dispose()")
    assert seen.evaluate("[view.el.childElementCount, view.model.listeners.size]") == [0, 0]
    assert said(seen, "bye")
    before = len(said(seen, "advance"))
    seen.wait_for_timeout(200)
    assert len(said(seen, "advance")) == before


def test_a_silent_kernel_gives_its_place_to_the_recording(page: Page):
    page.clock.install()
    open_widget(page)
    page.evaluate("() => { view.model.answering = false; }")
    page.click(".lk-play")
    page.clock.run_for(8000)
    expect(page.locator(".lk-alert")).to_contain_text("The kernel does not answer")
    expect(page.locator(".labkit-live")).to_have_count(0)


def test_the_scene_is_a_pure_function_of_trace_and_time(seen: Page):
    seen.add_script_tag(
        type="module",
        content=assets.script("scene.js") + ";window.tools = {Trace, scene};",
    )
    seen.wait_for_function("window.tools")
    pure = """run => {
      const {Trace, scene} = window.tools;
      const plain = (_, value) => value instanceof Map || value instanceof Set ? [...value] : value;
      const text = shown => JSON.stringify(shown, plain);
      const whole = new Trace(run); whole.append(run.events, run.now);
      const parts = new Trace(run);
      const columns = Object.entries(run.events);
      const cut = (from, to) => Object.fromEntries(columns.map(([name, values]) => [name, values.slice(from, to)]));
      for (let i = 0; i < run.events.time.length; i += 97) parts.append(cut(i, i + 97), run.now);
      const times = Array.from({length: 60}, (_, i) => run.now * ((i * 37) % 60) / 59);
      const first = times.map(time => text(scene(whole, time)));
      const again = times.map(time => text(scene(whole, time)));
      const pieces = times.map(time => text(scene(parts, time)));
      return [first.join() === again.join(), first.join() === pieces.join(), new Set(first).size];
    }"""
    again, pieces, different = seen.evaluate(pure, eventful_run())
    assert again and pieces and different > 40
