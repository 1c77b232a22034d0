"""How the result of an exercise shows itself: in a cell, and on a terminal."""

from __future__ import annotations

from html import escape

from labkit.course.exercise import Failure, PartResult, Result
from labkit.look import STYLE

SHOWN = 30  # steps


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
    return f'<div class="labkit-result"><style>{STYLE}</style><h4>{escape(result.title)}: {score}</h4>{parts}</div>'


def part_html(part: PartResult) -> str:
    """One part: what it asks, what it got, and for a failure the run that shows why."""
    state, sign = ("holds", "✓") if part.passed else ("partly", "◐") if part.points else ("violated", "✗")
    score = f'<span class="points">{points(part.points)} / {points(part.max)}</span>'
    head = f"{score}{sign} <strong>{escape(part.title)}</strong>"
    body = f'<div class="why">{escape(part.message)}.</div>'
    if part.failure is not None:
        body += failure_html(part.failure)
    return f'<div class="said {state}">{head}{body}</div>'


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
