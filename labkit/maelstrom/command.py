"""`labkit maelstrom`: test node programs as Maelstrom does, or serve a labkit node as such a program."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Any

import click

from labkit.errors import LabkitError
from labkit.maelstrom.options import Options, parse_availability, parse_concurrency

VALID, INVALID, UNKNOWN, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3, 130
STATUS = {True: VALID, False: INVALID, None: UNKNOWN}


NO_SSH = "nothing here goes over SSH: leave it out"
FOREIGN = {  # options of Maelstrom's command line that have no place here, and what to do
    "--leave-db-running": "the programs always end with the test: leave it out",
    "--logging-json": "messages.jsonl and history.jsonl are JSON already: leave it out",
    "--no-ssh": NO_SSH,
    "--node": "name the nodes together, with commas: --nodes n1,n2,n3",
    "--nodes-file": "name the nodes with commas: --nodes n1,n2,n3",
    "--password": NO_SSH,
    "--ssh-private-key": NO_SSH,
    "--strict-host-key-checking": NO_SSH,
    "--test-count": "run the command again instead",
    "--username": NO_SSH,
    "-n": "name the nodes together, with commas: --nodes n1,n2,n3",
}
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"  # what word processors and web pages make of "-"


class _Command(click.Command):
    """A command whose usage errors have the status of bad input: 2 would say that the outcome is unknown."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **options: Any) -> click.Context:
        try:
            own = args[: args.index("--")] if "--" in args else args
            for word in own:
                bare = word.lstrip("-")
                if bare and bare[0] in DASHES:
                    right = "--" + bare.lstrip("-" + DASHES)
                    raise click.UsageError(f"{word} is written with a dash that is no hyphen: type {right}")
            return super().make_context(info_name, args, *rest, **options)
        except click.UsageError as error:
            if isinstance(error, click.NoSuchOption) and error.option_name in FOREIGN:
                error = click.UsageError(f"{error.option_name}: {FOREIGN[error.option_name]}", error.ctx)
            error.show()
            sys.exit(BAD_INPUT)


class _Number(click.FloatRange):
    name = "number"  # in messages


class _Count(click.IntRange):
    name = "whole number"


@click.group("maelstrom")
def maelstrom() -> None:
    """Maelstrom both ways: test node programs in any language, or run a labkit node as one."""


@maelstrom.command("test", cls=_Command)
@click.option("-w", "--workload", required=True, help="What to test: echo, broadcast, lin-kv, ... (see above).")
@click.option("--bin", "program", required=True, metavar="FILE", help="The program of a node.")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--node-count", type=_Count(1), help="How many nodes: n0, n1, and so on.")
@click.option("--nodes", metavar="IDS", help="The nodes by name, with commas; n1,n2,n3,n4,n5 if neither is given.")
@click.option("--time-limit", default=60.0, show_default=True, type=_Number(0), help="Seconds of operations.")
@click.option("--rate", default=5.0, show_default=True, type=_Number(0), help="Operations a second, in all.")
@click.option("--concurrency", default="1n", show_default=True, help="Clients: a number, or 2n for two for each node.")
@click.option("--latency", default=0.0, show_default=True, type=_Number(0), help="Mean latency between nodes, in ms.")
@click.option("--latency-dist", default="constant", show_default=True, help="constant, uniform or exponential.")
@click.option("--nemesis", default="", metavar="FAULTS", help="Faults to inject: partition.")
@click.option(
    "--nemesis-interval",
    default=10.0,
    show_default=True,
    type=_Number(0, min_open=True),
    help="Seconds between faults and their end, on average.",
)
@click.option("--topology", default="grid", show_default=True, help="grid, line, total, tree2, tree3 or tree4.")
@click.option("--key-count", type=_Count(1), help="Keys in use at a time (txn and kafka workloads).")
@click.option("--max-txn-length", default=4, show_default=True, type=_Count(1), help="Operations in a transaction.")
@click.option("--max-writes-per-key", type=_Count(1), help="Writes to a key before it is replaced by a new one.")
@click.option(
    "--consistency-models",
    default="strict-serializable",
    show_default=True,
    metavar="MODELS",
    help="What transactions must satisfy, with commas.",
)
@click.option(
    "--availability", metavar="SHARE", help="The share of operations that must succeed: total, or such as 0.9."
)
@click.option("--timeout", type=_Number(0, min_open=True), help="Seconds that a client waits for an answer.")
@click.option(
    "--recovery",
    default=10.0,
    show_default=True,
    type=_Number(0),
    help="Quiet seconds before the final reads.",
)
@click.option("--log-stderr", is_flag=True, help="Show what the nodes write to stderr.")
@click.option("--log-net-send", is_flag=True, help="Show messages as they are sent.")
@click.option("--log-net-recv", is_flag=True, help="Show messages as they are received.")
@click.option("--seed", type=int, help="For the same operations, delays and faults again (the run is in real time).")
@click.option(
    "--store", default="store", show_default=True, type=click.Path(path_type=Path), help="Where results are kept."
)
def test(**given: Any) -> None:
    """Test a node program, in any language, as Maelstrom does.

    \b
    labkit maelstrom test -w echo --bin ./echo.py --node-count 1 --time-limit 10
    labkit maelstrom test -w broadcast --bin node -- broadcast.js --verbose

    Starts the program once for each node; it reads messages from stdin, writes messages to stdout, and logs to stderr.
    What follows -- is given to it. Workloads: broadcast, echo, g-counter, g-set, kafka, lin-kv, pn-counter,
    txn-list-append, txn-rw-register, unique-ids.

    Exits with 0 if the outcome is valid, 1 if it is invalid, 2 if nobody can tell, and 3 if the programs could not be
    started or the command makes no sense.
    """
    from labkit.maelstrom.report import report
    from labkit.maelstrom.runner import run_to_end

    try:
        options = _options(given)
        result = run_to_end(options, lambda line: click.echo(f"- {line}"), lambda line: click.echo(line, err=True))
        click.echo(report(result))
        status = STATUS[result.valid]
    except LabkitError as error:
        click.echo(f"labkit maelstrom test: {error}", err=True)
        status = BAD_INPUT
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("labkit maelstrom test: interrupted; all node programs were ended", err=True)
        status = INTERRUPTED
    sys.exit(status)


def _options(given: dict[str, Any]) -> Options:
    """The options of a test. Raises LabkitError for what makes no sense."""
    from labkit.maelstrom.checks.consistency import check_models
    from labkit.maelstrom.nemesis import FAULTS
    from labkit.maelstrom.network import DISTRIBUTIONS
    from labkit.maelstrom.program import find
    from labkit.maelstrom.topology import TOPOLOGIES
    from labkit.maelstrom.workloads import WORKLOADS

    _one_of("--workload", given["workload"], WORKLOADS)
    _one_of("--topology", given["topology"], TOPOLOGIES)
    _one_of("--latency-dist", given["latency_dist"], DISTRIBUTIONS)
    faults, models = _split(given["nemesis"]), _split(given["consistency_models"])
    for fault in faults:
        _one_of("--nemesis", fault, FAULTS)
    if given["workload"].startswith("txn"):
        check_models(models)
    nodes = _nodes(given["node_count"], given["nodes"])
    find(given["program"])
    return Options(
        workload=given["workload"],
        command=[given["program"], *given["args"]],
        nodes=nodes,
        time_limit=given["time_limit"],
        rate=given["rate"],
        concurrency=parse_concurrency(given["concurrency"], len(nodes)),
        latency=given["latency"] / 1000,
        latency_dist=given["latency_dist"],
        nemesis=faults,
        nemesis_interval=given["nemesis_interval"],
        topology=given["topology"],
        key_count=given["key_count"],
        max_txn_length=given["max_txn_length"],
        max_writes_per_key=given["max_writes_per_key"],
        consistency_models=models,
        availability=None if given["availability"] is None else parse_availability(given["availability"]),
        timeout=given["timeout"],
        recovery=given["recovery"],
        log_stderr=given["log_stderr"],
        log_net_send=given["log_net_send"],
        log_net_recv=given["log_net_recv"],
        seed=random.SystemRandom().getrandbits(32) if given["seed"] is None else given["seed"],
        store=given["store"],
    )


def _nodes(number: int | None, names: str | None) -> list[str]:
    if number is not None:
        return [f"n{at}" for at in range(number)]
    nodes = list(_split("n1,n2,n3,n4,n5" if names is None else names))
    if not nodes or len(set(nodes)) < len(nodes):
        raise LabkitError(f"--nodes {names}: give different names, with commas between them, such as n1,n2,n3")
    bad = [node for node in nodes if node.startswith("c") or node in ("lin-kv", "seq-kv", "lww-kv", "lin-tso")]
    if bad or any("/" in node for node in nodes):
        raise LabkitError(
            f"--nodes {names}: names that begin with c are clients', and services have theirs; take n1, n2"
        )
    return nodes


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _one_of(option: str, value: str, known: Any) -> None:
    if value not in known:
        raise LabkitError(f"{option} {value}: there is no such thing here; choose from {', '.join(sorted(known))}")


@maelstrom.command("serve", cls=_Command)
@click.argument("program", metavar="MODULE:CLASS")
@click.option(
    "--data", type=click.Path(path_type=Path), help="A folder that keeps the node's disk; else it is in memory."
)
def serve(program: str, data: Path | None) -> None:
    """Run a labkit node as a Maelstrom node, on stdin and stdout.

    PROGRAM is a class that derives from Node, in a module or in a file: mypackage.echo:Echo, or echo.py:Echo.
    """
    from labkit.transport.stdio import serve as serve_node

    try:
        status = serve_node(program, data)
    except LabkitError as error:
        click.echo(f"labkit maelstrom serve: {error}", err=True)
        status = BAD_INPUT
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)
