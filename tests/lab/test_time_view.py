"""Time in JupyterLab: a reader goes back, does something else there, compares, and pastes what was done into a cell."""

from playwright.sync_api import expect

from labkit import Cluster, Fault, Faults
from tests.harness.browser import click_flight
from tests.view.election import Raft

CELLS = [
    "from labkit import Cluster, Fault, Faults\nfrom tests.view.election import Raft",
    "cluster = Cluster(Raft, size=5, seed=7)\ncluster.run(0.6)\ncluster.view(at=0.4)",
]


def test_in_the_past_another_run_begins_and_stands_beside_the_first(lab):
    path = lab.write("forks.ipynb", *CELLS)
    page = lab.open(path)
    lab.run_all(page)
    lab.wait_idle(page)
    view = page.locator(".labkit-live")
    expect(view.locator(".lk-clock")).to_have_text("0.400 s", timeout=20_000)
    leader = view.locator(".lk-node.lk-leader")
    expect(leader).to_have_count(1)
    first = leader.get_attribute("data-node")
    leader.locator(".lk-ring").click()
    expect(view.locator(".lk-inspector .lk-forks")).to_be_visible()
    view.locator(".lk-inspector .lk-danger").click()
    expect(view.locator(".lk-run-button[aria-pressed=true]")).to_contain_text(f"crash {first}", timeout=20_000)
    expect(view.locator(f".lk-node.lk-down[data-node={first}]")).to_have_count(1)
    view.locator(".lk-play").click()
    expect(view.locator(f".lk-node.lk-leader:not([data-node={first}])")).to_have_count(1, timeout=20_000)
    view.locator(".lk-run >> text=Compare").click()
    expect(view.locator(".lk-versus")).to_contain_text(f"left: {first} crashes", timeout=20_000)
    expect(view.locator(f".lk-other .lk-node.lk-leader[data-node={first}]")).to_have_count(1)


def test_what_was_done_to_a_message_by_hand_can_be_pasted_and_happens_again(lab):
    path = lab.write("message.ipynb", *(cell.replace("at=0.4", "") for cell in CELLS))
    page = lab.open(path)
    lab.run_all(page)
    lab.wait_idle(page)
    view = page.locator(".labkit-live")
    expect(view.locator(".lk-clock")).to_have_text("0.600 s", timeout=20_000)
    click_flight(view)
    view.locator(".lk-inspector >> text=Drop").click()
    expect(view.locator(".lk-inspector dl").last).to_contain_text("it was dropped by hand", timeout=20_000)
    view.locator("[data-name=copy]").click()
    faults = eval(view.locator(".lk-code").inner_text().removeprefix("faults = "), {"Fault": Fault, "Faults": Faults})
    again = Cluster(Raft, size=5, seed=7, faults=faults)
    again.run(faults[0].time)
    (lost,) = again.trace.select("drop")
    assert (lost.time, lost.data, faults[0].args[2]) == (0.6, "fault", type(again.trace.message(lost)).__name__)
