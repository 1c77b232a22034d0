"""Linearizability: known histories, a slow judge that agrees, and the evidence."""

from collections import Counter
from dataclasses import replace
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import LabkitError
from labkit.check import History, consistent, linearizable
from tests.check.oracle import ASKED, events_of, linearizable_by_trying, spoilt


def told(text):
    """A history from lines such as `A write 1` (asks), `A ok`, `B ok 3`, `A ?`, `A fail`."""
    events, asked = [], {}
    for line in filter(None, map(str.strip, text.splitlines())):
        process, word, *rest = line.split()
        values = [None if word == "nil" else int(word) for word in rest]
        value = values if word == "cas" else values[0] if values else None
        if word in ("ok", "fail", "?"):
            f, old = asked.pop(process)
            kind = {"?": "info"}.get(word, word)
            events.append({"process": process, "type": kind, "f": f, "value": value if rest else old})
        else:
            asked[process] = (word, value)
            events.append({"process": process, "type": "invoke", "f": word, "value": value})
    return History(events)


# Herlihy and Wing 1990, Figure 1: four histories of a FIFO queue.
QUEUES = {
    "a": ("A enqueue 1\nB enqueue 2\nA ok\nB ok\nB dequeue\nB ok 1\nA dequeue\nA ok 2\nA enqueue 3\nA ok", True),
    "b": ("A enqueue 1\nA ok\nB enqueue 2\nA dequeue\nB ok\nA ok 2", False),
    "c": ("A enqueue 1\nB dequeue\nB ok 1", True),
    "d": ("A enqueue 1\nB enqueue 2\nA ok\nB ok\nA dequeue\nC dequeue\nA ok 2\nC ok 2", False),
}
# The same, section 1 (Figure 2): register histories.
REGISTERS = {
    "a": ("A write 0\nA ok\nB write 1\nA read\nA ok 1\nC write 0\nC ok\nB ok\nB read\nB ok 0", True),
    "b": ("A write 0\nA ok\nA write 1\nB read\nB ok 1\nC read\nC ok 0\nA ok", False),
    "lost answer": ("A write 0\nA ok\nA write 1\nA ?\nB read\nB ok 0\nB read\nB ok 1\nB read\nB ok 1", True),
    "lost answer, taken back": ("A write 0\nA ok\nA write 1\nA ?\nB read\nB ok 1\nB read\nB ok 0", False),
    "it failed": ("A write 0\nA ok\nA write 1\nA fail\nB read\nB ok 1", False),
    "it failed, and nobody saw it": ("A write 0\nA ok\nA write 1\nA fail\nB read\nB ok 0", True),
}


@pytest.mark.parametrize("name", QUEUES)
def test_the_queues_of_herlihy_and_wing(name):
    text, expected = QUEUES[name]
    assert bool(linearizable(told(text), "queue")) is expected


@pytest.mark.parametrize("name", REGISTERS)
def test_registers(name):
    text, expected = REGISTERS[name]
    assert bool(linearizable(told(text), "register")) is expected


@given(st.sampled_from(list(ASKED)), st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 5))
@settings(max_examples=150)
def test_what_a_true_object_answers_is_linearizable(model, seed, size, clients):
    history = History(events_of(model, Random(seed), size, clients, keys=2))
    verdict = linearizable(history, model)
    assert verdict.outcome == "holds", verdict
    for key, order in verdict.linearizations.items():
        check_order(order, [op for op in history if op.key == key])


def check_order(order, operations):
    """The order keeps what really came before, and has every operation with an answer."""
    for n, op in enumerate(order):
        assert all(later.completed is None or later.completed > op.invoked for later in order[n:])
    assert {op for op in operations if op.type == "ok" and op.f not in ("read", "get", "contains")} <= set(order)


def test_ten_thousand_spoilt_histories_are_judged_as_by_trying_everything():
    outcomes, types = Counter(), Counter()
    models = list(ASKED)
    for seed in range(10_000):
        rng, model = Random(seed), models[seed % len(models)]
        history = History(spoilt(events_of(model, rng, rng.randint(2, 8), clients=4, keys=1 + seed % 2), rng))
        verdict = linearizable(history, model)
        assert (verdict.outcome == "holds") is linearizable_by_trying(history, model), (seed, verdict)
        outcomes[verdict.outcome] += 1
        types.update(op.type for op in history)
    assert outcomes["violated"] > 500 and types["info"] > 5_000 and types["fail"] > 1_000


@given(st.integers(0, 2**32), st.integers(3, 8), st.integers(2, 5), st.sampled_from([0.0, 0.2, 0.5]))
@settings(max_examples=300)
def test_appends_of_different_words_are_judged_as_by_trying_everything(seed, size, clients, lost):
    rng = Random(seed)
    words = (f"<{n}>" for n in count())

    def ask(rng):
        kinds = ["get", "get", "append", "append", "put", "delete", "cas"]
        f = rng.choice(kinds)
        return f, {"get": None, "delete": None, "cas": ["<0>", "<1>"]}.get(f, next(words))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ASKED, "kv", ask)
        history = History(spoilt(events_of("kv", rng, size, clients, lost=lost), rng))
    verdict = linearizable(history, "kv")
    assert (verdict.outcome == "holds") is linearizable_by_trying(history, "kv"), verdict


def test_what_nobody_wrote_is_seen_at_once_however_much_is_open():
    writes = "".join(f"{n} write {n}\n" for n in range(200))
    verdict = linearizable(told(writes + "R read\nR ok 999\n" + "".join(f"{n} ok\n" for n in range(200))), "register")
    assert verdict.outcome == "violated" and str(verdict.operation) == "R: read() -> 999"
    assert "nobody had asked to put 999 there before that answer" in verdict.why
    failed = told("A read\nB write 3\nB fail\nA ok 3")
    assert "nobody had asked to put 3" in linearizable(failed, "cas-register").why
    later = told("A read\nA ok 3\nB write 3\nB ok")
    assert "nobody had asked to put 3" in linearizable(later, "cas-register").why


def test_a_store_of_strings_that_begins_empty_is_told_by_its_gets():
    events = [
        {"process": 1, "type": "invoke", "f": "get", "key": "x"},
        {"process": 1, "type": "ok", "f": "get", "key": "x", "value": ""},
        {"process": 1, "type": "invoke", "f": "append", "key": "x", "value": "a"},
        {"process": 1, "type": "ok", "f": "append", "key": "x", "value": "a"},
        {"process": 1, "type": "invoke", "f": "get", "key": "x"},
        {"process": 1, "type": "ok", "f": "get", "key": "x", "value": "a"},
    ]
    assert linearizable(events, "kv")
    assert not linearizable([*events, events[0], events[1]], "kv")


def test_a_search_gives_up_in_time_however_many_outcomes_are_unknown():
    class Bag:
        start = frozenset()

        def __init__(self):
            self.steps = 0

        def step(self, state, op, value, result):
            self.steps += 1
            return state | {value} if op == "add" else state if state == result else None

    model = Bag()
    events = [{"process": n, "type": "invoke", "f": "add", "value": n} for n in range(1_000)]
    events += [{"process": "r", "type": kind, "f": "read", "value": [-1]} for kind in ("invoke", "ok")]
    assert linearizable(events, model, time_limit=0).outcome == "unknown"
    assert model.steps < 30_000


def test_many_keys_leave_each_enough_memory():
    hard = "".join(f"{n} enqueue {n}\n" for n in range(7)) + "".join(f"{n} ok\n" for n in range(7))
    hard += "".join(f"R dequeue\nR ok {n}\n" for n in (6, 4, 5, 1, 3, 9))
    events = [event | {"key": "hard"} for event in told(hard).events]
    easy = [event | {"key": n, "process": "e"} for n in range(3_000) for event in told("e enqueue 1\ne ok").events]
    verdict = linearizable(events + easy, "queue")
    assert verdict.outcome == "violated" and verdict.key == "hard"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (lambda self, state, op, value, result: 1 // 0, "raised ZeroDivisionError.*at event 0: A: write.3.*in state 0"),
        (lambda self, state, op, value, result: [value], "a state has to be hashable: use tuples, not lists"),
        (lambda self, state: state, "raised TypeError"),
    ],
)
def test_a_model_that_raises_is_told_with_its_operation(step, complaint):
    model = type("Mine", (), {"start": 0, "step": step})()
    with pytest.raises(LabkitError, match=complaint):
        linearizable(told("A write 3\nA ok\nB write 3\nB ok"), model)
    if "hashable" not in complaint:
        with pytest.raises(LabkitError, match=complaint):
            consistent(told("A write 3\nA ok"), model, "sequential")


@given(st.sampled_from(list(ASKED)), st.integers(0, 2**32), st.integers(2, 8))
@settings(max_examples=150)
def test_the_prefix_before_a_violation_can_be_explained_and_no_more(model, seed, size):
    rng = Random(seed)
    events = spoilt(events_of(model, rng, size, clients=4), rng)
    verdict = linearizable(events, model)
    if verdict.outcome == "violated":
        end = verdict.operation.completed
        assert linearizable_by_trying(before(end, events), model)
        assert not linearizable_by_trying(before(end + 1, events), model)


def before(end, events):
    """What had been asked by then; who has no answer yet may or may not have taken effect, with the answer to come."""
    asked = [op for op in History(events) if op.invoked < end]
    return [replace(op, completed=None) if op.completed is None or op.completed >= end else op for op in asked]


def test_a_violation_tells_what_was_possible_and_shows_it():
    verdict = linearizable(told("A write 1\nA ok\nA write 2\nB read\nB ok 2\nA ok\nC read\nC ok 1"), "register")
    assert str(verdict.operation) == "C: read() -> 1"
    assert verdict.states == ("2",)
    assert "C: read() -> 1 cannot take effect" in repr(verdict)
    assert [str(op) for op in verdict.linearization] == ["A: write(1)", "A: write(2)", "B: read() -> 2"]
    assert (
        "<svg" not in verdict._repr_mimebundle_()["text/html"]
        and "data:image/svg+xml" in verdict._repr_mimebundle_()["text/html"]
    )
    assert verdict.document()["operation"]["result"] == 1


class Total:
    start = 0

    def step(self, state, op, value, result):
        if op == "add":
            return state + value
        if op == "read":
            return state if result == state else None


def test_a_model_of_ones_own_needs_a_start_and_a_step():
    history = told("A add 2\nA ok\nB add 3\nB ?\nC read\nC ok 2\nC read\nC ok 5")
    assert linearizable(history, Total())
    assert linearizable(history, Total)
    assert not linearizable(told("A add 2\nA ok\nC read\nC ok 3"), Total())


def test_an_operation_that_the_model_does_not_know_is_refused_by_name():
    with pytest.raises(LabkitError, match="the model register has no operation 'cas'"):
        linearizable(told("A cas 1 2\nA ok"), "register")
    with pytest.raises(LabkitError, match="there is no model 'regster'"):
        linearizable(told("A read\nA ok"), "regster")


def test_no_time_gives_no_guess():
    asked = "".join(f"{n} enqueue {n}\n" for n in range(16))
    history = told(asked + "R dequeue\nR ok 99\n" + "".join(f"{n} ok\n" for n in range(16)))
    verdict = linearizable(history, "queue", time_limit=0)
    assert verdict.outcome == "unknown" and not verdict and "0 s were not enough" in verdict.why
