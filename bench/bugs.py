"""`python -m bench.bugs`: prints what a search finds of the seeded bugs, how soon, and how small it makes that; with
`--correct RUNS`, that it finds nothing in the unbroken protocols."""

import argparse
import json
import sys
import time
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.peers import bare
from labkit.engine.faults import Faults
from labkit.explore import explore
from labkit.explore.bugs import BUGS, Bug, Setting
from labkit.explore.running import Plan, Stage

TARGET_SECONDS, TARGET_STEPS = 20.0, 30


def main() -> None:
    """Search for every bug, print a line for each, and with --json keep all figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.bugs", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--only", metavar="WORD", default="", help="only bugs with this word in their name or protocol")
    parser.add_argument("--seconds", type=float, default=TARGET_SECONDS, help="of search for a bug (default 20)")
    parser.add_argument("--strategy", default="auto", help='"auto", "random" or "pct"')
    parser.add_argument("--correct", type=int, metavar="RUNS", default=0, help="search each unbroken protocol instead")
    parser.add_argument("--workers", type=int, help="processes (default: one for each processor)")
    parser.add_argument("--seed", type=int, default=0, help="of the first run (default 0)")
    options = parser.parse_args()

    console = Console(width=max(120, Console().width))
    chosen = [bug for bug in BUGS if options.only in bug.name or options.only in bug.protocol]
    rows = []
    for bug in settings_of(chosen) if options.correct else chosen:
        row = correct(bug, options) if options.correct else find(bug, options)
        rows.append(row)
        console.print(" | ".join(f"{value:.1f}" if isinstance(value, float) else str(value) for value in row.values()))
    if options.correct:
        console.print("", totals(rows), speed(), "")
        return
    console.print("", table(rows), speed(), "")
    found = [row for row in rows if row["after"] is not None]
    soon = [row for row in found if row["seconds"] <= TARGET_SECONDS]
    small = [row for row in found if row["after"] <= TARGET_STEPS]
    console.print(
        f"{len(rows)} bugs: {len(found)} found, {len(soon)} within {TARGET_SECONDS:.0f} s, {len(small)} shrunk to at "
        f"most {TARGET_STEPS} steps.\nA step is a message delivered or a timer fired in the causal past of the "
        "violation, or a fault. Where something never happens, steps count up to the last that changed anything."
    )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


def find(bug: Bug, options: Any) -> dict[str, Any]:
    """Search for a bug. Seconds are those until the run that shows it; shrinking comes after."""
    report = explore(
        bug.make, bug.scenario, bug.properties, faults=bug.faults if bug.setting.kinds == () else kinds(bug),
        seconds=options.seconds, strategy=options.strategy,
    )  # fmt: skip
    finding = report.finding
    return {
        "bug": bug.name,
        "protocol": bug.protocol,
        "strategy": report.strategy,
        "runs": report.runs if finding is None else finding.number + 1,
        "seconds": report.seconds,
        "before": None if finding is None else finding.before,
        "after": None if finding is None else len(finding.steps),
        "property": None if finding is None else finding.violation.property,
    }


def settings_of(bugs: list[Bug]) -> list[Bug]:
    """One of the bugs for each protocol and setting: without their mistakes, the others are the same. Settings in which
    no bug is looked for are among them."""
    chosen: list[Bug] = []
    idle = [
        replace(bug, setting=setting)
        for bug in {bug.protocol: bug for bug in reversed(bugs)}.values()
        for setting in vars(sys.modules[bug.broken.__module__]).values()
        if isinstance(setting, Setting) and all(other.setting is not setting for other in bugs)
    ]
    for bug in sorted([*bugs, *idle], key=lambda bug: bug.protocol):
        if not any(alike(bug, other) for other in chosen):
            chosen.append(bug)
    return chosen


def alike(bug: Bug, other: Bug) -> bool:
    """Whether the unbroken clusters of two bugs are the same, in the same setting."""
    mixed = not isinstance(bug.setting.nodes, int)  # then all nodes are what the setting says
    return bug.setting is other.setting and (mixed or bug.correct is other.correct)


def correct(bug: Bug, options: Any) -> dict[str, Any]:
    """Search the unbroken protocol, where there is nothing to be found. The runs of a protocol are shared out among its
    settings."""
    settings = sum(other.protocol == bug.protocol for other in settings_of(list(BUGS)))
    report = explore(
        bug.make_correct, bug.scenario, bug.setting.properties,
        faults=bug.faults if bug.setting.kinds == () else kinds(bug),
        runs=-(-options.correct // settings),
        strategy=options.strategy, workers=options.workers, seed=options.seed,
    )  # fmt: skip
    finding, chosen = report.finding, bug.setting.kinds
    return {
        "protocol": bug.protocol, "nodes": len(bug.make_correct().ids), "scenario": bug.scenario.__name__,
        "faults": "all" if chosen is None else ", ".join(chosen) or "the scenario's own",
        "runs": report.runs, "seconds": report.seconds, "events": report.events,
        "property": "none violated" if finding is None else f"run {finding.number}: {finding.violation}",
    }  # fmt: skip


def totals(rows: list[dict[str, Any]]) -> str:
    """How many runs each protocol has had, and what they showed."""
    lines = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        own = [row for row in rows if row["protocol"] == protocol]
        wrong = [row for row in own if row["property"] != "none violated"]
        lines.append(
            f"{protocol}: {sum(row['runs'] for row in own):,} runs in {len(own)} settings, "
            f"{sum(row['runs'] for row in own) / sum(row['seconds'] for row in own):,.0f} runs/s, "
            f"{len(wrong) or 'no'} settings with a violation"
        )
    return "\n".join(lines)


def kinds(bug: Bug) -> Any:
    return True if bug.setting.kinds is None else bug.setting.kinds


def table(rows: list[dict[str, Any]]) -> Table:
    """One line a bug."""
    shown = Table(title="Seeded bugs", title_justify="left", box=None)
    for heading in ("bug", "protocol", "strategy", "runs", "seconds", "steps before", "after", "violates"):
        shown.add_column(
            heading, justify="right" if heading in ("runs", "seconds", "steps before", "after") else "left"
        )
    for row in rows:
        values = [
            f"{value:.1f}" if isinstance(value, float) else "" if value is None else str(value)
            for value in row.values()
        ]
        shown.add_row(*values)
    return shown


def speed() -> str:
    """How many runs of an undisturbed election of three nodes a core makes in a second, and what an event costs."""
    from labkit.check.election import election_safety
    from labkit.cluster import Cluster
    from labkit.protocols.raft import Raft

    stage = Stage(lambda **given: Cluster(Raft, 3, **given), lambda cluster: cluster.run(1.0), [election_safety])
    begin, runs, events = time.perf_counter(), 0, 0
    while time.perf_counter() - begin < 2.0:
        events += len(stage.run(Plan(runs, Faults())).trace)
        runs += 1
    took = time.perf_counter() - begin
    messages = 200_000
    work = bare(drawn=False)(3, messages)
    begin = time.perf_counter()
    done = work()
    heap = (time.perf_counter() - begin) / (done or messages)
    return (
        f"Three nodes elect a leader, 1 virtual second, judged: {runs / took:,.0f} schedules/s on one core; an event "
        f"takes {took / events / heap:.1f} times as long as one of the bare heap loop."
    )


if __name__ == "__main__":
    main()
