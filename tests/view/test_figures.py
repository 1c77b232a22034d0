"""Figures draw what the trace says: the number of bars and arrows, their places and their words."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import networkx as nx
import pytest
from matplotlib.colors import to_hex

from labkit import Cluster
from labkit.check import History, linearizable
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.protocols.heartbeat import FixedTimeout
from labkit.view import figures
from tests.view import readings
from tests.view.data_runs import Gossip, Secretive, gossip_run, load_run, lossy_run
from tests.view.election import Raft
from tests.view.protocol_runs import divergent_logs
from tests.view.runs import eventful_run

matplotlib.use("Agg")
DOCS = Path(__file__).parents[2] / "docs" / "figures.md"


@pytest.fixture(autouse=True)
def _close():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def line(ax, label):
    return next(one for one in ax.get_lines() if str(one.get_label()).startswith(label))


def ticks(ax) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def test_matplotlib_is_imported_when_a_figure_is_drawn_and_not_before():
    code = (
        "import sys; from labkit.view import figures; print(any(n.split('.')[0] == 'matplotlib' for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_every_arrow_of_a_space_time_diagram_goes_from_its_sender_to_its_receiver():
    document = eventful_run()
    ax = figures.spacetime(document, 0.9, 1.2)
    assert ticks(ax)[:5] == document["nodes"]
    sent, wanted, lost = {}, set(), 0
    for _, time, kind, node, peer, number, data in readings.events(document):
        if kind == "send":
            sent[number] = (time, node, peer, data["$"])
        elif kind in ("deliver", "drop"):
            start, source, target, name = sent.pop(number)
            if kind == "deliver" and start <= 1.2 and time >= 0.9:
                wanted.add((name, round(start, 9), source, round(time, 9), target))
            lost += kind == "drop" and 0.9 <= start <= 1.2
    drawn = set()
    names = [one.get_label() for one in ax.get_lines() if not str(one.get_label()).startswith("_")]
    quivers = [one for one in ax.collections if type(one).__name__ == "Quiver"]
    rows = document["nodes"]
    assert len(quivers) <= len(names)
    for quiver in quivers:
        for (x, y), dx, dy in zip(quiver.get_offsets(), quiver.U, quiver.V, strict=True):
            drawn.add((round(x, 9), rows[round(y)], round(x + dx, 9), rows[round(y + dy)]))
    ended = {(start, source, end, target) for _, start, source, end, target in wanted}
    assert ended <= drawn, "and more only for those that still fly at the end"
    assert len(line(ax, "lost").get_xdata()) >= lost > 0
    assert {name for name, *_ in wanted} <= set(names)


def test_a_space_time_diagram_of_too_much_or_of_no_time_is_refused_with_what_to_do():
    document = eventful_run()
    columns = {name: values * 1 for name, values in document["events"].items()}
    many = Trace.from_document(document | {"events": columns})
    for _ in range(1600):
        many.record((0.5, "send", "n1", "n2", 10**6 + len(many), 0.6, {"$": "Ping"}))
    with pytest.raises(LabkitError, match=r"are too many to tell apart \(at most 1500\): give a shorter time"):
        figures.spacetime(many)
    with pytest.raises(LabkitError, match="give a start before the end"):
        figures.spacetime(document, 1.0, 0.5)
    with pytest.raises(LabkitError, match="drawn from a Cluster or its trace, not from int"):
        figures.spacetime(3)


def test_every_entry_of_every_log_is_a_box_with_its_term_and_committed_ones_are_firm():
    document = divergent_logs()
    ax = figures.logs(document)
    logs, commit = (readings.attribute(document, name, document["now"]) for name in ("log", "commit_index"))
    boxes = [patch for patch in ax.patches if patch.get_label() == "_entry"]
    assert len(boxes) == sum(map(len, logs.values()))
    drawn = {(round(box.get_x() - 0.54), round(box.get_y() + 0.36)): box for box in boxes}
    words = {(round(text.get_position()[0] - 1), text.get_position()[1]): text.get_text() for text in ax.texts}
    for row, id in enumerate(document["nodes"]):
        for index, entry in enumerate(logs.get(id, ())):
            assert drawn[index, row].get_linestyle() == ("-" if index < commit[id] else "--")
            assert words[index, row].removeprefix("≠ ").startswith(f"{entry['term']}\n")
    assert texts(ax).count("crashed") == 5 - len(logs)
    differing = [text for text in texts(ax) if text.startswith("≠")]
    assert len(differing) == 6, "three entries of each of the two that were cut off"
    before = figures.logs(document, 0.62)
    assert len([patch for patch in before.patches if patch.get_label() == "_entry"]) < len(boxes)
    with pytest.raises(LabkitError, match=r"no running node has a log at 1\.6 s: a public attribute `log`"):
        figures.logs(gossip_run())


def test_an_election_shows_who_stood_who_won_and_every_vote_for_another():
    document = eventful_run()
    ax = figures.elections(document)
    won, stood, votes, terms = [], [], 0, set()
    now: dict[str, dict] = {}
    for _, time, kind, node, _, _, data in readings.events(document):
        if kind in ("start", "crash"):
            now[node] = {}
        elif kind == "state":
            before, mine = now[node], now[node] | data
            now[node] = mine
            if not mine.get("term"):
                continue
            terms.add(mine["term"])
            changed = (mine.get("role"), mine["term"]) != (before.get("role"), before.get("term"))
            won += [(time, node)] * (changed and mine["role"] == "leader")
            stood += [(time, node)] * (changed and mine["role"] == "candidate")
            votes += bool(data.get("voted_for")) and data["voted_for"] != node
    rows = document["nodes"]
    for label, wanted in [("stood", stood), ("won", won)]:
        one = line(ax, label)
        assert [(x, rows[int(y)]) for x, y in zip(one.get_xdata(), one.get_ydata(), strict=True)] == wanted
    assert sum(one.get_label() == "_voter" for one in ax.get_lines()) == votes > 0
    assert [text for text in texts(ax) if text.startswith("term")] == [f"term {term}" for term in sorted(terms)]
    with pytest.raises(LabkitError, match="no election in this run"):
        figures.elections(gossip_run())


HISTORY = [
    ("c1", "invoke", "write", 1, 0.0), ("c1", "ok", "write", 1, 0.2), ("c2", "invoke", "read", None, 0.3),
    ("c2", "ok", "read", 0, 0.4), ("c3", "invoke", "write", 2, 0.1),
]  # fmt: skip


def some_history(read: int) -> History:
    names = ("process", "type", "f", "value", "time")
    events = [dict(zip(names, row, strict=True)) for row in HISTORY]
    events[3]["value"] = read
    return History(sorted(events, key=lambda event: event["time"]))


def test_each_operation_is_a_bar_and_the_one_that_cannot_be_explained_is_hatched():
    history = some_history(0)
    verdict = linearizable(history, "register")
    assert not verdict
    ax = figures.history(history, verdict)
    bars = {round(bar.get_x(), 6): bar for bar in ax.patches}
    assert sorted(bars) == [0.0, 0.1, 0.3]
    assert bars[0.0].get_width() == pytest.approx(0.2)
    assert [bars[x].get_hatch() for x in (0.0, 0.1, 0.3)] == ["", "", "//"]
    assert bars[0.1].get_linestyle() == "--"
    assert any("✗ read -> 0" in text or "✗ read() -> 0" in text for text in texts(ax))
    assert sorted(ticks(ax)) == ["c1", "c2", "c3"]


def test_linearization_points_are_numbered_within_their_operations():
    history = some_history(2)
    verdict = linearizable(history, "register")
    assert verdict
    ax = figures.history(history, verdict)
    points = [one for one in ax.get_lines() if one.get_label() == "_point"]
    assert len(points) == len(verdict.linearization)
    xs = [point.get_xdata()[0] for point in points]
    assert xs == sorted(xs)
    for op, x in zip(verdict.linearization, xs, strict=True):
        assert op.time <= x and (op.end is None or x <= op.end)
    with pytest.raises(LabkitError, match="are too many for one figure"):
        figures.history(list(history) * 40)


def test_rates_are_counts_in_windows_divided_by_their_length():
    document = lossy_run()
    ax = figures.rates(document, 0.1)
    rows = readings.events(document)
    for name in ("AppendEntries", "Put"):
        times = [time for _, time, kind, _, _, _, data in rows if kind == "send" and data["$"] == name]
        one = line(ax, name)
        assert one.get_label() == f"{name} ({len(times)})"
        for start, rate in zip(one.get_xdata(), one.get_ydata(), strict=True):
            count = sum(int(time / 0.1) == round(start / 0.1) for time in times)
            assert rate == pytest.approx(count / 0.1)
    assert len(line(ax, "lost").get_xdata()) == sum(kind == "drop" for _, _, kind, *_ in rows)
    assert len(line(ax, "doubled").get_xdata()) == sum(kind == "duplicate" for _, _, kind, *_ in rows)
    with pytest.raises(LabkitError, match="no message was sent"):
        figures.rates(Cluster(Raft, size=1, seed=1))


def test_the_load_of_each_server_is_a_line_of_its_own_dash():
    document = load_run()
    ax = figures.load(document)
    lines = [line(ax, f"s{n}") for n in range(1, 5)]
    assert len({str(one.get_linestyle()) + str(one.get_marker()) for one in lines}) == 4
    for at in (0.4, 1.15):
        queue, active = (readings.attribute(document, name, at) for name in ("queue", "active"))
        for one in lines:
            last = max(k for k, time in enumerate(one.get_xdata()) if time <= at)
            assert one.get_ydata()[last] >= len(queue[one.get_label()]) + active[one.get_label()]
        last = max(k for k, time in enumerate(lines[0].get_xdata()) if time <= at)
        assert lines[0].get_ydata()[last] == len(queue["s1"]) + active["s1"], "nothing waits in front of a quick one"
    assert "✕ s2" in texts(ax)
    assert max(line(figures.load(load_run(Secretive)), "s3").get_ydata()) > 1
    assert len(figures.load(load_run(servers=20)).collections) == 1, "many servers are rows of shades"
    with pytest.raises(LabkitError, match="no server had anything to do"):
        figures.load(gossip_run())


def test_the_share_that_knows_a_rumour_rises_with_every_node_and_falls_with_a_crash():
    document = gossip_run()
    ax = figures.gossip(document, "rumours", "fire")
    first = {}
    for _, time, kind, node, _, _, data in readings.events(document):
        if kind == "state" and "fire" in data.get("rumours", ()):
            first.setdefault(node, time)
    dots, crosses = (one for one in ax.get_lines() if one.get_label() == "_changes")
    assert list(dots.get_xdata()) == sorted(first.values())
    assert list(dots.get_ydata()) == [pytest.approx((k + 1) / 12) for k in range(12)]
    assert list(crosses.get_ydata()) == [pytest.approx(11 / 12)]
    assert f"half: {sorted(first.values())[5]:.3f} s" in texts(ax)
    assert figures.gossip(document, "rumours").get_ylabel() == "nodes that know 'fire'", "the one that got around most"
    with pytest.raises(LabkitError, match="no node has a public attribute 'facts'"):
        figures.gossip(document, "facts")
    with pytest.raises(LabkitError, match="no node ever had 'water'"):
        figures.gossip(document, "rumours", "water")


def test_a_topology_shows_roles_crashes_and_broken_links():
    document = eventful_run()
    cut, at = next((data, time) for _, time, kind, _, _, _, data in readings.events(document) if kind == "partition")
    ax = figures.topology(document, at + 0.001)
    broken = next(one for one in ax.collections if one.get_label() == "broken link")
    assert len(broken.get_paths()) == len(cut[0]) * len(cut[1])
    labels = [one.get_label() for one in ax.collections]
    assert "leader" in labels and sorted(texts(ax)) == document["nodes"]
    crashed = next(time for _, time, kind, *_ in readings.events(document) if kind == "crash")
    down = next(one for one in figures.topology(document, crashed).collections if one.get_label() == "down")
    assert len(down.get_offsets()) == 1
    graph = nx.petersen_graph()
    plain = figures.topology(graph, layout=nx.circular_layout)
    edges = next(one for one in plain.collections if type(one).__name__ == "LineCollection")
    assert len(edges.get_paths()) == 15 and len(plain.texts) == 10
    with pytest.raises(LabkitError, match="not of str"):
        figures.topology("n1")


def test_a_figure_is_drawn_into_the_axes_that_are_given():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    document = gossip_run()
    assert figures.rates(document, ax=ax) is ax
    assert figures.gossip(Trace.from_document(document), "rumours", ax=ax) is ax
    cluster = Cluster(Gossip, size=3, seed=1)
    cluster.run(0.3)
    assert figures.topology(cluster, ax=ax) is ax


def test_the_examples_of_the_page_on_figures_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = DOCS.read_text(encoding="utf-8")
    namespace: dict = {"__name__": "docs"}
    with matplotlib.rc_context():
        for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(compile(example, "docs/figures.md", "exec"), namespace)
    assert (tmp_path / "raft.pdf").exists()
    for name in figures.__all__:
        if name.islower():
            assert f"figures.{name}(" in text, f"docs/figures.md has no example of {name}"


def test_suspicions_are_bars_over_the_lane_of_who_is_suspected_and_say_whether_they_are_right():
    cluster = Cluster(FixedTimeout, size=3, seed=1)
    cluster.run(1.0)
    cluster.crash("n2")
    cluster.run(1.0)
    cluster.restart("n2")
    cluster.pause("n3")
    cluster.run(1.0)
    ax = figures.suspicions(cluster)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["n1", "n2", "n3"]
    bars = {(to_hex(bar.get_facecolor()), round(bar.get_y() + bar.get_height() / 2)) for bar in ax.patches}
    down, right, mistake = "#ffffff", figures.COLOURS[0], figures.COLOURS[4]
    assert bars >= {(down, 1), (right, 1), (mistake, 2)}
    assert (right, 2) not in bars and (down, 2) not in bars
    assert {text.get_text() for text in ax.texts} == {"n1", "n2", "n3"}


def test_suspicions_of_nodes_without_any_are_refused():
    with pytest.raises(LabkitError, match="no node has an attribute suspects"):
        figures.suspicions(gossip_run())
