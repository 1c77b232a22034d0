"""The weaker consistency models: textbook histories, a slow judge that agrees, and the table."""

from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit import LabkitError
from labkit.check import History, consistency, consistent, linearizable
from labkit.check.consistency import IMPLIES
from tests.check.oracle import events_of


def told(text):
    """A history from words such as `a:wx=1 b:rx=nil`, one operation after the other."""
    events = []
    for word in text.split():
        process, rest = word.split(":")
        key, value = rest[1:].split("=")
        value = None if value == "nil" else int(value)
        line = {"process": process, "f": {"r": "get", "w": "put"}[rest[0]], "key": key}
        events.append({**line, "type": "invoke", "value": value if rest[0] == "w" else None})
        events.append({**line, "type": "ok", "value": value})
    return History(events)


SESSION = {"read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"}
STRONG = {"linearizable", "sequential", "causal", "pram"}
# A history, and the models that it breaks (of those that do not concern convergence).
TEXTBOOK = {
    "an own write is not seen": ("a:wx=1 a:rx=nil", STRONG | {"read-your-writes"}),
    "an own write is forgotten": ("a:wx=1 a:wx=2 a:rx=1", STRONG | {"read-your-writes"}),
    "a read goes back": ("a:wx=1 a:wx=2 b:rx=2 b:rx=1", STRONG | {"monotonic-reads", "monotonic-writes"}),
    "writes arrive out of order": ("a:wx=1 a:wy=1 b:ry=1 b:rx=nil", STRONG | {"monotonic-writes"}),
    "an answer before its question": (
        "a:wx=1 b:rx=1 b:wy=2 c:ry=2 c:rx=nil",
        STRONG - {"pram"} | {"writes-follow-reads"},
    ),
    # Ahamad and others 1995, Figure 3 in spirit: two readers see two unrelated writes in different orders.
    "two readers disagree": ("a:wx=1 b:wx=2 c:rx=1 c:rx=2 d:rx=2 d:rx=1", {"linearizable", "sequential"}),
    # Lipton and Sandberg 1988: an effect of a write is seen in another order than the write.
    "an effect before its cause": (
        "a:wx=1 b:rx=1 b:wx=2 c:rx=2 c:rx=1",
        STRONG - {"pram"} | {"writes-follow-reads"},
    ),
    "stale, but in order": ("a:wx=1 b:rx=nil b:rx=1", {"linearizable"}),
    # Dekker's: both processes read the other's flag before it is set.
    "store buffers": ("a:wx=1 b:wy=1 a:ry=nil b:rx=nil", {"linearizable", "sequential"}),
    "nothing wrong": ("a:wx=1 b:rx=1 b:wx=2 a:rx=2", set()),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_histories(name):
    text, broken = TEXTBOOK[name]
    table = consistency(told(text), "kv")
    assert {model for model in IMPLIES if table[model].outcome == "violated"} - {
        "eventual",
        "strong-eventual",
    } == broken


def random_history(seed, operations):
    """Writes of different values, and reads of anything that was or will be written."""
    rng = Random(seed)
    plan = [(rng.choice("abc"), rng.choice("xy"), rng.random() < 0.5) for _ in range(operations)]
    values = {key: [n for n, (_, k, writes) in enumerate(plan) if writes and k == key] for key in "xy"}
    events, waiting = [], {}
    for n, (process, key, writes) in enumerate(plan):
        events += waiting.pop(process, [])
        value = n if writes else rng.choice([None, *values[key], *values[key]])
        line = {"process": process, "f": "put" if writes else "get", "key": key}
        events.append({**line, "type": "invoke", "value": value if writes else None})
        kind = "info" if writes and rng.random() < 0.15 else "ok"
        waiting[process] = [{**line, "type": kind, "value": value}]
    return History(events + [event for late in waiting.values() for event in late])


def by_trying(history, model):
    """Straight from the definitions: every order of every view."""
    ops = list(history)
    known = {op: op.type == "ok" for op in ops}
    read = {op: op.f == "get" for op in ops}
    program = {(a, b) for a in ops for b in ops if a.process == b.process and a.invoked < b.invoked and known[a]}
    shows = {(w, r) for w in ops for r in ops if not read[w] and read[r] and w.key == r.key and w.value == r.result}
    causes = program | shows
    while more := {(a, d) for a, b in causes for c, d in causes if b is c} - causes:
        causes |= more
    must = {
        "sequential": program,
        "pram": program,
        "causal": causes,
        "monotonic-reads": {(a, b) for a, b in program if (read[a] and read[b]) or (not read[a] and a.key == b.key)},
        "monotonic-writes": {(a, b) for a, b in program if read[a] is read[b]},
        "writes-follow-reads": {(a, b) for a, b in program if read[a] and read[b]}
        | {(w, b) for w, r in shows for a, b in program if a is r and not read[b]},
        "read-your-writes": {(a, b) for a, b in program if not read[a]},
    }[model]
    if model == "monotonic-reads":
        must = {(a, b) for a, b in must if read[a] is read[b]}

    def possible(needed, spare):
        for size in range(len(spare) + 1):
            for some in combinations(spare, size):
                for order in permutations([*needed, *some]):
                    place = {op: n for n, op in enumerate(order)}
                    if all(place[a] < place[b] for a, b in must if a in place and b in place) and legal(order):
                        return True
        return False

    def legal(order):
        state = {}
        for op in order:
            if read[op] and state.get(op.key) != op.result:
                return False
            if not read[op]:
                state[op.key] = op.value
        return True

    updates = [op for op in ops if not read[op]]
    if model == "sequential":
        return possible([op for op in ops if known[op]], [op for op in updates if not known[op]])
    for process in {op.process for op in ops}:
        mine = [op for op in ops if op.process == process and known[op]]
        others = [op for op in updates if op not in mine]
        if model == "read-your-writes":
            for one in (op for op in mine if read[op]):
                own = [op for op in mine if not read[op] and op.invoked < one.invoked]
                if not possible([*own, one], [op for op in updates if op not in own]):
                    return False
        else:
            effective = [op for op in others if known[op] or any(op is write for write, _ in shows)]
            if not possible([*mine, *effective], [op for op in others if op not in effective]):
                return False
    return True


WEAKER = [name for name in IMPLIES if name not in ("linearizable", "strong-eventual", "eventual")]


@given(st.integers(0, 2**32), st.integers(2, 6), st.sampled_from(WEAKER))
@settings(max_examples=300)
def test_a_small_history_is_judged_as_by_trying_every_order(seed, size, model):
    history = random_history(seed, size)
    verdict = consistent(history, "kv", model)
    assert verdict.outcome == ("holds" if by_trying(history, model) else "violated"), (list(history), verdict)


@example(seed=822, model="cas-register")  # a compare-and-set of unknown outcome shows what it found, too
@given(st.integers(0, 2**32), st.sampled_from(["kv", "set", "queue", "cas-register", "mutex"]))
@settings(max_examples=40)
def test_what_is_linearizable_keeps_to_every_model(seed, model):
    history = History(events_of(model, Random(seed), 14, clients=3, keys=2))
    assert linearizable(history, model)
    for name in [name for name in IMPLIES if "eventual" not in name]:
        assert consistent(history, model, name).outcome != "violated", name


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_the_table_never_contradicts_the_hierarchy(seed):
    history = random_history(seed, 8)
    outcome = {name: consistent(history, "kv", name).outcome for name in IMPLIES if "eventual" not in name}
    for stronger, implied in IMPLIES.items():
        assert not any(outcome.get(stronger) == "holds" and outcome[weaker] == "violated" for weaker in implied
                       if weaker in outcome)  # fmt: skip


def test_the_core_has_what_is_needed_to_see_the_violation_and_no_more():
    noise = " ".join(f"d:wz={n} e:rz={n}" for n in range(20))
    verdict = consistent(
        told(f"{noise} a:wx=1 b:rx=1 b:wy=2 {noise.replace('z', 'u')} c:ry=2 c:rx=nil"), "kv", "causal"
    )
    told_core = [str(op) for op in verdict.core]
    assert told_core == ["a: put(x, 1)", "b: get(x) -> 1", "b: put(y, 2)", "c: get(y) -> 2", "c: get(x) -> nil"]


def test_the_same_value_written_twice_leaves_causes_unknown():
    assert consistent(told("a:wx=1 b:wx=1 c:rx=1 c:wy=2"), "kv", "causal").outcome == "unknown"


def test_convergence_is_judged_at_the_end():
    assert consistent(told("a:wx=1 b:wx=2 a:rx=1 b:rx=2"), "kv", "eventual").outcome == "violated"
    assert consistent(told("a:wx=1 b:wx=2 a:rx=1 b:rx=2 a:rx=2"), "kv", "eventual").outcome == "holds"
    assert consistent(told("a:rx=nil a:wx=1"), "kv", "eventual").outcome == "unknown"
    assert "read 7, which nobody wrote" in consistent(told("a:wx=1 a:rx=7"), "kv", "eventual").why


def test_reads_of_the_same_appends_agree_on_their_order():
    lists = [
        {"process": 1, "type": "invoke", "f": "get", "key": "x"},
        {"process": 1, "type": "ok", "f": "get", "key": "x", "value": [1, 2]},
        {"process": 1, "type": "invoke", "f": "get", "key": "x"},
        {"process": 1, "type": "ok", "f": "get", "key": "x", "value": [2, 1]},
    ]
    assert consistent(lists, "kv", "strong-eventual").outcome == "violated"


def test_the_table_shows_itself():
    table = consistency(told("a:wx=1 b:rx=nil b:rx=1"), "kv")
    assert [line.split()[1] for line in repr(table).splitlines() if "lin" in line or "seq" in line] == [
        "violated",
        "holds",
    ]
    assert table["sequential"] and not table["linearizable"]
    assert "<details>" in table._repr_mimebundle_()["text/html"]


def test_an_unknown_model_is_refused():
    with pytest.raises(LabkitError, match="there is no consistency model 'casual'"):
        consistent(told("a:wx=1"), "kv", "casual")


def test_no_time_gives_no_guess():
    rng = Random(3)
    history = told(" ".join(f"{rng.choice('abcdef')}:{rng.choice('rw')}x={rng.randrange(3)}" for _ in range(300)))
    assert consistent(history, "kv", "sequential", time_limit=0).outcome != "holds"
