"""How a report shows itself in a cell, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from labkit.check.verdict import SIGNS
from labkit.engine.words import describe
from labkit.explore.causes import picture
from labkit.look import STYLE

if TYPE_CHECKING:
    from labkit.explore.report import Finding, Report
    from labkit.explore.running import Run

SHOWN = 60  # steps
FAULT = ' class="fault"'


def report_html(report: Report) -> str:
    """The report for a notebook."""
    parts = [f'<div class="said {report.outcome}">{SIGNS[report.outcome]} <strong>{escape(report.headline())}</strong>']
    if report.finding is not None:
        parts.append(f"<div>{escape(_sentence(report.finding))}</div>")
    parts.append("</div>")
    if report.finding is not None:
        parts.append(_evidence(report.finding))
    parts.append(_more(f"{report.effort()}."))
    parts.append(_more(f"Strategy {report.strategy}: {report.why}."))
    parts += [_more(remark) for remark in report.remarks()]
    return whole("".join(parts))


def finding_html(finding: Finding) -> str:
    """A finding by itself."""
    head = f'<div class="said violated">✗ <strong>{escape(finding.violation.property)}</strong>'
    return whole(f"{head}<div>{escape(_sentence(finding))}</div></div>{_evidence(finding)}")


def run_html(run: Run) -> str:
    """A run by itself: its verdict and its replay, stopped at the violation if there is one."""
    from labkit.view.replay import Replay

    if run.violation is None:
        said = f'<div class="said holds">{SIGNS["holds"]} <strong>No violation</strong> in {run.seconds:g} s</div>'
        return whole(said + Replay(run.trace).fragment())
    head = f'<div class="said violated">✗ <strong>{escape(run.violation.property)}</strong></div>'
    return whole(head + Replay(picture(run.trace, run.violation)).fragment())


def whole(inner: str) -> str:
    return f'<div class="labkit-report"><style>{STYLE}</style>{inner}</div>'


def _more(text: str) -> str:
    return f'<div class="more">{escape(text)}</div>'


def _sentence(finding: Finding) -> str:
    violation = finding.violation
    return f"At {violation.time:.3f} s: {violation.message.rstrip('.')}."


def _evidence(finding: Finding) -> str:
    """The steps, the replay, and the run as code."""
    parts = [_more(f"{finding.origin()}: {finding.lengths()}.")]
    if finding.differs:
        from labkit.explore.report import CAUSES

        parts.append(f'<div class="said">{escape(finding.differs)} {escape(CAUSES)}.</div>')
    parts.append(table(step_rows(finding)))
    if finding.ending:
        parts.append(_more(finding.ending))
    parts.append(f"<details><summary>Watch it happen</summary>{finding.view().fragment()}</details>")
    parts.append(
        "<details><summary>Have the same run again: a test for pytest</summary>"
        f"<pre>{escape(finding.as_test())}</pre></details>"
    )
    return "".join(parts)


def step_rows(finding: Finding) -> list[tuple[str, str, str, bool]]:
    """The steps: when, where, what, and whether it is a fault."""
    rows, trace = [], finding.run.trace
    for event in finding.steps:
        where = event.node or "network"
        what = describe(event, trace).removeprefix(f"{where} ").removeprefix(f"{where}'s ")
        rows.append((f"{event.time:.3f} s", where, what, event.kind not in ("deliver", "timer")))
    return rows


def table(rows: Sequence[tuple[str, str, str, bool]]) -> str:
    """Steps as a table; within an element of the class labkit-report."""
    lines = [
        f"<tr{FAULT * fault}><td>{when}</td><td>{escape(where)}</td><td>{escape(what)}</td></tr>"
        for when, where, what, fault in rows[:SHOWN]
    ]
    if len(rows) > SHOWN:
        lines.append(f"<tr><td></td><td></td><td>and {len(rows) - SHOWN} more</td></tr>")
    return f"<table><tbody>{''.join(lines)}</tbody></table>" if lines else ""
