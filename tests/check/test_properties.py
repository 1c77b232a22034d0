"""The ready properties on small runs made for them, and what happens when a property itself is wrong."""

import pytest

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.check import History, always
from labkit.check.agreement import agreement, validity
from labkit.check.answers import answers_linearizable, session_history
from labkit.check.broadcast import causal_delivery, no_duplication
from labkit.check.commitment import commit_needs_all_votes, decisions_stand, no_trivial_abort, same_decision
from labkit.check.detectors import completeness, eventual_accuracy, strong_accuracy
from labkit.check.invariants import Violation, judge, never
from labkit.check.locks import mutual_exclusion, tokens_are_unique, tokens_only_grow
from labkit.check.progress import eventually_always, leads_to
from labkit.check.replication import (
    at_most_once,
    committed_entries_stay,
    leader_completeness,
    log_matching,
    state_machine_safety,
)
from labkit.engine.trace import Trace


def trace_of(*events, nodes=("n1", "n2", "n3"), now=10.0) -> Trace:
    """A trace of (kind, node, data), or (kind, node, peer, id, data), a tenth of a second apart."""
    trace = Trace(nodes=nodes)
    for number, event in enumerate(events):
        kind, node, *rest = event
        peer, id, data = (None, None, *rest) if len(rest) == 1 else rest
        trace.record((round(number / 10, 3), kind, node, peer, id, None, data))
    trace.now = now
    return trace


def states(*changes, **options) -> Trace:
    starts = [("start", node, None) for node in ("n1", "n2", "n3")]
    return trace_of(*starts, *(("state", node, data) for node, data in changes), **options)


A1, B1, A2, B2 = ({"term": term, "command": command} for term in (1, 2) for command in ("a", "b"))

BROKEN = [
    (log_matching, [("n1", {"log": [A1, A2]}), ("n2", {"log": [B2, A2]})], "n1 and n2"),
    (state_machine_safety, [("n1", {"log": [A1], "last_applied": 1}), ("n2", {"log": [B2], "last_applied": 1})], "n2"),
    (committed_entries_stay, [("n1", {"log": [A1], "commit_index": 1}), ("n1", {"log": [B2]})], "n1 knew"),
    (
        leader_completeness,
        [("n1", {"term": 1, "log": [A1], "commit_index": 1}), ("n2", {"term": 2, "log": [B2], "role": "leader"})],
        "n2 was elected leader of term 2 without it",
    ),
    (
        leader_completeness,
        [("n2", {"term": 2, "log": [B2], "role": "leader"}), ("n1", {"term": 1, "log": [A1], "commit_index": 1})],
        "n2 was elected",
    ),
    (agreement, [("n1", {"chosen": "a"}), ("n2", {"chosen": "b"})], "n1 decided 'a', and n2 decided 'b'"),
    (agreement, [("n1", {"decision": "a"}), ("n1", {"decision": "b"})], "later"),
    (validity, [("n1", {"chosen": "a"})], "nobody proposed"),
    (
        same_decision,
        [("n1", {"decision": {"1": "commit"}}), ("n2", {"decision": {"1": "abort"}})],
        "n1 decided to commit",
    ),
    (decisions_stand, [("n1", {"decision": {"1": "commit"}}), ("n1", {"decision": {"1": "abort"}})], "then to abort"),
    (no_trivial_abort, [("n1", {"decision": {"1": "abort"}})], "nobody voted No"),
    (mutual_exclusion, [("n1", {"holding": True}), ("n2", {"holding": True})], "n1 and n2 both hold"),
    (tokens_only_grow, [("n1", {"accepted": 2}), ("n1", {"accepted": 1})], "token 1 after token 2"),
    (strong_accuracy, [("n1", {"suspects": ["n2"]})], "n1 suspects n2"),
    (eventual_accuracy, [("n1", {"suspects": ["n2"]})], "n1 suspects n2"),
]


@pytest.mark.parametrize(("property", "changes", "says"), BROKEN)
def test_a_violation_says_what_happened_where_and_to_whom(property, changes, says) -> None:
    trace = states(*changes)
    violation = property(trace)
    assert says in violation.message
    assert violation.nodes and set(violation.nodes) <= {"n1", "n2", "n3"}
    assert 0 <= violation.seq < len(trace)
    assert property(states(*changes[:1])) is None or len(changes) == 1


def test_logs_that_agree_keep_to_all_of_figure_3() -> None:
    trace = states(
        ("n1", {"term": 1, "role": "leader", "log": [A1], "commit_index": 1, "last_applied": 1}),
        ("n2", {"term": 1, "role": "follower", "log": [A1]}),
        ("n2", {"term": 2, "role": "leader", "log": [A1, B2]}),
        ("n1", {"term": 2, "role": "follower", "log": [A1, B2], "commit_index": 2, "last_applied": 2}),
    )
    rules = [log_matching, leader_completeness, state_machine_safety, committed_entries_stay]
    assert judge(trace, rules) is None


class Vote(Message):
    transaction: int
    yes: bool


class Granted(Message):
    token: int


def test_a_commit_needs_the_yes_of_everybody() -> None:
    yes = [("send", node, "n1", number, Vote(transaction=1, yes=True)) for number, node in enumerate(["n2", "n3"])]
    commit = ("state", "n1", {"decision": {"1": "commit"}})
    starts = [("start", node, None) for node in ("n1", "n2", "n3")]

    def voters(node):
        return node != "n1"

    assert commit_needs_all_votes(trace_of(*starts, *yes, commit), voters) is None
    violation = commit_needs_all_votes(trace_of(*starts, *yes[:1], commit), voters)
    assert "n3 had not voted" in violation.message


def test_tokens_are_given_once() -> None:
    grants = [("send", "n1", node, number, Granted(token=1)) for number, node in enumerate(["n2", "n3"])]
    assert "token 1" in tokens_are_unique(trace_of(*grants)).message


def test_who_is_down_has_to_be_suspected() -> None:
    trace = trace_of(
        ("start", "n1", None), ("start", "n2", None), ("state", "n1", {"suspects": []}), ("crash", "n2", "fault"),
        nodes=("n1", "n2"),
    )  # fmt: skip
    assert "n1 does not suspect n2" in completeness(trace).message
    assert completeness(trace, within=20.0) is None, "it may still come to that"


def test_causal_delivery_is_read_off_the_run_not_off_the_clocks() -> None:
    first = {"origin": "n1", "vt": {}, "value": "question"}
    reply = {"origin": "n2", "vt": {}, "value": "answer"}
    asked = ("n1", {"delivered": [first]})
    answered = ("n2", {"delivered": [first, reply]})
    assert causal_delivery(states(asked, answered, ("n3", {"delivered": [first, reply]}))) is None
    violation = causal_delivery(states(asked, answered, ("n3", {"delivered": [reply]})))
    assert "n3 delivered n2's message answer before n1's message question" in violation.message
    assert no_duplication(states(("n1", {"delivered": [first, first]}))) is not None


# --- progress


def led(moment):
    return any(state.get("role") == "leader" for state in moment.state.values())


def test_what_must_hold_in_the_end_has_a_budget_of_calm() -> None:
    assert eventually_always(states(("n1", {"role": "leader"})), led, within=1.0) is None
    assert eventually_always(states(("n1", {"role": "follower"})), led, within=1.0) is not None
    assert eventually_always(states(("n1", {"role": "follower"}), now=0.5), led, within=1.0) is None, "too early to say"
    late = trace_of(*[("start", n, None) for n in ("n1", "n2", "n3")], *[("note", "n1", "")] * 30,
                    ("state", "n1", {"role": "leader"}))  # fmt: skip
    assert "3.10 s after" in eventually_always(late, led, within=1.0).message


def test_nothing_has_to_happen_while_the_majority_is_paused_or_cut_off() -> None:
    def asked(event, moment):
        return event.data if event.kind == "note" and event.data.startswith("ask") else None

    def answered(event, moment):
        return event.data.replace("answer", "ask") if event.kind == "note" and event.data.startswith("answer") else None

    starts = [("start", node, None) for node in ("n1", "n2", "n3")]
    pauses = [("pause", "n1", None), ("pause", "n2", None)]
    ask = ("note", "n3", "ask 1")
    violation = leads_to(trace_of(*starts, ask), asked, answered, within=1.0)
    assert "asked of ask 1 at 0.300 s was not followed by answered within 1 s" in violation.message
    assert leads_to(trace_of(*starts, ask, ("note", "n3", "answer 1")), asked, answered, within=1.0) is None
    assert leads_to(trace_of(*starts, *pauses, ask), asked, answered, within=1.0) is None
    resumed = trace_of(*starts, *pauses, ask, ("resume", "n1", None), now=1.4)
    assert leads_to(resumed, asked, answered, within=1.0) is None, "the second begins when the pause ends"
    resumed.now = 2.0
    assert leads_to(resumed, asked, answered, within=1.0) is not None
    split = trace_of(*starts, ("partition", None, [["n1"], ["n2"], ["n3"]]), ask)
    assert leads_to(split, asked, answered, within=1.0) is None


# --- properties that are wrong themselves


def test_a_property_that_raises_is_named_with_the_event() -> None:
    def no_such_thing(event, moment):
        return moment.state["n9"]

    with pytest.raises(LabkitError, match=r"no_such_thing raised KeyError: 'n9' at event 0 \(start of n1"):
        always(states(), no_such_thing)
    with pytest.raises(LabkitError, match="property broken raised ZeroDivisionError"):

        def broken(trace):
            return 1 / 0

        judge(states(), [broken])


def test_a_property_that_returns_nonsense_is_told_what_to_return() -> None:
    with pytest.raises(LabkitError, match="return None where it holds"):
        always(states(), lambda event, moment: 7)
    with pytest.raises(LabkitError, match="return a Violation, or None"):
        judge(states(), [lambda trace: "bad"])


def test_never_takes_words_or_truth() -> None:
    def crashed(event, moment):
        return event.kind == "crash" and f"{event.node} is down"

    assert never(states(), crashed) is None
    violation = never(trace_of(("start", "n1", None), ("crash", "n1", "fault")), crashed)
    assert violation == Violation("crashed", "n1 is down", 1, 0.1, ("n1",))


# --- answers


class Append(Message):
    key: str
    value: str
    serial: int


class Get(Message):
    key: str


class Done(Message):
    pass


class Value(Message):
    value: list[str]


class Forgetful(Node):
    """Answers an append only when it is asked the second time, and does it both times."""

    def start(self):
        self.list = []

    @on(Append)
    def append(self, msg, sender):
        self.list = [*self.list, msg.value]
        return Done() if len(self.list) > 1 else None

    @on(Get)
    def get(self, msg, sender):
        return Value(value=self.list)


def test_attempts_at_one_command_are_one_operation_that_may_take_effect_once() -> None:
    cluster = Cluster(Forgetful, size=1, seed=1)
    client = cluster.client("c1")
    with pytest.raises(TimeoutError):
        client.call("n1", Append(key="x", value="a", serial=1), timeout=0.2)
    client.call("n1", Append(key="x", value="a", serial=1))
    client.call("n1", Get(key="x"))
    assert len(History.of(cluster)) == 3
    assert [str(op) for op in session_history(cluster.trace)] == ["c1: append(x, a)", "c1: get(x) -> [a, a]"]
    assert "appended once, but c1 reads it 2 times" in at_most_once(cluster.trace).message
    violation = answers_linearizable("kv")(cluster.trace)
    assert violation.property == "Linearizability" and cluster.trace[violation.seq].kind == "ok"


def test_an_answer_may_be_given_later_or_before_the_handler_returns() -> None:
    class Slow(Node):
        @on(Get)
        def get(self, msg, sender):
            later = self.later()
            if msg.key == "now":
                self.answer(later, Value(value=["now"]))
            else:
                self.after(0.5, self.answer, later, Value(value=["later"]))
            return later

    cluster = Cluster(Slow, size=1, seed=1)
    assert cluster.client("c1").call("n1", Get(key="now")).value == ["now"]
    start = cluster.now
    assert cluster.client("c1").call("n1", Get(key="x")).value == ["later"]
    assert cluster.now - start > 0.5
