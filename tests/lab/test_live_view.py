"""The live view in JupyterLab: an election is watched, its leader crashed with a click, the recording kept."""

import json

from playwright.sync_api import expect

CELLS = [
    "from labkit import Cluster\nfrom tests.view.election import Raft",
    "cluster = Cluster(Raft, size=5, seed=7)\ncluster.view()",
]


def test_a_crashed_leader_is_followed_by_another_and_the_saved_notebook_holds_the_run(lab):
    lab.guard.allow("widget model not found")  # the reopened notebook has no kernel, and so no widget
    path = lab.write("election.ipynb", *CELLS)
    page = lab.open(path)
    lab.run_all(page)
    lab.wait_idle(page)

    page.click(".labkit-live .lk-play")
    leader = page.locator(".lk-node.lk-leader")
    expect(leader).to_have_count(1, timeout=20_000)
    first = leader.get_attribute("data-node")
    leader.locator(".lk-ring").click()
    page.click(".lk-inspector .lk-danger")
    expect(page.locator(f".lk-node.lk-leader:not([data-node={first}])")).to_have_count(1, timeout=20_000)
    expect(page.locator(f".lk-node.lk-down[data-node={first}]")).to_have_count(1)

    page.click(".lk-play")
    page.wait_for_timeout(1000)
    lab.save(page)
    outputs = json.loads((lab.root / path).read_text())["cells"][1]["outputs"]
    assert "text/html" in outputs[-1]["data"] and "crashed" in "".join(outputs[-1]["data"]["text/plain"])
    page.close()
    lab.server.end_kernels()

    again = lab.open(path, kernel=False)
    replay = again.frame_locator(".labkit-replay iframe")
    expect(replay.locator(f".lk-node.lk-down[data-node={first}]")).to_have_count(1, timeout=20_000)
    expect(again.get_by_text("Error displaying widget")).to_be_hidden()


def test_a_run_in_a_cell_is_watched_as_it_was_recorded(lab):
    path = lab.write("run.ipynb", *CELLS, "cluster.run(1.5)")
    page = lab.open(path)
    lab.run_all(page)
    lab.wait_idle(page)
    expect(page.locator(".labkit-live .lk-play")).to_have_attribute("aria-label", "Pause", timeout=10_000)
    expect(page.locator(".labkit-live .lk-node.lk-leader")).to_have_count(1, timeout=20_000)
    assert page.locator(".labkit-replay iframe").is_hidden()
