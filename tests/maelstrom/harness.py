"""Short tests of node programs, in this process."""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from labkit.maelstrom.options import Options
from labkit.maelstrom.program import CannotStart
from labkit.maelstrom.runner import Result, run, run_to_end

PROGRAMS = Path(__file__).parent / "programs"
AT_ONCE = 5
SAMPLES = "labkit.maelstrom.samples."


def options(workload: str, command: list[str], store: Path, **changed: Any) -> Options:
    nodes = [f"n{number}" for number in range(changed.pop("node_count", 3))]
    chosen: dict[str, Any] = {
        "time_limit": 0.5,
        "rate": 200.0,
        "concurrency": 2 * len(nodes),
        "recovery": 0.4,
        "timeout": 30.0,  # only what never answers waits so long
        "init_timeout": 60.0,
        "store": store,
    }
    return Options(workload, command, nodes, **(chosen | changed))


def with_program(workload: str, program: str, store: Path, *args: str, **changed: Any) -> Options:
    """A test of one of the programs beside this file."""
    return options(workload, [str(PROGRAMS / program), *args], store, **changed)


def with_sample(workload: str, sample: str, store: Path, **changed: Any) -> Options:
    """A test of one of labkit's own sample nodes, served on stdin and stdout."""
    command = [sys.executable, "-m", "labkit.cli", "maelstrom", "serve", SAMPLES + sample]
    return options(workload, command, store, **changed)


def alone(options: Options) -> Result:
    return run_to_end(options, lambda line: None)


def together(tests: list[Options]) -> list[Result | CannotStart]:
    """Run tests side by side, since they wait most of the time; a few at once, so that nodes come up in time."""

    async def all_of_them() -> list[Any]:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(options: Options) -> Result | CannotStart:
            async with places:
                try:
                    return await run(options, lambda line: None)
                except CannotStart as error:
                    return error

        return await asyncio.gather(*map(one, tests))

    return asyncio.run(all_of_them())


def patiently(
    cases: Iterable[Any], make: Callable[[Any, float], Options], shown: Callable[[Any, Any], bool]
) -> list[Any]:
    """The results of tests that must show something. What a slow machine had no time to show gets more of it.

    `make(case, more)` is the test of a case with `more` times the usual time, `shown(case, result)` whether that was
    enough.
    """
    cases = list(cases)
    results: list[Any] = [None] * len(cases)
    left = list(range(len(cases)))
    for more in (1.0, 5.0, 15.0):
        for at, result in zip(left, together([make(cases[at], more) for at in left]), strict=True):
            results[at] = result
        left = [at for at in left if not shown(cases[at], results[at])]
        if not left:
            break
    return results


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def logged_pids(folder: Path) -> list[int]:
    """The processes that the nodes said they were."""
    return [
        int(pid)
        for log in (folder / "node-logs").glob("*.log")
        for pid in re.findall(r"(?:process|child) (\d+)", log.read_text())
    ]


def alive(pid: int) -> bool:
    """Whether a process runs (one that is dead but not yet buried does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
