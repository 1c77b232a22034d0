"""Counters: after recovery, every read is the sum of what was added.

An addition whose outcome is unknown may count or not, so the right sums are a set. Reads before recovery may lag and
are not judged.
"""

from __future__ import annotations

from labkit.maelstrom.history import Event, operations
from labkit.maelstrom.verdict import Verdict, count, listed


def possible_sums(definite: int, doubtful: list[int]) -> set[int]:
    """Every sum of `definite` and any of the doubtful terms."""
    sums = {definite}
    for delta in doubtful:
        sums |= {total + delta for total in sums}
    return sums


def ranges(numbers: set[int]) -> list[tuple[int, int]]:
    """Numbers as ranges, both ends included."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def check_counter(history: list[Event]) -> Verdict:
    """The verdict on a history of `add` and `read` operations; reads marked `final` are those after recovery."""
    everything = operations(history)
    adds = [op for op in everything if op.f == "add"]
    definite = sum(op.value for op in adds if op.type == "ok")
    doubtful = [op.value for op in adds if op.type == "info"]
    sums = possible_sums(definite, doubtful)
    told = [f"{low}" if low == high else f"{low} to {high}" for low, high in ranges(sums)]
    finals = [op for op in everything if op.f == "read" and op.start.get("final")]
    reads = [op for op in finals if op.type == "ok"]
    wrong = [op for op in reads if op.value not in sums]
    details = {
        "acceptable": ranges(sums),
        "acknowledged_sum": definite,
        "uncertain_adds": len(doubtful),
        "final_reads": {str(op.start["process"]): [op.start["node"], op.value] for op in reads},
    }
    unknown = f" ({count(len(doubtful), 'add')} of unknown outcome)" if doubtful else ""
    right = listed(told) + unknown
    if wrong:
        findings = [f"{op.start['node']} read {op.value} after recovery; right is {right}" for op in wrong]
        return Verdict(False, f"{len(wrong)} of {count(len(reads), 'final read')} were wrong.", findings, details)
    if not reads:
        return Verdict(None, "No read after recovery succeeded, so nothing can be said.", [], details)
    silent = sorted({op.start["node"] for op in finals} - {op.start["node"] for op in reads})
    if silent:
        return Verdict(
            None, f"No read after recovery succeeded on {listed(silent)}; the others were right.", [], details
        )
    return Verdict(True, f"Every final read was right: {right}.", [], details)
