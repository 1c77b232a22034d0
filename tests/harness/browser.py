"""What a page may do in a test: run without errors, and talk to nobody but this machine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

# The resolver rule is the lock; PageGuard.outside is the alarm. Together nothing leaves the machine unseen.
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

HERE = {"localhost", "127.0.0.1", "[::1]", "::1"}


@dataclass
class PageGuard:
    """Collects what went wrong on the pages of one browser context; `check()` raises if anything did."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Accept console and page errors that match the regular expression `pattern`."""
        self.allowed.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page that `context` has or will have."""
        context.on("page", self._watch_page)
        context.on("request", lambda request: self._note_url(request.url))

    def _watch_page(self, page: Page) -> None:
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error.stack or error}"))
        page.on("websocket", lambda socket: self._note_url(socket.url))

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.errors.append(f"console error: {message.text} ({where})")

    def _note_url(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in HERE:
            self.outside.append(url)

    def problems(self) -> Iterator[str]:
        """What is to be said against the pages, one line each."""
        for error in self.errors:
            if not any(pattern.search(error) for pattern in self.allowed):
                yield error
        for url in self.outside:
            yield f"asked for {url}, which is not on this machine"

    def check(self) -> None:
        """Raise an AssertionError that lists the problems, if there are any."""
        found = list(self.problems())
        assert not found, "the page did what it should not:\n" + "\n".join(found)


def click_flight(view: Page | Locator) -> None:
    """Click on the first message in flight. The messages are drawn on a canvas, which knows where each stands."""
    canvas = view.locator("canvas.lk-flights").first
    canvas.scroll_into_view_if_needed()
    x, y = canvas.evaluate(
        """async canvas => {
          while (!canvas.spots.length) await new Promise(requestAnimationFrame);
          const { left, top } = canvas.getBoundingClientRect();
          return [left + canvas.spots[0].x, top + canvas.spots[0].y];
        }"""
    )
    (view if isinstance(view, Page) else view.page).mouse.click(x, y)
