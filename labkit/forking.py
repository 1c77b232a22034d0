"""Forks: from a moment of a run, another future.

A run is a function of code, seed and what is done to it from outside. A cluster remembers the latter, with the point at
which each thing was done (`Deed`), so a fork does it all again up to its moment, and no state is ever copied.
Determinism makes that exact; the part that both share is compared event by event all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count as counter
from itertools import islice
from math import inf, nextafter
from typing import TYPE_CHECKING

from labkit.engine.faults import Fault, Faults
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.cluster import Cluster, Deed

STEP_LIMIT = 1 << 62  # the original has taken as many


def fork(cluster: Cluster, at: int | float | None, faults: Iterable[Fault], title: str | None) -> Cluster:
    """See `Cluster.fork`."""
    time, events = _moment(cluster, at)
    other = type(cluster)(**cluster._arguments | ({} if title is None else {"title": title}))
    other.scripted = cluster.scripted
    given = Faults(faults)
    for deed in cluster._deeds:
        if deed.started and given:
            other.inject(_not_before(given, time))
            given = Faults()
        if deed.started and (deed.time > time or (events is not None and deed.events >= events)):
            break
        _repeat(other, deed)
    if given:
        other.inject(_not_before(given, time))
    if cluster._started:
        if events is None:
            other.advance(time)
        else:
            other.advance(time, lambda: len(other.trace) >= events)
    other.scripted = False
    other._unreported.clear()
    _compare(cluster, other)
    return other


def _moment(cluster: Cluster, at: int | float | None) -> tuple[float, int | None]:
    """The time of the fork and, unless it is after all that happens at that time, how many events come before it."""
    if at is None:
        return cluster.now, None
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise LabkitError(f"at={at!r}: give an event's number (int) or a time in virtual seconds (float)")
    if isinstance(at, int):
        if not 0 <= at < len(cluster.trace):
            raise LabkitError(f"there is no event {at} yet: the trace has {len(cluster.trace)} events")
        return cluster.trace[at].time, at + 1
    if not 0 <= at <= cluster.now:
        raise LabkitError(f"at={at:g}: the run has come to {cluster.now:g} s; a fork begins in what has happened")
    return at, None


def _not_before(faults: Faults, time: float) -> Faults:
    for fault in faults:
        if fault.time < time and not isinstance(fault.when, int):
            raise LabkitError(f"{fault!r} comes before the fork, at {time:g} s")
    return faults


def _repeat(cluster: Cluster, deed: Deed) -> None:
    """Bring the cluster to the point at which something was done, and do it."""
    loop = cluster._loop
    if deed.started:
        cluster._start()
        before = nextafter(deed.time, -inf)
        if before > loop.now:
            loop.advance(before, STEP_LIMIT)
        wanted = deed.steps - loop.taken
        if wanted > 0:
            asked = counter()
            loop.advance(deed.time, STEP_LIMIT, lambda: next(asked) >= wanted)
        loop.now = max(loop.now, deed.time)
    cluster._unreported.clear()  # the original has told of its errors
    if deed.do == "fault":
        cluster._do(deed.args[0])
    elif deed.do == "inject":
        cluster.inject(deed.args[0])
    elif deed.do == "follow":
        cluster.follow(deed.args[0])
    else:
        client, to, message, timeout = deed.args
        cluster.client(client).invoke(to, message, timeout=timeout)


def _compare(cluster: Cluster, other: Cluster) -> None:
    """Raises LabkitError with the first difference, if the fork did not go the same way."""
    size = len(other.trace)
    if other.trace.begins_like(cluster.trace, size):
        return
    from labkit.determinism.difference import first_difference, rows

    difference = first_difference(islice(rows(cluster.trace), size), other.trace)
    raise LabkitError(
        "this run cannot be forked: made again, it goes another way.\n"
        f"{difference}\n"
        "Either the code is not deterministic (it reads the clock, uses random instead of self.random, or loops over a "
        "set; `labkit doctor --determinism FILE` finds the place), or a node was changed from outside "
        "(cluster.nodes[...].x = ...): only runs, faults and requests of clients can be done again."
    )
