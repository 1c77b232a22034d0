"""The space-time diagram: what an event could know and what could know of it, and painting that keeps up with a run."""

import json

import pytest
from playwright.sync_api import Page, expect

from labkit.engine.shiviz import NO_EVENT, lines
from labkit.engine.trace import Trace
from labkit.view import Replay, assets
from tests.browser.conftest import open_widget
from tests.view.protocol_runs import rival_ballots
from tests.view.runs import big_run, eventful_run


def happened_before(document: dict) -> tuple[list[int], dict[int, set[int]]]:
    """The events, and for each all that happened before it: by the definition, one step after the other."""
    events = document["events"]
    seqs = [
        seq
        for seq, (kind, node, data) in enumerate(zip(events["kind"], events["node"], events["data"], strict=True))
        if kind not in NO_EVENT and node is not None and (kind != "state" or data)
    ]
    past: dict[int, set[int]] = {}
    last: dict[str, int] = {}
    sent: dict[int, int] = {}
    for seq in seqs:
        node, kind, id = (events[name][seq] for name in ("node", "kind", "id"))
        causes = [last[node]] if node in last else []
        if kind == "deliver" and id in sent:
            causes.append(sent[id])
        past[seq] = {seq}.union(*(past[cause] for cause in causes))
        last[node] = seq
        if kind == "send":
            sent[id] = seq
    return seqs, past


@pytest.mark.parametrize("run", [eventful_run, rival_ballots])
def test_past_future_and_vector_clock_are_those_of_the_definition(page: Page, run):
    document = run()
    seqs, past = happened_before(document)
    node = document["events"]["node"]
    joined = assets.script("widget.js").replace("export default {", "window.labkitWidget = {")
    page.set_content("<!DOCTYPE html><body></body>")
    page.add_script_tag(content=f"{joined}\nwindow.light = {{ Trace, lightUp, relation }};", type="module")
    page.wait_for_function("window.light")
    logged = [json.loads(line.split(" ", 1)[1]) for line in list(lines(Trace.from_document(document)))[3::2]]
    chosen = seqs[:: max(1, len(seqs) // 40)]
    found = page.evaluate(
        """([{ events, ...header }, seqs, chosen]) => {
          const trace = new light.Trace(header);
          trace.append(events);
          return chosen.map((seq) => {
            const lit = light.lightUp(trace, seq);
            const stands = seqs.map((other) => light.relation(trace, lit, other));
            return { clock: Object.fromEntries(lit.clock), counts: lit.counts, stands };
          });
        }""",
        [document, seqs, chosen],
    )
    for seq, lit in zip(chosen, found, strict=True):
        stands = [
            "here" if other == seq else "past" if other in past[seq] else "future" if seq in past[other] else "apart"
            for other in seqs
        ]
        assert lit["stands"] == stands
        assert lit["counts"] == {name: stands.count(name) for name in ("past", "future", "apart")}
        assert lit["clock"] == logged[seqs.index(seq)], "as in the log for ShiViz"
        clock = {id: sum(node[other] == id for other in past[seq]) for id in {node[other] for other in past[seq]}}
        assert lit["clock"] == clock


def test_c_lights_up_the_event_at_the_cursor_and_follows_the_steps(page: Page, tmp_path):
    page.goto(Replay(eventful_run(), at=0.6, views=["spacetime"]).save(tmp_path / "run.html").as_uri())
    page.focus(".lk-timeline")
    page.keyboard.press("c")
    words = page.locator(".lk-causes")
    expect(words).to_contain_text("in its past")
    expect(words).to_contain_text("vector clock: n1 ")
    before = words.inner_text()
    page.keyboard.press("ArrowRight")
    expect(words).not_to_have_text(before)
    page.locator(".lk-chip").first.click()
    expect(page.locator(".lk-inspector header span")).to_contain_text("→")
    expect(words).to_contain_text("in its future")
    page.focus(".lk-timeline")
    page.keyboard.press("c")
    expect(words).to_be_hidden()


def test_on_a_phone_the_buttons_of_the_diagram_are_seen_and_cover_nothing(browser, guard, tmp_path):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    guard.watch(context)
    page = context.new_page()
    page.goto(Replay(eventful_run(), at=0.6, views=["spacetime"]).save(tmp_path / "run.html").as_uri())
    page.tap(".lk-zoom >> text=Causes")
    expect(page.locator(".lk-causes")).to_contain_text("in its past")
    canvas, zoom = (page.locator(f".lk-spacetime {part}").bounding_box() for part in ("canvas", ".lk-zoom"))
    assert zoom["y"] >= canvas["y"] + canvas["height"] - 1
    context.close()


def test_what_is_painted_bit_by_bit_is_what_is_painted_at_once(page: Page):
    """The window moves on while the run grows; in the end all is as if it had been painted there."""
    document = big_run(5, 4.0)
    open_widget(page, document, speed=1)
    page.focus(".lk-timeline")
    page.keyboard.press("Space")
    page.wait_for_function("parseFloat(document.querySelector('.lk-clock').textContent) > 2.5", timeout=30_000)
    page.keyboard.press("Space")
    page.wait_for_timeout(150)
    page.mouse.move(0, 0)
    assert page.evaluate(DIFFERENCE) < 0.001, "a message is painted twice, or not at all"


DIFFERENCE = """async () => {
  const frames = async (count) => {
    for (let i = 0; i < count; i += 1) await new Promise(requestAnimationFrame);
  };
  const canvas = document.querySelector('.lk-spacetime canvas');
  const [wide, high] = [canvas.width * 0.84, canvas.height - 20];  /* left of the cursor, above the axis */
  const pixels = () => canvas.getContext('2d').getImageData(0, 0, wide, high).data.slice();
  const before = pixels();
  const causes = document.querySelector('.lk-zoom button');
  causes.click();
  await frames(3);
  causes.click();
  await frames(3);
  const after = pixels();
  return before.filter((value, i) => Math.abs(value - after[i]) > 60).length / before.length;
}"""
