"""What happened before what in a run, read off its trace and nothing else: the yardstick for every kind of clock.

Leslie Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", Communications of the ACM 21(7),
1978: "happened before" is the smallest relation in which the events of one process follow one another, the sending of a
message comes before its receipt, and which is transitive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.engine.trace import Trace

if TYPE_CHECKING:
    import networkx as nx

ACTIONS = ("start", "send", "deliver", "timer", "note", "crash")  # what a node does, or what happens to it


def happened_before(trace: Trace) -> nx.DiGraph:
    """The events of a run as a graph, each by its `seq` and with its `event`: an edge leads to the next event of the
    same node, and from the sending of a message to its receipt. One event happened before another if there is a path
    from it to the other (`networkx.has_path`, `networkx.descendants`).

    An event is the start of a node, a send, a receipt, a timer that fires, a note, or a crash. Clients count as nodes.
    """
    import networkx as nx

    graph = nx.DiGraph()
    last: dict[str, int] = {}
    sent: dict[int | None, int] = {}
    latest: dict[tuple[str | None, str | None], int] = {}  # the last message from one node to another
    for event in trace.select(*ACTIONS, "duplicate"):
        node = str(event.node)
        if event.kind == "duplicate":
            sent[event.id] = latest[event.node, event.peer]
            continue
        graph.add_node(event.seq, event=event)
        if node in last:
            graph.add_edge(last[node], event.seq)
        last[node] = event.seq
        if event.kind == "send":
            sent[event.id] = latest[event.node, event.peer] = event.seq
        elif event.kind == "deliver" and event.id in sent:
            graph.add_edge(sent[event.id], event.seq)
    return graph
