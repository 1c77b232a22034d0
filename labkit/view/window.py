"""The last part of a long run, as a document that plays by itself: what a saved notebook keeps."""

from __future__ import annotations

from typing import Any

from labkit.engine.trace import COLUMNS, Trace

OF_NODES = ("pause", "resume", "slow", "clock", "faulty", "error", "crash")  # the last of each says how a node is
MERGED = ("state", "disk")


def last(trace: Trace, events: int) -> dict[str, Any]:
    """The document of a run, cut to its last events if there are more: before them come only those that still matter
    then (the last start of each node, its state, what is in flight, the partition). `left_out` says what is missing.
    """
    start = len(trace) - events
    if start <= 0:
        return trace.document()
    kept = _still_matters(trace, start)
    columns = trace.columns(start)
    rows = {name: [row[place] for row in kept] + columns[name] for place, name in enumerate(COLUMNS)}
    shift = start - len(kept)
    document = trace.header() | {"events": rows}
    document["marks"] = [mark | {"seq": mark["seq"] - shift} for mark in trace.marks if mark["seq"] >= start]
    document["left_out"] = {"events": shift, "until": columns["time"][0]}
    return document


def _still_matters(trace: Trace, stop: int) -> list[list[Any]]:
    """Of the events before `stop`, those that tell how things stand there, as rows of JSON data."""
    columns = trace.columns(0, stop)
    keep: dict[Any, int] = {}  # what it is about -> the seq of the last event that says so
    merged: dict[tuple[str, Any], dict[str, Any]] = {}
    for seq, (kind, node, id, data) in enumerate(
        zip(columns["kind"], columns["node"], columns["id"], columns["data"], strict=True)
    ):
        if kind in ("send", "duplicate"):
            keep["flight", id] = seq
        elif kind in ("deliver", "drop"):
            keep.pop(("flight", id), None)
            keep.pop(("wait", id), None)
        elif kind in ("wait", "retime"):
            keep["wait", id] = seq
        elif kind == "set":
            keep["timer", node, id] = seq
        elif kind in ("timer", "cancel"):
            keep.pop(("timer", node, id), None)
        elif kind in ("partition", "heal"):
            keep["partition"] = seq
        elif kind == "link":
            keep["link", seq] = seq
        elif kind == "start":
            keep["start", node] = seq
            for what in ("crash", "error"):
                keep.pop((what, node), None)
            keep.pop(("state", node), None)
            merged.pop(("state", node), None)
        elif kind in OF_NODES:
            keep["pause" if kind == "resume" else kind, node] = seq
            if kind == "crash":
                for key in [key for key in keep if key[0] == "timer" and key[1] == node]:
                    del keep[key]
        elif kind in MERGED:
            keep[kind, node] = seq
            merged[kind, node] = merged.get((kind, node), {}) | data
    rows = []
    for seq in sorted(keep.values()):
        row = [columns[name][seq] for name in COLUMNS]
        if row[1] in MERGED:
            row[6] = {name: value for name, value in merged[row[1], row[2]].items() if value is not None}
        rows.append(row)
    return rows
