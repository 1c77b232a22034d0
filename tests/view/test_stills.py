"""Values show themselves in a cell without a widget: as HTML that needs nothing else, and as text."""

import base64
import re
from html.parser import HTMLParser

import pytest

from labkit import Cluster, Fault, Faults, Message, Node, Trace, on
from labkit.check import History, consistency, linearizable
from labkit.engine.moment import Moment
from labkit.view import stills
from labkit.view.moment import moment
from tests.view.election import Raft

EVENTS = [
    {"process": "c1", "type": "invoke", "f": "write", "key": "x", "value": 1},
    {"process": "c2", "type": "invoke", "f": "read", "key": "x"},
    {"process": "c1", "type": "ok", "f": "write", "key": "x", "value": 1},
    {"process": "c2", "type": "ok", "f": "read", "key": "x", "value": 2},
]


class Balanced(HTMLParser):
    """Raises if a tag is closed that was not open; collects the tags and their attributes."""

    VOID = {"img", "br", "hr"}

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster(Raft, size=5, seed=7, title="Raft <5>")
    cluster.run(0.9)
    cluster.partition(["n1", "n2"], ["n3", "n4", "n5"])
    cluster.run(0.3)
    cluster.crash("n3")
    cluster.pause("n4")
    cluster.run(0.4)
    return cluster


def shown(cluster) -> dict:
    history = History(EVENTS)
    return {
        "a cluster": cluster,
        "its nodes": cluster.nodes,
        "a node": cluster.nodes["n1"],
        "a trace": cluster.trace,
        "an empty trace": Trace(nodes=("n1",)),
        "an event": cluster.trace[20],
        "a moment": cluster.trace.at(1.0),
        "the moment before all": Moment(),
        "faults": cluster.faults,
        "no faults": Faults(),
        "a fault": Fault(1.0, "crash", "n1", when=("deliver", "n2", 3)),
        "a history": history,
        "a verdict": linearizable(history, "kv"),
        "a table of verdicts": consistency(history, "kv"),
        "a cluster that did not start": Cluster(Raft, size=2),
    }


NAMES = [
    "a cluster", "its nodes", "a node", "a trace", "an empty trace", "an event", "a moment", "the moment before all",
    "faults", "no faults", "a fault", "a history", "a verdict", "a table of verdicts", "a cluster that did not start",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_itself_as_text_and_as_whole_html_that_asks_for_nothing(cluster, name):
    bundle = shown(cluster)[name]._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"} and bundle["text/plain"]
    for tag, attributes in Balanced(bundle["text/html"]).tags:
        assert tag not in ("script", "link", "iframe", "object")
        for place in ("src", "href"):
            assert not attributes.get(place) or attributes[place].startswith("data:image/svg+xml;base64,")
        if tag == "img":
            assert attributes["alt"]
    assert "<5>" not in bundle["text/html"]
    assert max(map(len, bundle["text/plain"].splitlines())) < 300


def test_a_cluster_tells_who_leads_who_is_down_and_each_nodes_state(cluster):
    bundle = cluster._repr_mimebundle_()
    assert re.search(r"^n3 +crashed", bundle["text/plain"], re.MULTILINE)
    assert re.search(r"^n4 +\w+ · paused", bundle["text/plain"], re.MULTILINE)
    assert "n3 crashed" in bundle["text/html"] and "the network is split: n1 n2 | n3 n4 n5" in bundle["text/html"]


def test_a_long_trace_is_summarised_by_its_end(monkeypatch, cluster):
    whole = moment(stills.recent(cluster.trace))
    monkeypatch.setattr(stills, "RECENT", 60)
    document = stills.recent(cluster.trace)
    assert len(document["events"]["time"]) <= 60 + 4 * 5
    short = moment(document)
    for node, same in zip(short.nodes, whole.nodes, strict=True):
        assert (node.look, node.status, node.attributes) == (same.look, same.status, same.attributes)
    assert short.groups == whole.groups and short.sentence() == whole.sentence()


def test_many_nodes_and_events_stay_a_small_output():
    cluster = Cluster(Raft, size=300, seed=1)
    cluster.run(0.03)
    bundle = cluster._repr_mimebundle_()
    table, folded = bundle["text/html"].split("<details><summary>and 290 more nodes</summary>")
    assert len(table) + len(folded) < 150_000 and "and 240 more nodes" in folded
    assert len(bundle["text/plain"]) < 10_000
    assert len(cluster.trace._repr_mimebundle_()["text/html"]) < 60_000


def test_what_cannot_be_shown_is_shown_as_it_can_be():
    class Rude:
        def __repr__(self):
            raise RuntimeError("no")

    class Holder(Node):
        def start(self):
            self.held = Rude()

    cluster = Cluster(Holder, size=1)
    cluster.run(0.1)
    for thing in (cluster, cluster.nodes, cluster.nodes["n1"], cluster.trace):
        assert thing._repr_mimebundle_()["text/plain"]


def test_a_cluster_without_a_trace_shows_its_nodes():
    class Count(Message):
        pass

    class Counter(Node):
        def start(self):
            self.count = 41
            self.broadcast(Count())

        @on(Count)
        def more(self, msg, sender):
            self.count += 1

    cluster = Cluster(Counter, size=2, trace=False)
    cluster.run(1.0)
    cluster.crash("n2")
    text = cluster._repr_mimebundle_()["text/plain"]
    assert re.search(r"^n1 +up +42$", text, re.MULTILINE) and re.search(r"^n2 +crashed", text, re.MULTILINE)


def test_long_names_and_large_groups_are_told_in_short():
    names = ["a-server-in-frankfurt-am-main", *(f"n{n}" for n in range(20))]
    cluster = Cluster(nodes=dict.fromkeys(names, Raft), seed=1)
    cluster.run(0.3)
    cluster.partition(names[:1], names[1:])
    cluster.run(0.1)
    assert "the network is split: a-server-in-frankfurt-am-main | 20 nodes" in cluster._repr_mimebundle_()["text/html"]
    assert "<td>a-server-in-frankfurt-am-main | 20 nodes</td>" in cluster.faults._repr_mimebundle_()["text/html"]
    (strip,) = re.findall(r"base64,([^\"]+)", cluster.trace._repr_mimebundle_()["text/html"])
    assert "a-server-in-frankfu…" in base64.b64decode(strip).decode()
