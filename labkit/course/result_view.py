"""How the result of an exercise shows itself: in a cell, and on a terminal."""

from __future__ import annotations

from html import escape

from labkit.course.exercise import Failure, PartResult, Result

SHOWN = 30  # steps
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


def result_text(result: Result) -> str:
    """The result for a terminal."""
    lines = [f"{result.title}: {points(result.score)} of {points(result.max)} points"]
    for part in result.parts:
        state = "ok  " if part.passed else "part" if part.points else "FAIL"
        lines.append(f"  {state} {points(part.points)}/{points(part.max)}  {part.title}")
        lines.append(f"       {part.message}")
        if part.failure is not None:
            lines.append(f"       {origin(part.failure)}:")
            lines += [f"         {when}  {where} {what}" for when, where, what, _ in part.failure.steps[:SHOWN]]
    return "\n".join(lines)


def result_html(result: Result) -> str:
    """The result for a notebook, with the replay of each failure."""
    parts = "".join(part_html(part) for part in result.parts)
    score = f"{points(result.score)} of {points(result.max)} points"
    return f'<div class="labkit-result"><style>{_STYLE}</style><h4>{escape(result.title)}: {score}</h4>{parts}</div>'


def part_html(part: PartResult) -> str:
    """One part: what it asks, what it got, and for a failure the run that shows why."""
    state, sign = ("passed", "✓") if part.passed else ("partly", "◐") if part.points else ("failed", "✗")
    score = f'<span class="points">{points(part.points)} / {points(part.max)}</span>'
    head = f"{score}{sign} <strong>{escape(part.title)}</strong>"
    body = f'<div class="why">{escape(part.message)}.</div>'
    if part.failure is not None:
        body += failure_html(part.failure)
    return f'<div class="part {state}">{head}{body}</div>'


def origin(failure: Failure) -> str:
    """Which run it was, and how small it is."""
    if failure.found:
        return failure.found
    if failure.differs:
        return f"Seed {failure.seed}, {failure.before} steps, not made smaller"
    return f"Seed {failure.seed}, shrunk from {failure.before} steps to {len(failure.steps)}"


def failure_html(failure: Failure) -> str:
    """The failing run: its steps, its replay stopped at the violation, and the run as a test."""
    from labkit.explore.report_view import table, whole
    from labkit.view import Replay

    differs = f'<div class="why">{escape(failure.differs)}</div>' if failure.differs else ""
    return (
        f'{differs}<div class="why">{escape(origin(failure))}:</div>{whole(table(failure.steps))}'
        f"<details open><summary>Watch it happen</summary>{Replay(failure.document).fragment()}</details>"
        "<details><summary>Have the same run again: paste this into a cell below</summary>"
        f"<pre>{escape(failure.test)}</pre></details>"
    )
