"""`labkit explore`: search for the run that breaks a program in a file."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import click

from labkit.check.command import BAD_INPUT, STATUS, Judge
from labkit.errors import LabkitError

READY = ("labkit.check.election", "labkit.check.invariants", "labkit.check.replication", "labkit.check.agreement")


@click.command(cls=Judge)
@click.argument("program", metavar="FILE.py:NAME")
@click.option("--size", type=click.IntRange(min=1), help="How many nodes; if NAME is a class of nodes.")
@click.option("--property", "properties", multiple=True, metavar="NAME",
              help="A function of the file, or a ready one (election_safety), or module:name. Repeatable.")  # fmt: skip
@click.option("--scenario", metavar="NAME", help="A function of the file, or module:name; else 5 virtual seconds.")
@click.option("--strategy", type=click.Choice(["auto", "random", "pct", "exhaustive"]), default="auto",
              show_default=True, help="How runs are chosen.")  # fmt: skip
@click.option(
    "--faults", metavar="KINDS", help='Kinds of faults, such as "crash,loss"; "none" for none. All, if absent.'
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="How long to search. Default: 20.")
@click.option("--runs", type=click.IntRange(min=1), help="How many runs to make at most.")
@click.option("--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Of a bug, for priorities.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the first run.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as there are processors, if absent.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, whose workers make the runs.")
@click.option("--test", "test", type=click.Path(dir_okay=False), help="Write what was found as a test to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def explore(program: str, as_json: bool, test: str | None, **options: Any) -> None:
    """Search for a run in which a property does not hold.

    NAME is a class of nodes, or a function make(seed=..., faults=...) that gives a cluster. Exits with 0 if all held,
    with 1 if a property is violated, with 2 if no run was made, and with 3 if the program cannot be searched.
    """
    try:
        report = _search(program, options)
        if test is not None and report.finding is not None:
            Path(test).write_text(report.finding.as_test(), encoding="utf-8")
    except (LabkitError, OSError) as error:
        click.echo(f"labkit explore: {error}", err=True)
        sys.exit(BAD_INPUT)
    click.echo(json.dumps(report.document(), indent=1) if as_json else report.text())
    sys.exit(STATUS[report.outcome])


def _search(program: str, options: dict[str, Any]) -> Any:
    from labkit.explore import explore as search

    file, _, name = program.rpartition(":")
    if not file or not name:
        raise LabkitError(f"{program}: say which class or function of the file, as in my_raft.py:Raft")
    module = load(file)
    make = _named(module, name, file)
    wanted = options.pop("properties")
    checks = [_found(module, check, file) for check in wanted]
    scenario = options.pop("scenario")
    chosen = options.pop("faults")
    faults: Any = True
    if chosen is not None:
        faults = [] if chosen == "none" else [kind.strip() for kind in chosen.split(",")]
    return search(make, None if scenario is None else _found(module, scenario, file), checks, faults=faults, **options)


def load(file: str) -> Any:
    """The module in a file. Raises LabkitError if there is none, or if it fails."""
    path = Path(file)
    if not path.is_file():
        raise LabkitError(f"{file}: there is no such file")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise LabkitError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise LabkitError(f"{file} cannot be loaded: {type(error).__name__}: {error}") from error
    _send_by_value(module)
    return module


def _send_by_value(module: Any) -> None:
    """Workers elsewhere do not have the file: send them what it defines."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(module)


def _found(module: Any, name: str, file: str) -> Any:
    """A function of the file, of one of labkit's modules of properties, or of the module named before a colon."""
    place, _, attribute = name.rpartition(":")
    if place:
        try:
            return _named(importlib.import_module(place), attribute, place)
        except ImportError as error:
            raise LabkitError(f"{name}: {error}") from error
    if hasattr(module, name):
        return _named(module, name, file)
    for ready in READY:
        if importlib.util.find_spec(ready) is not None and hasattr(importlib.import_module(ready), name):
            return getattr(importlib.import_module(ready), name)
    return _named(module, name, file)


def _named(module: Any, name: str, file: str) -> Any:
    if not callable(getattr(module, name, None)):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise LabkitError(f"{file} has no class or function {name!r}; it has {', '.join(known) or 'none'}")
    return getattr(module, name)
