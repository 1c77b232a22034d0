"""Histories as pictures: each process a row, each operation a bar from its invocation to its response, in SVG that
follows the theme. The order of the events is drawn, not their times, so that every event can be seen."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from labkit.check.operation import Op
from labkit.check.verdict import SIGNS
from labkit.engine.words import brief
from labkit.look import STYLE, SVG_STYLE, ink

if TYPE_CHECKING:
    from labkit.check.linearizability import Linearizability
    from labkit.check.versions import Anomaly

ROW, BAR, RIGHT, TOP = 40, 24, 24, 14
STEP, CHARACTER = 26.0, 7.0  # between two events; the width of a letter
NAME = 24  # letters of a process's name at most
MOST = 40  # operations in one picture


def picture(operations: Iterable[Op], order: Iterable[Op] = (), wrong: Op | None = None) -> str:
    """The operations as SVG. `order` are those that take effect, first to last: each gets a numbered point; `wrong` is
    drawn as the one that cannot."""
    shown = [op for op in operations if op.type != "fail" or op is wrong][:MOST]
    marks = sorted({place for op in shown for place in (op.invoked, op.completed) if place is not None})
    points = _points(shown, list(order), marks)
    rows = {process: row for row, process in enumerate(dict.fromkeys(op.process for op in shown))}
    left = 28 + (CHARACTER + 0.6) * max((min(NAME, len(str(process))) for process in rows), default=4)
    stops = _spread(shown, points, marks, left)
    right = max([*(stops[op.invoked] + _room(op) for op in shown if op.completed is None), *stops.values(), left]) + 10
    width, height = right + RIGHT, TOP * 2 + ROW * max(len(rows), 1)
    said = escape("; ".join(map(str, shown)) or "no operations")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" role="img" '
        f'aria-label="{said}" font-family="system-ui, sans-serif" font-size="12">{SVG_STYLE}'
        f'<rect width="{width:.0f}" height="{height}" rx="8" {ink(fill="page")}/>'
    ]
    for process, row in rows.items():
        y = TOP + ROW * row + ROW / 2
        name = escape(brief(str(process), NAME))
        parts.append(f'<text x="12" y="{y + 4:.0f}" font-weight="600" {ink(fill="text")}>{name}</text>')
        parts.append(
            f'<line x1="{left - 8:.0f}" x2="{right:.0f}" y1="{y}" y2="{y}" {ink(stroke="line")} opacity=".5"/>'
        )
    for op in shown:
        y = TOP + ROW * rows[op.process] + (ROW - BAR) / 2
        parts.append(
            _bar(op, stops[op.invoked], right if op.completed is None else stops[op.completed], y, op is wrong)
        )
    line = [(stops[point], TOP + ROW * rows[op.process] + (ROW + BAR) / 2) for op, point in points.items()]
    if len(line) > 1:
        path = " ".join(f"{x:.1f},{y:.0f}" for x, y in line)
        parts.append(
            f'<polyline points="{path}" fill="none" {ink(stroke="blue")} stroke-dasharray="2 3" opacity=".7"/>'
        )
    for number, (x, y) in enumerate(line, 1):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.0f}" r="7.5" {ink(fill="blue", stroke="page")}/>')
        text = f'x="{x:.1f}" y="{y + 3:.0f}" text-anchor="middle" font-size="9" font-weight="700"'
        parts.append(f"<text {text} {ink(fill='page')}>{number}</text>")
    return "".join([*parts, "</svg>"])


def _points(shown: list[Op], order: list[Op], marks: list[int]) -> dict[Op, float]:
    """Where between the events each operation takes effect: a fraction of a step after the event before."""
    points: dict[Op, float] = {}
    at = float(marks[0]) if marks else 0.0
    for op in order:
        if op in shown:
            at = max(at + 0.001, op.invoked + 0.001)
            points[op] = at
    return points


def _spread(shown: list[Op], points: dict[Op, float], marks: list[int], left: float) -> dict[float, float]:
    """The x of every event and point: in order, with room for each operation's words."""
    stops = sorted({float(mark) for mark in marks} | set(points.values()))
    ends = {op.completed: op for op in shown if op.completed is not None}
    x = left
    places: dict[float, float] = {}
    for stop in stops:
        op = ends.get(int(stop)) if stop == int(stop) else None
        if op is not None:
            x = max(x, places[float(op.invoked)] + _room(op))
        places[stop] = x
        x += STEP if stop == int(stop) else STEP * 0.8
    return places


def _room(op: Op) -> float:
    return (len(op.call) + 2) * CHARACTER + 8


def _bar(op: Op, start: float, end: float, y: float, wrong: bool) -> str:
    fill, edge = ("fault-soft", "fault") if wrong else ("soft", "blue")
    dash = ' stroke-dasharray="5 4"' if op.completed is None else ""
    thick = 2.5 if wrong else 1.2
    sign = "✗ " if wrong else ""
    return (
        f'<rect x="{start:.1f}" y="{y:.0f}" width="{end - start:.1f}" height="{BAR}" rx="5" '
        f'stroke-width="{thick}"{dash} '
        f"{ink(fill=fill, stroke=edge)}><title>{escape(str(op))}</title></rect>"
        f'<text x="{start + 7:.1f}" y="{y + 14:.0f}" {ink(fill="text")}>{sign}{escape(op.call)}</text>'
    )


def violation_picture(verdict: Linearizability) -> str:
    """The operations around a violation, or the first ones of a linearization, with the points where they take
    effect."""
    wrong, order = verdict.operation, verdict.linearization
    if wrong is None:
        some = list(order)[:MOST]
        return picture(sorted(some, key=lambda op: op.invoked), some)
    completed = wrong.completed or 0
    before = [op for op in verdict.operations if op.invoked < completed]
    near = set(order[-12:]) | {op for op in before if op.completed is None or op.completed >= wrong.invoked}
    some = [op for op in before if op in near or op is wrong][-MOST:]
    return picture(some, [op for op in order if op in near], wrong)


def figure(svg: str, words: str, outcome: str = "") -> str:
    """A picture and its words as HTML; the picture as an image, which an untrusted notebook shows too."""
    sign = f"{SIGNS[outcome]} " if outcome else ""
    return (
        f'<div class="labkit-verdict"><style>{STYLE}</style><p class="said {outcome}">{sign}{escape(words)}</p>'
        f"{image(svg, words)}</div>"
    )


def image(svg: str, words: str) -> str:
    """A picture as an HTML image."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">'


def table(verdicts: dict[str, Any]) -> str:
    """Verdicts as an HTML table, each with its evidence folded in."""
    rows = []
    for name, verdict in verdicts.items():
        why = escape(verdict.why)
        if verdict.outcome == "violated":
            why = f"<details><summary>{why}</summary>{verdict._as_html()}</details>"
        rows.append(
            f"<tr><td>{SIGNS[verdict.outcome]} {verdict.outcome}</td><th>{escape(name)}</th><td>{why}</td></tr>"
        )
    return f'<div class="labkit-verdict"><style>{STYLE}</style><table>{"".join(rows)}</table></div>'


def cycle_picture(anomaly: Anomaly, transactions: dict[str, Op]) -> str:
    """The cycle of an anomaly as SVG: its transactions in a ring, an arrow for each edge with its kind and key."""
    names = [step.source for step in anomaly.steps]
    labels = {name: f"{name}: {transactions[name].call}" for name in names}
    room = max(len(label) for label in labels.values()) * CHARACTER / 2 + 16
    across, down = max(110.0, room + 40), 0.0 if len(names) == 2 else 40.0 + 22 * len(names)
    width, height = 2 * (across + room) + 8, 2 * down + (120 if len(names) == 2 else 70)
    at = {}
    for n, name in enumerate(names):
        turn = 2 * math.pi * n / len(names) + (math.pi if len(names) == 2 else -math.pi / 2)
        at[name] = (width / 2 + across * math.cos(turn), height / 2 + down * math.sin(turn))
    words = escape(str(anomaly))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'role="img" aria-label="{words}" font-family="system-ui, sans-serif" font-size="12">{SVG_STYLE}'
        f'<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8Z" {ink(fill="fault")}/></marker></defs>'
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="8" {ink(fill="page")}/>'
    ]
    for step in anomaly.steps:
        parts.append(_arrow(at[step.source], at[step.target], step))
    for name, (x, y) in at.items():
        half = len(labels[name]) * CHARACTER / 2 + 8
        box = f'x="{x - half:.0f}" y="{y - 14:.0f}" width="{2 * half:.0f}" height="28" rx="6"'
        parts.append(f"<rect {box} {ink(fill='soft', stroke='blue')}/>")
        parts.append(f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" {ink(fill="text")}>'
                     f"{escape(labels[name])}</text>")  # fmt: skip
    return "".join([*parts, "</svg>"])


def _arrow(start: tuple[float, float], end: tuple[float, float], step: Any) -> str:
    """A curved arrow, bent to its left so that two between the same boxes lie apart, with its words at the bend."""
    (x1, y1), (x2, y2) = start, end
    length = math.dist(start, end) or 1.0
    bend_x = (x1 + x2) / 2 + (y2 - y1) / length * 34
    bend_y = (y1 + y2) / 2 - (x2 - x1) / length * 58
    y1 += 15 if bend_y > y1 + 4 else -15 if bend_y < y1 - 4 else 0
    y2 += 16 if bend_y > y2 + 4 else -16 if bend_y < y2 - 4 else 0
    label = step.kind + (f" {step.key}" if step.key is not None else "")
    x, y = (x1 + x2) / 4 + bend_x / 2, (y1 + y2) / 4 + bend_y / 2
    dash = ' stroke-dasharray="5 4"' if step.kind == "rw" else ""
    return (
        f'<path d="M{x1:.0f} {y1:.0f}Q{bend_x:.0f} {bend_y:.0f} {x2:.0f} {y2:.0f}" fill="none" stroke-width="1.8"'
        f'{dash} {ink(stroke="fault")} marker-end="url(#head)"><title>{escape(step.words)}</title></path>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" font-weight="700" paint-order="stroke" '
        f'stroke-width="4" {ink(fill="fault", stroke="page")}>{escape(label)}</text>'
    )
