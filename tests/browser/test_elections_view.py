"""The view of elections: each term with who stood, who voted for whom and who won, as far as the cursor has come."""

import re

from playwright.sync_api import Page, expect

from labkit.view import Replay
from tests.view.protocol_runs import divergent_logs


def votes(document) -> dict[str, str]:
    """What the trace says of the votes of term 1."""
    events, found, term = document["events"], {}, {}
    for kind, node, data in zip(events["kind"], events["node"], events["data"], strict=True):
        if kind == "state":
            term[node] = data.get("term", term.get(node))
            if term[node] == 1 and data.get("voted_for"):
                found[node] = data["voted_for"]
    return found


def show(page: Page, tmp_path, document, at) -> None:
    page.goto(Replay(document, at=at, views=["elections"]).save(tmp_path / "run.html").as_uri())
    page.wait_for_selector("[data-view=elections] td")


def test_every_vote_of_a_term_is_in_its_column(page: Page, tmp_path):
    document = divergent_logs()
    show(page, tmp_path, document, document["now"])
    for voter, candidate in votes(document).items():
        first = page.locator(f"[data-view=elections] tr:has(th[data-row={voter}]) td").first
        expect(first).to_contain_text("♛" if voter == candidate else f"→ {candidate}")
    head = page.locator("[data-view=elections] thead .lk-cell").first
    expect(head).to_contain_text(re.compile(r"term 1\s*n\d won"))


def test_a_heading_leads_to_its_election_and_later_terms_are_still_to_come(page: Page, tmp_path):
    document = divergent_logs()
    show(page, tmp_path, document, document["now"])
    heads = page.locator("[data-view=elections] thead .lk-cell")
    heads.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lk-inspector")).to_contain_text("role = 'leader'")
    expect(heads.nth(1)).to_have_class(re.compile("lk-is-future"))
    expect(heads.nth(1)).to_contain_text("to come")
    expect(page.locator("[data-view=elections] .lk-said")).to_contain_text("1 term so far. term 1")


def test_a_second_vote_in_one_term_and_a_second_winner_are_alarms(page: Page, tmp_path):
    columns = {name: [] for name in ("time", "kind", "node", "peer", "id", "due", "data")}

    def event(time, kind, node, data=None, number=None):
        for name, value in zip(columns, (time, kind, node, None, number, None, data), strict=True):
            columns[name].append(value)

    nodes = ["a", "b", "c"]
    for node in nodes:
        event(0.0, "start", node, None, 1)
        event(0.0, "state", node, {"role": "follower", "term": 0, "voted_for": None})
    event(0.1, "state", "a", {"role": "candidate", "term": 1, "voted_for": "a"})
    event(0.2, "state", "b", {"role": "candidate", "term": 1, "voted_for": "b"})
    event(0.3, "state", "c", {"term": 1, "voted_for": "a"})
    event(0.4, "state", "c", {"voted_for": "b"})
    event(0.5, "state", "a", {"role": "leader"})
    event(0.6, "state", "b", {"role": "leader"})
    document = {
        "format": "labkit-trace",
        "version": 1,
        "title": "Two winners",
        "seed": 0,
        "nodes": nodes,
        "edges": None,
    }
    show(page, tmp_path, document | {"now": 0.6, "events": columns}, 0.6)
    expect(page.locator("[data-view=elections] thead .lk-cell")).to_contain_text("a, b: 2 winners!")
    expect(page.locator("[data-view=elections] tr:has(th[data-row=c]) td")).to_contain_text("‼→ a, b")
