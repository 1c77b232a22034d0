"""Sets that only grow, and broadcasts: nothing that was acknowledged or seen may be lost.

An element is *known* from the moment when its addition was acknowledged, or a read has seen it. It is *lost* if a read
that began later misses it, and no read that began after that one sees it again; or if the last read of some node, after
recovery, misses it. It is *stable* from the moment after which every read sees it; how long after it became known is
its stable latency. After Jepsen's set-full checker, as Maelstrom describes its broadcast workload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labkit.maelstrom.figures import percentiles
from labkit.maelstrom.history import Event, Operation, operations
from labkit.maelstrom.protocol import canonical
from labkit.maelstrom.verdict import Verdict, count, listed


@dataclass
class Element:
    """What is known of one element. Places are positions in the history, -1 for never."""

    name: str
    asked: Operation
    known: int = -1
    known_at: float = 0.0
    present: Operation | None = None  # the last read that saw it
    absent: Operation | None = None  # the last read that missed it
    unseen_by: list[str] = field(default_factory=list)  # nodes whose read after recovery misses it

    @property
    def lost(self) -> bool:
        if self.known < 0:
            return False
        if self.absent is None or _start(self.absent) < self.known:
            return bool(self.unseen_by)
        return _start(self.present) < _start(self.absent) or bool(self.unseen_by)

    @property
    def stable(self) -> bool:
        return not self.lost and self.present is not None and _start(self.absent) < _start(self.present)

    @property
    def latency(self) -> float:
        """Seconds from known to stable."""
        return max(0.0, self.absent.start["time"] - self.known_at) if self.absent is not None else 0.0


def _start(operation: Operation | None) -> int:
    return -1 if operation is None else operation.start["index"]


def check_set(history: list[Event], *, add: str, noun: str) -> Verdict:
    """The verdict on a history of `add` and `read` operations, whose reads return lists of elements."""
    everything = operations(history)
    elements = {canonical(op.value): Element(canonical(op.value), op) for op in everything if op.f == add}
    reads = [op for op in everything if op.f == "read" and op.type == "ok"]
    seen = [(read, [str(item) if type(item) is int else canonical(item) for item in read.value]) for read in reads]
    findings = _nonsense(seen, elements, noun)
    nonsense = bool(findings)
    _follow(elements, [(read, frozenset(items)) for read, items in seen])
    acknowledged = [element for element in elements.values() if element.asked.type == "ok"]
    lost = [element for element in elements.values() if element.lost]
    stable = [element for element in elements.values() if element.stable]
    findings += [_how_lost(element, noun) for element in lost]
    details = {
        "attempted": len(elements),
        "acknowledged": len(acknowledged),
        "stable": len(stable),
        "lost": [element.name for element in lost],
        "never_read": sum(element.present is None for element in elements.values()),
        "stable_latency": percentiles([element.latency for element in stable]),
    }
    if findings:
        summary = f"{count(len(lost), noun)} of {len(elements):,} were lost." if lost else "Reads returned nonsense."
        if lost and nonsense:
            summary += " Reads returned nonsense, too."
        return Verdict(False, summary, findings, details)
    if not stable:
        why = "nothing was acknowledged" if not acknowledged else "no read succeeded"
        return Verdict(None, f"Nothing can be said: {why}.", [], details)
    known = sum(element.known >= 0 for element in elements.values())
    summary = f"Every one of {count(known, noun)} that was acknowledged or seen was there to the end, on every node."
    return Verdict(True, summary, [], details)


def _nonsense(seen: list[tuple[Operation, list[str]]], elements: dict[str, Element], noun: str) -> list[str]:
    """Elements that nobody added, and elements that one read returned twice."""
    found: dict[str, str] = {}
    for read, items in seen:
        distinct = frozenset(items)
        for item in distinct - elements.keys():
            found.setdefault(item, f"{read.start['node']} returned {noun} {item}, which nobody sent")
        for item in distinct & elements.keys():
            if elements[item].asked.start["index"] > read.end["index"]:  # type: ignore[index]
                found.setdefault(item, f"{read.start['node']} returned {noun} {item} before anybody sent it")
        if len(distinct) < len(items):
            twice = {item for item in distinct if items.count(item) > 1}
            for item in sorted(twice):
                found.setdefault(f"2 {item}", f"{read.start['node']} returned {noun} {item} more than once in one read")
    return list(found.values())


def _follow(elements: dict[str, Element], reads: list[tuple[Operation, frozenset[str]]]) -> None:
    """Find out when each element became known, and which reads were the last to see and to miss it."""
    for element in elements.values():
        if element.asked.type == "ok":
            element.known, element.known_at = element.asked.end["index"], element.asked.end["time"]  # type: ignore[index]
    unseen = set(elements)
    for read, items in sorted(reads, key=lambda pair: pair[0].end["index"]):  # type: ignore[index]
        end: Any = read.end
        for name in unseen & items:
            element = elements[name]
            if element.known < 0 or end["index"] < element.known:
                element.known, element.known_at = end["index"], end["time"]
        unseen -= items
    unsure_present, unsure_absent = set(elements), set(elements)
    last: dict[str, frozenset[str]] = {}
    for read, items in sorted(reads, key=lambda pair: -pair[0].start["index"]):
        for name in unsure_present & items:
            elements[name].present = read
        unsure_present -= items
        for name in unsure_absent - items:
            if elements[name].asked.start["index"] < read.end["index"]:  # type: ignore[index]
                elements[name].absent = read
                unsure_absent.discard(name)
        if read.start.get("final"):
            last.setdefault(read.start["node"], items)
    for node, items in last.items():
        for name in elements.keys() - items:
            if elements[name].known >= 0:
                elements[name].unseen_by.append(node)


def _how_lost(element: Element, noun: str) -> str:
    asked = element.asked.start
    how = "acknowledged" if element.asked.type == "ok" else "not acknowledged, but seen in a read"
    text = f"{noun} {element.name} was sent to {asked['node']} at {asked['time']:.2f} s and {how}"
    if element.present is None:
        return f"{text}, but no read has ever returned it"
    if element.unseen_by:
        return f"{text}, but is missing from the last read of {listed(sorted(element.unseen_by))}"
    assert element.absent is not None
    return (
        f"{text}; {element.present.start['node']} still had it at {element.present.start['time']:.2f} s, but "
        f"{element.absent.start['node']} did not at {element.absent.start['time']:.2f} s, and nobody returned it since"
    )
