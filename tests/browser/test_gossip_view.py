"""The view of gossip: who knows a rumour, since when, from whom and in which round."""

from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view import readings
from tests.view.data_runs import gossip_run
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at):
    page.goto(Replay(document, at=at, views=["gossip"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=gossip] .lk-note, [data-view=gossip] .lk-empty:visible")
    return page.locator("[data-view=gossip]")


def learnt(document, fact: str) -> dict[str, tuple[float, str | None]]:
    """node -> when it learnt the fact, and from whom (None: by itself)."""
    found: dict[str, tuple[float, str | None]] = {}
    last: dict[str, tuple[float, str]] = {}
    for _, time, kind, node, peer, _, data in readings.events(document):
        if kind == "deliver":
            last[node] = (time, peer)
        elif kind == "state" and fact in data.get("rumours", ()) and node not in found:
            when, sender = last.get(node, (-1.0, None))
            found[node] = (time, sender if when == time and sender in found else None)
    return found


def document_of(rows, nodes) -> dict:
    """A run from (time, kind, node, peer, id, data)."""
    names = ("time", "kind", "node", "peer", "id", "data")
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)} | {"due": [None] * len(rows)}
    head = {"format": "labkit-trace", "version": 1, "title": "Versions", "seed": 0, "nodes": nodes, "edges": None}
    return head | {"now": rows[-1][0], "events": columns}


def test_before_anything_can_spread_the_view_says_what_it_wants(page: Page, tmp_path):
    document = eventful_run()
    empty = document | {"events": {name: [] for name in document["events"]}, "now": 0.0, "marks": []}
    expect(show(page, tmp_path, empty, 0.0).locator(".lk-empty")).to_contain_text("a set such as rumours")


def test_each_node_stands_in_its_round_with_when_and_from_whom_it_learnt(page: Page, tmp_path):
    document = gossip_run()
    at = 0.36
    view = show(page, tmp_path, document, at)
    found = {id: told for id, told in learnt(document, "fire").items() if told[0] <= at}
    rounds: dict[str, int] = {}
    for id, (_, sender) in sorted(found.items(), key=lambda item: item[1][0]):
        rounds[id] = 0 if sender is None else rounds[sender] + 1
    assert 3 < len(found) < 12 and max(rounds.values()) >= 2
    for id, (time, sender) in found.items():
        chip = view.locator(f"[data-round='round {rounds[id]}'] [data-node={id}]")
        expect(chip).to_contain_text(f"{time:.3f} s" + (f" ← {sender}" if sender else ""))
    expect(view.locator("[data-round='not yet'] .lk-unknowing")).to_have_count(12 - len(found))
    expect(view.locator(".lk-summary")).to_contain_text(f"{len(found)} of 12 nodes know fire")


def test_the_moments_when_half_and_all_know_are_told_once_they_have_come(page: Page, tmp_path):
    document = gossip_run()
    times = sorted(time for time, _ in learnt(document, "fire").values())
    view = show(page, tmp_path, document, times[5])
    expect(view.locator(".lk-summary")).to_contain_text(f"half at {times[5]:.3f} s")
    expect(view.locator(".lk-summary")).not_to_contain_text("all at")
    view = show(page, tmp_path, document, 1.0)
    expect(view.locator(".lk-summary")).to_contain_text(f"all at {times[11]:.3f} s")
    assert view.locator(".lk-points").get_attribute("d").count("M") >= 12


def test_a_node_that_crashed_has_forgotten(page: Page, tmp_path):
    document = gossip_run()
    view = show(page, tmp_path, document, document["now"])
    expect(view.locator("[data-node=n3]")).to_have_class("lk-chip-node lk-forgot")
    expect(view.locator(".lk-summary")).to_contain_text("11 of 12 nodes know fire (92 %)")


def test_the_reader_chooses_the_rumour_and_what_carries_it(page: Page, tmp_path):
    document = gossip_run()
    view = show(page, tmp_path, document, 0.8)
    view.get_by_role("combobox", name="Rumour", exact=True).select_option("flood")
    found = [id for id, (time, _) in learnt(document, "flood").items() if time <= 0.8]
    expect(view.locator(".lk-summary")).to_contain_text(f"{len(found)} of 12 nodes know flood")
    view.get_by_role("combobox", name="What", exact=True).select_option(label="message Rumour")
    touched = set()
    for _, _, kind, node, _, _, _ in readings.events(document, 0.8):
        if kind in ("send", "deliver"):
            touched.add(node)
    expect(view.locator(".lk-summary")).to_contain_text(f"{len(touched)} of 12 nodes know Rumour")
    view.locator("[data-node=n1]").click()
    expect(page.locator(".lk-clock")).not_to_contain_text("0.800")


def test_who_has_a_higher_version_knows_the_lower_ones(page: Page, tmp_path):
    nodes = ["a", "b", "c"]
    rows = [(0.0, "start", id, None, 1, None) for id in nodes]
    rows += [(0.0, "state", id, None, None, {"version": 0}) for id in nodes]
    rows += [(0.1, "state", "a", None, None, {"version": 1}), (0.2, "state", "a", None, None, {"version": 3})]
    rows += [(0.3, "state", "b", None, None, {"version": 2}), (0.4, "state", "b", None, None, {"version": 1})]
    document = document_of(rows, nodes)
    view = show(page, tmp_path, document, 0.3)
    view.get_by_role("combobox", name="Rumour", exact=True).select_option("2")
    expect(view.locator(".lk-summary")).to_contain_text("2 of 3 nodes know version 2")
    expect(view.locator("[data-node=a]")).to_contain_text("0.200 s")
    view = show(page, tmp_path, document, 0.4)
    view.get_by_role("combobox", name="Rumour", exact=True).select_option("2")
    expect(view.locator("[data-node=b]")).to_have_class("lk-chip-node lk-forgot")
    expect(view.locator(".lk-summary")).to_contain_text("1 of 3 nodes know version 2")
