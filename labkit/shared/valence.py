"""Valence: which decisions are still possible.

A state of a consensus protocol from which both decisions can still be reached is bivalent; one from which only one can
be is univalent. A bivalent state each of whose steps leads to a univalent one is critical: there the next step decides
(Fischer, Lynch and Paterson, "Impossibility of Distributed Consensus with One Faulty Process", Journal of the ACM
32(2), 1985; for shared memory Loui and Abu-Amara 1987, and Herlihy 1991).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError
from labkit.shared.searching import Searched
from labkit.shared.show import brief

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

MOST = 200  # states in one drawing


def valences(found: Searched) -> list[frozenset[Any]]:
    """For each state of a search, the values that some process decides in some run that goes on from it."""
    graph = found.graph
    if not graph.complete:
        raise LabkitError("valences need all states: the search stopped before it had seen them")
    decided: list[set[Any]] = [set(graph.moment(number).results.values()) for number in range(len(graph.states))]
    before: list[list[int]] = [[] for _ in graph.states]
    for number, edges in enumerate(graph.edges):
        for target in edges[1::2]:
            before[target].append(number)
    waiting = [number for number, values in enumerate(decided) if values]
    while waiting:
        number = waiting.pop()
        for earlier in before[number]:
            if not decided[number] <= decided[earlier]:
                decided[earlier] |= decided[number]
                waiting.append(earlier)
    return [frozenset(values) for values in decided]


def critical_states(found: Searched) -> list[int]:
    """The states in which the next step decides, whoever takes it."""
    valence = valences(found)
    return [
        number
        for number, values in enumerate(valence)
        if len(values) > 1 and found.graph.edges[number]
        and all(len(valence[target]) == 1 for _, target in found.graph.after(number))
    ]  # fmt: skip


def valence_graph(found: Searched) -> nx.DiGraph[int]:
    """The states as a networkx graph: of each its `valence`, whether it is `critical`, and its `depth`; of each edge
    the `process` and the `step`, in words."""
    import networkx as nx

    drawn: nx.DiGraph[int] = nx.DiGraph()
    graph, valence, critical = found.graph, valences(found), set(critical_states(found))
    for number, values in enumerate(valence):
        drawn.add_node(number, valence=values, critical=number in critical, depth=graph.depths[number])
    for number in range(len(graph.states)):
        for action, target in graph.after(number):
            drawn.add_edge(number, target, process=action.process, step=str(graph.step_of(number, action.process)))
    return drawn


def draw_valences(found: Searched, *, ax: Axes | None = None) -> Axes:
    """Draw the states of a consensus protocol from top to bottom: bivalent ones as rings, univalent ones as squares and
    diamonds with the value that is left, critical ones as stars. A step of p0 goes down to the left, one of p1 to the
    right, where they can. Raises LabkitError for more than 200 states."""
    import matplotlib.pyplot as plt

    drawn = valence_graph(found)
    if len(drawn) > MOST:
        raise LabkitError(f"{len(drawn)} states are too many for one drawing (at most {MOST}): give inputs=(0, 1)")
    place = _places(drawn)
    if ax is None:
        height = 0.95 * (max(depth for _, depth in drawn.nodes(data="depth")) + 1)
        _, ax = plt.subplots(figsize=(7.5, height))
    for one, other, edge in drawn.edges(data=True):
        (x1, y1), (x2, y2) = place[one], place[other]
        ax.plot([x1, x2], [y1, y2], "-" if edge["process"] == 0 else "--", color="#767676", linewidth=1.1, zorder=1)
        beside = 0.06 if x2 >= x1 else -0.06
        if drawn.nodes[one]["critical"]:
            said = f"p{edge['process']}: {edge['step']}"
            where = (x1 + x2) / 2 + beside, (y1 + y2) / 2
            ax.text(*where, said, fontsize=8.5, ha="left" if beside > 0 else "right", va="center")
    values = sorted({value for node in drawn for value in drawn.nodes[node]["valence"]}, key=repr)
    looks = dict(zip(values, (("s", "#0072b2"), ("D", "#d55e00"), ("^", "#009e73")), strict=False))
    for node, data in drawn.nodes(data=True):
        x, y = place[node]
        if data["critical"]:
            ax.plot(x, y, "*", markersize=24, color="#e69f00", markeredgecolor="black", zorder=2)
        elif len(data["valence"]) > 1:
            ax.plot(x, y, "o", markersize=15, color="white", markeredgecolor="black", zorder=2)
            ax.text(x, y, ",".join(brief(value) for value in values), fontsize=7.5, ha="center", va="center", zorder=3)
        else:
            (value,) = data["valence"]
            marker, colour = looks[value]
            ax.plot(x, y, marker, markersize=13, color=colour, zorder=2)
            ax.text(x, y, brief(value), fontsize=8, color="white", ha="center", va="center", zorder=3)
    ax.set_axis_off()
    ax.margins(0.08)
    return ax


def _places(drawn: nx.DiGraph[int]) -> dict[int, tuple[float, float]]:
    """A place for each state: its depth, and to the side the mean of where it is reached from, p0 to the left."""
    place: dict[int, tuple[float, float]] = {}
    levels: dict[int, list[int]] = {}
    for node, depth in drawn.nodes(data="depth"):
        levels.setdefault(depth, []).append(node)
    for depth in sorted(levels):
        wish: dict[int, float] = {}
        for node in levels[depth]:
            sides = [
                place[one][0] + (-1.0 if drawn.edges[one, node]["process"] == 0 else 1.0)
                for one in drawn.predecessors(node) if one in place
            ]  # fmt: skip
            wish[node] = sum(sides) / len(sides) if sides else 0.0
        last = None
        for node in sorted(levels[depth], key=lambda node: (wish[node], node)):
            x = wish[node] if last is None else max(wish[node], last + 0.9)
            place[node], last = (x, -float(depth)), x
        middle = sum(place[node][0] for node in levels[depth]) / len(levels[depth])
        for node in levels[depth]:
            place[node] = (place[node][0] - middle, -float(depth))
    return place
