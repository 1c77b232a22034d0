"""Where nodes stand in the picture: on a ring, on rings within rings when they are many, or as their links ask for."""

import math
from bisect import bisect_left
from itertools import combinations, pairwise

Place = tuple[float, float]


def positions(nodes: list[str], edges: list[list[str]] | None) -> list[Place]:
    """A place for each node, in order, in the square from -1 to 1."""
    if edges:
        places = _by_links(nodes, edges)
        if places is not None:
            return places
    return _rings(len(nodes))


def _rings(count: int) -> list[Place]:
    if count == 1:
        return [(0.0, 0.0)]
    if count == 2:
        return [(-0.75, 0.0), (0.75, 0.0)]
    rings = 1 if count <= 16 else 2 if count <= 36 else 3
    radii = [1.0 - 0.36 * ring for ring in range(rings)]
    places: list[Place] = []
    left = count
    for index, radius in enumerate(radii):
        share = left if index == rings - 1 else round(left * radius / sum(radii[index:]))
        places += [(round(radius * x, 4), round(radius * y, 4)) for x, y in _circle(share, turn=0.5 * (index % 2))]
        left -= share
    return places


def _circle(count: int, turn: float = 0.0) -> list[Place]:
    """Clockwise from the top. Many nodes keep equal distances on the ellipse that a wide picture makes of it."""
    if count <= 8:
        circle = [(math.sin(2 * math.pi * i / count), -math.cos(2 * math.pi * i / count)) for i in range(count)]
        lowest = max(y for _, y in circle)
        return [(round(x, 4), round(2 * (y + 1) / (lowest + 1) - 1, 4)) for x, y in circle]
    steps, stretch = 720, 1.8
    angles = [2 * math.pi * i / steps for i in range(steps + 1)]
    along = [0.0]
    for a, b in pairwise(angles):
        along.append(along[-1] + math.hypot(stretch * (math.sin(b) - math.sin(a)), math.cos(b) - math.cos(a)))
    places = []
    for place in range(count):
        angle = angles[bisect_left(along, along[-1] * (place + turn) / count)]
        places.append((round(math.sin(angle), 4), round(-math.cos(angle), 4)))
    return places


def _by_links(nodes: list[str], edges: list[list[str]]) -> list[Place] | None:
    """Stress majorisation (Gansner, Koren and North 2004): distances in the picture follow the number of hops."""
    count = len(nodes)
    if not 3 <= count <= 60:
        return None
    index = {id: i for i, id in enumerate(nodes)}
    near: list[set[int]] = [set() for _ in nodes]
    for a, b in edges:
        near[index[a]].add(index[b])
        near[index[b]].add(index[a])
    if all(len(peers) == count - 1 for peers in near):
        return None
    ring = _ring(near)
    if ring is not None:
        circle = _circle(count)
        return [circle[ring.index(node)] for node in range(count)]
    hops = [_hops(near, start) for start in range(count)]
    far = max(max(row) for row in hops)
    places = [
        (r * math.cos(2.4 * i), r * math.sin(2.4 * i)) for i in range(count) for r in [math.sqrt((i + 1) / count)]
    ]
    for _ in range(150):
        for i in range(count):
            x = y = weights = 0.0
            for j in range(count):
                if i == j:
                    continue
                goal = hops[i][j] * 2 / far
                weight = 1 / goal**2
                dx, dy = places[i][0] - places[j][0], places[i][1] - places[j][1]
                distance = math.hypot(dx, dy) or 1e-9
                x += weight * (places[j][0] + goal * dx / distance)
                y += weight * (places[j][1] + goal * dy / distance)
                weights += weight
            places[i] = (x / weights, y / weights)
    return _fill_square(places)


def _hops(near: list[set[int]], start: int) -> list[int]:
    """How many links away each node is; a node that cannot be reached is a little farther than the farthest."""
    found = {start: 0}
    frontier = [start]
    while frontier:
        reached = sorted({peer for node in frontier for peer in near[node]} - found.keys())
        found |= dict.fromkeys(reached, found[frontier[0]] + 1)
        frontier = reached
    beyond = max(found.values()) + 2
    return [found.get(node, beyond) for node in range(len(near))]


def _ring(near: list[set[int]]) -> list[int] | None:
    """The nodes in order, if their links make one ring."""
    if any(len(peers) != 2 for peers in near):
        return None
    order = [0, min(near[0])]
    while len(order) < len(near):
        following = near[order[-1]] - {order[-2]}
        if following == {0}:
            return None
        order += following
    return order


def _fill_square(places: list[Place]) -> list[Place]:
    """Turned so that the picture is wider than high, and stretched to the square."""
    cx, cy = (sum(place[axis] for place in places) / len(places) for axis in (0, 1))
    a, b = max(combinations(places, 2), key=lambda pair: math.dist(*pair))
    turn = -math.atan2(b[1] - a[1], b[0] - a[0])
    cos, sin = math.cos(turn), math.sin(turn)
    turned = [((x - cx) * cos - (y - cy) * sin, (x - cx) * sin + (y - cy) * cos) for x, y in places]
    spans = []
    for axis in (0, 1):
        low, high = min(place[axis] for place in turned), max(place[axis] for place in turned)
        spans.append((low, (high - low) or 1.0))
    return [tuple(round(2 * (place[k] - spans[k][0]) / spans[k][1] - 1, 4) for k in (0, 1)) for place in turned]  # type: ignore[misc]
