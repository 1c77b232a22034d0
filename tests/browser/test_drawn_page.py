"""How a node class wants to be drawn is how it is drawn, in the picture and in the views."""

from playwright.sync_api import Page, expect

from labkit import Cluster
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
