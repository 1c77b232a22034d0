"""Linearizability: known histories, a slow judge that agrees, and the evidence."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import LabkitError
from labkit.check import History, linearizable
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


@given(st.sampled_from(list(ASKED)), st.integers(0, 2**32), st.integers(2, 9))
@settings(max_examples=400)
def test_a_spoilt_history_is_judged_as_by_trying_everything(model, seed, size):
    rng = Random(seed)
    history = History(spoilt(events_of(model, rng, size, clients=4), rng))
    verdict = linearizable(history, model)
    assert (verdict.outcome == "holds") is linearizable_by_trying(history, model), verdict


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
    assert "<svg" not in verdict._repr_html_() and "data:image/svg+xml" in verdict._repr_html_()
    assert verdict.document()["operation"]["result"] == 1


class Counter:
    start = 0

    def step(self, state, op, value, result):
        if op == "add":
            return state + value
        if op == "read":
            return state if result == state else None


def test_a_model_of_ones_own_needs_a_start_and_a_step():
    history = told("A add 2\nA ok\nB add 3\nB ?\nC read\nC ok 2\nC read\nC ok 5")
    assert linearizable(history, Counter())
    assert linearizable(history, Counter)
    assert not linearizable(told("A add 2\nA ok\nC read\nC ok 3"), Counter())


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
