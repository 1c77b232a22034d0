"""`python -m bench.view`: how quick the picture is in headless Chromium: frames a second, opening, scrubbing, pages.

There is no graphics card where this runs, so the frame rates are lower bounds. A run is played by the same frontend as
in a notebook; the kernel is a list of events that answers at once, so what is measured is the page. Frame rates tell of
the machine and of what else runs on it; the main thread's own time for a frame tells of the frontend.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from labkit import Cluster, Message, Node, on
from labkit.doctor import find_chromium
from labkit.view import Replay
from tests.browser.conftest import open_widget
from tests.harness.browser import CHROMIUM_FLAGS

SECONDS = 4  # of playing, for a frame rate
SCRUBS = 25
FLIGHT = 0.5  # real seconds that a message is to fly in a crowded picture
LATENCY = (0.02, 0.08)


class Rumour(Message):
    heard: int


class Gossip(Node):
    """Tells one peer after the other what it has heard."""

    PERIOD = 0.02

    def start(self) -> None:
        self.heard = 1 if self.id == "n1" else 0
        self.told = 0
        self.every(self.PERIOD * (0.5 + self.random.random()), self.tell)

    def tell(self) -> None:
        self.told += 1
        self.send(self.random.choice(self.peers), Rumour(heard=self.heard))

    @on(Rumour)
    def rumour(self, msg: Rumour, sender: str) -> None:
        if msg.heard > self.heard:
            self.heard = msg.heard


class Slow(Gossip):
    PERIOD = 0.5


def gossip(nodes: int, events: int, kind: type[Gossip] | None = None) -> dict[str, Any]:
    """A run of so many events, or a little more."""
    kind = kind or (Gossip if nodes < 100 else Slow)
    cluster = Cluster(kind, size=nodes, seed=1, latency=LATENCY, title="Gossip")
    while len(cluster.trace) < events:
        cluster.run(0.05)
    return cluster.trace.document()


def crowded(rate: int) -> type[Gossip]:
    """Gossip with so many events in a real second, played so slowly that a message flies for half a second."""
    rounds = 4.9  # events that come of one call of `tell`

    class Busy(Gossip):
        PERIOD = 9 * rounds * (sum(LATENCY) / 2 / FLIGHT) / rate

    return Busy


FRAMES = """seconds => new Promise(done => {
  const stamps = [];
  const look = stamp => {
    stamps.push(stamp);
    if (stamp - stamps[0] < seconds * 1000) requestAnimationFrame(look);
    else {
      const gaps = stamps.slice(1).map((later, i) => later - stamps[i]).sort((a, b) => a - b);
      done({fps: (stamps.length - 1) / ((stamp - stamps[0]) / 1000),
        "frame ms, 98%": gaps[Math.floor(gaps.length * 0.98)]});
    }
  };
  requestAnimationFrame(look);
})"""

SCRUB = """async count => {
  const line = document.querySelector('.lk-timeline');
  const box = line.getBoundingClientRect();
  const taken = [];
  for (let i = 0; i < count; i += 1) {
    const x = box.left + 10 + (box.width - 20) * ((i * 0.381966) % 1);
    const how = {clientX: x, clientY: box.top + 10, bubbles: true, pointerId: 1, button: 0};
    await new Promise(done => setTimeout(done, 30));
    const start = performance.now();
    line.setPointerCapture = () => {};
    line.dispatchEvent(new PointerEvent('pointerdown', how));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));  // the frame is drawn
    taken.push(performance.now() - start);
    line.dispatchEvent(new PointerEvent('pointerup', how));
  }
  return taken;
}"""


def frames(page: Page) -> dict[str, float]:
    """Frames a second, and the processor's time that the page's main thread takes for one."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    before = busy()
    found: dict[str, float] = page.evaluate(FRAMES, SECONDS)
    return found | {"main thread ms a frame": 1000 * (busy() - before) / (found["fps"] * SECONDS)}


def live(page: Page, document: dict[str, Any], rate: int) -> dict[str, float]:
    """Frames a second while so many events come in a real second."""
    speed = rate * document["now"] / len(document["events"]["time"])
    open_widget(page, document, speed=speed)
    page.focus(".lk-timeline")
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    return frames(page)


def opened(browser: Browser, file: Path) -> tuple[Page, float]:
    """A page with a recording, and how many milliseconds passed until it was drawn."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.add_init_script(
        """new MutationObserver((_, me) => {
             if (!document.querySelector('.labkit-view .lk-clock')?.textContent) return;
             me.disconnect();
             requestAnimationFrame(() => setTimeout(() => { window.drawnAt = performance.now(); }, 0));
           }).observe(document, {subtree: true, childList: true, characterData: true})"""
    )
    page.goto(file.as_uri())
    page.wait_for_function("window.drawnAt", timeout=60_000)
    return page, page.evaluate("window.drawnAt")


def recorded(browser: Browser, views: list[str] | None, document: dict[str, Any], folder: Path) -> dict[str, float]:
    """Size, opening and scrubbing of a recording, and the frame rate while it plays."""
    file = Replay(document, at=document["now"] / 2, views=views).save(folder / "run.html")
    page, drawn = opened(browser, file)
    taken = page.evaluate(SCRUB, SCRUBS)
    page.focus(".lk-timeline")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    playing = frames(page)
    page.close()
    return {
        "events": len(document["events"]["time"]),
        "page KB": file.stat().st_size / 1000,
        "opens ms": drawn,
        "scrub ms": statistics.median(taken),
        "slowest scrub ms": max(taken),
        **playing,
    }


def main() -> None:
    """Measure and print; with --json keep every figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.view", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        sys.exit("Chromium is not installed: `labkit doctor` says how to get it")
    figures: dict[str, dict[str, float]] = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_content("<canvas></canvas>")
        figures["an empty page"] = page.evaluate(FRAMES, SECONDS)
        page.close()
        for rate in (1_000, 5_000):
            for words, kind in (("", None), (", crowded", crowded(rate))):
                page = browser.new_page(viewport={"width": 1200, "height": 900})
                document = gossip(9, rate * (SECONDS + 3), kind)
                figures[f"live, {rate:,} events/s, 9 nodes{words}"] = live(page, document, rate)
                page.close()
        for words, nodes, events, views in [
            ("", 9, 10_000, None),
            ("", 9, 100_000, None),
            (", five views", 9, 100_000, ["cluster", "table", "spacetime", "logs", "history"]),
            ("", 1_000, 100_000, None),
        ]:
            name = f"recording, {nodes:,} nodes, {events:,} events{words}"
            figures[name] = recorded(browser, views, gossip(nodes, events), Path(folder))
        browser.close()
    best = figures["an empty page"]["fps"]
    for row in figures.values():
        row["of an empty page %"] = 100 * row["fps"] / best
    columns = list(dict.fromkeys(column for row in figures.values() for column in row))
    table = Table(title="The picture, in headless Chromium without a graphics card")
    for column in ["", *columns]:
        table.add_column(column, justify="right" if column else "left")
    for name, row in figures.items():
        table.add_row(name, *(f"{row[column]:,.0f}" if column in row else "" for column in columns))
    Console(width=140).print(table)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
