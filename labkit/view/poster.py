"""A still of one moment, without JavaScript: the cluster as SVG and every node's state as a table, in light and dark."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from labkit.view.layout import positions
from labkit.view.moment import Flight, Moment, NodeMoment

WIDTH, HEIGHT = 560, 350
CROWN = "M-13 0L-15 -11L-6.5 -5L0 -14L6.5 -5L15 -11L13 0Z"
STYLE = """
.labkit-poster{--t:#1c2026;--m:#5d6570;--l:#c5ccd4;--b:#0072b2;--o:#ffffff;--a:#b87a00;--f:#c74a00;--p:#ffffff;--c:#fdeeb5;
color:var(--t);font:13px/1.4 system-ui,sans-serif}
@media (prefers-color-scheme:dark){.labkit-poster{--t:#e8eaed;--m:#9aa4af;--l:#4a525c;--b:#56b4e9;--o:#0d1a24;--a:#f0b429;--f:#ff8a4c;
--p:#1d2126;--c:#54450f}}
body[data-jp-theme-light="true"] .labkit-poster{--t:#1c2026;--m:#5d6570;--l:#c5ccd4;--b:#0072b2;--o:#ffffff;--a:#b87a00;--f:#c74a00;
--p:#ffffff;--c:#fdeeb5}
body[data-jp-theme-light="false"] .labkit-poster{--t:#e8eaed;--m:#9aa4af;--l:#4a525c;--b:#56b4e9;--o:#0d1a24;--a:#f0b429;--f:#ff8a4c;
--p:#1d2126;--c:#54450f}
.labkit-poster svg{display:block;width:100%;max-width:620px;height:auto}
.labkit-poster table{border-collapse:collapse;font-size:12.5px;margin:6px 0}
.labkit-poster :is(th,td){text-align:left;padding:3px 10px 3px 0;border-bottom:1px solid var(--l);font-weight:400}
.labkit-poster tbody th{font-weight:650}.labkit-poster td.changed{background:var(--c)}
.labkit-poster .alarm{border:1px solid var(--f);border-radius:6px;padding:4px 10px;margin:4px 0}
"""
_COLORS = {  # for hosts that strip the style sheet: an attribute is the fallback of a class
    "text": "#1c2026", "muted": "#5d6570", "line": "#aab2bb", "blue": "#0072b2", "amber": "#b87a00", "fault": "#c74a00", "page": "#ffffff",
}  # fmt: skip
_VARIABLES = {"text": "t", "muted": "m", "line": "l", "blue": "b", "amber": "a", "fault": "f", "page": "p"}


def ink(property: str, name: str) -> str:
    """An SVG colour that follows the theme where styles survive, and is readable on white where they do not."""
    return f'{property}="{_COLORS[name]}" style="{property}:var(--{_VARIABLES[name]},{_COLORS[name]})"'


def poster_svg(document: dict[str, Any], moment: Moment) -> str:
    """The cluster at a moment, with its description as the picture's text."""
    places = _places(document)
    radius = _radius(list(places.values()))
    sentence = escape(moment.sentence())
    title = escape(document.get("title") or "Cluster")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}: {sentence}"'
        f' font-family="system-ui, sans-serif"><title>{title}</title><desc>{sentence}</desc>'
    ]
    parts += _links(document, moment, places)
    for number, group in enumerate(moment.groups or []):
        parts.append(_hull([places[id] for id in group if id in places], radius + 14, number))
    flights = [flight for flight in moment.flights if flight.source in places and flight.target in places][:120]
    parts += [_flight(flight, places, radius) for flight in flights]
    parts += [_node(node, places[node.id], radius) for node in moment.nodes]
    return "".join([*parts, "</svg>"])


def state_table(moment: Moment) -> str:
    """Every node's public state as an HTML table; what changed in this step is marked."""
    names: list[str] = []
    for node in moment.nodes:
        names += [name for name in node.attributes if name not in names and name != "role"]
    names = sorted(names, key=lambda name: name != "term")[:10]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ["node", "role", *names])
    rows = []
    for node in moment.nodes:
        cells = [f'<th scope="row">{escape(node.id)}</th><td>{escape(node.status)}</td>']
        for name in names:
            value = node.attributes.get(name)
            kind = ' class="changed"' if name in node.changed else ""
            cells.append(f"<td{kind}>{escape(_brief(value))}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def poster(document: dict[str, Any], moment: Moment, note: str = "") -> str:
    """Picture, words and table of a moment as HTML."""
    alarm = f'<p class="alarm"><b>Violated at {moment.mark["time"]:.3f} s:</b> {escape(moment.mark["label"])}</p>' if moment.mark else ""
    title = escape(document.get("title") or "Cluster")
    return (
        f'<div class="labkit-poster"><p><b>{title}</b> · {escape(moment.sentence())}</p>{alarm}'
        f"{poster_svg(document, moment)}{state_table(moment)}{note}</div>"
    )


def _brief(value: Any) -> str:
    if value is None:
        return "—"
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= 24:
        return text
    if isinstance(value, list):
        return f"{len(value)} items"
    return f"{text[:23]}…"


def _places(document: dict[str, Any]) -> dict[str, tuple[float, float]]:
    unit = positions(document["nodes"], document.get("edges"))
    wide, high = WIDTH / 2 - 60, HEIGHT / 2 - 52
    wide = min(wide, high * 1.45)
    return {id: (WIDTH / 2 + x * wide, HEIGHT / 2 + y * high) for id, (x, y) in zip(document["nodes"], unit, strict=True)}


def _radius(places: list[tuple[float, float]]) -> float:
    closest = min((math.dist(a, b) for i, a in enumerate(places) for b in places[:i]), default=90.0)
    return max(7.0, min(28.0, closest / 2.6))


def _links(document: dict[str, Any], moment: Moment, places: dict[str, tuple[float, float]]) -> list[str]:
    ids = document["nodes"]
    edges = document.get("edges") or [[a, b] for i, a in enumerate(ids) for b in ids[i + 1 :]]
    if not document.get("edges") and len(edges) > 130:
        return []
    side = {id: number for number, group in enumerate(moment.groups or []) for id in group}
    lines = []
    for a, b in edges:
        (x1, y1), (x2, y2) = places[a], places[b]
        dash = ' stroke-dasharray="1 6"' if side.get(a) != side.get(b) else ""
        lines.append(f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" {ink("stroke", "line")} opacity="0.6"{dash}/>')
    return lines


def _hull(points: list[tuple[float, float]], margin: float, number: int) -> str:
    """An enclosure as the group's own lines, drawn thick: an outline between a wide stroke and a narrower one above it."""
    if not points:
        return ""
    cx, cy = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
    ring = sorted(points, key=lambda point: math.atan2(point[1] - cy, point[0] - cx))
    path = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in ring) + "Z"
    color = "fault" if number % 2 == 0 else "muted"
    draw = f'd="{path}" stroke-linejoin="round" stroke-linecap="round"'
    return (
        f'<path {draw} stroke-width="{2 * margin:.0f}" opacity="0.35" stroke="{_COLORS[color]}" fill="none"/>'
        f'<path {draw} stroke-width="{2 * margin - 4:.0f}" {ink("stroke", "page")} fill="none"/>'
    )


def _flight(flight: Flight, places: dict[str, tuple[float, float]], radius: float) -> str:
    (x1, y1), (x2, y2) = places[flight.source], places[flight.target]
    length = math.dist((x1, y1), (x2, y2)) or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    reach = radius + 6 + (length - 2 * radius - 12) * flight.progress
    x, y = x1 + ux * reach - uy * 4, y1 + uy * reach + ux * 4
    label = escape(f"{flight.name} from {flight.source} to {flight.target}")
    tail = f'<path d="M{x:.1f} {y:.1f}l{-18 * ux:.1f} {-18 * uy:.1f}" {ink("stroke", "blue")} stroke-width="2" opacity="0.5"/>'
    return f'<g><title>{label}</title>{tail}<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" {ink("fill", "blue")}/></g>'


def _node(node: NodeMoment, place: tuple[float, float], r: float) -> str:
    x, y = place
    look = node.look
    small = r < 19
    ring = {
        "leader": f'{ink("fill", "blue")} stroke="none"',
        "candidate": f'{ink("stroke", "amber")} fill="none" stroke-width="3.5" stroke-dasharray="6 4"',
        "member": f'{ink("stroke", "muted")} fill="none" stroke-width="1.6"',
    }.get(look, f'{ink("stroke", "line")} fill="none" stroke-dasharray="3 4"')
    back = f'<circle r="{r:.1f}" {ink("fill", "page")}/>'
    shapes = [back, f'<circle r="{r:.1f}" {ring}/>']
    if look == "leader":
        shapes.append(f'<path d="{CROWN}" transform="translate(0 {-r - 2:.1f}) scale({r / 28 + 0.1:.2f})" {ink("fill", "blue")}/>')
    if look == "down":
        k = r * 0.72
        shapes.append(f'<path d="M{-k:.1f} {-k:.1f}L{k:.1f} {k:.1f}M{k:.1f} {-k:.1f}L{-k:.1f} {k:.1f}" {ink("stroke", "fault")} stroke-width="2"/>')
    word = "" if look == "new" else node.status if node.role or look == "down" else ""
    inside = len(node.id) * 7 < 2 * r
    on = 'fill="#ffffff" style="fill:var(--o,#ffffff)"' if look == "leader" else ink("fill", "muted" if look in ("down", "new") else "text")
    term = f"term {node.term}" if node.term is not None and not small and node.up else ""
    if inside:
        shapes.append(f'<text text-anchor="middle" y="{-2 if term else 4}" font-size="{10 if small else 14}" font-weight="650" {on}>{escape(node.id)}</text>')
    if term:
        shapes.append(f'<text text-anchor="middle" y="{13 if inside else 4}" font-size="10.5" {on}>{term}</text>')
    under = [part for part in ("" if inside else node.id[:16], "" if small else word) if part]
    if under:
        shapes.append(f'<text text-anchor="middle" y="{r + (10 if small else 17):.0f}" font-size="{9 if small else 11}" {ink("fill", "muted")}>{escape(" · ".join(under))}</text>')
    return f'<g transform="translate({x:.1f} {y:.1f})">{"".join(shapes)}</g>'
