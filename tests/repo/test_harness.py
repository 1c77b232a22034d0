"""The fixtures themselves: a page that errs fails its test, and a browser does not disturb the tests beside it."""

import asyncio

import pytest
from playwright.sync_api import Page

from tests.harness.browser import PageGuard
from tests.harness.loops import no_running_loop


def test_errors_of_a_page_are_collected_and_can_be_allowed(page: Page, guard: PageGuard) -> None:
    page.set_content("<script>console.error('a known complaint'); throw new Error('boom')</script>")
    assert [problem.splitlines()[0] for problem in guard.problems()] == [
        "console error: a known complaint ()",
        "page error: Error: boom",
    ]
    with pytest.raises(AssertionError, match="boom"):
        guard.check()
    guard.allow("known complaint")
    guard.allow("boom")


def test_a_request_that_leaves_the_machine_is_reported_and_goes_nowhere(page: Page, guard: PageGuard) -> None:
    reached = page.evaluate("() => fetch('https://example.org/').then(() => true, () => false)")
    problems = list(guard.problems())
    assert not reached
    assert "asked for https://example.org/, which is not on this machine" in problems
    guard.allow("ERR_NAME_NOT_RESOLVED|CORS")
    guard.outside.clear()


def test_asyncio_runs_beside_an_open_browser(page: Page) -> None:
    with no_running_loop():
        assert asyncio.run(asyncio.sleep(0, "ran")) == "ran"
    assert page.evaluate("1 + 1") == 2
