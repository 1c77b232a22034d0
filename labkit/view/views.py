"""The views by name: which there are, which are shown when nothing is asked for, and how much room each takes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from labkit.errors import LabkitError
from labkit.view import assets

GAP = 8  # pixels between two views
FRAME = 148  # pixels of the header, the controls, the scrubber and the legend
COMPARED = 96  # pixels of the words on two runs, and of their names
INSPECTOR = 140  # pixels of the inspector where it stands by itself


@cache
def names() -> tuple[str, ...]:
    """The views there are, in the order of the menu, as the frontend's registry lists them."""
    return _listed(r"VIEWS = new Map\(\[(.*?)\]", r"\w+")


@cache
def usual() -> tuple[str, ...]:
    """What is shown when nothing is asked for."""
    return _listed(r"USUAL = \[(.*?)\]", r"\w+")


def _listed(where: str, what: str) -> tuple[str, ...]:
    listed = re.search(where, assets.source("views.js"), re.DOTALL)
    assert listed is not None
    return tuple(re.findall(what, listed[1]))


def chosen(asked: Iterable[str] | None) -> list[str]:
    """The views to show, in the order asked for; the usual ones if none is.

    Raises LabkitError for a name that no view has, and for one asked for twice.
    """
    if isinstance(asked, str):
        asked = (asked,)
    views = list(asked or usual())
    for place, name in enumerate(views):
        if name not in names():
            near = difflib.get_close_matches(str(name), names(), n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise LabkitError(f"there is no view {name!r}.{guess} The views are {', '.join(names())}")
        if name in views[:place]:
            raise LabkitError(f"the view {name!r} is asked for twice; each view is shown once")
    return views


def _diagram(nodes: int, clients: int) -> int:
    count = min(40, nodes) + min(6, clients)  # of more nodes, 40 have a line
    line = 25 if count <= 7 else 15 if count <= 16 else 8 if count <= 30 else 5
    return max(90, count * line + 32)


def _grid(nodes: int) -> int:
    return min(460, 28 + (20 if nodes > 12 else 33) * nodes)


# For a number of nodes and of clients: the pixels that a view takes, as its module and the style sheet lay it out.
_ROOM: dict[str, Callable[[int, int], int]] = {
    "cluster": lambda nodes, clients: 372,
    "table": lambda nodes, clients: min(420, 30 + 26 * nodes),
    "spacetime": _diagram,
    "logs": lambda nodes, clients: 82 + _grid(nodes),
    "elections": lambda nodes, clients: 110 + _grid(nodes),
    "ballots": lambda nodes, clients: 110 + _grid(nodes),
    "commit": lambda nodes, clients: 190 + _grid(nodes) + (26 if nodes <= 8 else 17 if nodes <= 20 else 9) * nodes,
    "history": lambda nodes, clients: 120 + (40 if clients <= 6 else 30 if clients <= 16 else 16) * clients,
    "ring": lambda nodes, clients: 560,
    "load": lambda nodes, clients: 100 + min(470, nodes * (29 if nodes <= 12 else 18)),
    "gossip": lambda nodes, clients: 260 + min(330, 26 * 5 + 4 * nodes),
    "convergence": lambda nodes, clients: 230 + min(300, 40 * -(-min(10, nodes) // 3)),
    "rates": lambda nodes, clients: 460,
}


def height(views: list[str], document: dict[str, Any]) -> int:
    """The pixels that a page with these views needs for this run, about."""
    events = document["events"]
    clients = {node for kind, node in zip(events["kind"], events["node"], strict=True) if kind == "invoke"}
    compared = "other" in document
    stacked = [name for name in views if compared or not ("cluster" in views and name == "table")]
    rooms = [_ROOM.get(name, lambda nodes, clients: 240)(len(document["nodes"]), len(clients)) for name in stacked]
    if compared or "cluster" not in views:
        rooms.append(INSPECTOR)
    if compared:
        rooms.append(COMPARED)
    return FRAME + sum(rooms) + GAP * (len(rooms) - 1)
