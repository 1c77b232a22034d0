"""A cluster or a graph as a picture: nodes with their roles, links, and what is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.view.figures.readings import find
from labkit.view.figures.style import COLOURS, FAULT, GREY, axes
from labkit.view.layout import positions
from labkit.view.moment import CANDIDATES, LEADERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = {  # what a node is: its mark, size and colour
    "leader": ("*", 900, COLOURS[0]),
    "candidate": ("^", 520, COLOURS[4]),
    "node": ("o", 420, COLOURS[5]),
    "down": ("X", 420, GREY),
}


def topology(
    what: Any, at: float | None = None, *, layout: Callable[[Any], Any] | None = None, ax: Axes | None = None
) -> Axes:
    """The nodes and links of a cluster, a trace or a networkx graph; of a run, at a time in virtual seconds.

    A star is a leader, a triangle a candidate, a grey cross a node that is down; a broken link is dashed: cut, or
    across a partition. layout: a function of networkx that places the nodes, as `nx.spring_layout`; by default they
    stand where the live picture has them. Raises LabkitError for what is neither.
    """
    import networkx as nx

    if isinstance(what, nx.Graph):
        graph, trace = nx.Graph(what), None
        looks: dict[str, str] = {}
        broken: set[frozenset[str]] = set()
    else:
        run = Trace.from_document(what) if isinstance(what, dict) else getattr(what, "trace", what)
        if not isinstance(run, Trace):
            raise LabkitError(
                f"topology is drawn of a Cluster, its trace or a networkx graph, not of {type(what).__name__}"
            )
        trace = run
        graph = nx.Graph()
        graph.add_nodes_from(trace.nodes)
        graph.add_edges_from(
            trace.edges if trace.edges else [(a, b) for a in trace.nodes for b in trace.nodes if a < b]
        )
        looks, broken = _moment(trace, graph, at)
    if layout is not None:
        places = layout(graph)
    else:
        edges = [[a, b] for a, b in graph.edges] if trace is None or trace.edges else None
        spots = positions(list(graph.nodes), edges)
        places = {node: (x, -y) for node, (x, y) in zip(graph.nodes, spots, strict=True)}
    ax = axes(ax, 5.0, 4.0)
    for edges, style, colour, label in [
        ([e for e in graph.edges if frozenset(e) not in broken], "solid", GREY, None),
        ([e for e in graph.edges if frozenset(e) in broken], (0, (4, 3)), FAULT, "broken link"),
    ]:
        if edges:
            drawn = nx.draw_networkx_edges(
                graph, places, edgelist=edges, style=style, edge_color=colour, width=1.3, ax=ax
            )
            if label:
                drawn.set_label(label)
    for look, (marker, size, colour) in LOOKS.items():
        some = [node for node in graph.nodes if looks.get(node, "node") == look]
        if some:
            label = look if trace is not None else None
            nx.draw_networkx_nodes(
                graph, places, nodelist=some, node_shape=marker, node_size=size, node_color=colour, edgecolors="black",
                linewidths=0.8, ax=ax, label=label,
            )  # fmt: skip
    for node, (x, y) in places.items():
        ax.annotate(
            str(node), (x, y), xytext=(0, 15), textcoords="offset points", ha="center", fontsize="small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8},
        )  # fmt: skip
    ax.set_axis_off()
    ax.margins(0.15)
    if trace is not None:
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=5, frameon=False, fontsize="small", markerscale=0.5
        )
    return ax


def _moment(trace: Trace, graph: Any, at: float | None) -> tuple[dict[str, str], set[frozenset[str]]]:
    """How each node looks at a time, and which links carry nothing."""
    moment = trace.at(trace.now if at is None else at)
    looks = {}
    for node in trace.nodes:
        role = find(trace, node, moment.state.get(node, {}), "role")
        known = "leader" if role in LEADERS else "candidate" if str(role).lower() in CANDIDATES else "node"
        looks[node] = known if node in moment.state else "down"
    broken = {
        frozenset(edge) for edge in graph.edges
        if moment.sides and len({moment.sides.get(node, -1) for node in edge}) > 1
    }  # fmt: skip
    for (one, other), settings in moment.links.items():
        if settings.get("cut"):
            broken |= {
                frozenset(edge) for edge in graph.edges
                if (one is None or one in edge) and (other is None or other in edge)
            }  # fmt: skip
    return looks, broken
