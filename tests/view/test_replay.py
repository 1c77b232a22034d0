"""A replay is one piece of HTML that needs nothing else; its still says the same as its player."""

import base64
import json
import re
import shutil
import subprocess
import zlib
from html.parser import HTMLParser

import pytest

from labkit.view import Replay, assets
from labkit.view.layout import positions
from labkit.view.moment import moment
from tests.view.runs import big_run, eventful_run


class Attributes(HTMLParser):
    """Collects the attributes of every tag."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def unpack(page: str) -> dict:
    packed = re.search(r'id="labkit-run">([^<]+)<', page).group(1)
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_the_page_holds_the_whole_run():
    document = eventful_run()
    packed = unpack(Replay(document).html())
    assert packed["events"]["kind"] == document["events"]["kind"]
    assert packed["events"]["data"] == document["events"]["data"]
    assert packed["marks"] == document["marks"]


def test_the_page_asks_for_nothing_from_elsewhere():
    page = Replay(eventful_run()).html()
    for tag, attributes in Attributes(page).tags:
        for name in ("src", "href"):
            assert not attributes.get(name) or attributes[name].startswith("data:"), (tag, attributes)


def test_ten_thousand_events_stay_below_300_kilobytes():
    document = big_run(50, 1.6)
    assert len(document["events"]["time"]) >= 10_000
    assert len(Replay(document).fragment()) < 300_000


def test_a_violation_is_where_the_replay_opens_and_is_told_in_words():
    replay = Replay(eventful_run())
    assert replay.moment.mark["label"].startswith("two leaders at once")
    assert "Violated at" in replay.fragment()
    assert "two leaders at once" in repr(replay)


def test_a_frame_without_scripts_leaves_a_picture_with_words_and_a_table():
    fragment = Replay(eventful_run(), at=0.5).fragment()
    tags = Attributes(fragment).tags
    assert any(tag == "img" and "5 nodes at 0.500 s" in attributes["alt"] for tag, attributes in tags)
    assert any(tag == "table" for tag, _ in tags)
    frame = next(attributes for tag, attributes in tags if tag == "iframe")
    assert frame["sandbox"] == "allow-scripts"
    assert "labkit-run" in frame["srcdoc"]


def test_the_still_is_svg_with_a_title_and_a_description():
    svg = Replay(eventful_run(), at=0.5).poster()
    assert svg.startswith("<svg ") and "<title>Raft</title><desc>5 nodes" in svg
    assert "leader" in svg and svg.count("<circle") >= 10


def test_names_and_notes_cannot_break_out_of_the_page():
    document = eventful_run() | {"title": '</script><img src=x onerror="alert(1)">'}
    for text in (Replay(document).html(), Replay(document).fragment()):
        assert "<img src=x" not in text


def test_an_empty_trace_can_be_shown():
    header = {"format": "labkit-trace", "version": 1, "title": "", "seed": 0, "nodes": ["a"], "edges": None, "now": 0.0}
    columns = {name: [] for name in ("time", "kind", "node", "peer", "id", "due", "data")}
    replay = Replay(header | {"events": columns})
    assert "1 nodes" in repr(replay) or "1 node" in repr(replay)
    assert "not started" in replay.fragment()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 16, 17, 40, 50, 90])
def test_no_two_nodes_stand_in_one_place(count):
    places = positions([f"n{i}" for i in range(count)], None)
    assert len(set(places)) == count
    assert all(-1 <= x <= 1 and -1 <= y <= 1 for x, y in places)


def test_a_ring_of_links_is_drawn_as_a_ring_in_its_own_order():
    nodes = ["a", "b", "c", "d"]
    places = dict(zip(nodes, positions(nodes, [["a", "c"], ["c", "b"], ["b", "d"], ["d", "a"]]), strict=True))
    distance = {
        pair: sum((p - q) ** 2 for p, q in zip(places[pair[0]], places[pair[1]], strict=True)) for pair in ("ac", "ab")
    }
    assert distance["ac"] < distance["ab"]


SCENE = """
import { readFileSync } from "node:fs";
const document = JSON.parse(readFileSync(process.argv[2]));
const trace = new Trace(document);
trace.append(document.events, document.now);
console.log(JSON.stringify(JSON.parse(process.argv[3]).map((time) => {
  const shown = scene(trace, time);
  return {
    count: shown.count, groups: shown.groups, flying: trace.world(shown.count).flying.size,
    nodes: shown.nodes.map(({ id, up, look, attributes, term, changed }) => (
      { id, up, look, attributes, term, changed: [...changed].sort() })),
  };
})));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_still_and_the_player_tell_the_same_moment(tmp_path):
    document = eventful_run()
    (tmp_path / "run.json").write_text(json.dumps(document))
    (tmp_path / "scene.mjs").write_text(assets.script("scene.js") + SCENE)
    times = [0.0, 0.16, 0.5, 0.91, 1.2, 1.35, 1.7, 2.1, document["now"]]
    command = ["node", "scene.mjs", "run.json", json.dumps(times)]
    told = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    for time, scene in zip(times, told, strict=True):
        still = moment(document, time=time)
        assert (scene["count"], scene["groups"], scene["flying"]) == (still.count, still.groups, len(still.flights))
        for node, drawn in zip(still.nodes, scene["nodes"], strict=True):
            assert drawn == {
                "id": node.id,
                "up": node.up,
                "look": node.look,
                "attributes": node.attributes,
                "term": node.term,
                "changed": sorted(node.changed),
            }
