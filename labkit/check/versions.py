"""What transactions wrote, which of their writes was read by whom, and in which order the versions of a key came.

Two workloads tell enough (Kingsbury and Alvaro, "Elle", VLDB 2020): with *list-append* each read of a key shows the
order of all appends before it; with *rw-register* only a part of the order is known: the initial version (null) comes
first, and within a transaction what was read comes before what is then written. Each value is written to a key once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from labkit.check.operation import Op, show
from labkit.errors import LabkitError

NOBODY = -1  # the writer of the initial version


@dataclass(frozen=True)
class Step:
    """One edge of an anomaly: `source` comes before `target`, because of `kind` ("ww", "wr", "rw", "process" or
    "realtime")."""

    source: str
    target: str
    kind: str
    words: str
    key: Any = None


@dataclass(frozen=True)
class Anomaly:
    """What no history of a consistency model shows.

    name: Adya's (1999) where it has one, such as "G-single"; known_as: its common name, such as "lost update";
    transactions: those concerned, by name; words: what happened; steps: the edges of its cycle, if it is one.
    """

    name: str
    known_as: str
    transactions: tuple[str, ...]
    words: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        alias = f" ({self.known_as})" if self.known_as else ""
        lines = [f"{self.name}{alias}: {self.words}", *(f"  {n}. {step.words}" for n, step in enumerate(self.steps, 1))]
        return "\n".join(lines)


@dataclass(eq=False)
class Txn:
    """One transaction: `name` such as "T3", in order of invocation; `committed` is None while nobody knows."""

    number: int
    op: Op
    committed: bool | None
    steps: list[tuple[str, Any, Any]]

    @property
    def name(self) -> str:
        return f"T{self.number}"

    def writes(self) -> Iterator[tuple[Any, Any]]:
        """Each (key, value) written, in order."""
        return ((key, value) for f, key, value in self.steps if f != "r")

    def __str__(self) -> str:
        return f"{self.name} (process {self.op.process}): {self.op.call}"


@dataclass
class Facts:
    """What is known of a history of transactions.

    writer: who wrote each (key, value). reads: what each transaction read that it had not itself written, as (reader,
    key, version), where a version is the value last written. after: for each key, the versions known to follow each
    version directly. anomalies: what can be told without a cycle. complete: whether the order of the versions is known.
    """

    txns: list[Txn]
    writer: dict[tuple[Any, Any], Txn] = field(default_factory=dict)
    reads: list[tuple[Txn, Any, Any]] = field(default_factory=list)
    after: dict[Any, dict[Any, list[Any]]] = field(default_factory=dict)
    anomalies: list[Anomaly] = field(default_factory=list)
    lists: dict[tuple[int, Any, Any], tuple[Any, ...]] = field(default_factory=dict)
    complete: bool = True

    def took_effect(self) -> set[int]:
        """The numbers of the transactions that committed, or of which somebody saw a write."""
        shown = {(key, value) for (_, key, _), whole in self.lists.items() for value in whole}
        shown |= {(key, version) for _, key, version in self.reads}
        seen = {self.writer[write].number for write in shown if write in self.writer}
        return {txn.number for txn in self.txns if txn.committed or (txn.committed is None and txn.number in seen)}

    def report(self, name: str, known_as: str, words: str, *txns: Txn) -> None:
        names = tuple(dict.fromkeys(txn.name for txn in txns))
        if not any(a.name == name and a.transactions == names for a in self.anomalies):
            self.anomalies.append(Anomaly(name, known_as, names, words))


def transactions_of(operations: Iterable[Op]) -> list[Txn]:
    """Number the transactions. Raises LabkitError for an operation that is none."""
    txns = []
    for number, op in enumerate(operations, 1):
        if op.f != "txn":
            raise LabkitError(f'{op} is no transaction: its "f" is {op.f!r}, not "txn"')
        done = op.result if op.type == "ok" and isinstance(op.result, tuple) else op.value
        steps = [(f, key, value) for f, key, value in done or ()]
        asked = [(f, key, None if f == "r" else value) for f, key, value in op.value or ()]
        if asked and [(f, key, None if f == "r" else value) for f, key, value in steps] != asked:
            raise LabkitError(f"{op}: the answer is not to the transaction that was asked for ({show(op.value)})")
        txns.append(Txn(number, op, {"ok": True, "fail": False, "info": None}[op.type], steps))
    return txns


def gather(operations: Iterable[Op], model: str, linearizable_keys: bool = False) -> Facts:
    """The facts of a list-append or rw-register history. Raises LabkitError if it is neither."""
    facts = Facts(transactions_of(operations))
    lists = model == "list-append"
    for txn in facts.txns:
        for f, key, value in txn.steps:
            if f == ("w" if lists else "append"):
                raise LabkitError(f"{txn}: {f!r} is no part of a {model} history")
            if f == "r":
                continue
            if value is None:
                raise LabkitError(f"{txn} writes null to {show(key)}, which is what a key holds at first; write others")
            other = facts.writer.setdefault((key, value), txn)
            if other is not txn or list(txn.writes()).count((key, value)) > 1:
                raise LabkitError(
                    f"{other.name} and {txn.name} both write {show(value)} to {show(key)}: the order can be told only "
                    "if each value is written to a key once"
                )
    for txn in facts.txns:
        if txn.committed:
            (_internal_lists if lists else _internal_registers)(txn, facts)
    (_order_lists if lists else _order_registers)(facts)
    if not lists and linearizable_keys:
        _order_by_time(facts)
    _read_anomalies(facts)
    _lost_updates(facts)
    return facts


def _internal_lists(txn: Txn, facts: Facts) -> None:
    """Reads against what the transaction itself did before; and what it read of others."""
    known: dict[Any, tuple[Any, ...]] = {}
    own: dict[Any, tuple[Any, ...]] = {}
    for f, key, value in txn.steps:
        if f == "append":
            own[key] = (*own.get(key, ()), value)
            if key in known:
                known[key] = (*known[key], value)
            continue
        got = () if value is None else value
        if not isinstance(got, tuple):
            raise LabkitError(f"{txn} read {show(value)}: in a list-append history a read gives a list")
        mine = own.get(key, ())
        if (key in known and got != known[key]) or got[len(got) - len(mine) :] != mine:
            wanted = f"{show(known[key])}" if key in known else f"a list that ends in {show(mine)}"
            words = f"{txn.name} read {show(key)} = {show(got)}, but its own steps before made it {wanted}"
            facts.report("internal", "internal inconsistency", words, txn)
            mine = ()
        known[key] = got
        if len(set(got)) < len(got):
            twice = next(item for item in got if got.count(item) > 1)
            words = f"{txn.name} read {show(key)} = {show(got)}, with {show(twice)} in it more than once"
            facts.report("duplicate elements", "", words, txn)
            continue
        theirs = got[: len(got) - len(mine)]
        if early := [item for item in theirs if facts.writer.get((key, item)) is txn]:
            if early[0] not in own.get(key, ()):
                words = (
                    f"{txn.name} read {show(key)} = {show(got)}, with its own {show(early[0])} before it appended that"
                )
                facts.report("future read", "", words, txn)
            else:
                words = f"{txn.name} read {show(key)} = {show(got)}, with its own {show(early[0])} in a wrong place"
                facts.report("internal", "internal inconsistency", words, txn)
            continue
        version = theirs[-1] if theirs else None
        facts.lists[txn.number, key, version] = theirs
        if (txn, key, version) not in facts.reads[-8:]:
            facts.reads.append((txn, key, version))


def _internal_registers(txn: Txn, facts: Facts) -> None:
    now: dict[Any, Any] = {}
    own: set[Any] = set()
    for f, key, value in txn.steps:
        if f == "w":
            now[key] = value
            own.add(key)
            continue
        if key in now and now[key] != value:
            words = f"{txn.name} read {show(key)} = {show(value)}, but its own steps before made it {show(now[key])}"
            facts.report("internal", "internal inconsistency", words, txn)
        elif key not in own and facts.writer.get((key, value)) is txn:
            words = f"{txn.name} read {show(key)} = {show(value)} before it wrote that"
            facts.report("future read", "", words, txn)
        elif key not in own and key not in now:
            facts.reads.append((txn, key, value))
        now.setdefault(key, value)


def _order_lists(facts: Facts) -> None:
    """The longest list of each key is the order of its versions; the others have to be its beginnings."""
    longest: dict[Any, tuple[tuple[Any, ...], Txn]] = {}
    seen: dict[Any, list[tuple[tuple[Any, ...], Txn]]] = {}
    torn: set[Any] = set()  # keys whose reads agree on no order
    for txn in facts.txns:
        for f, key, value in txn.steps if txn.committed else ():
            if f == "r" and len(set(value or ())) == len(value or ()):
                seen.setdefault(key, []).append((value or (), txn))
                if key not in longest or len(value or ()) > len(longest[key][0]):
                    longest[key] = (value or (), txn)
    for key, (order, by) in longest.items():
        for value, txn in seen[key]:
            if order[: len(value)] != value:
                words = f"{by.name} read {show(key)} = {show(order)}, and {txn.name} read {show(value)}: "
                facts.report("incompatible order", "", f"{words}neither begins with the other", by, txn)
                torn.add(key)
    committed: dict[Any, list[Any]] = {}
    effective = facts.took_effect()
    for (key, value), txn in facts.writer.items():
        if txn.number in effective and value not in longest.get(key, ((), None))[0]:
            committed.setdefault(key, []).append(value)
    for key in dict.fromkeys([*longest, *committed]):
        if key in torn:
            continue
        order = longest[key][0] if key in longest else ()
        chain: list[Any] = [None, *order]
        follows: dict[Any, list[Any]] = {a: [b] for a, b in itertools.pairwise(chain)}
        follows.setdefault(chain[-1], []).extend(committed.get(key, ()))  # committed, and not in the longest read
        facts.after[key] = follows
        _dirty_updates(facts, key, order)


def _dirty_updates(facts: Facts, key: Any, order: tuple[Any, ...]) -> None:
    """Appends that were committed after one that was not, perhaps with unknown ones between."""
    dirty: tuple[Txn, Any] | None = None
    for value in order:
        writer = facts.writer.get((key, value))
        if writer and writer.committed is False:
            dirty = (writer, value)
        elif writer and writer.committed:
            if dirty:
                words = f"{writer.name} appended {show(value)} to {show(key)} after {show(dirty[1])}"
                facts.report(
                    "dirty update", "", f"{words}, which {dirty[0].name} wrote and then aborted", dirty[0], writer
                )
            dirty = None


def _order_registers(facts: Facts) -> None:
    """null comes first; and what a transaction read, or wrote, comes before what it then writes."""
    effective = facts.took_effect()
    facts.complete = False
    for (key, value), txn in facts.writer.items():
        if txn.number in effective:
            _precedes(facts, key, None, value)
    for txn in facts.txns:
        now: dict[Any, Any] = {}
        for f, key, value in txn.steps if txn.committed is not False else ():
            if f == "w":
                if key in now and now[key] is not None:
                    _precedes(facts, key, now[key], value)
                now[key] = value
            elif txn.committed:
                now[key] = value
    for key, follows in facts.after.items():
        graph = nx.DiGraph(((a,), (b,)) for a, later in follows.items() for b in later)  # null can be no node
        if not nx.is_directed_acyclic_graph(graph):
            cycle = [a for (a,), _ in nx.find_cycle(graph)]
            words = f"the versions of {show(key)} have no order: {' < '.join(show(v) for v in [*cycle, cycle[0]])}"
            facts.report("cyclic versions", "", words, *(facts.writer[key, v] for v in cycle if v is not None))
            facts.after[key] = {}


def _order_by_time(facts: Facts) -> None:
    """If each key is linearizable, a version written before another transaction began is older than what that wrote."""
    by_key: dict[Any, list[tuple[Txn, Any]]] = {}
    for (key, value), txn in facts.writer.items():
        if txn.committed:
            by_key.setdefault(key, []).append((txn, value))
    for key, writes in by_key.items():
        for first, old in writes:
            for second, new in writes:
                if first is not second and first.op.completed is not None and first.op.completed < second.op.invoked:
                    _precedes(facts, key, old, new)


def _precedes(facts: Facts, key: Any, old: Any, new: Any) -> None:
    later = facts.after.setdefault(key, {}).setdefault(old, [])
    if new not in later and new != old:
        later.append(new)


def _read_anomalies(facts: Facts) -> None:
    """G1a, G1b, and reads of what nobody wrote."""
    last = {(txn.number, key): value for txn in facts.txns for key, value in txn.writes()}
    for reader, key, version in facts.reads:
        whole = facts.lists.get((reader.number, key, version))
        shown = show(whole if whole is not None else version)
        for value in whole if whole is not None else [version]:
            writer = facts.writer.get((key, value))
            if value is None:
                continue
            if writer is None:
                words = f"{reader.name} read {show(key)} = {shown}, but nobody wrote {show(value)}"
                facts.report("garbage read", "", words, reader)
            elif writer.committed is False:
                words = f"{reader.name} read {show(key)} = {shown}, though {writer.name}, which wrote {show(value)}, "
                facts.report("G1a", "aborted read", f"{words}aborted", writer, reader)
        writer = facts.writer.get((key, version))
        if writer and writer is not reader and last[writer.number, key] != version:
            words = f"{reader.name} read {show(key)} = {shown}, but {writer.name} went on to write "
            words += f"{show(last[writer.number, key])}"
            facts.report("G1b", "intermediate read", words, writer, reader)


def _lost_updates(facts: Facts) -> None:
    """Two transactions that read the same version of a key, and both wrote the key."""
    first: dict[tuple[Any, Any], Txn] = {}
    for txn, key, version in facts.reads:
        if not txn.committed or not any(written == key for written, _ in txn.writes()):
            continue
        other = first.setdefault((key, version), txn)
        if other is not txn:
            whole = facts.lists.get((txn.number, key, version), version)
            words = f"{other.name} and {txn.name} both read {show(key)} = {show(whole)}, and both wrote {show(key)}"
            facts.report("lost update", "", words, other, txn)
