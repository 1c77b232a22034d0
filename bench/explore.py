"""`python -m bench.explore`: how fast the exhaustive search is, beside the bare heap loop of the same run."""

import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from rich.console import Console
from rich.table import Table

from bench.measure import time_once
from bench.peers import BARE
from labkit import Cluster
from labkit.explore.exhaustive import exhaustive
from labkit.explore.memoised import Explorer
from labkit.explore.model import check
from labkit.explore.result import Result
from labkit.protocols.raft import Raft
from tests.explore.models import paxos_register
from tests.explore.models.elections import Election, Waiting, led, one_leader
from tests.explore.models.two_phase import TwoPhase, consistent

EVENTS = 300_000  # of the bare loop
PAXOS = 1_194_428  # what Stateright counts with three clients


def paxos(clients: int, reduce: bool = False) -> int:
    explorer = Explorer(paxos_register.make(clients), paxos_register.history(clients))
    return counted(explorer.search(sometimes=[paxos_register.got_something], reduce=reduce, seconds=600))


def counted(result: Result) -> int:
    assert result.finding is None, result
    return result.states


def two_phase(managers: int) -> int:
    return check(TwoPhase(managers), [consistent]).states


def election(program: type, timers: int, states: int = 2_000_000) -> int:
    make = partial(Cluster, program, 3)
    return counted(exhaustive(make, [one_leader], sometimes=[led], timers=timers, states=states, seconds=600))


def coroutines(reduce: bool) -> int:
    make = partial(Cluster, Waiting, 3)
    return counted(exhaustive(make, depth=15, states=200_000, reduce=reduce, seconds=600))


def jobs() -> Iterator[tuple[str, str, Callable[[], int]]]:
    """What is measured: name, unit, and the work, which returns how many of the unit it did."""
    yield "two-phase commit, 5 resource managers, abstract model", "states", partial(two_phase, 5)
    yield "Paxos with registers, 2 clients (Stateright: 16,668)", "states", partial(paxos, 2)
    yield "Paxos with registers, 3 clients (Stateright: 1,194,428)", "states", partial(paxos, 3)
    yield "the same with sleep sets", "states", partial(paxos, 3, True)
    yield "election of 3 nodes, 4 timers, all states", "states", partial(election, Election, 4)
    yield "labkit's Raft election, 3 nodes, 4 timers, first million", "states", partial(election, Raft, 4, 1_000_000)
    yield "election with coroutines by replay, depth 15", "schedules", partial(coroutines, False)
    yield "the same with sleep sets", "schedules", partial(coroutines, True)


def measure(number: int) -> None:
    """Do one job in this process, and print what came of it."""
    _, _, work = list(jobs())[number]
    before = time_once(BARE, 5, EVENTS)
    gc.collect()
    start = time.process_time()
    done = work()
    spent = time.process_time() - start
    bare = min(before, time_once(BARE, 5, EVENTS))
    print(done, spent, bare, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Measure each job in a process of its own, so that none uses another's memory."""
    table = Table(title="Exhaustive search, one core", title_justify="left", box=None)
    for heading in ("what", "unique", "s", "each s", "x bare loop", "MB"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for number, (name, unit, _) in enumerate(jobs()):
        command = [sys.executable, "-m", "bench.explore", str(number)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900).stdout.split()
        done, spent, bare, memory = map(float, said)
        if "1,194,428" in name:
            assert done == PAXOS
        each = spent / done * 1e9
        cells = [f"{done:,.0f} {unit}", f"{spent:.2f}", f"{done / spent:,.0f}", f"{each / bare:,.1f}", f"{memory:,.0f}"]
        table.add_row(name, *cells)
    Console(width=140).print(table)
    print("Seconds of processor time; `x bare loop`: how many bare heap events one state, or one schedule, costs.")


if __name__ == "__main__":
    measure(int(sys.argv[1])) if len(sys.argv) > 1 else main()
