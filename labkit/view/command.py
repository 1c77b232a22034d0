"""`labkit trace`: look at a run that was saved, or make something else of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from labkit.engine.faults import KINDS
from labkit.errors import LabkitError

FORMS = (".html", ".json", ".jsonl", ".shiviz")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), metavar="FILE",
              help="Write it as a page (.html), for ShiViz (.shiviz), or as JSON lines (.json).")  # fmt: skip
@click.option("--views", help='With --to run.html: what the page shows, such as "cluster,logs".')
@click.option("--at", type=click.FloatRange(min=0), metavar="S",
              help="The state at this virtual time; of a page: where it opens.")  # fmt: skip
@click.option("--events", is_flag=True, help="Print the events, one a line, in words.")
@click.option("--node", help="With --events: those at this node.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(sorted(set(KINDS) - {"write"})), metavar="KIND",
              help="With --events: those of this kind. Repeatable.")  # fmt: skip
def trace(
    file: Path,
    target: Path | None,
    views: str | None,
    at: float | None,
    events: bool,
    node: str | None,
    kinds: tuple[str, ...],
) -> None:
    """Look at the run that `trace.save("run.json")` wrote to FILE, or write it in another form.

    Exits with 3 if the file is no trace, or cannot be written.
    """
    if (node or kinds) and not events:
        raise click.UsageError("--node and --kind go with --events")
    if (target is None or target.suffix != ".html") and views:
        raise click.UsageError("--views goes with --to run.html")
    try:
        _act(file, target, views, at, (node, kinds) if events else None)
    except BrokenPipeError:
        raise  # of `| head`: click ends quietly
    except LabkitError as error:
        click.echo(f"labkit trace: {error}", err=True)
        sys.exit(3)
    except OSError as error:
        click.echo(f"labkit trace: {target} cannot be written: {error.strerror or error}", err=True)
        sys.exit(3)


def _act(file: Path, target: Path | None, views: str | None, at: float | None, events: Any) -> None:
    # From the package: whoever saves a page needs to have loaded what writes it.
    from labkit import Trace
    from labkit.engine.words import describe
    from labkit.view.stills import trace_text

    run = Trace.open(file)
    if target is not None:
        if target.suffix not in FORMS:
            raise LabkitError(f"{target}: give a name that ends in {', '.join(FORMS)}")
        page: dict[str, Any] = {}
        if target.suffix == ".html":
            page = {"views": views.split(",") if views else None, "at": at}
        run.save(target, **page)
        click.echo(f"{target}: {len(run)} events, {target.stat().st_size / 1000:.0f} KB")
    elif events is not None:
        node, kinds = events
        known = [*run.nodes, *dict.fromkeys(event.node for event in run.select("invoke") if event.node)]
        if node is not None and node not in known:
            raise LabkitError(f"there is no node or client {node!r} in this run; there are {', '.join(known)}")
        for event in run.select(*kinds, node=node):
            if at is None or event.time <= at:
                click.echo(f"{event.seq:6}  {event.time:10.6f} s  {event.kind:9}  {describe(event, run)}")
    else:
        click.echo(trace_text(run, at))
