"""Logs, as Kafka keeps them: each offset of a key has one message, and clients read them in order, without holes.

The anomalies are those that Maelstrom publishes for its kafka workload, after Jepsen's checker for Kafka and Redpanda:

| anomaly | what happened |
|---|---|
| inconsistent-offset | one offset of a key had two messages |
| duplicate | one message was at two offsets |
| lost-write | a message is known to be at an offset, a later one was polled, but it itself never was |
| unseen | an acknowledged message was never polled, not even after recovery |
| aborted-read | a message was polled whose send had definitely failed |
| nonmonotonic-poll, -send | the offsets that a client polled (or sent to) did not rise |
| poll-skip | a client's offsets went past one that is known to exist |

The last two are called internal if they happen in a single poll. They are not looked for across an assign, which moves
a client on purpose.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import zip_longest
from typing import Any

from labkit.maelstrom.history import Event, Operation, operations
from labkit.maelstrom.protocol import canonical, shortened
from labkit.maelstrom.verdict import Verdict, count, listed

Findings = dict[str, list[str]]


class _Log:
    """What is known of one key."""

    def __init__(self) -> None:
        self.messages: dict[int, dict[str, str]] = defaultdict(dict)  # offset -> message -> who says so
        self.offsets: dict[str, set[int]] = defaultdict(set)  # message -> offsets
        self.acknowledged: dict[int, Operation] = {}
        self.polled: set[int] = set()
        self.failed: dict[str, Operation] = {}  # message -> its send
        self.known: list[int] = []  # all offsets, sorted

    def note(self, offset: int, message: str, who: str) -> None:
        self.messages[offset].setdefault(message, who)
        self.offsets[message].add(offset)


def check_logs(history: list[Event]) -> Verdict:
    """The verdict on a history of assign, send, poll and crash operations."""
    everything = operations(history)
    logs = _read(everything)
    found: Findings = defaultdict(list)
    for key, log in logs.items():
        _check_log(key, log, found)
    finals = [op for op in everything if op.f == "poll" and op.start.get("final") and op.type == "ok"]
    if finals:
        _check_unseen(logs, found)
    by_process: dict[Any, list[Operation]] = defaultdict(list)
    for op in everything:
        by_process[op.start["process"]].append(op)
    for ops in by_process.values():
        _check_process(ops, logs, found)
    sent = sum(len(log.acknowledged) for log in logs.values())
    polled = sum(len(log.polled) for log in logs.values())
    details = {
        "acknowledged": sent,
        "polled": polled,
        "keys": len(logs),
        "anomalies": {name: len(texts) for name, texts in found.items()},
    }
    if found:
        counts = listed(f"{name} ({len(texts)})" for name, texts in found.items())
        turns = zip_longest(*([f"{name}: {text}" for text in texts] for name, texts in found.items()))
        findings = [text for turn in turns for text in turn if text is not None]  # one of each kind first
        return Verdict(False, f"The logs misbehaved: {counts}.", findings, details)
    if not sent:
        return Verdict(None, "No send was acknowledged, so nothing can be said.", [], details)
    if not finals:
        return Verdict(None, "No poll after recovery succeeded, so lost messages cannot be told.", [], details)
    what = count(sent, "acknowledged message")
    return Verdict(True, f"All {what} were polled, in order and without holes.", [], details)


def _read(everything: list[Operation]) -> dict[str, _Log]:
    logs: dict[str, _Log] = defaultdict(_Log)
    for op in everything:
        node = op.start.get("node")
        if op.f == "send":
            log = logs[op.start["key"]]
            if op.type == "ok":
                offset, message = op.value
                log.note(offset, canonical(message), f"{node} acknowledged it")
                log.acknowledged.setdefault(offset, op)
            elif op.type == "fail":
                log.failed[canonical(op.start["value"])] = op
        elif op.f == "poll" and op.type == "ok":
            for key, pairs in op.value.items():
                for offset, message in pairs:
                    logs[key].note(offset, canonical(message), f"{node} returned it")
                    logs[key].polled.add(offset)
    for log in logs.values():
        log.known = sorted(log.messages)
    return logs


def _check_log(key: str, log: _Log, found: Findings) -> None:
    for offset in log.known:
        messages = log.messages[offset]
        if len(messages) > 1:
            said = listed(f"{shortened(message, 80)} ({who})" for message, who in messages.items())
            found["inconsistent-offset"].append(f"offset {offset} of key {key} has {len(messages)} messages: {said}")
    for message, offsets in log.offsets.items():
        if len(offsets) > 1:
            places = listed(sorted(offsets))
            found["duplicate"].append(f"message {shortened(message, 80)} of key {key} is at offsets {places}")
        if message in log.failed and offsets & log.polled:
            why = (log.failed[message].end or {}).get("error")
            found["aborted-read"].append(
                f"message {shortened(message, 80)} of key {key} was polled, but its send failed: {why}"
            )
    last = max(log.polled, default=-1)
    for offset, op in log.acknowledged.items():
        if offset not in log.polled and offset < last:
            found["lost-write"].append(
                f"{op.start['node']} acknowledged message {canonical(op.start['value'])} of key {key} at offset "
                f"{offset}; offset {last} was polled, but {offset} never"
            )


def _check_unseen(logs: dict[str, _Log], found: Findings) -> None:
    for key, log in logs.items():
        last = max(log.polled, default=-1)
        unseen = sorted(offset for offset in log.acknowledged if offset not in log.polled and offset > last)
        if unseen:
            found["unseen"].append(
                f"key {key}: {count(len(unseen), 'acknowledged message')} never came up in a poll, not even after "
                f"recovery (offsets {listed(unseen)})"
            )


def _check_process(ops: list[Operation], logs: dict[str, _Log], found: Findings) -> None:
    """The offsets that one client saw, one operation after the other."""
    polled: dict[str, int] = {}  # the last offset
    sent: dict[str, int] = {}
    for op in ops:
        if op.f == "assign":
            polled, sent = {}, {}
        elif op.f == "send" and op.type == "ok":
            key, offset = op.start["key"], op.value[0]
            if offset <= sent.get(key, -1):
                found["nonmonotonic-send"].append(
                    f"process {op.start['process']} sent to key {key} of {op.start['node']} and got offset {offset}, "
                    f"after offset {sent[key]} before"
                )
            sent[key] = offset
        elif op.f == "poll" and op.type == "ok":
            for key, pairs in op.value.items():
                for place, (offset, _) in enumerate(pairs):
                    _check_step(op, key, polled.get(key), offset, "" if place == 0 else "internal ", logs[key], found)
                    polled[key] = offset


def _check_step(op: Operation, key: str, before: int | None, offset: int, how: str, log: _Log, found: Findings) -> None:
    if before is None:
        return
    where = f"process {op.start['process']} polled key {key} of {op.start['node']}"
    if offset <= before:
        found[f"{how}nonmonotonic-poll"].append(f"{where}: offset {offset} came after offset {before}")
        return
    skipped = log.known[bisect_right(log.known, before) : bisect_left(log.known, offset)]
    if skipped:
        found[f"{how}poll-skip"].append(f"{where}: offset {offset} came after {before}; {listed(skipped)} exist")
