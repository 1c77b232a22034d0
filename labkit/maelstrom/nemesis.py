"""The nemesis: cuts the network between nodes now and then, and mends it again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from labkit.maelstrom.history import Recorder
from labkit.maelstrom.network import Network

FAULTS = ("partition",)


def groups(nodes: Sequence[str], draw: random.Random) -> tuple[str, list[list[str]]]:
    """A way to part the nodes, by name, and who can still talk to whom (a node may be in more than one group)."""
    order = list(nodes)
    draw.shuffle(order)
    half = (len(order) + 1) // 2
    kinds = ["one alone", "two halves"] + (["overlapping majorities"] if len(order) > 4 else [])
    kind = draw.choice(kinds)
    if kind == "one alone":
        return kind, [order[:1], order[1:]]
    if kind == "two halves":
        return kind, [order[:half], order[half:]]
    # Jepsen's ring: each node sees a majority, and no two see the same one.
    reach = (len(order) // 2 + 1) // 2
    ring = [[order[(at + step) % len(order)] for step in range(reach + 1)] for at in range(len(order))]
    return kind, ring


async def haunt(
    nodes: Sequence[str], network: Network, recorder: Recorder, draw: random.Random, interval: float
) -> None:
    """Part and heal in turn, about `interval` seconds apart, until cancelled."""
    while True:
        await asyncio.sleep(interval * draw.uniform(0.5, 1.5))
        kind, parts = groups(nodes, draw)
        network.partition(parts)
        recorder.add("nemesis", "info", "start-partition", value={"kind": kind, "groups": parts})
        await asyncio.sleep(interval * draw.uniform(0.5, 1.5))
        heal(network, recorder)


def heal(network: Network, recorder: Recorder) -> None:
    network.heal()
    recorder.add("nemesis", "info", "stop-partition")
