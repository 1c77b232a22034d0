"""A walk past everything that the view can show: each stop is a state of the page that a test may look at."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, expect

from labkit import Cluster, Node
from labkit.check import History, linearizable
from labkit.view import Replay
from labkit.view.views import names
from tests.browser.conftest import open_widget
from tests.view import data_runs, protocol_runs
from tests.view.runs import eventful_run

# What each view shows best, with the moments to look at.
VIEWS = [
    (protocol_runs.divergent_logs, ["table", "spacetime", "logs", "elections"], ("Home", "End")),
    (protocol_runs.rival_ballots, ["ballots"], ("Home", "End")),
    (protocol_runs.commits, ["commit"], ("Home", "End")),
    (data_runs.ring_run, ["ring"], ("End",)),
    (data_runs.load_run, ["load"], ("End",)),
    (data_runs.gossip_run, ["gossip"], ("End",)),
    (data_runs.counter_run, ["convergence"], ("End",)),
    (data_runs.lossy_run, ["rates", "history"], ("End",)),
]


class Idle(Node):
    """Does nothing."""


def idle(size: int) -> dict[str, Any]:
    cluster = Cluster(Idle, size=size)
    cluster.run(0.1)
    return cluster.trace.document()


def judged() -> dict[str, Any]:
    cluster = protocol_runs.copies()
    return Replay(cluster.trace, evidence=linearizable(History.of(cluster), "register")).document


def settle(page: Page) -> None:
    """Waits until what was asked for is drawn: the slower views are drawn ten times a second."""
    page.evaluate(
        """() => new Promise((done) => {
          const from = performance.now();
          const look = (now) => (now - from > 120 ? done() : requestAnimationFrame(look));
          requestAnimationFrame(look);
        })"""
    )


def press(page: Page, *keys: str) -> None:
    page.locator(".lk-timeline").focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def show(page: Page, run: dict[str, Any], **options: Any) -> None:
    """The whole of a run, from its end on."""
    open_widget(page, run, known=run["now"], openAt=run["now"], waitFor=".lk-view", **options)


def views(page: Page, **options: Any) -> Iterator[str]:
    """Every view, with a run that it is made for; none of them with anything to show; and a crowd."""
    for run, shown, moments in VIEWS:
        show(page, run(), views=shown, **options)
        for key in moments:
            press(page, key)
            yield f"{'+'.join(shown)} at {key}"
    show(page, judged(), views=["history"], **options)
    page.get_by_role("button").filter(has_text="‹").click()
    settle(page)
    yield "a verdict"
    show(page, idle(2), views=list(names()), **options)
    settle(page)
    yield "nothing to show"
    show(page, idle(130), **options)
    settle(page)
    yield "a crowd"


def beginnings(page: Page, **options: Any) -> Iterator[str]:
    """The views of data before anything has happened, and in the middle."""
    for run, shown, moments in VIEWS:
        if "Home" not in moments:
            show(page, run(), views=shown, **options)
            press(page, "Home")
            yield f"{'+'.join(shown)} at Home"
            page.locator(".lk-timeline").click()
            settle(page)
            yield f"{'+'.join(shown)} in the middle"


def controls(page: Page, **options: Any) -> Iterator[str]:
    """What can be opened and chosen in a live view."""
    open_widget(page, eventful_run(), known=1.2, openAt=1.2, fork=eventful_run() | {"now": 2.0}, **options)
    press(page, "End")
    yield "now"
    for key in ("c", "ArrowLeft", "ArrowLeft", "Home"):
        press(page, key)
        yield f"causes, {key}"
    press(page, "c", "End")
    page.locator(".lk-node").first.click()
    page.evaluate("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")
    yield "a node"
    page.locator(".lk-inspector select").first.select_option(index=1)
    page.evaluate("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")
    yield "a link"
    page.locator(".lk-fault-row [data-name=links]").click()
    yield "all links"
    page.locator(".lk-fault-row [data-name=split]").click()
    yield "a partition to be drawn"
    page.locator(".lk-node").first.click()
    yield "one side of a partition"
    press(page, "Escape", "Escape")
    for key in ("?", "b"):
        press(page, key)
        yield f"what {key} opens"
        page.keyboard.press("Enter" if key == "b" else "Escape")
    press(page, "b")
    yield "a bookmark"
    page.keyboard.press("Escape")
    page.locator(".lk-fault-row [data-name=copy]").click()
    yield "the faults as Python"
    page.keyboard.press("Escape")
    page.locator(".lk-menu-holder > button").click()
    yield "the menu of views"
    page.keyboard.press("Escape")
    press(page, "v")
    yield "a violation"
    press(page, "Home")
    yield "before the first event"
    press(page, *["ArrowRight"] * 4)
    page.locator(".lk-node").first.click()
    page.locator(".lk-inspector .lk-danger").first.click()
    expect(page.locator(".lk-runs")).to_be_visible()
    settle(page)
    yield "another run"
    page.locator(".lk-runs .lk-tiny").first.click()
    settle(page)
    yield "two runs side by side"


def steps(page: Page, **options: Any) -> Iterator[str]:
    """What is said of the steps of every unit, back and on, until there are no more."""
    open_widget(page, eventful_run(), known=0.1, openAt=0.1, **options)
    for unit in range(page.locator(".lk-unit option").count()):
        page.locator(".lk-unit").select_option(index=unit)
        yield f"by unit {unit}"
        for key in ("ArrowLeft", "n", "ArrowRight"):
            press(page, key)
            yield f"{key} by unit {unit}"
