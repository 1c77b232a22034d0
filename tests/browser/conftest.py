"""Pages that hold the live view, with a kernel that is only a list of events."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from labkit.view import assets
from labkit.view.layout import positions
from tests.view.runs import eventful_run

HARNESS = Path(__file__).with_name("harness.js").read_text(encoding="utf-8")


def open_widget(
    page: Page, document: dict[str, Any] | None = None, *, waitFor: str = ".lk-node", lang: str = "en", **options: Any
) -> Page:
    """Put the live view on a page; `window.view` is what it was made with, `window.view.model.said` what it asked."""
    document = document or eventful_run()
    document = document | {"positions": positions(document["nodes"], document["edges"])}
    page.set_content(f"<!DOCTYPE html><html lang='{lang}'><style>{assets.style()}</style><body></body>")
    joined = assets.script("widget.js").replace("export default {", "window.labkitWidget = {")
    page.add_script_tag(content=joined, type="module")
    page.add_script_tag(content=HARNESS)
    page.wait_for_function("window.labkitWidget")
    page.evaluate("([run, options]) => { window.view = mount(run, options); }", [document, options])
    page.wait_for_selector(waitFor)
    page.wait_for_function("view.model.said.length")
    page.wait_for_timeout(80)
    return page


@pytest.fixture
def widget(page: Page) -> Page:
    """A page with a live view that has seen nothing yet."""
    return open_widget(page)


@pytest.fixture
def seen(page: Page) -> Page:
    """A page with a live view of a run of one second, standing at now."""
    return open_widget(page, known=0.85, openAt=0.85)
