"""Traces in files: what is refused, what docs/trace.md says, and logs that ShiViz accepts."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit import Cluster, LabkitError, Message, Node, Trace, on
from labkit.engine.faults import KINDS
from labkit.protocols.raft_log import Raft
from labkit.protocols.sessions import Put

DOCS = Path(__file__).parents[2] / "docs" / "trace.md"


@pytest.fixture
def lines(tmp_path):
    """A saved trace, line by line, and a function that opens such lines."""
    cluster = Cluster(Raft, size=3, seed=5)
    cluster.run(0.5)
    path = tmp_path / "run.json"
    cluster.trace.save(path)

    def reopen(lines):
        path.write_text("\n".join(lines) + "\n")
        return Trace.open(path)

    return path.read_text().splitlines(), reopen


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1, 2]", "an event is an array of 7 values"),
        ('{"time": 1}', "an event is an array of 7 values"),
        ('["soon", "send", "n1", "n2", 1, null, null]', "expected `float`, got `str` as its time"),
        ('[0.1, "sned", "n1", "n2", 1, null, null]', "there is no kind of event 'sned'"),
        ('[0.1, "send", 7, "n2", 1, null, null]', "as its node"),
        ('[0.1, "send", "n1", "n2"', "not JSON"),
        ("", "not JSON"),
        ('[-1.0, "send", "n1", "n2", 1, null, null]', "is before that of the line above"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong(lines, line, said):
    whole, reopen = lines
    with pytest.raises(LabkitError, match=rf"run\.json, line 5: .*{re.escape(said)}"):
        reopen([*whole[:4], line, *whole[5:]])


def test_a_trace_of_a_newer_labkit_is_refused_with_advice(lines):
    whole, reopen = lines
    with pytest.raises(LabkitError, match=r"line 1: this trace has version 2.*update labkit"):
        reopen([json.dumps(json.loads(whole[0]) | {"version": 2}), *whole[1:]])


def test_a_file_that_is_no_trace_or_is_not_there_is_refused(lines, tmp_path):
    whole, reopen = lines
    with pytest.raises(LabkitError, match="first line is not JSON"):
        reopen(["<html>"])
    with pytest.raises(LabkitError, match="is empty"):
        reopen([""])
    with pytest.raises(LabkitError, match="header of this trace lacks nodes"):
        reopen([json.dumps({key: value for key, value in json.loads(whole[0]).items() if key != "nodes"})])
    with pytest.raises(LabkitError, match=r"gone\.json cannot be read as a trace: No such file"):
        Trace.open(tmp_path / "gone.json")


def test_the_page_about_traces_names_every_kind_of_event_and_the_header_there_is():
    text = DOCS.read_text()
    table = text[text.index("| kind | node |") :]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(KINDS) - {"write"}
    header = json.loads(re.search(r"^\{.*\}$", text, re.MULTILINE)[0])
    assert set(header) == set(Trace().header())


# --- ShiViz: its rules (js/model/parser.js, vectorTimestamp.js, modelGraph.js), written anew


class Refused(Exception):
    """ShiViz would show an error."""


def shiviz(text: str) -> list[tuple[str, str, dict[str, int]]]:
    """(event, host, clock) of each event of a log, or Refused with what ShiViz minds."""
    parser, delimiter, log = text.split("\n", 2)
    if delimiter:
        raise Refused("several executions")
    if not all(f"(?<{name}>" in parser for name in ("clock", "event", "host")):
        raise Refused("the expression lacks a group")
    # JavaScript's dot stops at these four, Python's at the first only.
    expression = re.sub(r"(?<!\\)\.(?=[*+])", r"[^\\n\\r\\u2028\\u2029]", parser.replace("(?<", "(?P<"))
    found = list(re.finditer(expression, log.strip(), re.MULTILINE))
    if sum(match.end() - match.start() + 1 for match in found) != len(log.strip()) + 1:
        raise Refused("some lines are no events")
    events = [(match["event"], match["host"], json.loads(match["clock"])) for match in found]
    length: dict[str, int] = {}
    for _, host, clock in events:
        if any(type(count) is not int or count < 1 for count in clock.values()):
            raise Refused("a clock's values are whole numbers from 1 on")
        if clock.get(host) != length.get(host, 0) + 1:
            raise Refused(f"{host}'s own entry goes from {length.get(host, 0)} to {clock.get(host)}")
        length[host] = clock[host]
    at = {(host, clock[host]): clock for _, host, clock in events}
    for _, host, clock in events:
        for other, count in clock.items():
            if (other, count) not in at:
                raise Refused(f"{host} refers to event {count} of {other}, which is not there")
            if any(clock.get(known, 0) < seen for known, seen in at[other, count].items()):
                raise Refused(f"{host} knows {other}'s event {count}, but not all that it knew")
        before = at.get((host, clock[host] - 1), {})
        if any(clock.get(known, 0) < seen for known, seen in before.items()):
            raise Refused(f"{host} forgets")
    return events


def test_the_rules_refuse_what_shiviz_refuses():
    head = "(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})\n\n"
    assert len(shiviz(head + 'a\nx {"x": 1}\nb\ny {"y": 1, "x": 1}\n')) == 2
    for log in ('a\nx {"x": 2}\n', 'a\nx {"x": 1, "y": 1}\n', 'a\nx {"y": 1}\n', 'a\nx {"x": 1}\nb\nx {"x": 3}\n'):
        with pytest.raises(Refused):
            shiviz(head + log)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_a_run_with_faults_and_clients_is_a_log_that_shiviz_accepts(seed):
    cluster = Cluster(Raft, size=3, seed=seed)
    cluster.link(duplicate=0.2, loss=0.1, corrupt=0.1)
    cluster.run(0.4)
    cluster.client("c1").invoke("n1", Put(key="x", value="two\nlines\u2028and more", serial=1))
    cluster.crash("n2")
    cluster.run(0.3)
    cluster.restart("n2")
    cluster.run(0.3)
    events = shiviz(cluster.trace.shiviz())
    happened = {"start", "send", "deliver", "timer", "disk", "note", "crash", "invoke", "ok", "info"}
    states = sum(1 for event in cluster.trace.select("state") if event.data)
    assert len(events) == states + sum(1 for event in cluster.trace if event.kind in happened)
    assert {host for _, host, _ in events} == {"n1", "n2", "n3", "c1"}


def test_a_receiver_knows_what_its_sender_knew():
    class Ping(Message):
        n: int

    class Player(Node):
        def start(self):
            if self.id == "n 1":
                self.send("n 2", Ping(n=1))

        @on(Ping)
        def ping(self, msg, sender):
            pass

    cluster = Cluster(nodes={"n 1": Player, "n 2": Player})
    cluster.run(1.0)
    events = shiviz(cluster.trace.shiviz())
    assert [event for event in events if "receives" in event[0]] == [
        ("n 2 receives Ping(n=1) from n 1", "n_2", {"n_2": 2, "n_1": 2})
    ]


@settings(max_examples=25)
@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=4, unique=True), st.booleans())
@example(['say "hi"', "back\\slash", "{n:1}", "né 鲁\ufeff"], False)
@example(["__proto__", "constructor", "a b", "a_b"], True)
def test_whatever_the_nodes_are_called_and_do_shiviz_accepts_the_log(names, forked):
    try:
        cluster = Cluster(nodes=dict.fromkeys(names, Raft), seed=1)
    except LabkitError:
        return  # not the name of a node
    cluster.run(0.3)
    cluster.crash(names[0])
    cluster.run(0.1)
    cluster.restart(names[0])
    cluster.run(0.1)
    if forked:
        cluster = cluster.fork(at=cluster.now / 2)
        cluster.restart(names[1])
        cluster.run(0.3)
    events = shiviz(cluster.trace.shiviz())
    hosts = {host for _, host, _ in events}
    assert len(hosts) == len(names) and not any(re.search(r"\s|\ufeff", host) for host in hosts)
    assert not hosts & {"__proto__", "constructor", "hasOwnProperty"}


def test_a_trace_is_saved_for_shiviz_by_the_end_of_the_files_name(tmp_path):
    cluster = Cluster(Raft, size=3, seed=1)
    cluster.run(0.2)
    cluster.trace.save(tmp_path / "run.shiviz")
    assert (tmp_path / "run.shiviz").read_text(encoding="utf-8") == cluster.trace.shiviz()
