"""Two runs side by side, from where they first differ."""

from __future__ import annotations

from typing import Any

from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.view.replay import Replay


def compare(
    first: Any, second: Any, *, names: tuple[str, str] = ("the first run", "the second run"), **options: Any
) -> Replay:
    """Both runs as pictures on one time cursor; the first event in which they differ is named.

    first, second: clusters, such as one and its fork, or traces. names: what stands over the two pictures. Other
    options are those of `Replay`; it opens at the first difference. Raises LabkitError if they have other nodes.
    """
    a, b = (_trace(run) for run in (first, second))
    if a.nodes != b.nodes:
        raise LabkitError(f"these runs have other nodes: {', '.join(a.nodes)} and {', '.join(b.nodes)}")
    same = shared(a, b)
    options.setdefault("at", float(min([trace[same].time for trace in (a, b) if len(trace) > same], default=0.0)))
    replay = Replay(a, **options)
    replay.document["other"] = {
        "from": same, "now": b.now, "marks": b.marks, "names": {"own": names[0], "name": names[1]},
        "events": b.columns(same),
    }  # fmt: skip
    return replay


def shared(a: Trace, b: Trace) -> int:
    """How many events two runs have in common, from their beginning."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a.begins_like(b, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _trace(run: Any) -> Trace:
    trace = run if isinstance(run, Trace) else getattr(run, "trace", None)
    if not isinstance(trace, Trace):
        raise LabkitError(f"{run!r} is no run: give two clusters, or two traces")
    return trace
