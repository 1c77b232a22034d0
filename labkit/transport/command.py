"""`labkit node`, `labkit call` and `labkit certificates`."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from labkit.engine.values import plain
from labkit.errors import LabkitError, NodeDown
from labkit.message import Message
from labkit.node import Node
from labkit.transport.client import connect, parse_address
from labkit.transport.files import FileStore
from labkit.transport.loading import load
from labkit.transport.node import TcpNode, TraceFile
from labkit.transport.tcp import Address
from labkit.transport.tls import Tls

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("program")
@click.option("--id", "id", required=True, help="This node's id, such as n1.")
@click.option("--listen", metavar="HOST:PORT", help="Where it takes connections; port 0: the system chooses.")
@click.option("--peer", "peers", metavar="ID=HOST:PORT", multiple=True, help="Another node; once for each.")
@click.option("--cluster", "cluster_file", type=FILE, help="Instead: a TOML file with all addresses under [nodes].")
@click.option("--data", type=FOLDER, help="Keep the node's disk in this directory.")
@click.option("--tls", type=FOLDER, help="Talk TLS, with the certificates in this directory.")
@click.option("--trace", type=FILE, help="Write what happens to this file, as labkit.Trace.open reads it.")
@click.option("--seed", type=int, help="Where the node's random numbers come from; by default new ones in every run.")
def node(program: str, **options: Any) -> None:
    """Run one node as a process of its own, on a real network.

    PROGRAM is module:Class or file.py:Class. SIGTERM and Ctrl-C stop it in good order; an error of the node ends
    it with status 1.

    \b
    labkit node player.py:Player --id n1 --listen 127.0.0.1:7001 --peer n2=127.0.0.1:7002
    """
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("labkit").setLevel(logging.INFO)
    try:
        sys.exit(asyncio.run(_run(load(program, Node), **options)))
    except LabkitError as error:
        raise click.ClickException(str(error)) from None


async def _run(
    program: type[Node],
    id: str,
    listen: str | None,
    peers: tuple[str, ...],
    cluster_file: Path | None,
    data: Path | None,
    tls: Path | None,
    trace: Path | None,
    seed: int | None,
) -> int:
    address, others = _addresses(id, listen, peers, cluster_file)
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(status: int) -> None:
        if not stopped.done():
            stopped.set_result(status)

    _on_signals(loop, lambda: stop(0))
    certificates = Tls(tls, id) if tls is not None else None
    store = FileStore(data, id) if data is not None else None
    file = TraceFile(trace, program.__name__, (id, *others)) if trace is not None else None
    try:
        running = TcpNode(
            program,
            id,
            others,
            seed=seed,
            record=_recorder(file),
            store=store,
            tls=certificates,
            failed=lambda error: stop(1),
        )
        if file is not None:
            running.time.flush.append(file.flush)
        host, port = running.listen(address)
        print(f"{id} listens at {host}:{port}", flush=True)
        running.start()
        status = await stopped
        await running.close()
        return status
    finally:
        if store is not None:
            store.close()
        if file is not None:
            file.close()


def _recorder(file: TraceFile | None) -> Callable[[Any], None]:
    """Takes the events: the node's notes are printed, all go to the file if there is one."""

    def record(event: Any) -> None:
        if event[1] == "note":
            print(f"{event[0]:.3f} s  {event[2]}: {event[6]}", flush=True)
        if file is not None:
            file.record(event)

    return record


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _addresses(
    id: str, listen: str | None, peers: tuple[str, ...], cluster_file: Path | None
) -> tuple[Address, dict[str, Address]]:
    """Where this node listens, and where the others do."""
    others: dict[str, Address] = {}
    own = None if listen is None else parse_address(listen)
    if cluster_file is not None:
        try:
            table = tomllib.loads(cluster_file.read_text(encoding="utf-8"))["nodes"]
            others = {name: parse_address(address) for name, address in table.items()}
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise LabkitError(
                f'{cluster_file} has no table [nodes] with lines like n1 = "host:port": {error}'
            ) from None
        if id not in others:
            raise LabkitError(f"{cluster_file} has no node {id}; it has {', '.join(others)}")
        own = own or others.pop(id)
        others.pop(id, None)
    for peer in peers:
        name, _, address = peer.partition("=")
        if not name or not address:
            raise LabkitError(f"--peer {peer}: write the id and the address, such as n2=127.0.0.1:7002")
        if name == id:
            raise LabkitError(f"--peer {peer}: that is this node itself; name the others")
        others[name] = parse_address(address)
    if own is None:
        raise LabkitError("where to listen? Give --listen 127.0.0.1:7001, or --cluster with all addresses")
    return own, others


@click.command()
@click.argument("address", metavar="HOST:PORT")
@click.argument("message")
@click.argument("fields", default="{}")
@click.option("--timeout", type=float, default=5.0, help="Seconds to wait for the answer (default 5).")
@click.option("--id", "id", help="The client's id, by default one of chance; with --tls, the one of its certificate.")
@click.option("--tls", type=FOLDER, help="Talk TLS, with the certificates in this directory.")
def call(address: str, message: str, fields: str, timeout: float, id: str | None, tls: Path | None) -> None:
    """Ask a node that runs in another process, and print its answer as JSON.

    MESSAGE is module:Message or file.py:Message, FIELDS its fields as JSON.

    \b
    labkit call 127.0.0.1:7001 player.py:Ping '{"n": 1}'
    """
    import msgspec

    try:
        kind = load(message, Message)
        try:
            request = msgspec.convert({"$": kind.__struct_config__.tag} | json.loads(fields), kind)
        except (ValueError, TypeError) as error:
            raise LabkitError(f"{fields} are not the fields of a {kind.__name__} in JSON: {error}") from None
        with connect(address, id=id, tls=tls) as remote:
            click.echo(json.dumps(plain(remote.call(request, timeout=timeout))))
    except (LabkitError, TimeoutError, NodeDown) as error:
        raise click.ClickException(str(error)) from None


@click.command()
@click.argument("directory", type=FOLDER)
@click.argument("ids", nargs=-1, required=True)
@click.option("--days", type=int, default=365, help="How long they hold (default 365).")
def certificates(directory: Path, ids: tuple[str, ...], days: int) -> None:
    """Make a certificate for each of these nodes and clients, and the lab's own authority if there is none yet.

    \b
    labkit certificates certs n1 n2 n3 c1
    """
    from labkit.transport.authority import make_certificates

    try:
        made = make_certificates(directory, ids, days)
    except LabkitError as error:
        raise click.ClickException(str(error)) from None
    for path in made:
        click.echo(path)
