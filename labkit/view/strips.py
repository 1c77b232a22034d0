"""A whole run in one small picture: a row for each node, darker where more happens, open where it is down, with the
faults above. Any number of events becomes a few thousand shapes at most."""

from __future__ import annotations

import base64
from collections import Counter
from html import escape

from labkit.engine.trace import WIDTH as COLUMNS
from labkit.engine.trace import Trace
from labkit.engine.words import brief
from labkit.look import SVG_STYLE, ink

WIDTH, ROW, RIGHT, TOP = 620, 18, 16, 26
LETTER, NAME = 6.3, 20  # pixels of a letter, letters of a name at most
BINS = 110
ROWS = 24  # nodes that have a row of their own
SIGNS = {"crash": "✕", "start": "↻", "partition": "⊘", "heal": "○", "pause": "‖", "resume": "▸"}
WORDS = {
    "send": ("message", "messages"), "drop": ("lost", "lost"), "timer": ("timer", "timers"),
    "crash": ("crash", "crashes"), "error": ("error", "errors"), "partition": ("partition", "partitions"),
    "invoke": ("request of a client", "requests of clients"), "note": ("note", "notes"),
}  # fmt: skip


def tally(trace: Trace) -> str:
    """How many events of each kind there are, in words."""
    counts: Counter[str] = Counter()
    for _, values in trace.raw():
        counts.update(values[1::COLUMNS])
    said = [f"{counts[kind]:,} {words[counts[kind] != 1]}" for kind, words in WORDS.items() if counts[kind]]
    return ", ".join(said) or ("no messages" if counts else "no events yet")


def strips(trace: Trace) -> str:
    """The run as an HTML image with its text alternative; nothing if there is nothing to show."""
    if not len(trace) or not trace.now:
        return ""
    rows = {id: row for row, id in enumerate(trace.nodes[:ROWS])}
    scale = BINS / trace.now
    busy: Counter[tuple[int, int]] = Counter()
    changes: list[tuple[float, str, str | None, int]] = []
    for _, values in trace.raw():
        for time, kind, node, number in zip(
            values[::COLUMNS], values[1::COLUMNS], values[2::COLUMNS], values[4::COLUMNS], strict=True
        ):
            if kind in SIGNS:
                changes.append((time, kind, node, number or 0))
            row = rows.get(node)
            if row is not None:
                busy[row, min(BINS - 1, int(time * scale))] += 1
    most = max(busy.values(), default=1)
    left = 18 + LETTER * max(4, *(min(NAME, len(id)) for id in rows))
    height = TOP + ROW * len(rows) + 24
    words = f"{tally(trace)}; " + _faults(changes)
    across = (WIDTH - left - RIGHT) / BINS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(words)}" font-family="system-ui, sans-serif" font-size="11">{SVG_STYLE}'
        f'<rect width="{WIDTH}" height="{height}" rx="8" {ink(fill="page")}/>'
    ]
    for id, row in rows.items():
        y = TOP + ROW * row
        where = f'x="{left - 8:.0f}" y="{y + 12}" text-anchor="end"'
        parts.append(f"<text {where} {ink(fill='text')}>{escape(brief(id, NAME))}</text>")
        for start, end in _up(id, changes, trace.now):
            x, wide = left + start * scale * across, max(1.0, (end - start) * scale * across)
            parts.append(f'<rect x="{x:.1f}" y="{y + 2}" width="{wide:.1f}" height="{ROW - 5}" {ink(fill="soft")}/>')
    for (row, place), count in sorted(busy.items()):
        x, strength = left + place * across, 0.25 + 0.75 * (count / most) ** 0.5
        parts.append(
            f'<rect x="{x:.1f}" y="{TOP + ROW * row + 2}" width="{across - 0.8:.1f}" height="{ROW - 5}" '
            f'opacity="{strength:.2f}" {ink(fill="blue")}/>'
        )
    parts += _signs(changes, rows, left, scale * across)
    base = TOP + ROW * len(rows) + 14
    parts.append(f'<text x="{left:.0f}" y="{base}" {ink(fill="muted")}>0 s</text>')
    right = f'x="{WIDTH - RIGHT}" y="{base}" text-anchor="end"'
    parts.append(f"<text {right} {ink(fill='muted')}>{trace.now:g} s</text></svg>")
    data = base64.b64encode("".join(parts).encode()).decode()
    more = f" ({ROWS} of {len(trace.nodes)} nodes)" if len(trace.nodes) > ROWS else ""
    return f'<img alt="{escape(words + more)}" width="{WIDTH}" src="data:image/svg+xml;base64,{data}">'


def _up(id: str, changes: list[tuple[float, str, str | None, int]], end: float) -> list[tuple[float, float]]:
    """When a node was running."""
    spans: list[tuple[float, float]] = []
    since: float | None = None
    for time, kind, node, _ in changes:
        if node == id and kind in ("start", "crash") and since is not None:
            spans.append((since, time))
            since = None
        if node == id and kind == "start":
            since = time
    return spans if since is None else [*spans, (since, end)]


def _signs(
    changes: list[tuple[float, str, str | None, int]], rows: dict[str, int], left: float, scale: float
) -> list[str]:
    """Faults, where there is room for their signs: those of a node in its row, those of the network above all."""
    parts, taken = [], {-1: -99.0}
    for time, kind, node, number in changes:
        row = -1 if node is None else rows.get(node)
        if row is None or (kind == "start" and number < 2):
            continue
        x = left + time * scale
        if x - taken.get(row, -99.0) < 10:
            continue
        taken[row] = x
        place = f'x="{x:.1f}" y="{TOP + ROW * row + 12}" text-anchor="middle" font-weight="700"'
        halo = f'paint-order="stroke" stroke-width="3" {ink(fill="fault", stroke="page")}'
        parts.append(f"<text {place} {halo}><title>{time:.3f} s: {kind} {node or ''}</title>{SIGNS[kind]}</text>")
    return parts


def _faults(changes: list[tuple[float, str, str | None, int]]) -> str:
    told = [
        f"{'restart' if kind == 'start' else kind} {f'of {node} ' if node else ''}at {time:.3f} s"
        for time, kind, node, number in changes
        if kind != "start" or number > 1
    ]
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    return (", ".join(told[:8]) + more) or "no faults"
