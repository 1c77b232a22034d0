"""Isolation: every anomaly is found and named, serial executions pass, and a slow judge agrees."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit import LabkitError
from labkit.check import History, serializable
from labkit.check.transactions import LEVELS, rules_out


def step(word):
    """`ax1` appends 1 to x, `wx1` writes it, `rx1`, `rx12` and `rx-` read 1, [1, 2] and nothing."""
    f, key, value = word[0], word[1], word[2:]
    if f == "r":
        return ["r", key, None if value == "-" else value]
    return [{"a": "append", "w": "w"}[f], key, int(value)]


def told(text, lists=True):
    """A history from lines such as `A ax1 rx1`, all at once; `A! …` aborts, `A? …` has no answer, and `then` lets all
    before it end first."""
    events, open_now = [], []

    def end():
        events.extend(open_now)
        open_now.clear()

    for line in filter(None, map(str.strip, text.splitlines())):
        process, *words = line.split()
        if process == "then":
            end()
            continue
        steps = [step(word) for word in words]
        for part in steps:
            if part[0] == "r":
                digits = [int(digit) for digit in part[2] or ""]
                part[2] = digits if lists else digits[0] if digits else None
        asked = [[f, key, None if f == "r" else value] for f, key, value in steps]
        kind = {"!": "fail", "?": "info"}.get(process[-1], "ok")
        line = {"process": process[0], "f": "txn"}
        events.append({**line, "type": "invoke", "value": asked})
        open_now.append({**line, "type": kind, "value": steps if kind == "ok" else asked})
    end()
    return History(events)


# name: (history, anomaly, common name, strongest level that it leaves)
LISTS = {
    "write cycle": ("A ax1 ay1\nB ax2 ay2\nC rx12 ry21", "G0", "write cycle", None),
    "aborted read": ("A! ax1\nB rx1", "G1a", "aborted read", "read-uncommitted"),
    "intermediate read": ("A ax1 ax2\nB rx1\nC rx12", "G1b", "intermediate read", "read-uncommitted"),
    "circular information flow": ("A ax1 ry2\nB ay2 rx1", "G1c", "circular information flow", "read-uncommitted"),
    "read skew": ("A ax1 ay1\nB rx- ry1", "G-single", "read skew", "read-committed"),
    "lost update": ("A rx- ax1\nB rx- ax2\nC rx12", "G-single", "lost update", "read-committed"),
    "long fork": ("A ax1\nB ay1\nC rx1 ry-\nD rx- ry1", "G-nonadjacent", "long fork", "read-committed"),
    "write skew": ("A rx- ry- ax1\nB rx- ry- ay1", "G2-item", "write skew", "snapshot-isolation"),
    "internal": ("A ax1 rx-", "internal", "internal inconsistency", "read-committed"),
    "internal, read before": ("A rx- ax1 rx21\nB ax2", "internal", "internal inconsistency", "read-committed"),
    "duplicate elements": ("A ax1\nB rx11", "duplicate elements", "", None),
    "incompatible order": ("A ax1\nB ax2\nC rx12\nD rx21", "incompatible order", "", "read-uncommitted"),
    "dirty update": ("A! ax1\nB ax2\nC rx12", "dirty update", "", "read-uncommitted"),
    "dirty update through another": ("A! ax1\nB? ax2\nC ax3\nD rx123", "dirty update", "", "read-uncommitted"),
    "future read": ("A rx1 ax1", "future read", "", "read-uncommitted"),
    "read skew by a read of one's own": ("A ax1 ay1\nB ax2 ry-\nC rx12", "G-single", "read skew", "read-committed"),
    "long fork with two keys each": (
        "A ax1 at1\nB rx1 ry-\nC ay1 az2\nD rz2 rt-",
        "G-nonadjacent",
        "",
        "read-committed",
    ),
    "circle through a process": (
        "A rx1 ay1\nB ry1\nthen\nB ax1",
        "G1c-process",
        "",
        "serializable",
    ),
    "two writers of a key that overlap": ("A rz- ax1\nB rx- az2 ax3", "no snapshots", "", "read-committed"),
}
REGISTERS = {
    "aborted read": ("A! wx1\nB rx1", "G1a", "aborted read", "read-uncommitted"),
    "intermediate read": ("A wx1 wx2\nB rx1", "G1b", "intermediate read", "read-uncommitted"),
    "circular information flow": ("A wx1 ry2\nB wy2 rx1", "G1c", "circular information flow", "read-uncommitted"),
    "read skew": ("A wx1 wy1\nB rx- ry1", "G-single", "read skew", "read-committed"),
    "lost update": ("A wx1\nB rx1 wx2\nC rx1 wx3", "lost update", "", "read-committed"),
    "long fork": ("A wx1\nB wy1\nC rx1 ry-\nD rx- ry1", "G-nonadjacent", "long fork", "read-committed"),
    "write skew": ("A rx- ry- wx1\nB rx- ry- wy1", "G2-item", "write skew", "snapshot-isolation"),
    "internal": ("A wx1 rx-", "internal", "internal inconsistency", "read-committed"),
    "cyclic versions": ("A rx1 wx2\nB rx2 wx1", "cyclic versions", "", None),
    "garbage read": ("A rx7", "garbage read", "", None),
    "future read": ("A rx1 wx1", "future read", "", "read-uncommitted"),
    "half of one and half of the other": (
        "A wx1 wy1\nB wx2 wy2\nC rx1 ry2",
        "no snapshots",
        "",
        "read-committed",
    ),
    "stale read": ("A wx1\nthen\nB rx-", "G-single-realtime", "", "strong-session-serializable"),
}


def check_planted(text, name, known_as, left, lists):
    verdict = serializable(told(text, lists), "list-append" if lists else "rw-register")
    assert (name, known_as) in {(anomaly.name, anomaly.known_as) for anomaly in verdict.anomalies}, verdict
    found = next(anomaly for anomaly in verdict.anomalies if (anomaly.name, anomaly.known_as) == (name, known_as))
    for one, next_one in zip(found.steps, (*found.steps[1:], *found.steps[:1]), strict=True):
        assert one.target == next_one.source
    levels = list(LEVELS)
    held = levels[: levels.index(left) + 1] if left else []
    assert [level for level, outcome in verdict.levels.items() if outcome != "violated"] == held, verdict
    for level, outcome in verdict.levels.items():
        assert (outcome == "violated") is (level not in held)


@pytest.mark.parametrize("name", LISTS)
def test_each_anomaly_of_lists_is_named(name):
    check_planted(*LISTS[name], lists=True)


@pytest.mark.parametrize("name", REGISTERS)
def test_each_anomaly_of_registers_is_named(name):
    check_planted(*REGISTERS[name], lists=False)


def test_a_cycle_is_told_step_by_step():
    verdict = serializable(told("A rx- ry- ax1\nB rx- ry- ay2"))
    (anomaly,) = verdict.anomalies
    assert anomaly.transactions == ("T1", "T2")
    assert [step.words for step in anomaly.steps] == [
        "T1 read y = [], without the 2 that T2 appended",
        "T2 read x = [], without the 1 that T1 appended",
    ]
    assert [(step.kind, step.key) for step in anomaly.steps] == [("rw", "y"), ("rw", "x")]
    assert "T2 = process B: r(x)=[] r(y)=[] append(y, 2)" in repr(verdict)
    assert verdict.document()["anomalies"][0]["rules_out"] == list(LEVELS)[3:]
    assert "data:image/svg+xml" in verdict._repr_mimebundle_()["text/html"]


def test_the_cycle_shown_is_as_short_as_can_be():
    longer = "A rx- ay1\nB ry1 az1\nC rz1 ax1"  # A before C by x, and A before B before C
    verdict = serializable(told(f"{longer}\nD rx- ry1 rw- au1\nE rx1 rw- ru- aw1"))
    assert min(len(anomaly.steps) for anomaly in verdict.anomalies) == 2


def test_an_unknown_transaction_that_was_seen_took_effect_and_another_may_not_have():
    assert serializable(told("A? ax1\nB rx1\nC rx1"))
    assert serializable(told("A? ax1\nB rx-\nthen\nC rx-"), consistency="strict-serializable")
    assert serializable(told("A? ax1\nB rx1\nthen\nC rx-"), consistency="strict-serializable").outcome == "violated"


def test_a_committed_append_that_nobody_sees_is_missed():
    verdict = serializable(told("A ax1\nthen\nB ax2\nthen\nC rx1"), consistency="strict-serializable")
    assert verdict.outcome == "violated"
    assert serializable(told("A ax1\nthen\nB ax2\nthen\nC rx1"))


def test_linearizable_keys_tell_more_of_the_versions_of_a_register():
    history = told("A wx1\nthen\nB wx2\nthen\nC rx1", lists=False)
    assert serializable(history).outcome == "holds"
    assert serializable(history, linearizable_keys=True).levels["strict-serializable"] == "violated"


def test_what_is_no_history_of_transactions_is_refused():
    with pytest.raises(LabkitError, match="T1 and T2 both write 1 to x"):
        serializable(told("A ax1\nB ax1"))
    with pytest.raises(LabkitError, match="is no transaction"):
        serializable([{"process": 1, "type": "invoke", "f": "read"}])
    with pytest.raises(LabkitError, match="'w' is no part of a list-append history"):
        serializable(told("A wx1"), "list-append")
    with pytest.raises(LabkitError, match="there is no level 'serialisable'"):
        serializable(told("A ax1"), consistency="serialisable")


def random_history(rng, size, lists=True, clients=4, keys="xy", spoil=0, lost=0.1):
    """Transactions that take effect one after the other, somewhere between their request and their answer; of which
    then `spoil` reads are changed."""
    state = {key: [] for key in keys}
    value, events, waiting = 0, [], {}
    while size or waiting:
        process = rng.randrange(clients)
        if process not in waiting and size:
            size -= 1
            steps = []
            for _ in range(rng.randint(1, 3)):
                value += 1
                f = rng.choice(["r", "append" if lists else "w"])
                steps.append([f, rng.choice(keys), None if f == "r" else value])
            events.append({"process": process, "type": "invoke", "f": "txn", "value": [list(s) for s in steps]})
            waiting[process] = [steps, rng.choice(["ok"] * 8 + ["info", "fail"]) if lost else "ok", False]
        elif process in waiting:
            steps, kind, done = waiting[process]
            if not done and kind != "fail" and (kind == "ok" or rng.random() < 0.5):
                for part in steps:
                    if part[0] == "r":
                        seen = state[part[1]]
                        part[2] = list(seen) if lists else seen[-1] if seen else None
                    else:
                        state[part[1]].append(part[2])
                waiting[process][2] = True
            else:
                del waiting[process]
                events.append({"process": process, "type": kind, "f": "txn", "value": steps if kind == "ok" else None})
    answers = [event for event in events if event["type"] == "ok"]
    reads = [part for event in answers for part in event["value"] if part[0] == "r"]
    for part in rng.sample(reads, min(spoil, len(reads))):
        if lists:
            part[2] = part[2][:-1] if rng.random() < 0.7 else list(state[part[1]])
        else:
            part[2] = rng.choice([None, *state[part[1]]])
    return History(events)


@given(st.integers(0, 2**32), st.integers(1, 40), st.booleans())
@settings(max_examples=100)
def test_serial_executions_pass_every_level(seed, size, lists):
    history = random_history(Random(seed), size, lists)
    verdict = serializable(history, "list-append" if lists else "rw-register")
    assert set(verdict.levels.values()) == {"holds"} and not verdict.anomalies, verdict
    assert replays(verdict, lists)


def replays(verdict, lists):
    """Whether the order given explains every read."""
    state = {}
    for name in verdict.order:
        op = verdict.transactions[name]
        for f, key, value in op.result if op.type == "ok" else op.value:
            if f != "r":
                state[key] = (*state.get(key, ()), value)
            elif op.type == "ok":
                now = state.get(key, ())
                if (value or ()) != now if lists else value != (now[-1] if now else None):
                    return False
    return True


def by_trying(history, lists, realtime):
    """Every order of the transactions; those without an answer may be left out."""
    ops = [op for op in history if op.type == "ok"] + [op for op in history if op.type == "info"]
    known = sum(op.type == "ok" for op in ops)
    for spare in range(1 << (len(ops) - known)):
        some = ops[:known] + [op for n, op in enumerate(ops[known:]) if spare >> n & 1]
        for order in permutations(some):
            state, right = {}, True
            for n, op in enumerate(order):
                if realtime and any(x.completed is not None and x.completed < op.invoked for x in order[n + 1 :]):
                    right = False
                for f, key, value in op.result if op.type == "ok" else op.value:
                    now = state.get(key, ())
                    if f != "r":
                        state[key] = (*now, value)
                    elif op.type == "ok" and ((value or ()) != now if lists else value != (now[-1] if now else None)):
                        right = False
                if not right:
                    break
            if right:
                return True
    return False


def by_trying_snapshots(history, lists):
    """Every execution on snapshots; the transactions without an answer may be left out."""
    ops = [op for op in history if op.type == "ok"] + [op for op in history if op.type == "info"]
    known = sum(op.type == "ok" for op in ops)
    return any(
        snapshots_explain(ops[:known] + [op for n, op in enumerate(ops[known:]) if spare >> n & 1], lists)
        for spare in range(1 << (len(ops) - known))
    )


def snapshots_explain(ops, lists):
    steps = [op.result if op.type == "ok" else op.value for op in ops]
    writes = [{key for f, key, _ in part if f != "r"} for part in steps]
    seen = set()

    def explains(snapshot, n):
        mine = dict(snapshot)
        for f, key, value in steps[n]:
            now = mine.get(key, ())
            if f != "r":
                mine[key] = (*now, value)
            elif ops[n].type == "ok" and ((value or ()) != now if lists else value != (now[-1] if now else None)):
                return False
        return True

    def go_on(running, done, state):
        if len(done) == len(ops):
            return True
        if (running, done, state) in seen:
            return False
        seen.add((running, done, state))
        for n in range(len(ops)):
            snapshot = next((kept for m, kept in running if m == n), None)
            if n not in done and snapshot is None and explains(state, n):
                if go_on(running | {(n, state)}, done, state):
                    return True
            elif snapshot is not None and all(dict(state).get(k) == dict(snapshot).get(k) for k in writes[n]):
                new = dict(state)
                for f, key, value in steps[n]:
                    if f != "r":
                        new[key] = (*new.get(key, ()), value)
                if go_on(running - {(n, snapshot)}, done | {n}, tuple(sorted(new.items()))):
                    return True
        return False

    return go_on(frozenset(), frozenset(), ())


@given(st.integers(0, 2**32), st.integers(2, 5), st.booleans(), st.integers(1, 3), st.sampled_from(["xy", "xyz"]))
@example(12, 4, True, 1, "xyz")
@settings(max_examples=400)
def test_small_histories_are_judged_as_by_trying_every_execution(seed, size, lists, spoil, keys):
    history = random_history(Random(seed), size, lists, keys=keys, spoil=spoil)
    verdict = serializable(history, "list-append" if lists else "rw-register")
    expected = {
        "serializable": by_trying(history, lists, False),
        "strict-serializable": by_trying(history, lists, True),
        "snapshot-isolation": by_trying_snapshots(history, lists),
    }
    for level, holds in expected.items():
        assert verdict.levels[level] == ("holds" if holds else "violated"), (level, verdict, list(map(str, history)))


def test_a_write_skew_of_registers_keeps_to_snapshot_isolation():
    verdict = serializable(told("A rx- ry- wx1\nB rx- ry- wy1", lists=False), consistency="snapshot-isolation")
    assert verdict.outcome == "holds" and verdict.levels["serializable"] == "violated"


def test_what_rules_out_what_goes_from_the_weakest_level_up():
    assert rules_out("G0") == list(LEVELS)
    assert rules_out("G2-item") == ["serializable", "strong-session-serializable", "strict-serializable"]
    assert rules_out("G0-realtime") == ["strict-serializable"]
