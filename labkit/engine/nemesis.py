"""A nemesis: faults drawn at random from a seed, as in Jepsen.

Swarm testing (Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012): a run with every kind of fault at once
finds less than many runs with a few kinds each, since one fault can hide what another would show (a node that is always
down never has to vote). So each seed turns on a random subset of the kinds, each as often and as long as the seed says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from labkit.engine import latency
from labkit.engine.faults import Fault, Faults
from labkit.errors import LabkitError

Act = tuple[str, tuple[Any, ...], dict[str, Any]]  # an action, its arguments, its options


class Episode(NamedTuple):
    """A trouble and its end."""

    start: float
    end: float
    begin: Act
    undo: Act
    down: str | None  # the node that does nothing meanwhile


def nemesis(
    seed: int,
    nodes: int | Collection[str],
    seconds: float,
    *,
    kinds: Collection[str] | None = None,
    heal_at: float | None = None,
    down: int | None = None,
) -> Faults:
    """Random faults for `seconds` of virtual time. The same arguments give the same faults::

        Cluster(Raft, size=5, faults=nemesis(seed=7, nodes=5, seconds=30, heal_at=20))

    nodes: their ids, or how many there are (n1, n2, ...). kinds: exactly these kinds of fault, instead of a random
    subset of those that a correct crash-recovery protocol survives; "garble", "torn", "lost", "misdirect", "rot" and
    "full", which damage data, strike only when named. heal_at: when everything is undone, for good; without it, what
    would end after `seconds` stays. down: how many nodes may be crashed or paused at once (a minority, if not given).

    Raises LabkitError if there is no such kind, or the numbers make no sense.
    """
    ids = _ids(nodes)
    known = [*SURVIVABLE, *DAMAGING]
    for kind in kinds or ():
        if kind not in known:
            raise LabkitError(f"a nemesis knows no kind of fault {kind!r}; it knows {', '.join(known)}")
    if not (isinstance(seconds, int | float) and 0 < seconds < float("inf")):
        raise LabkitError(f"seconds={seconds!r}: give how long it goes on, in virtual seconds")
    if heal_at is not None and not (isinstance(heal_at, int | float) and heal_at > 0):
        raise LabkitError(f"heal_at={heal_at!r}: give a virtual time, in seconds, at which everything is undone")
    if not isinstance(seed, int):
        raise LabkitError(f"seed={seed!r}: a seed is a whole number")
    most = (len(ids) - 1) // 2 if down is None else down
    end = seconds if heal_at is None else min(seconds, heal_at)
    episodes: list[Episode] = []
    for kind in _swarm(seed, ids) if kinds is None else sorted(set(kinds), key=known.index):
        episodes += _episodes(random.Random(f"{seed}/nemesis/{kind}"), kind, ids, end)
    faults: list[Fault] = []
    still_down: list[Episode] = []
    for episode in sorted(episodes, key=lambda episode: episode.start):
        if episode.down is not None:
            still_down = [other for other in still_down if other.end > episode.start]
            if len(still_down) >= most or any(other.down == episode.down for other in still_down):
                continue
            still_down.append(episode)
        faults.append(_fault(episode.start, episode.begin))
        if episode.end < end or heal_at is not None:
            faults.append(_fault(min(episode.end, end if heal_at is None else heal_at), episode.undo))
    return Faults(faults)


def _ids(nodes: int | Collection[str]) -> list[str]:
    if isinstance(nodes, int) and not isinstance(nodes, bool) and nodes > 0:
        return [f"n{number}" for number in range(1, nodes + 1)]
    if isinstance(nodes, list | tuple | set | frozenset) and nodes and all(isinstance(id, str) for id in nodes):
        return sorted(nodes) if isinstance(nodes, set | frozenset) else list(nodes)
    raise LabkitError(f"nodes={nodes!r}: give how many nodes there are, or their ids, as in nodes=cluster.ids")


def _swarm(seed: int, ids: list[str]) -> list[str]:
    """The kinds that this seed turns on."""
    draw = random.Random(f"{seed}/nemesis")
    able = [kind for kind in SURVIVABLE if len(ids) > 1 or kind in ("crash", "pause", "slow", "clock", "slow-disk")]
    chosen = [kind for kind in able if draw.random() < 0.5]
    return chosen or [draw.choice(able)]


def _episodes(draw: random.Random, kind: str, ids: list[str], end: float) -> list[Episode]:
    """All troubles of one kind. How often they come, and how long they last, differs from seed to seed by a factor of
    twenty or so."""
    make = (SURVIVABLE | DAMAGING)[kind]
    every = end * 10 ** draw.uniform(-1.5, -0.3)
    lasting = end * 10 ** draw.uniform(-1.7, -0.5)
    found: list[Episode] = []
    time = draw.expovariate(1 / every)
    while time < end and len(found) < 200:
        start = round(max(time, 0.001), 3)
        stop = round(start + max(0.001, draw.expovariate(1 / lasting)), 3)
        begin, undo = make(draw, ids)
        if start < end and not (kind == "partition" and found and start <= found[-1].end):  # one at a time
            found.append(Episode(start, stop, begin, undo, begin[1][0] if kind in ("crash", "pause") else None))
        time += draw.expovariate(1 / every)
    return found


def _fault(time: float, act: Act) -> Fault:
    action, args, options = act
    return Fault(time, action, *args, **options)


# --- kinds: what begins, and what undoes it


Make = Callable[[random.Random, list[str]], tuple[Act, Act]]


def _on_a_node(do: str, undo: str) -> Make:
    def make(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
        id = draw.choice(ids)
        return (do, (id,), {}), (undo, (id,), {})

    return make


def _slow(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
    id = draw.choice(ids)
    return ("slow", (id,), {"seconds": _log_uniform(draw, 0.001, 0.05)}), ("slow", (id,), {"seconds": None})


def _partition(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
    """Two sides, as unequal as it comes; sometimes they overlap in a bridge, sometimes one still hears the other."""
    mixed = draw.sample(ids, len(ids))
    cut = draw.randint(1, max(1, len(ids) - 1))
    left, right = mixed[:cut], mixed[cut:]
    shape, options = draw.random(), {}
    if shape < 0.25 and len(ids) > 2:
        right = [left[-1], *right] if len(left) > 1 else right
        left = left if len(left) > 1 else [*left, right[0]]
    elif shape < 0.5 and right:
        options = {"one_way": True}
    groups = [sorted(group, key=ids.index) for group in (left, right) if group]
    return ("partition", tuple(groups), options), ("heal", (), {})


def _on_a_link(name: str, value: Callable[[random.Random], Any], undone: Any, **more: Any) -> Make:
    """A setting of one link: both ways, or one."""

    def make(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
        pair = tuple(draw.sample(ids, 2)) if len(ids) > 1 else (ids[0], None)
        options = {"one_way": True} if draw.random() < 0.4 else {}
        return ("link", pair, {name: value(draw)} | more | options), ("link", pair, {name: undone} | options)

    return make


def _loss(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
    """Everywhere or on one link, in bursts or not."""
    everywhere = draw.random() < 0.3
    pair: tuple[Any, ...] = () if everywhere or len(ids) < 2 else tuple(draw.sample(ids, 2))
    burst = {"burst": round(draw.uniform(2, 12), 1)} if draw.random() < 0.5 else {}
    chance = round(draw.uniform(0.02, 0.3 if everywhere else 0.8), 2)
    return ("link", pair, {"loss": chance} | burst), ("link", pair, {"loss": 0.0, "burst": None})


def _delay(draw: random.Random) -> latency.Latency:
    typical = _log_uniform(draw, 0.02, 0.5)
    model = draw.randrange(3)
    if model == 0:
        return latency.Exponential(mean=typical)
    return latency.LogNormal(median=typical, sigma=0.7) if model == 1 else latency.Pareto(shortest=typical, alpha=1.5)


def _clock(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
    id = draw.choice(ids)
    jumps = draw.random() < 0.5
    change = {"jump": round(draw.uniform(-2, 2), 3)} if jumps else {"drift": round(draw.uniform(-0.1, 0.1), 3)}
    return ("clock", (id,), change), ("clock", (id,), {"offset": 0.0, "rate": 1.0})


def _on_a_disk(value: Callable[[random.Random], dict[str, Any]], undone: dict[str, Any]) -> Make:
    def make(draw: random.Random, ids: list[str]) -> tuple[Act, Act]:
        id = draw.choice(ids)
        return ("disk", (id,), value(draw)), ("disk", (id,), undone)

    return make


def _chance(draw: random.Random) -> float:
    return round(draw.uniform(0.02, 0.5), 2)


def _log_uniform(draw: random.Random, low: float, high: float) -> float:
    return round(low * (high / low) ** draw.random(), 4)


SURVIVABLE: dict[str, Make] = {
    "crash": _on_a_node("crash", "restart"),
    "pause": _on_a_node("pause", "resume"),
    "slow": _slow,
    "partition": _partition,
    "cut": _on_a_link("cut", lambda draw: True, False),
    "clog": _on_a_link("clog", lambda draw: True, False),
    "loss": _loss,
    "delay": _on_a_link("latency", _delay, None),
    "duplicate": _on_a_link("duplicate", _chance, 0.0),
    "reorder": _on_a_link("reorder", _chance, 0.0),
    "corrupt": _on_a_link("corrupt", _chance, 0.0),
    "narrow": _on_a_link("bandwidth", lambda draw: round(_log_uniform(draw, 500, 50_000)), None, queue=20),
    "clock": _clock,
    "slow-disk": _on_a_disk(lambda draw: {"latency": _log_uniform(draw, 0.001, 0.1)}, {"latency": None}),
}
DAMAGING: dict[str, Make] = {
    "garble": _on_a_link("corrupt", _chance, 0.0, checksum=False),
    "torn": _on_a_disk(lambda draw: {"survive": "subset", "torn": _chance(draw)}, {"survive": "prefix", "torn": 0.0}),
    "lost": _on_a_disk(lambda draw: {"lost": _chance(draw)}, {"lost": 0.0}),
    "misdirect": _on_a_disk(lambda draw: {"misdirect": _chance(draw)}, {"misdirect": 0.0}),
    "rot": _on_a_disk(lambda draw: {"rot": _chance(draw)}, {"rot": 0.0}),
    "full": _on_a_disk(lambda draw: {"full": True}, {"full": False}),
}
