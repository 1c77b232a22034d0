"""A test, from start to verdict: programs, operations with faults, recovery, final reads, check."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.maelstrom import nemesis, store
from labkit.maelstrom.client import BadAnswer, OperationError
from labkit.maelstrom.cluster import Cluster, Trouble
from labkit.maelstrom.figures import PLANNED, figures
from labkit.maelstrom.history import Event, Recorder
from labkit.maelstrom.options import Options
from labkit.maelstrom.protocol import NO_SUCH_KEY, PRECONDITION_FAILED
from labkit.maelstrom.verdict import Verdict, count, listed, worst
from labkit.maelstrom.workloads import WORKLOADS
from labkit.maelstrom.workloads.base import Op, Worker, Workload

LAG = 0.1  # seconds of operations that may be made up for when all clients were busy


@dataclass
class Result:
    """A finished test. `verdicts` are by name: what was checked, and what came out."""

    options: Options
    folder: Path
    valid: bool | None
    verdicts: dict[str, Verdict]
    figures: dict[str, Any]
    troubles: list[Trouble]
    history: list[Event]


async def run(options: Options, say: Callable[[str], None], echo: Callable[[str], None] | None = None) -> Result:
    """Run a test. `say` takes what is going on, a line each; `echo` what the options want logged: the nodes' stderr, or
    the messages.

    Raises CannotStart if the programs do not come up. Whatever happens, no program is left running.
    """
    test = _Test(options, say, echo)
    try:
        await test.prepare()
        await test.operate()
        await test.recover()
    finally:
        await asyncio.shield(test.end())
    return test.judge()


class _Test:
    def __init__(self, options: Options, say: Callable[[str], None], echo: Callable[[str], None] | None):
        self.options, self.say = options, say
        self.loop = asyncio.get_running_loop()
        self.zero = self.loop.time()
        self.workload: Workload = WORKLOADS[options.workload](options)
        self.files = store.Files(options)
        self.recorder = Recorder(self.clock, self.files.history)
        self.cluster = Cluster(
            options,
            clock=self.clock,
            journal=store.shown(self.files.message, options, echo),
            logs=self.files.folder / "node-logs",
            echo=echo if options.log_stderr else None,
        )
        self.workers: list[Worker] = []
        self.idle: list[Worker] = []
        self.freed = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.draw = options.stream("schedule")

    def clock(self) -> float:
        return self.loop.time() - self.zero

    # --- phases

    async def prepare(self) -> None:
        nodes = self.options.nodes
        self.say(f"starting {count(len(nodes), 'node')}: {' '.join(self.options.command)}")
        await self.cluster.start()
        await self.cluster.setup(self.workload.setup)
        for number in range(self.options.concurrency):
            client = self.cluster.client(self.workload.timeout)
            self.workers.append(Worker(number, nodes[number % len(nodes)], number, client))

    async def operate(self) -> None:
        """The main part: operations at the given rate, and faults."""
        options = self.options
        clients, faults = count(len(self.workers), "client"), " and ".join(options.nemesis)
        self.say(f"{options.workload} for {options.time_limit:g} s: {options.rate:g} operations a second by {clients}"
                 f"{f', with {faults}' if faults else ''}")  # fmt: skip
        haunting = None
        if "partition" in options.nemesis and len(options.nodes) > 1:
            job = nemesis.haunt(
                options.nodes, self.cluster.network, self.recorder, options.stream("nemesis"), options.nemesis_interval
            )
            haunting = asyncio.create_task(job)
        try:
            await self._schedule(self.loop.time() + options.time_limit)
            await asyncio.gather(*self.tasks)
        finally:
            if haunting is not None:
                haunting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await haunting
                if self.cluster.network.blocked:
                    nemesis.heal(self.cluster.network, self.recorder)

    async def _schedule(self, end: float) -> None:
        self.idle = list(self.workers)
        rate = self.options.rate
        due = self.loop.time()
        while rate > 0:
            due = max(due, self.loop.time() - LAG) + self.draw.uniform(0, 2 / rate)
            if due >= end or await self._died_within(due - self.loop.time()):
                break
            while not self.idle:
                self.freed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.freed.wait(), max(0.0, end - self.loop.time()))
                if self.loop.time() >= end or self.cluster.stopped.is_set():
                    return
            worker = self.idle.pop(self.draw.randrange(len(self.idle)))
            task = asyncio.create_task(self._work(worker))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        await self._died_within(end - self.loop.time())

    async def recover(self) -> None:
        """Quiet, so that the nodes can come to terms; then the final reads."""
        if not self.workload.has_final or self.cluster.stopped.is_set():
            return
        self.say(f"the network is whole; waiting {self.options.recovery:g} s for recovery")
        if await self._died_within(self.options.recovery):
            return
        self.say("final reads")
        await asyncio.gather(*(self._finish(worker) for worker in self.workers))

    async def end(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.cluster.stop()
        self.files.close()

    async def _died_within(self, seconds: float) -> bool:
        """Wait. Returns True at once if a node's program ends."""
        if seconds <= 0:
            return self.cluster.stopped.is_set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.cluster.stopped.wait(), seconds)
        return self.cluster.stopped.is_set()

    # --- operations

    async def _work(self, worker: Worker) -> None:
        await self._perform(worker, self.workload.next(worker))
        self.idle.append(worker)
        self.freed.set()

    async def _finish(self, worker: Worker) -> None:
        async for op in self.workload.final(worker):
            if self.cluster.stopped.is_set():
                return
            await self._perform(worker, op)

    async def _perform(self, worker: Worker, op: Op) -> None:
        said: dict[str, Any] = {"node": worker.node}
        if op.key is not None:
            said["key"] = op.key
        asked = {**said, "value": op.value} | ({"final": True} if op.final else {})
        process = worker.process
        self.recorder.add(process, "invoke", op.f, **asked)
        kind, more = await self._carry_out(worker, op)
        self.recorder.add(process, kind, op.f, **{**said, "value": op.value, **more})
        if kind == "info":
            self.cluster.close(worker.client)
            worker.process += len(self.workers)
            worker.client = self.cluster.client(self.workload.timeout)
            worker.state = {}

    async def _carry_out(self, worker: Worker, op: Op) -> tuple[str, dict[str, Any]]:
        died = asyncio.ensure_future(self.cluster.stopped.wait())
        job = asyncio.ensure_future(self.workload.run(worker, op))
        try:
            await asyncio.wait({job, died}, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                return "info", {"error": "the test was over, because a node's program had ended"}
            return "ok", job.result()
        except OperationError as error:
            harmless = error.definite or op.f in self.workload.idempotent
            return ("fail" if harmless else "info"), {"error": error.text, "code": error.code}
        except BadAnswer as error:
            self.cluster.trouble(worker.node, "its answer breaks the protocol", str(error))
            return "info", {"error": str(error)}
        finally:
            for task in (job, died):
                task.cancel()
            if worker.client.unaddressed:
                what = "it sent a client messages without in_reply_to, which answer nothing"
                self.cluster.trouble(worker.node, what, breach=False)
                worker.client.unaddressed = 0

    # --- the end

    def judge(self) -> Result:
        history = self.recorder.events
        figured = figures(history, self.cluster.network)
        troubles = list(self.cluster.troubles.values())
        verdicts = {"workload": self.workload.check(history)}
        verdicts["operations"] = self._check_operations(figured, history)
        if self.options.availability is not None:
            verdicts["availability"] = _check_availability(self.options.availability, figured)
        breaches = [trouble for trouble in troubles if trouble.breach]
        if breaches:
            told = [f"{trouble.node}: {trouble.what}" for trouble in breaches]
            verdicts["programs"] = Verdict(False, f"The programs misbehaved ({listed(told, 2)}).")
        valid = worst(*(verdict.valid for verdict in verdicts.values()))
        result = Result(self.options, self.files.folder, valid, verdicts, figured, troubles, history)
        store.write_results(result)
        return result

    def _check_operations(self, figured: dict[str, Any], history: list[Event]) -> Verdict:
        """At least one operation of each kind must have succeeded, or nothing was tested."""
        by_f = figured["operations"]["by_f"]
        if not by_f:
            return Verdict(None, "No operation was made: raise --rate or --time-limit.")
        refused = (NO_SUCH_KEY, PRECONDITION_FAILED)
        findings, never = [], []
        for f, counts in by_f.items():
            if counts["ok"] or f in PLANNED:
                continue
            ends = [event for event in history if event["f"] == f and event["type"] in ("fail", "info")]
            if f in self.workload.refusable and all(event.get("code") in refused for event in ends):
                continue
            never.append(f)
            why = ends[-1].get("error", "") if ends else ""
            findings.append(f"no {f} ever succeeded ({sum(counts.values())} tried; the last error: {why})")
        if findings:
            return Verdict(False, f"No {' and no '.join(never)} ever succeeded.", findings)
        return Verdict(True, "Every kind of operation succeeded at least once.")


def _check_availability(wanted: float, figured: dict[str, Any]) -> Verdict:
    share = figured["availability"]
    if share is None:
        return Verdict(None, "No operation was made, so availability cannot be told.")
    told = f"{share:.2%} of the operations succeeded, {wanted:.2%} were asked for."
    return Verdict(share >= wanted, told)


def run_to_end(options: Options, say: Callable[[str], None], echo: Callable[[str], None] | None = None) -> Result:
    """`run`, from code that is not asynchronous. A SIGTERM or SIGHUP ends it as Ctrl-C does."""
    return asyncio.run(_guarded(options, say, echo))


async def _guarded(options: Options, say: Callable[[str], None], echo: Callable[[str], None] | None) -> Result:
    import signal

    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP) if os.name == "posix" else ():
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            loop.add_signal_handler(number, task.cancel)
    return await run(options, say, echo)
