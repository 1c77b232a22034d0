"""What must hold in every host: keys stay in the view, an untrusted notebook shows the still, Notebook 7 works too."""

import json

import pytest
from playwright.sync_api import expect

from labkit import Cluster
from labkit.view import Replay
from tests.view.election import Raft

CELLS = [
    "from labkit import Cluster\nfrom tests.view.election import Raft",
    "cluster = Cluster(Raft, size=5, seed=7)\ncluster.view()",
    "cluster.run(1.0)\ncluster",
]


@pytest.mark.parametrize("host", ["lab", "notebooks"])
def test_run_all_shows_the_live_view_and_its_keys_do_not_reach_the_notebook(lab, host):
    path = lab.write(f"{host}.ipynb", *CELLS)
    page = lab.open(path, host=host)
    lab.run_all(page)
    lab.wait_idle(page)
    view = page.locator(".labkit-live")
    expect(view.locator(".lk-node.lk-leader")).to_have_count(1, timeout=20_000)
    states = page.locator(".labkit-poster table").last
    expect(states).to_contain_text("n5")
    expect(states.locator("td").last).to_have_css("text-align", "left")  # the host's own tables stand to the right

    for place in (".lk-timeline", ".lk-node", ".lk-table", ".lk-play"):
        view.locator(place).first.focus()
        for key in ("x", "d", "d", "a", "0", "0"):
            page.keyboard.press(key)
    assert len(lab.cells(page)) == len(CELLS)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == len(CELLS)
    view.locator(".lk-timeline").focus()
    page.keyboard.press("Home")
    expect(view.locator(".lk-clock")).to_have_text("0.000 s")

    if host == "lab":
        lab.save(page)
        outputs = [cell["outputs"] for cell in json.loads((lab.root / path).read_text())["cells"]]
        assert any("text/html" in output.get("data", {}) for output in outputs[1])


def test_a_notebook_that_is_not_trusted_shows_poster_and_table(lab):
    lab.guard.allow("widget model not found")
    path = lab.write("stranger.ipynb", *CELLS)
    notebook = json.loads((lab.root / path).read_text())
    cluster = Cluster(Raft, size=5, seed=7)
    cluster.run(1.0)
    for cell, shown in zip(notebook["cells"][1:], (Replay(cluster.trace, at=0.5), cluster), strict=True):
        data = shown._repr_mimebundle_()
        cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
    (lab.root / path).write_text(json.dumps(notebook))  # written by another: not signed by this server

    page = lab.open(path, kernel=False)
    expect(page.locator(".labkit-poster table").first).to_be_visible(timeout=20_000)
    expect(page.locator(".labkit-poster img")).to_have_count(2)
    expect(page.locator("iframe[srcdoc]")).to_have_count(0)
    for number in range(2):
        picture = page.locator(".labkit-poster img").nth(number)
        assert picture.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") > 100
