"""The topologies that Maelstrom offers to nodes: who is whose neighbour. A node is free to ignore it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Neighbours = dict[str, list[str]]


def line(nodes: Sequence[str]) -> Neighbours:
    """All in a row."""
    return {node: [*nodes[max(0, at - 1) : at], *nodes[at + 1 : at + 2]] for at, node in enumerate(nodes)}


def total(nodes: Sequence[str]) -> Neighbours:
    """Everybody is everybody's neighbour."""
    return {node: [other for other in nodes if other != node] for node in nodes}


def grid(nodes: Sequence[str]) -> Neighbours:
    """Rows and columns of a square, or nearly: at most four neighbours each."""
    side = math.ceil(math.sqrt(len(nodes)))

    def at(row: int, column: int) -> list[str]:
        inside = row >= 0 and 0 <= column < side and row * side + column < len(nodes)
        return [nodes[row * side + column]] if inside else []

    around: Neighbours = {}
    for number, node in enumerate(nodes):
        row, column = divmod(number, side)
        around[node] = [*at(row + 1, column), *at(row - 1, column), *at(row, column + 1), *at(row, column - 1)]
    return around


def tree(nodes: Sequence[str], branches: int) -> Neighbours:
    """A tree, filled level by level; a node's neighbours are its parent and its children."""
    around: Neighbours = {}
    for number, node in enumerate(nodes):
        parent = [nodes[(number - 1) // branches]] if number else []
        around[node] = parent + list(nodes[number * branches + 1 : number * branches + branches + 1])
    return around


TOPOLOGIES: dict[str, Callable[[Sequence[str]], Neighbours]] = {
    "grid": grid,
    "line": line,
    "total": total,
    "tree": lambda nodes: tree(nodes, 2),
    "tree2": lambda nodes: tree(nodes, 2),
    "tree3": lambda nodes: tree(nodes, 3),
    "tree4": lambda nodes: tree(nodes, 4),
}
