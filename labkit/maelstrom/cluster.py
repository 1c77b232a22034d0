"""The node programs of a test and the network between them: started, introduced, watched and killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from labkit.maelstrom.client import BadAnswer, Client, OperationError
from labkit.maelstrom.network import Network
from labkit.maelstrom.options import Options
from labkit.maelstrom.program import CannotStart, Program, find, how_it_ended
from labkit.maelstrom.protocol import Body, Malformed, Message, decode, encode, shortened
from labkit.maelstrom.services import Service, all_services

ENDED = "its program"  # how the trouble of a program that ended by itself begins
KEPT = 3  # lines that are shown of one kind of trouble of one node


@dataclass
class Trouble:
    """What a node's program did wrong. A breach makes the test invalid; anything else is only told.

    `lines` are the first of the lines that it was about, `times` counts all of them, and `stderr` is the end of what
    the node had logged when it first happened.
    """

    node: str
    what: str
    breach: bool
    lines: list[str] = field(default_factory=list)
    times: int = 0
    stderr: list[str] = field(default_factory=list)


class Cluster:
    """The nodes of one test. `stopped` is set when a program ends by itself: the test cannot go on."""

    def __init__(
        self,
        options: Options,
        *,
        clock: Callable[[], float],
        journal: Callable[[dict[str, Any]], None],
        logs: Path,
        echo: Callable[[str], None] | None,
    ):
        self.options, self.clock = options, clock
        self.troubles: dict[tuple[str, str], Trouble] = {}
        self.stopped = asyncio.Event()
        self.network = Network(
            latency=options.latency,
            distribution=options.latency_dist,
            draw=options.stream("latency"),
            clock=clock,
            journal=journal,
        )
        self._clients = 0
        self._open: list[Client] = []
        for id, service in all_services(options.stream).items():
            self.network.join(id, partial(self._serve, service))
        self.programs = {
            id: Program(
                id,
                logs / f"{id}.log",
                on_line=partial(self._heard, id),
                on_exit=self._ended,
                on_trouble=partial(self.trouble, id),
                echo=echo,
            )
            for id in options.nodes
        }

    # --- beginning and end

    async def start(self) -> None:
        """Start all programs and introduce them to each other. Raises CannotStart, saying which did not come up."""
        command = [find(self.options.command[0]), *self.options.command[1:]]
        for id, program in self.programs.items():
            self.network.join(id, partial(_hand_over, program))
        await asyncio.gather(*(program.start(command) for program in self.programs.values()))
        await self._all(self._init(id) for id in self.programs)

    async def setup(self, request: Callable[[str], Body | None]) -> None:
        """Make a request of each node and see that it is answered. Raises CannotStart."""
        await self._all(self._setup(id, body) for id in self.programs if (body := request(id)) is not None)

    async def stop(self) -> None:
        """Kill all programs and everything that they started."""
        self.network.close()
        await asyncio.gather(*(program.stop() for program in self.programs.values()))

    async def _all(self, jobs: Any) -> None:
        """Do jobs side by side, until all are done, one fails, or a program ends."""
        tasks = [asyncio.ensure_future(job) for job in jobs]
        watch = asyncio.ensure_future(self.stopped.wait())
        try:
            pending = set(tasks)
            while pending and not watch.done():
                done, rest = await asyncio.wait({*pending, watch}, return_when=asyncio.FIRST_COMPLETED)
                pending = rest - {watch}
                for task in done - {watch}:
                    task.result()
            if pending:
                raise CannotStart(self._why_not_up())
        finally:
            for task in [*tasks, watch]:
                task.cancel()
            await asyncio.gather(*tasks, watch, return_exceptions=True)

    async def _init(self, id: str) -> None:
        await self._setup(
            id, {"type": "init", "node_id": id, "node_ids": list(self.options.nodes)}, self.options.init_timeout
        )

    async def _setup(self, id: str, body: Body, timeout: float | None = None) -> None:
        client = self.client(timeout or self.options.timeout_or(self.options.init_timeout))
        try:
            await client.request(id, body)
        except (OperationError, BadAnswer) as error:
            text = str(error)
            if isinstance(error, OperationError) and error.code:
                text = f"{id} answered with error {error.code} ({text})"
            hint = "; it did write, but without in_reply_to" if client.unaddressed else ""
            raise CannotStart(self._why_not_up(f"{id} did not come up. To {body['type']}: {text}{hint}.")) from None
        finally:
            self.close(client)

    def _why_not_up(self, first: str = "The programs did not come up.") -> str:
        lines = [first]
        for trouble in self.troubles.values():
            lines += describe(trouble)
        silent = [program for program in self.programs.values() if program.id in first.split()[0]]
        for program in silent:
            if (words := program.last_words()) and not any(t.node == program.id for t in self.troubles.values()):
                lines += [f"The last lines of {program.id}'s stderr:", *(f"    {word}" for word in words[-10:])]
        return "\n".join(lines)

    # --- clients

    def client(self, timeout: float) -> Client:
        """A new client on the network."""
        client = Client(f"c{self._clients}", self.network, timeout)
        self._clients += 1
        self._open.append(client)
        return client

    def close(self, client: Client) -> None:
        self._open.remove(client)
        client.close()

    # --- what programs write

    def _heard(self, id: str, line: bytes) -> None:
        try:
            src, dest, body = decode(line)
        except Malformed as error:
            self.trouble(id, f"it wrote a line to stdout that is no message: {error}", _text(line))
            return
        if not self.network.knows(src):
            self.trouble(id, f"it sent a message as {src!r}, which nobody is", shortened(line.decode()))
        elif not self.network.knows(dest):
            self.trouble(
                id, f"it sent a message to {dest!r}, which is not there", shortened(line.decode()), breach=False
            )
        else:
            self.network.send(src, dest, body)

    def _serve(self, service: Service, message: Message) -> None:
        if "in_reply_to" in message.body:
            return
        answer = service.answer(message.src, message.body)
        self.network.send(message.dest, message.src, {**answer, "in_reply_to": message.body.get("msg_id")})

    def _ended(self, program: Program) -> None:
        what = f"{ENDED} {how_it_ended(program.status)} at {self.clock():.1f} s"
        self.trouble(program.id, what)
        self.stopped.set()

    def trouble(self, node: str, what: str, line: str = "", *, breach: bool = True) -> None:
        """Remember that a node did something wrong."""
        kind = what.split(" (")[0]  # the same trouble, whatever the parser says of the place
        trouble = self.troubles.get((node, kind))
        if trouble is None:
            trouble = Trouble(node, what, breach, stderr=self.programs[node].last_words())
            self.troubles[node, kind] = trouble
        trouble.times += 1
        if line and len(trouble.lines) < KEPT:
            trouble.lines.append(line)


def _hand_over(program: Program, message: Message) -> None:
    program.write(encode(message))


def _text(line: bytes) -> str:
    return shortened(line.decode("utf-8", "replace"))


def describe(trouble: Trouble) -> list[str]:
    """A trouble in lines: what, the lines it is about, and the end of the node's stderr."""
    times = f" ({trouble.times:,} times)" if trouble.times > 1 else ""
    found = [f"{trouble.node}: {trouble.what}{times}"]
    found += [f"    {line}" for line in trouble.lines]
    if "no message" in trouble.what:
        found.append("    Only messages may go to stdout; a program logs to stderr.")
    if trouble.stderr:
        found.append(f"  The last lines of {trouble.node}'s stderr:")
        found += [f"    {shortened(line)}" for line in trouble.stderr[-10:]]
    return found
