"""The view that docs/views.md takes as its example works as it stands."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from labkit.view import Replay, assets
from tests.view.runs import eventful_run

DOCS = Path(__file__).parents[2] / "docs" / "views.md"


def test_the_example_is_a_view(page: Page, tmp_path, monkeypatch):
    (example,) = re.findall(r"```js\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    joined = assets.script("replay.js")
    added = joined.replace("\nreplay();", f"\n{assets.bare(example)}\nVIEWS.set('sent', sent);\nreplay();")
    assert added != joined
    monkeypatch.setattr(assets, "packed", lambda entry: assets.pack(json.dumps([assets.style(), added])))
    Replay(eventful_run(), at=0.8).save(tmp_path / "run.html")
    page.goto((tmp_path / "run.html").as_uri())
    page.click(".lk-menu-holder > button")
    page.locator(".lk-menu label", has_text="Messages sent").click()
    view = page.locator("[data-view=sent]")
    expect(view.locator("button", has_text="n1:")).to_have_text(re.compile(r"n1: \d+"))
    before = int(view.locator("button", has_text="n1:").inner_text().split()[1])
    page.keyboard.press("Escape")
    page.locator(".lk-timeline").focus()
    page.keyboard.press("End")
    expect(view.locator("button", has_text="n1:")).not_to_have_text(f"n1: {before}")
    expect(view.locator(".lk-said")).to_contain_text("n1 has sent")
