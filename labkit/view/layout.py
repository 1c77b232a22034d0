"""Where nodes stand in the picture: on a ring, on rings within rings when they are many, or as their links ask for."""

import math
from itertools import combinations

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
    rings = 1 if count <= 16 else 2 if count <= 40 else 3
    radii = [1.0 - 0.36 * ring for ring in range(rings)]
    places: list[Place] = []
    left = count
    for index, radius in enumerate(radii):
        share = left if index == rings - 1 else round(left * radius / sum(radii[index:]))
        turn = 0.5 * (index % 2)
        for place in range(share):
            angle = 2 * math.pi * (place + turn) / share - math.pi / 2
            places.append((round(radius * math.cos(angle), 4), round(radius * math.sin(angle), 4)))
        left -= share
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
    if sum(map(len, near)) == count * (count - 1) or all(len(peers) == 2 for peers in near) and _is_ring(near):
        return None if sum(map(len, near)) == count * (count - 1) else _ring_in_order(near)
    hops = [_hops(near, start) for start in range(count)]
    far = max(max(row) for row in hops)
    places = [(math.cos(2.4 * i) * math.sqrt((i + 1) / count), math.sin(2.4 * i) * math.sqrt((i + 1) / count)) for i in range(count)]
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
        frontier = [peer for node in frontier for peer in sorted(near[node]) if found.setdefault(peer, found[node] + 1) == found[node] + 1]
        frontier = list(dict.fromkeys(frontier))
    beyond = max(found.values()) + 2
    return [found.get(node, beyond) for node in range(len(near))]


def _is_ring(near: list[set[int]]) -> bool:
    return len(near) == len({node for node, hops in enumerate(_hops(near, 0)) if hops <= len(near) // 2})


def _ring_in_order(near: list[set[int]]) -> list[Place]:
    order, previous = [0], -1
    while len(order) < len(near):
        step = min(peer for peer in near[order[-1]] if peer != previous and (peer not in order))
        previous = order[-1]
        order.append(step)
    places = _rings(len(near)) if len(near) <= 16 else _circle(len(near))
    result = [(0.0, 0.0)] * len(near)
    for place, node in zip(places, order, strict=True):
        result[node] = place
    return result


def _circle(count: int) -> list[Place]:
    return [(math.sin(2 * math.pi * i / count), -math.cos(2 * math.pi * i / count)) for i in range(count)]


def _fill_square(places: list[Place]) -> list[Place]:
    """Turned so that the picture is wider than high, and stretched to the square."""
    cx, cy = (sum(place[axis] for place in places) / len(places) for axis in (0, 1))
    a, b = max(combinations(places, 2), key=lambda pair: math.dist(*pair))
    turn = -math.atan2(b[1] - a[1], b[0] - a[0])
    turned = [
        ((x - cx) * math.cos(turn) - (y - cy) * math.sin(turn), (x - cx) * math.sin(turn) + (y - cy) * math.cos(turn)) for x, y in places
    ]
    spans = []
    for axis in (0, 1):
        low, high = min(place[axis] for place in turned), max(place[axis] for place in turned)
        spans.append((low, (high - low) or 1.0))
    return [tuple(round(2 * (place[k] - spans[k][0]) / spans[k][1] - 1, 4) for k in (0, 1)) for place in turned]  # type: ignore[misc]
