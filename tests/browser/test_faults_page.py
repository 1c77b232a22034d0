"""The player tells every fault in words, and shows what waits."""

import pytest
from playwright.sync_api import Page, expect

from labkit import Cluster, Fault
from labkit.view import Replay
from tests.engine.faults.broken_nodes import Keeper

FAULTS = [
    Fault(0.0, "disk", "n2", survive="none", torn=1.0),
    Fault(0.1, "pause", "n3"),
    Fault(0.3, "link", "n1", "n2", corrupt=1.0, checksum=False),
    Fault(0.5, "resume", "n3"),
    Fault(0.6, "slow", "n3", seconds=0.01),
    Fault(0.7, "crash", "n2", when=("write", "n2", 2)),
    Fault(0.8, "restart", "n2"),
    Fault(0.9, "partition", ["n1"], ["n2", "n3"], one_way=True),
    Fault(1.0, "pause", "n1"),
]
WORDS = {
    "pause": "pauses",
    "resume": "n3 goes on",
    "slow": "n3 takes 0.01 s for each event",
    "faulty": "n2's disk is set: survive 'none', torn 1",
    "wait": "waits: the node is paused",
    "corrupt": "is altered on its way to",
    "damage": "was half written",
    "buggify": "takes the rare path twice",
    "partition": "the network splits one way: n1 | n2 n3",
}


@pytest.fixture(scope="module")
def run() -> Cluster:
    cluster = Cluster(Keeper, size=3, seed=1, faults=FAULTS, buggify=["twice"], title="Keeper")
    cluster.run(1.2)
    return cluster


@pytest.mark.parametrize("kind", WORDS)
def test_the_player_tells_every_fault_in_words(page: Page, tmp_path, run: Cluster, kind: str):
    event = next(run.trace.select(kind))
    page.goto(Replay(run.trace.document(), at=event.seq).save(tmp_path / "replay.html").as_uri())
    for key in ("ArrowLeft", "ArrowRight"):  # out of the step and into it again: then it is told
        page.locator(".labkit-view").press(key)
    expect(page.locator(".lk-aloud")).to_contain_text(WORDS[kind])


def test_a_paused_node_is_marked_and_messages_wait_beside_it(page: Page, tmp_path, run: Cluster):
    page.goto(Replay(run.trace.document(), at=1.19).save(tmp_path / "replay.html").as_uri())
    expect(page.locator(".lk-pill", has_text="n1 paused")).to_be_visible()
    expect(page.locator("[data-node=n1]")).to_contain_text("paused")
    assert len(list(run.trace.select("wait", node="n1"))) > 2
