"""Strategies: how a search chooses its runs. A strategy is a function from a run's number to its plan, so that any run
can be made anywhere, in any order, by any worker.

Run 0 is always the undisturbed one; what it shows (`Base`) tells how long faults may go on and how many deliveries
there are.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from labkit.engine import latency
from labkit.engine.faults import Fault, Faults
from labkit.engine.nemesis import DAMAGING, SURVIVABLE, nemesis
from labkit.engine.timetable import Priorities
from labkit.errors import LabkitError
from labkit.explore.running import Plan, Run

Choice = bool | Collection[str] | Callable[[int], Any]  # True: any; kinds; or faults(seed) -> Faults

ALONE = ("crash", "pause", "slow", "clock", "slow-disk")  # faults that a single node can have
POINTS = ("send", "deliver", "write", "timer")  # events at which a crash may strike


class Base(NamedTuple):
    """What the undisturbed run shows."""

    nodes: tuple[str, ...]
    seconds: float
    deliveries: int
    channels: int
    timers: int

    @classmethod
    def of(cls, run: Run) -> Base:
        channels, deliveries, timers = set(), 0, 0
        for event in run.trace.select("deliver", "timer"):
            if event.kind == "timer":
                timers += 1
            else:
                deliveries += 1
                channels.add((event.peer, event.node))
        return cls(run.trace.nodes, max(run.seconds, 0.01), max(deliveries, 1), max(len(channels), 1), timers)


class Strategy(NamedTuple):
    """How runs are chosen: `name` is "random", "pct" or "mixed", with all that it needs as plain data."""

    name: str
    why: str  # in words, for the report
    base: Base
    seed: int
    kinds: tuple[str, ...]  # of faults that may strike
    own: Callable[[int], Any] | None  # where faults come from instead
    depth: int

    def plan(self, number: int) -> Plan:
        """The plan of a run."""
        seed = self.seed + number
        if number == 0:
            return Plan(seed, Faults())
        draw = random.Random(f"{self.seed}/explore/{number}")
        if self.name == "pct" or (self.name == "mixed" and number % 2):
            return _by_priorities(seed, draw, self)
        return Plan(seed, _latencies(draw) + _swarm(seed, draw, self))


def choose(name: str, base: Base, seed: int, faults: Choice, depth: int) -> Strategy:
    """The strategy of this name; for "auto", the one that fits what the undisturbed run shows."""
    own = faults if callable(faults) else None
    kinds = () if own else _kinds(faults, base)  # type: ignore[arg-type]
    if not isinstance(depth, int) or depth < 1:
        raise LabkitError(f"depth={depth!r}: the depth of a bug is the number of orders that it needs, 1 or more")
    bound = f"1/({base.channels} · {base.deliveries}^{depth - 1})"
    guarantee = (
        f"a bug that needs {depth} order{'s' * (depth > 1)} of deliveries is met in a run with a probability of at "
        f"least {bound}: {base.channels} channels, {base.deliveries} deliveries"
    )
    swarm = "random walks, each with a random subset of faults and its own latencies"
    if name == "auto":
        if base.timers or kinds or own:
            return Strategy(
                "mixed",
                f"{swarm}, in turn with priorities (PCT, depth {depth}): timers and faults matter here, and no single "
                "strategy finds all",
                base, seed, kinds, own, depth,
            )  # fmt: skip
        why = f"priorities (PCT): there are no timers and no faults, so only the order of messages matters; {guarantee}"
        return Strategy("pct", why, base, seed, kinds, own, depth)
    if name == "random":
        return Strategy(name, swarm, base, seed, kinds, own, depth)
    if name == "pct":
        return Strategy(name, f"priorities; {guarantee}", base, seed, kinds, own, depth)
    raise LabkitError(f'there is no strategy {name!r}; there are "auto", "random", "pct" and "exhaustive"')


def _kinds(faults: bool | Collection[str], base: Base) -> tuple[str, ...]:
    known = (*SURVIVABLE, *DAMAGING)
    if isinstance(faults, bool):
        chosen: tuple[str, ...] = tuple(SURVIVABLE) if faults else ()
    elif isinstance(faults, str):
        raise LabkitError(f"faults={faults!r}: give a list of kinds, such as [{faults!r}]")
    else:
        chosen = tuple(kind for kind in known if kind in faults)
    for kind in () if isinstance(faults, bool) else faults:
        if kind not in known:
            raise LabkitError(f"there is no kind of fault {kind!r}; there are {', '.join(known)}")
    return chosen if len(base.nodes) > 1 else tuple(kind for kind in chosen if kind in ALONE or kind in DAMAGING)


def _swarm(seed: int, draw: random.Random, strategy: Strategy) -> Faults:
    """A random subset of the kinds of faults, sometimes none at all (Groce and others, "Swarm Testing", ISSTA 2012)."""
    if strategy.own is not None:
        return _given(strategy.own, seed)
    if not strategy.kinds or draw.random() < 0.15:
        return Faults()
    ids, seconds = list(strategy.base.nodes), strategy.base.seconds
    share = draw.choice((0.15, 0.3, 0.5))
    kinds = [kind for kind in strategy.kinds if draw.random() < share] or [draw.choice(strategy.kinds)]
    heal_at = round(seconds * draw.uniform(0.3, 0.8), 3) if draw.random() < 0.6 else None
    faults = nemesis(seed, ids, seconds, kinds=kinds, heal_at=heal_at)
    if "crash" in strategy.kinds and draw.random() < 0.5:
        faults += _crash_point(draw, strategy.base)
    return faults


def _given(own: Callable[[int], Any], seed: int) -> Faults:
    try:
        return Faults(own(seed))
    except Exception as error:
        raise LabkitError(f"faults({seed}) gave no faults: {type(error).__name__}: {error}") from error


def _crash_point(draw: random.Random, base: Base) -> Faults:
    """A crash in the middle of something: at a message, a write to the disk or a timer. Then a restart: at once, or
    later."""
    id, start = draw.choice(base.nodes), round(base.seconds * draw.choice((0.0, draw.random())), 3)
    count = 1 + int(draw.expovariate(1.0) * draw.choice((1, 5, 20)))
    faults = Faults([Fault(start, "crash", id, when=(draw.choice(POINTS), id, count))])
    if draw.random() < 0.6:
        return faults + Faults([Fault(start, "restart", id, when=("crash", id, 1))])
    return faults + Faults([Fault(round(draw.uniform(start, base.seconds), 3), "restart", id)])


def _latencies(draw: random.Random) -> Faults:
    """Now and then other latencies than the cluster's own, on all links."""
    typical = round(0.002 * 150 ** draw.random(), 4)
    models: list[Any] = [
        None,
        None,
        (0.0, 2 * typical),
        latency.Exponential(mean=typical),
        latency.LogNormal(median=typical, sigma=1.0),
        latency.Pareto(shortest=round(typical / 3, 4), alpha=1.2),
    ]
    model = draw.choice(models)
    return Faults() if model is None else Faults([Fault(0.0, "link", latency=model)])


def _by_priorities(seed: int, draw: random.Random, strategy: Strategy) -> Plan:
    """Priorities for channels, and depth - 1 deliveries at which one falls. How fast messages arrive differs from run
    to run, so that now timers are slow beside them, now fast."""
    base = strategy.base
    changes = sorted(draw.randint(1, base.deliveries) for _ in range(strategy.depth - 1))
    step = round(base.seconds / base.deliveries * 10 ** draw.uniform(-2.0, 0.2), 6) if base.timers else 0.001
    faults = _swarm(seed, draw, strategy) if draw.random() < 0.5 else Faults()
    at_once = Faults([Fault(0.0, "link", latency=0.0)])
    return Plan(seed, at_once + faults, Priorities(seed, changes, step))
