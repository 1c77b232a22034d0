"""How the result of an exercise shows itself: in a cell, and on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from labkit.course.exercise import Failure, PartResult, Result

_STYLE = """
.labkit-result { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; }
.labkit-result h4 { margin: .2em 0 .6em; font-size: 1.05em; }
.labkit-result .part { border-left: 4px solid #767676; padding: .15em .8em; margin: .45em 0; }
.labkit-result .part.passed { border-color: #009e73; }
.labkit-result .part.partly { border-color: #e69f00; }
.labkit-result .part.failed { border-color: #d55e00; }
.labkit-result .points { float: right; font-variant-numeric: tabular-nums; }
.labkit-result .why { margin: .25em 0; }
.labkit-result pre { margin: .4em 0; padding: .5em .8em; overflow-x: auto; font-size: 12.5px;
  background: var(--jp-layout-color2, rgba(128,128,128,.12)); border-radius: 4px; }
.labkit-result summary { cursor: pointer; }
"""


def points(value: float) -> str:
    return f"{value:g}"


def again(failure: Failure, nodes: Sequence[str]) -> str:
    """Python that makes the failing run once more."""
    faults = f", faults={failure.faults}" if failure.faults else ""
    needs = "Cluster, Fault, Faults" if failure.faults else "Cluster"
    cast = failure.members.get("nodes")
    if cast is None:
        members = f"{nodes[0]}, size={failure.members['size']}"
    else:
        members = "nodes={" + ", ".join(f'"{id}": {name}' for id, name in cast.items()) + "}"
    return (
        f"from labkit import {needs}\n\n"
        f"cluster = Cluster({members}, seed={failure.seed}{faults})\n"
        f"cluster.run({failure.time!r})\ncluster.view()"
    )


def result_text(result: Result) -> str:
    """The result for a terminal."""
    lines = [f"{result.title}: {points(result.score)} of {points(result.max)} points"]
    for part in result.parts:
        state = "ok  " if part.passed else "part" if part.points else "FAIL"
        lines.append(f"  {state} {points(part.points)}/{points(part.max)}  {part.title}")
        lines.append(f"       {part.message}")
        if part.failure is not None:
            lines.append(f"       seed {part.failure.seed}, event {part.failure.seq}, at {part.failure.time:.3f} s")
    return "\n".join(lines)


def result_html(result: Result) -> str:
    """The result for a notebook, with the replay of each failure."""
    parts = "".join(part_html(part, result.nodes) for part in result.parts)
    score = f"{points(result.score)} of {points(result.max)} points"
    return f'<div class="labkit-result"><style>{_STYLE}</style><h4>{escape(result.title)}: {score}</h4>{parts}</div>'


def part_html(part: PartResult, nodes: Sequence[str]) -> str:
    """One part: what it asks, what it got, and for a failure the run that shows why."""
    state, sign = ("passed", "✓") if part.passed else ("partly", "◐") if part.points else ("failed", "✗")
    score = f'<span class="points">{points(part.points)} / {points(part.max)}</span>'
    head = f"{score}{sign} <strong>{escape(part.title)}</strong>"
    body = f'<div class="why">{escape(part.message)}.</div>'
    if part.failure is not None:
        body += failure_html(part.failure, nodes)
    return f'<div class="part {state}">{head}{body}</div>'


def failure_html(failure: Failure, nodes: Sequence[str]) -> str:
    """The failing run: where it stopped, how to have it again, and its replay."""
    from labkit.view import Replay

    replay = Replay(failure.document, at=failure.seq).fragment()
    where = f"seed {failure.seed}, event {failure.seq}, {failure.time:.3f} s"
    return (
        f"<details><summary>Watch it happen ({where})</summary>{replay}</details>"
        "<details><summary>Have the same run again, in a cell of your own</summary>"
        f"<pre>{escape(again(failure, nodes))}</pre></details>"
    )
