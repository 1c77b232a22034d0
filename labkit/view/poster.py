"""A still of one moment, without JavaScript: the cluster as SVG and every node's state as a table, in light and dark.

The picture stands in an <img>, which is what JupyterLab leaves of it in a notebook that is not trusted.
"""

from __future__ import annotations

import base64
import math
from html import escape
from typing import Any

from labkit.engine.words import brief
from labkit.look import SVG_STYLE, ink
from labkit.view.layout import positions
from labkit.view.moment import Flight, Moment, NodeMoment

WIDTH, HEIGHT = 560, 350
CROWN = "M-13 0L-15 -11L-6.5 -5L0 -14L6.5 -5L15 -11L13 0Z"
FIRST, MOST = 10, 60  # rows of a table of states: those in sight, and those that fold out
CROWDED = 150  # nodes, beyond which each is a dot in a grid


def poster_svg(document: dict[str, Any], moment: Moment) -> str:
    """The cluster at a moment, with its description as the picture's text."""
    places = _places(document)
    radius = _radius(list(places.values()))
    sentence = escape(moment.sentence())
    title = escape(document.get("title") or "Cluster")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{title}: {sentence}" font-family="system-ui, sans-serif">'
        f"<title>{title}</title><desc>{sentence}</desc>{SVG_STYLE}"
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" {ink(fill="page")}/>'
    ]
    for number, group in enumerate(moment.groups or []):
        parts.append(_hull([places[id] for id in group if id in places], radius + 14, number))
    parts += _links(document, moment, places)
    flights = [flight for flight in moment.flights if flight.source in places and flight.target in places][:120]
    parts += [_flight(flight, places, radius) for flight in flights]
    parts += [_node(node, places[node.id], radius, len(places) > CROWDED) for node in moment.nodes]
    return "".join([*parts, "</svg>"])


def state_table(moment: Moment) -> str:
    """Every node's public state as an HTML table; what changed in this step is marked."""
    names: list[str] = []
    for node in moment.nodes[:MOST]:
        names += [name for name in node.attributes if name not in names and name != "role"]
    names = sorted(names, key=lambda name: name != "term")[:10]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ["node", "role", *names])
    rows: list[str] = []
    for node in moment.nodes[:MOST]:
        cells = [f'<th scope="row">{escape(node.id)}</th><td>{escape(node.status)}</td>']
        for name in names:
            value = node.attributes.get(name)
            kind = ' class="changed"' if name in node.changed else ""
            cells.append(f"<td{kind}>{escape('—' if value is None else brief(value, 24))}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if len(moment.nodes) > MOST:
        rows.append(f'<tr><td colspan="{2 + len(names)}">and {len(moment.nodes) - MOST} more nodes</td></tr>')
    first = len(rows) if len(rows) <= FIRST + 4 else FIRST
    shown, more = (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(some)}</tbody></table>"
        for some in (rows[:first], rows[first:])
    )
    if len(rows) == first:
        return shown
    return f"{shown}<details><summary>and {len(moment.nodes) - first} more nodes</summary>{more}</details>"


def poster(document: dict[str, Any], moment: Moment, note: str = "") -> str:
    """Picture, words and table of a moment as HTML."""
    alarm = ""
    if moment.mark:
        alarm = f'<p class="alarm"><b>Violated at {moment.mark["time"]:.3f} s:</b> {escape(moment.mark["label"])}</p>'
    title = escape(document.get("title") or "Cluster")
    picture = base64.b64encode(poster_svg(document, moment).encode()).decode()
    words = escape(moment.sentence())
    return (
        f'<div class="labkit-poster"><p><b>{title}</b> · {words}</p>{alarm}'
        f'<img alt="{title}: {words}" width="{WIDTH}" src="data:image/svg+xml;base64,{picture}">'
        f"{state_table(moment)}{note}</div>"
    )


def _places(document: dict[str, Any]) -> dict[str, tuple[float, float]]:
    if len(document["nodes"]) > CROWDED:
        return _grid(document["nodes"])
    unit = positions(document["nodes"], document.get("edges"))
    wide, high = WIDTH / 2 - 60, HEIGHT / 2 - 58
    wide = min(wide, high * (1.45 if len(unit) <= 8 else 2))
    centred = [(WIDTH / 2 + x * wide, HEIGHT / 2 + y * high) for x, y in unit]
    return dict(zip(document["nodes"], centred, strict=True))


def _grid(nodes: list[str]) -> dict[str, tuple[float, float]]:
    """Too many for links and names: row by row, as in a page of text."""
    wide, high = WIDTH - 30, HEIGHT - 30
    across = math.ceil(math.sqrt(len(nodes) * wide / high))
    step = min(wide / across, high / math.ceil(len(nodes) / across))
    return {id: (15 + step * (i % across + 0.5), 15 + step * (i // across + 0.5)) for i, id in enumerate(nodes)}


def _radius(places: list[tuple[float, float]]) -> float:
    if len(places) > CROWDED:
        return math.dist(places[0], places[1]) / 2.8
    closest = min((math.dist(a, b) for i, a in enumerate(places) for b in places[:i]), default=90.0)
    return max(7.0, min(28.0, closest / 2.6))


def _links(document: dict[str, Any], moment: Moment, places: dict[str, tuple[float, float]]) -> list[str]:
    ids = document["nodes"]
    if len(ids) > CROWDED:
        return []
    edges = document.get("edges") or [[a, b] for i, a in enumerate(ids) for b in ids[i + 1 :]]
    if not document.get("edges") and len(edges) > 130:
        return []
    side = {id: number for number, group in enumerate(moment.groups or []) for id in group}
    lines = []
    for a, b in edges:
        (x1, y1), (x2, y2) = places[a], places[b]
        dash = ' stroke-dasharray="1 6"' if side.get(a) != side.get(b) else ""
        ends = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
        lines.append(f'<line {ends} {ink(stroke="line")} opacity="0.6"{dash}/>')
    return lines


def _hull(points: list[tuple[float, float]], margin: float, number: int) -> str:
    """Encloses a group: the shape between its nodes drawn thick, and again a little thinner in the page's colour."""
    if not points:
        return ""
    cx, cy = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
    ring = sorted(points, key=lambda point: math.atan2(point[1] - cy, point[0] - cx))
    path = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in ring) + "Z"
    color = "fault" if number % 2 == 0 else "muted"
    draw = f'd="{path}" stroke-linejoin="round" stroke-linecap="round"'
    return (
        f'<path {draw} stroke-width="{2 * margin:.0f}" opacity="0.5" {ink(stroke=color, fill="page")}/>'
        f'<path {draw} stroke-width="{2 * margin - 4:.0f}" {ink(stroke="page", fill="page")}/>'
    )


def _flight(flight: Flight, places: dict[str, tuple[float, float]], radius: float) -> str:
    (x1, y1), (x2, y2) = places[flight.source], places[flight.target]
    length = math.dist((x1, y1), (x2, y2)) or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    reach = radius + 6 + (length - 2 * radius - 12) * flight.progress
    x, y = x1 + ux * reach - uy * 4, y1 + uy * reach + ux * 4
    label = escape(f"{flight.name} from {flight.source} to {flight.target}")
    tail = f'<path d="M{x:.1f} {y:.1f}l{-18 * ux:.1f} {-18 * uy:.1f}" {ink(stroke="blue")} stroke-width="2"/>'
    return f'<g><title>{label}</title>{tail}<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" {ink(fill="blue")}/></g>'


def _text(text: str, y: float, size: float, color: str, weight: int = 400) -> str:
    font = f'font-size="{size}" font-weight="{weight}"'
    # below a node it stands on the page, and on the border of its group
    below = f'paint-order="stroke" stroke-width="4" {ink(fill=color, stroke="page")}' if y > 18 else ink(fill=color)
    return f'<text text-anchor="middle" y="{y:.0f}" {font} {below}>{escape(text)}</text>' if text else ""


def _node(node: NodeMoment, place: tuple[float, float], r: float, crowded: bool = False) -> str:
    look, small = node.look, r < 19
    ring = {
        "leader": ink(fill="blue"),
        "candidate": f'{ink(stroke="amber")} fill="none" stroke-width="3.5" stroke-dasharray="6 4"',
        "member": f'{ink(stroke="muted")} fill="none" stroke-width="1.6"',
    }.get(look, f'{ink(stroke="line")} fill="none" stroke-dasharray="3 4"')
    shapes = [f'<circle r="{r:.1f}" {ink(fill="page")}/><circle r="{r:.1f}" {ring}/>']
    if look == "leader":
        above = f"translate(0 {-r - 2:.1f}) scale({r / 28 + 0.1:.2f})"
        shapes.append(f'<path d="{CROWN}" transform="{above}" {ink(fill="blue")}/>')
    if look == "down":
        k = r * 0.72
        cross = f"M{-k:.1f} {-k:.1f}L{k:.1f} {k:.1f}M{k:.1f} {-k:.1f}L{-k:.1f} {k:.1f}"
        shapes.append(f'<path d="{cross}" {ink(stroke="fault")} stroke-width="2" opacity="0.6"/>')
    if crowded:
        return f'<g transform="translate({place[0]:.1f} {place[1]:.1f})">{"".join(shapes)}</g>'
    inside = len(node.id) * (6 if small else 8.4) < 2 * r
    color = {"leader": "on-blue", "down": "muted", "new": "muted"}.get(look, "text")
    term = f"term {node.term}" if node.term is not None and not small and node.up else ""
    word = node.status if (node.role or node.paused or look == "down") and not small else ""
    shapes.append(_text(node.id if inside else "", -2 if term else 4, 10 if small else 14, color, 650))
    shapes.append(_text(term, 13 if inside else 4, 10.5, color))
    shapes.append(_text(" · ".join(filter(None, ["" if inside else brief(node.id, 18), word])), r + 17, 11, "muted"))
    return f'<g transform="translate({place[0]:.1f} {place[1]:.1f})">{"".join(shapes)}</g>'
