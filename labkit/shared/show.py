"""How a schedule and the result of a search show themselves: on a terminal and in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.shared.run import Run
    from labkit.shared.searching import Finding, Searched

SHOWN = 60  # steps
_STYLE = """
.labkit-shared { font: 14px/1.5 system-ui, sans-serif; }
.labkit-shared table { border-collapse: collapse; margin: .4em 0 .6em; }
.labkit-shared th, .labkit-shared td { padding: .12em .7em; text-align: left !important; white-space: nowrap;
  border-bottom: 1px solid rgba(128,128,128,.25); }
.labkit-shared th { border-bottom: 2px solid rgba(128,128,128,.6); }
.labkit-shared td.n { color: #767676; text-align: right !important; }
.labkit-shared td.memory { font-family: ui-monospace, monospace; font-size: 12.5px; color: #767676; }
.labkit-shared td.memory.changed { font-weight: 700; color: inherit; }
.labkit-shared td.critical { background: rgba(0,114,178,.18); }
.labkit-shared tr.wrong td { border-bottom: 3px solid #d55e00; }
.labkit-shared tr.loop td.n { border-left: 4px double #cc79a7; }
.labkit-shared .bad { color: #d55e00; font-weight: 600; }
.labkit-shared .good { color: #009e73; font-weight: 600; }
.labkit-shared pre { background: rgba(128,128,128,.12); padding: .5em .8em; font-size: 12.5px; border-radius: 4px; }
.labkit-shared summary { cursor: pointer; }
"""


def groups(memory: dict[str, Any]) -> dict[str, str]:
    """The memory with one text for each object or array."""
    found: dict[str, list[str]] = {}
    arrays = set()
    for name, value in memory.items():
        base = name.partition("[")[0]
        if "[" in name:
            arrays.add(base)
        found.setdefault(base, []).append(brief(value))
    return {name: f"[{', '.join(values)}]" if name in arrays else values[0] for name, values in found.items()}


def brief(value: Any) -> str:
    """A value, as short as can be."""
    return {"True": "T", "False": "F", "None": "–"}.get(repr(value), repr(value))


def _cells(run: Run) -> tuple[list[str], list[list[str]]]:
    """The head of the table, and a line of it for each step."""
    names = list(groups(run.first))
    head = ["", *(f"p{me}" for me in range(run.n)), *names]
    lines = [["0", *([""] * run.n), *groups(run.first).values()]]
    for number, row in enumerate(run.rows, 1):
        texts = [row.text if me == row.process else "" for me in range(run.n)]
        lines.append([str(number), *texts, *groups(row.memory).values()])
    return head, lines


def run_text(run: Run) -> str:
    """A run as a table of text."""
    head, lines = _cells(run)
    shown = lines[: SHOWN + 1]
    widths = [max(len(line[column]) for line in [head, *shown]) for column in range(len(head))]
    out = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, *shown]
    ]
    out.insert(1, "-" * max(map(len, out)))
    if run.loop is not None:
        out.append(f"{_circle(run)} round and round.")
    if len(lines) > len(shown):
        out.append(f"... and {len(lines) - len(shown)} steps more.")
    if run.violation is not None:
        out.append(f"{run.violation[0]} is broken: {run.violation[1]}.")
    elif any(value is not None for value in run.results.values()):
        out.append("They return " + ", ".join(f"{value!r} (p{me})" for me, value in run.results.items()) + ".")
    return "\n".join(out)


def _circle(run: Run) -> str:
    assert run.loop is not None
    first, last = run.loop + 1, len(run.rows)
    return f"Step {first} goes" if first == last else f"Steps {first} to {last} go"


def run_html(run: Run) -> str:
    """A run as a table."""
    return f'<div class="labkit-shared"><style>{_STYLE}</style>{_table(run)}{_said(run)}</div>'


def _said(run: Run) -> str:
    if run.violation is not None:
        return f'<div class="bad">✗ {escape(run.violation[0])} is broken: {escape(run.violation[1])}.</div>'
    if any(value is not None for value in run.results.values()):
        told = ", ".join(f"p{me} returns {value!r}" for me, value in run.results.items())
        return f"<div>{escape(told)}.</div>"
    return ""


def _table(run: Run) -> str:
    head, lines = _cells(run)
    wrong = run.violation[2] if run.violation is not None and run.loop is None else -1
    out = [f"<tr>{''.join(f'<th>{escape(text)}</th>' for text in head)}</tr>"]
    before = lines[0]
    for number, line in enumerate(lines[: SHOWN + 1]):
        phases: tuple[str, ...] = run.rows[number - 1].phases if number else ("",) * run.n
        loop = run.loop is not None and number > run.loop
        kind = " ".join(name for name, so in (("wrong", number == wrong), ("loop", loop)) if so)
        cells = [f'<td class="n">{line[0] if number else "start"}{" ↻" if loop else ""}</td>']
        for me, phase in enumerate(phases):
            inside = ' class="critical"' if phase == "critical" else ""
            cells.append(f"<td{inside}>{escape(line[1 + me])}</td>")
        for place in range(1 + run.n, len(line)):
            changed = " changed" if line[place] != before[place] else ""
            cells.append(f'<td class="memory{changed}">{escape(line[place])}</td>')
        out.append(f'<tr class="{kind}">{"".join(cells)}</tr>')
        before = line
    more = len(lines) - SHOWN - 1
    rest = f"<div>... and {more} steps more.</div>" if more > 0 else ""
    if run.loop is not None:
        rest += f"<div>↻ {_circle(run)} round and round, for ever.</div>"
    return f"<table>{''.join(out)}</table>{rest}"


def finding_html(finding: Finding) -> str:
    """A finding: what is wrong, the schedule, and the schedule as a test."""
    return f'<div class="labkit-shared"><style>{_STYLE}</style>{_finding(finding)}</div>'


def _finding(finding: Finding) -> str:
    given = ""
    if any(value is not None for value in finding.inputs):
        given = (
            "<div>"
            + ", ".join(f"p{me} begins with {escape(repr(v))}" for me, v in enumerate(finding.inputs))
            + ".</div>"
        )
    return (
        f'<div class="bad">✗ {escape(finding.property)}: {escape(finding.message)}.</div>{given}'
        f"<div>The shortest schedule:</div>{_table(finding.run)}"
        f"<details><summary>As a test, to paste into a cell</summary><pre>{escape(finding.as_test())}</pre></details>"
    )


def as_test(finding: Finding) -> str:
    """A finding as a test. A safety property is asked of the schedule, progress of a new search."""
    name = finding.property.lower().replace(" ", "_").replace("-", "_")
    program = finding.program.__name__
    options = "".join(f", {key}={value!r}" for key, value in finding.options.items() if value)
    if any(value is not None for value in finding.inputs):
        options += f", inputs={finding.inputs!r}"
    if finding.loop:
        return (
            f"from labkit.shared import search\n\n\ndef test_{name}():\n"
            f"    # {finding.message}\n    # by {finding.schedule}, its last {finding.loop} steps again and again\n"
            f"    assert search({program}, {finding.n}{options}).holds[{finding.property!r}]\n"
        )
    return (
        f"from labkit.shared import play\n\n\ndef test_{name}():\n"
        f"    run = play({program}, {finding.n}, {finding.schedule}{options})\n"
        "    assert run.violation is None, run.violation[1]\n"
    )


def headline(found: Searched) -> str:
    """How much was searched."""
    what = f"{found.program.__name__}, {found.n} process{'es' if found.n != 1 else ''}"
    seen = f"{found.states:,} states, {found.steps:,} steps between them"
    if found.complete:
        return f"{what}: all there are, {seen}"
    if found.stopped:
        return f"{what}: {seen}, and not all: {found.stopped}"
    return f"{what}: {seen}, up to the first that is wrong"


_SIGNS = {True: "holds", False: "is broken", None: "was not judged"}


def searched_text(found: Searched) -> str:
    lines = [headline(found)]
    for name, holds in found.holds.items():
        finding = found.findings.get(name)
        told = f": {finding.message}" if finding is not None else ""
        lines.append(f"  {'✓' if holds else '✗' if holds is False else '?'} {name} {_SIGNS[holds]}{told}")
    lines += [f"  {remark}." for remark in found.remarks]
    for finding in found.findings.values():
        lines += ["", f"The shortest schedule that breaks {finding.property.lower()}:", finding.text()]
    return "\n".join(lines)


def searched_html(found: Searched) -> str:
    out = [f"<div><strong>{escape(headline(found))}.</strong></div>"]
    for name, holds in found.holds.items():
        finding = found.findings.get(name)
        if finding is not None:
            out.append(_finding(finding))
        else:
            sign, kind = {True: ("✓", "good"), False: ("✗", "bad"), None: ("?", "")}[holds]
            out.append(f'<div><span class="{kind}">{sign}</span> <b>{escape(name)}</b> {_SIGNS[holds]}.</div>')
    out += [f"<div>{escape(remark)}.</div>" for remark in found.remarks]
    return f'<div class="labkit-shared"><style>{_STYLE}</style>{"".join(out)}</div>'
