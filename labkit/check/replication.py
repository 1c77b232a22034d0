"""What a replicated log must keep to (Ongaro and Ousterhout 2014, Figure 3), and its state machine.

The nodes tell their `role`, `term`, `log` (a list of entries with a `term`), `commit_index` and `last_applied` as
public attributes; indexes count from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.check.invariants import Moment, Violation, always
from labkit.check.operation import show
from labkit.engine.trace import Event, Trace


def entry_in_words(entry: Any) -> str:
    """A log entry, as "put(x, 1) of term 3"."""
    if not isinstance(entry, dict):
        return repr(entry)
    command = entry.get("command")
    if isinstance(command, dict):
        fields = [show(v) for k, v in command.items() if k not in ("$", "serial") and v is not None]
        what = f"{str(command.get('$', 'command')).lower()}({', '.join(fields)})"
    else:
        what = "no-op" if command is None else show(command)
    return f"{what} of term {entry.get('term')}"


class _Logs:
    """The logs of all nodes, and a number for each different prefix of one: two prefixes are equal if their numbers
    are."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}
        self.logs: dict[str, list[Any]] = {}
        self.prefixes: dict[str, list[int]] = {}

    def update(self, node: str, log: list[Any]) -> int:
        """Take over a node's new log. Returns the first index (from 0) at which it is not what it was."""
        old, prefixes = self.logs.get(node, []), self.prefixes.get(node, [])
        same = len(old) if log[: len(old)] == old else 0
        while same < len(old) and same < len(log) and old[same] == log[same]:
            same += 1
        prefixes = prefixes[:same]
        for entry in log[same:]:
            key = (prefixes[-1] if prefixes else -1, repr(entry))
            prefixes.append(self._numbers.setdefault(key, len(self._numbers)))
        self.logs[node], self.prefixes[node] = log, prefixes
        return same


def _log_changes(trace: Trace, logs: _Logs) -> Iterator[tuple[Event, Moment, str, int]]:
    """Each state event of a node that has a log, with the first index (from 0) that it changed."""
    moment = Moment()
    for event in trace.select("state", "start", "crash"):
        moment.apply(event)
        node = str(event.node)
        if event.kind != "state" or not isinstance(moment.state[node].get("log"), list):
            continue
        changed = (
            logs.update(node, event.data["log"]) if isinstance(event.data.get("log"), list) else len(logs.logs[node])
        )
        yield event, moment, node, changed


def log_matching(trace: Trace) -> Violation | None:
    """Log Matching: if two logs contain an entry with the same index and term, then the logs are identical in all
    entries up through the given index (Figure 3)."""
    logs = _Logs()
    first: dict[tuple[int, Any], tuple[int, str]] = {}
    for _, moment, node, changed in _log_changes(trace, logs):
        for place in range(changed, len(logs.logs[node])):
            term = logs.logs[node][place]["term"]
            prefix, other = first.setdefault((place, term), (logs.prefixes[node][place], node))
            if prefix != logs.prefixes[node][place]:
                where = f"an entry of term {term} at index {place + 1}"
                what = f"{other} and {node} both have {where}, but their logs differ up to it"
                return Violation.at(moment, "Log Matching", what, other, node)
    return None


def leader_completeness(trace: Trace) -> Violation | None:
    """Leader Completeness: if a log entry is committed in a given term, then that entry will be present in the logs of
    the leaders for all higher-numbered terms (Figure 3)."""
    logs = _Logs()
    committed: dict[
        int, tuple[int, int, str, Any]
    ] = {}  # index: in which term at the latest, prefix, who says so, entry
    leaders: dict[int, tuple[str, list[int]]] = {}  # term: who, and its log when elected
    roles: dict[str, Any] = {}
    known: dict[str, int] = {}
    for event, moment, node, _ in _log_changes(trace, logs):
        state = moment.state[node]
        term, log, prefixes = state.get("term", 0), logs.logs[node], logs.prefixes[node]
        elected = state.get("role") == "leader" and roles.get(node) != ("leader", term)
        roles[node] = (state.get("role"), term)
        if elected:
            leaders.setdefault(term, (node, prefixes))
            for index, (since, prefix, who, entry) in sorted(committed.items()):
                if since < term and (len(prefixes) <= index or prefixes[index] != prefix):
                    return _incomplete(moment, node, term, index, who, since, entry)
        if "log" not in event.data and "commit_index" not in event.data:
            continue
        commit = min(state.get("commit_index", 0), len(log))
        start = known.get(node, 0) if known.get(node, 0) <= commit else 0
        for index in range(start, commit):
            since, prefix, _, _ = committed.setdefault(index, (term, prefixes[index], node, log[index]))
            if term < since or prefix != prefixes[index]:
                committed[index] = (min(term, since), prefixes[index], node, log[index])
            for later, (leader, held) in sorted(leaders.items()):
                if later > term and (len(held) <= index or held[index] != prefixes[index]):
                    return _incomplete(moment, leader, later, index, node, term, log[index])
        known[node] = commit
    return None


def _incomplete(moment: Moment, leader: str, term: int, index: int, who: str, since: int, entry: Any) -> Violation:
    what = (f"{who} committed index {index + 1} in term {since} ({entry_in_words(entry)}), "
            f"but {leader} was elected leader of term {term} without it")  # fmt: skip
    return Violation.at(moment, "Leader Completeness", what, who, leader)


def state_machine_safety(trace: Trace) -> Violation | None:
    """State Machine Safety: if a server has applied a log entry at a given index to its state machine, no other server
    will ever apply a different log entry for the same index (Figure 3)."""
    logs = _Logs()
    applied: dict[int, tuple[str, Any]] = {}
    reached: dict[str, int] = {}
    for _, moment, node, _ in _log_changes(trace, logs):
        last = moment.state[node].get("last_applied", 0)
        start = reached.get(node, 0) if last >= reached.get(node, 0) else 0
        for index in range(start, min(last, len(logs.logs[node]))):
            entry = logs.logs[node][index]
            first, other = applied.setdefault(index, (node, entry))
            if other != entry:
                what = (
                    f"at index {index + 1} {first} applied {entry_in_words(other)}, and {node} {entry_in_words(entry)}"
                )
                return Violation.at(moment, "State Machine Safety", what, first, node)
        reached[node] = last
    return None


def committed_entries_stay(trace: Trace) -> Violation | None:
    """A server never changes or forgets a log entry that it knows to be committed, also across crashes (section 5.3:
    committed entries are durable)."""
    logs = _Logs()
    sure: dict[str, list[int]] = {}
    for _, moment, node, changed in _log_changes(trace, logs):
        known, prefixes = sure.get(node, []), logs.prefixes[node]
        if changed < len(known) and prefixes[: len(known)] != known:
            place = next((i for i, p in enumerate(known) if len(prefixes) <= i or prefixes[i] != p), changed)
            what = f"{node} knew that index {place + 1} is committed, and then changed or dropped that entry"
            return Violation.at(moment, "Committed entries stay", what, node)
        commit = min(moment.state[node].get("commit_index", 0), len(prefixes))
        if commit > len(known):
            sure[node] = prefixes[:commit]
    return None


def at_most_once(trace: Trace) -> Violation | None:
    """No command takes effect twice, however often its client asked (Ongaro 2014, section 6.3): a list that a client
    reads holds each element as often as clients appended it, repeats under one serial number not counted."""
    asked: dict[Any, set[Any]] = {}

    def check(event: Event, moment: Moment) -> Violation | None:
        if event.kind == "invoke" and type(event.data).__name__ == "Append":
            serial = getattr(event.data, "serial", None)
            command = (event.node, event.id) if serial is None else (event.node, "serial", serial)
            asked.setdefault(event.data.value, set()).add(command)
        elif event.kind == "ok" and isinstance(getattr(event.data, "value", None), list):
            read = event.data.value
            for element in read:
                if read.count(element) > len(asked.get(element, ())):
                    times = f"{read.count(element)} times: {show(tuple(read))}"
                    what = f"{element!r} was appended once, but {event.node} reads it {times}"
                    return Violation.at(moment, "At most once", what, str(event.peer))
        return None

    return always(trace, check)
