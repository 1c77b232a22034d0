"""Smaller worlds: the same search once more, around a run that violates a property, with fewer requests, fewer faults
and less time. A bug that many runs show is met again in a much shorter one, which is then easier to shrink."""

from __future__ import annotations

import random

from labkit.engine.faults import Faults
from labkit.explore.recording import Recording, Request
from labkit.explore.running import Plan


def smaller_world(plan: Plan, seconds: float, draw: random.Random) -> Plan:
    """A plan with a random part of what a plan with a recording has, in a run that ends sooner: the same luck, or
    another."""
    assert plan.recording is not None
    shorter = draw.choice((1.0, 1.0, 0.8, 0.5))
    start = draw.choice((0.0, 0.0, draw.uniform(0, 0.5))) * seconds
    requests = _fewer(list(plan.recording.requests), draw)
    moved = [r._replace(time=_moved(r.time, start, shorter)) for r in requests if r.time >= start]
    share = draw.choice((0.3, 0.6, 1.0))
    faults = [fault for fault in plan.faults if draw.random() < share or not fault.time]
    sooner = Faults(f.at(_moved(f.time, start, shorter)) for f in faults if f.time >= start or not f.time)
    seed = plan.seed if draw.random() < 0.3 else draw.randrange(1_000_000)
    end = round((seconds - start) * draw.uniform(0.4, 1.0) + 0.05, 3)
    return plan._replace(seed=seed, faults=sooner, recording=Recording(moved, end))


def _fewer(requests: list[Request], draw: random.Random) -> list[Request]:
    """Those of some clients, or a random part."""
    clients = sorted({request.client for request in requests})
    chosen = draw.sample(clients, draw.randint(1, len(clients))) if clients else []
    share = draw.choice((0.3, 0.6, 1.0))
    return [request for request in requests if request.client in chosen and draw.random() < share]


def _moved(time: float, start: float, shorter: float) -> float:
    return round(max(0.0, time - start) * shorter, 3)
