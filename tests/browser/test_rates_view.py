"""The view of rates: messages by type, lost and doubled, and percentiles of latencies, as the trace has them."""

from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view import readings
from tests.view.data_runs import lossy_run
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at):
    page.goto(Replay(document, at=at, views=["rates"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=rates] .lk-note:visible, [data-view=rates] .lk-empty:visible")
    return page.locator("[data-view=rates]")


def milliseconds(view, what: str) -> list[float]:
    texts = view.locator(f"[data-line={what}] .lk-key").all_inner_texts()
    assert [text.split()[0] for text in texts] == ["p50", "p95", "p99"]
    return [float(text.split()[1]) for text in texts]


def test_before_a_message_is_sent_the_view_waits_for_one(page: Page, tmp_path):
    document = eventful_run()
    empty = document | {"events": {name: [] for name in document["events"]}, "now": 0.0, "marks": []}
    expect(show(page, tmp_path, empty, 0.0).locator(".lk-empty")).to_contain_text("No message was sent yet")


@pytest.mark.parametrize("at", [0.65, 1.683])
def test_counts_and_rates_by_type_are_those_of_the_trace(page: Page, tmp_path, at):
    document = lossy_run()
    view = show(page, tmp_path, document, at)
    rows = readings.events(document, at)
    sent = Counter(data["$"] for _, _, kind, _, _, _, data in rows if kind == "send")
    recently = Counter(data["$"] for _, time, kind, _, _, _, data in rows if kind == "send" and time > at - 0.1)
    for name, count in sent.items():
        rate = recently[name] * 10
        expect(view.locator(f"[data-line={name}] .lk-line-words")).to_have_text(f"{count} · {rate}/s")
    kinds = Counter(kind for _, _, kind, *_ in rows)
    why = Counter(data for _, _, kind, _, _, _, data in rows if kind == "drop")
    lost = view.locator("[data-line$=lost] .lk-line-words")
    expect(lost).to_have_text(
        " · ".join([str(kinds["drop"]), *[", ".join(f"{k} {n}" for k, n in why.most_common())] * bool(why)])
    )
    expect(view.locator("[data-line$=doubled] .lk-line-words")).to_have_text(str(kinds["duplicate"]))
    assert sum(sent.values()) > 50


@pytest.mark.parametrize("at", [0.9, 1.683])
def test_percentiles_are_those_of_all_that_ended_by_the_cursor(page: Page, tmp_path, at):
    document = lossy_run()
    view = show(page, tmp_path, document, at)
    for what, took in [("flights", readings.flights(document, at)), ("operations", readings.operations(document, at))]:
        wanted = [1000 * readings.percentile(took, percent) for percent in (50, 95, 99)]
        assert milliseconds(view, what) == [pytest.approx(value, rel=0.005) for value in wanted]
        expect(view.locator(f"[data-line={what}] small")).to_contain_text(f"{len(took)} so far")


def test_the_windows_hold_every_message_and_the_highest_one_fills_the_strip(page: Page, tmp_path):
    document = lossy_run()
    view = show(page, tmp_path, document, 0.0)
    width = 0.001
    while document["now"] / width >= 80:
        width *= 2
    windows = Counter(
        (data["$"], int(time / width)) for _, time, kind, _, _, _, data in readings.events(document) if kind == "send"
    )
    rate = max(windows.values()) / width
    expect(view.locator(".lk-note").first).to_contain_text(
        f"Full height: {rate:,.0f}/s, in windows of {width:.3f} s", use_inner_text=True
    )


def test_the_rarer_types_are_counted_in_words(page: Page, tmp_path):
    document = lossy_run()
    events = dict(document["events"])
    names = iter(range(1000))
    events["data"] = [
        {"$": f"Type{next(names) % 11}"} if kind == "send" else data
        for kind, data in zip(events["kind"], events["data"], strict=True)
    ]
    view = show(page, tmp_path, document | {"events": events}, 1.0)
    expect(view.locator("[data-line^=Type]")).to_have_count(8)
    expect(view.locator(".lk-note").first).to_contain_text("3 rarer types not drawn")
