"""How a node class wants to be drawn is how it is drawn, in the picture and in the views."""

from playwright.sync_api import Page, expect

from labkit import Cluster, Node
from labkit.view import Replay
from tests.view.test_drawn import Keeper


def test_label_badge_role_and_log_are_taken_from_the_attributes_that_the_class_names(page: Page, tmp_path):
    cluster = Cluster(Keeper, size=3)
    cluster.run(0.1)
    path = Replay(cluster.trace, at=0.1, views=["cluster", "logs"]).save(tmp_path / "run.html")
    page.goto(path.as_uri())
    node = page.locator(".lk-node[data-node=n1]")
    expect(node.locator(".lk-sub")).to_have_text("epoch 3")
    expect(node.locator(".lk-crown")).to_be_visible()
    expect(node.locator(".lk-badge.lk-own text")).to_be_visible()
    expect(page.locator("[data-view=logs] .lk-is-entry")).to_have_count(6)


class Caller(Node):
    drawn = {"label": "next_step"}

    def start(self):
        self.next_step = {"n1": "calls", "n2": "", "n3": "go"}[self.id]


def test_what_stands_in_a_node_stays_in_it(page: Page, tmp_path):
    cluster = Cluster(Caller, size=3)
    cluster.run(0.1)
    page.goto(Replay(cluster.trace, at=0.1, views=["cluster"]).save(tmp_path / "run.html").as_uri())
    words = page.locator(".lk-node .lk-sub")
    expect(words).to_have_text(["calls", "", "go"])  # without the attribute's name, for which there is no room
    widths = page.evaluate(
        "() => ['.lk-sub', '.lk-ring'].map(part => document.querySelector(`.lk-node[data-node=n1] ${part}`)"
        ".getBoundingClientRect().width)"
    )
    assert widths[0] < widths[1]
