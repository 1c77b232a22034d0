"""Fixtures that all tests share: a browser, a page in it, a JupyterLab; and the settings of hypothesis.

The browser and the server last for the session and are shared, so the tests that use them run in one xdist group.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from labkit.doctor import CHROMIUM_ADVICE, find_chromium
from tests.harness.browser import CHROMIUM_FLAGS, PageGuard
from tests.harness.lab import LAB_NOISE, Lab, LabServer
from tests.harness.loops import no_running_loop

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

settings.register_profile("default", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "default")
expect.set_options(timeout=60_000)  # what a page comes to, it may come to late on a busy machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests by the fixtures they use, and keep those that share a browser together under xdist."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "lab" in fixtures:
            item.add_marker(pytest.mark.lab)
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(autouse=True)
def _own_event_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test without a browser never sees the loop that Playwright keeps."""
    if "browser" in request.fixturenames:
        yield
        return
    with no_running_loop():
        yield


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is. Without it the test is skipped, but in CI it fails."""
    path = find_chromium()
    if path is None:
        (pytest.fail if IN_CI else pytest.skip)(f"Chromium is not installed: {CHROMIUM_ADVICE}")
    return path


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Headless Chromium, one for the session. It can reach this machine only."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def guard() -> Iterator[PageGuard]:
    """What the pages of this test did wrong; `guard.allow(pattern)` forgives. Checked when the test has ended."""
    guard = PageGuard()
    yield guard
    guard.check()


@pytest.fixture
def page(browser: Browser, guard: PageGuard) -> Iterator[Page]:
    """An empty page. Console errors, page errors and requests to other machines fail the test."""
    context = browser.new_context()
    guard.watch(context)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def lab_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """One JupyterLab for the session."""
    server = LabServer(tmp_path_factory.mktemp("lab"))
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@pytest.fixture
def lab(lab_server: LabServer, browser: Browser, guard: PageGuard) -> Iterator[Lab]:
    """JupyterLab: `lab.open(path)` gives a page with the notebook, `lab.run_all(page)`, `lab.wait_idle(page)`."""
    for pattern in LAB_NOISE:
        guard.allow(pattern)
    context = browser.new_context()
    guard.watch(context)
    yield Lab(lab_server, context, guard)
    context.close()
    lab_server.end_kernels()
