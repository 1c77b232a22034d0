"""The view of a hash ring: shares, keys at their owners, and what changed hands when a node joined or crashed."""

import re

from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view import readings
from tests.view.data_runs import SIZE, Storage, ring_run
from tests.view.runs import eventful_run


def show(page: Page, tmp_path, document, at):
    page.goto(Replay(document, at=at, views=["ring"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=ring] .lk-note, [data-view=ring] .lk-empty:visible")
    return page.locator("[data-view=ring]")


def test_without_tokens_the_view_says_which_attributes_it_wants(page: Page, tmp_path):
    expect(show(page, tmp_path, eventful_run(), 0.5).locator(".lk-empty")).to_contain_text("a public attribute tokens")


def test_every_node_has_its_share_of_the_ring_and_its_keys(page: Page, tmp_path):
    document = ring_run()
    view = show(page, tmp_path, document, 0.9)
    tokens = {id: mine for id, mine in readings.attribute(document, "tokens", 0.9).items() if mine}
    keys = readings.attribute(document, "keys", 0.9)
    assert len(tokens) == 4
    for id, share in readings.shares(tokens, SIZE).items():
        expect(view.locator(f".lk-share[data-node={id}]")).to_contain_text(f"{100 * share:.1f} % · {len(keys[id])} key")
    expect(view.locator(".lk-share[data-node=n5]")).to_contain_text("not on the ring")
    expect(view.locator(".lk-token")).to_have_count(sum(map(len, tokens.values())))
    expect(view.locator(".lk-key-dot")).to_have_count(16)
    expect(view.locator(".lk-key-wrong")).to_have_count(0)


def test_when_a_node_has_joined_its_arcs_and_the_keys_that_moved_are_marked(page: Page, tmp_path):
    document = ring_run()
    view = show(page, tmp_path, document, 1.2)
    before = {id: mine for id, mine in readings.attribute(document, "tokens", 0.9).items() if mine}
    after = readings.attribute(document, "tokens", 1.2)
    changed = [at for at in range(SIZE) if readings.owner(before, at) != readings.owner(after, at)]
    keys = [at for mine in readings.attribute(document, "keys", 0.9).values() for at in mine.values()]
    moved = sum(at in changed for at in keys)
    assert moved
    assert {readings.owner(after, at) for at in changed} == {"n5"}
    expect(view.locator(".lk-summary-button")).to_contain_text(
        f"n5 joined at 1.000 s: {100 * len(changed) / SIZE:.1f} % of the ring changed hands"
    )
    expect(view.locator(".lk-summary-button")).to_contain_text(f"with {moved} of 16 keys")
    titles = view.locator(".lk-handed title").all_text_contents()
    assert titles and all(re.match(r"n\d → n5: ", title) for title in titles)


def test_a_key_that_its_owner_has_not_got_is_a_cross(page: Page, tmp_path):
    document = ring_run()
    joined = next(
        time for _, time, kind, node, _, _, data in readings.events(document)
        if kind == "state" and node == "n5" and data.get("tokens")
    )  # fmt: skip
    view = show(page, tmp_path, document, joined)
    tokens = {id: mine for id, mine in readings.attribute(document, "tokens", joined).items() if mine}
    held = readings.attribute(document, "keys", joined)
    wrong = [key for id, mine in held.items() for key, at in mine.items() if readings.owner(tokens, at) != id]
    assert wrong
    expect(view.locator(".lk-key-wrong")).to_have_count(len(wrong))
    expect(view.locator(".lk-said")).to_contain_text(f"{len(wrong)} not at their owner")


def test_the_keys_of_a_crashed_node_are_stored_nowhere(page: Page, tmp_path):
    document = ring_run()
    view = show(page, tmp_path, document, document["now"])
    lost = readings.attribute(document, "keys", 1.29)["n2"]
    expect(view.locator(".lk-summary-button")).to_contain_text("n2 left at 1.300 s")
    expect(view.locator(".lk-summary-button")).to_contain_text(f"{len(lost)} of them stored nowhere now")
    expect(view.locator(".lk-share[data-node=n2]")).to_contain_text("✕ crashed")
    view.locator(".lk-summary-button").click()
    expect(page.locator(".lk-clock")).to_contain_text("1.300")


def test_a_chosen_node_tells_who_would_take_over_from_it(page: Page, tmp_path):
    document = ring_run()
    view = show(page, tmp_path, document, 0.9)
    view.locator(".lk-share[data-node=n3]").click()
    tokens = {id: mine for id, mine in readings.attribute(document, "tokens", 0.9).items() if mine}
    rest = {id: mine for id, mine in tokens.items() if id != "n3"}
    gain: dict[str, int] = {}
    for at in range(SIZE):
        if readings.owner(tokens, at) == "n3":
            gain[readings.owner(rest, at)] = gain.get(readings.owner(rest, at), 0) + 1
    text = view.locator(".lk-summary").last
    expect(text).to_contain_text("if n3 left: ")
    for id, many in gain.items():
        expect(text).to_contain_text(f"n3 → {id} {100 * many / SIZE:.1f} %")
    assert Storage.VNODES == 4
