"""`python -m bench`: prints what a message costs, as so many times a bare heap loop, and how long whole runs take."""

import argparse
import json
import os
import platform
from typing import Any

from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Table

from bench.exchange import KEPT, WAYS
from bench.measure import Row, middle, rounds
from bench.network import Pair, pairs
from bench.peers import BARE, PEERS
from bench.whole import Figure, figures

SIZES = [5, 1_000]


def main() -> None:
    """Measure, print, and with --json keep every single figure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--repeats", type=int, default=5, help="rounds in which all ways take turns (default 5)")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of one measurement (default 0.2)")
    parser.add_argument("--quick", action="store_true", help="leave the whole runs out")
    options = parser.parse_args()

    console = Console(width=max(100, Console().width))
    ways = PEERS + WAYS
    rows: list[Row] = []
    with Progress(
        TextColumn("measuring"), *Progress.get_default_columns(), console=console, transient=True
    ) as progress:
        task = progress.add_task("", total=len(SIZES) * len(ways) * options.repeats)
        for nodes in SIZES:
            rows += rounds(ways, nodes, options.repeats, options.seconds, lambda: progress.advance(task))
    for nodes in SIZES:
        console.print(exchange_table([row for row in rows if row.nodes == nodes]), "")
    console.print(
        "Each figure is the median of the rounds, then the lowest and the highest. A message: a send and a delivery.\n"
        "The bare loop runs without garbage collection and without drawing latencies; all others draw them or sleep.\n"
    )
    whole = [] if options.quick else list(figures(min(options.repeats, 3)))
    if whole:
        console.print(whole_table(whole))
    real = [] if options.quick else pairs(min(options.repeats, 3))
    if real:
        console.print("", network_table(real))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(as_json(rows, whole, real), file, indent=1)


def exchange_table(rows: list[Row]) -> Table:
    """One line a way; a column for each thing that is kept of the run."""
    base = next(row for row in rows if row.way is BARE)
    table = Table(title=f"{rows[0].nodes:,} nodes: times slower than the bare loop", title_justify="left", box=None)
    table.add_column("way", no_wrap=True)
    for kept in KEPT:
        table.add_column(kept, justify="right")
    table.add_column("messages/s", justify="right")
    for name in dict.fromkeys(row.way.name for row in rows):
        cells = {row.way.kept: row for row in rows if row.way.name == name}
        ratios = [spread(cells[kept].times_slower(base)) if kept in cells else "" for kept in KEPT]
        nanoseconds, _, _ = middle(cells["no trace"].nanoseconds)
        table.add_row(name, *ratios, f"{1e9 / nanoseconds:,.0f}")
    return table


def whole_table(whole: list[Figure]) -> Table:
    """One line a figure."""
    table = Table(title="Whole runs", title_justify="left", box=None)
    for heading in ("run", "figure"):
        table.add_column(heading, justify="left" if heading == "run" else "right")
    table.add_column("")
    for figure in whole:
        table.add_row(figure.name, spread(figure.values), figure.unit)
    return table


def network_table(real: list[Pair]) -> Table:
    """One line a pair: labkit's figure, the peer's, and how the two compare."""
    table = Table(title="Real processes over TCP, in wall time", title_justify="left", box=None)
    table.add_column("what", no_wrap=True)
    for heading in ("labkit", "peer", "", "labkit / peer"):
        table.add_column(heading, justify="left" if not heading else "right")
    for pair in real:
        figures = [spread(pair.mine), spread(pair.theirs), f"{pair.unit}, {pair.peer}", spread(pair.ratios())]
        table.add_row(pair.name, *figures)
    return table


def spread(values: list[float]) -> str:
    """Median, and the range in grey."""
    median, low, high = middle(values)
    digits = 0 if median >= 100 else 1 if median >= 0.5 else 3
    return f"{median:,.{digits}f} [dim]{low:,.{digits}f}-{high:,.{digits}f}[/dim]"


def as_json(rows: list[Row], whole: list[Figure], real: list[Pair]) -> dict[str, Any]:
    """Every figure, with the machine it was measured on."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "exchange": [
            {"way": row.way.name, "kept": row.way.kept, "nodes": row.nodes, "nanoseconds": row.nanoseconds}
            for row in rows
        ],
        "whole": [{"run": figure.name, "unit": figure.unit, "values": figure.values} for figure in whole],
        "network": [
            {"what": pair.name, "unit": pair.unit, "labkit": pair.mine, "peer": pair.peer, "theirs": pair.theirs}
            for pair in real
        ],
    }


if __name__ == "__main__":
    main()
