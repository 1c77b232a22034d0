"""A live view asks its kernel for more; each generation of ipykernel lets it in at another moment, on another thread.

Up to 6.31 a widget's message waits until the cell has ended. From 7.1 on JupyterLab may send it to a subshell, which
serves it on a thread of its own while the cell runs. From 7.4 on it is served at once, on the main loop. In all of them
every request is answered, the cluster runs on the main thread alone, and the cells that wait are run.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import IN_CI
from tests.harness.kernels import GENERATIONS, Kernel, kernel

WITHOUT_SUBSHELLS, THREADED, NEWEST = "6.31.0", "7.1.0", "7.4.0"
VERSIONS = [WITHOUT_SUBSHELLS, THREADED, NEWEST]

pytestmark = pytest.mark.xdist_group("kernels")

PROGRAM = """
import asyncio, os, threading, time
import ipykernel
from labkit import Cluster, Node

main = threading.main_thread()

def work():
    "Computes until the test opens the gate."
    print("at work", flush=True)
    while not os.path.exists("gate"):
        time.sleep(0.01)
    os.remove("gate")
    print(Beat.where <= {main}, cluster.now)

class Beat(Node):
    where = set()  # the threads that have run it
    def start(self):
        self.beats = 0
        self.every(0.01, self.beat)
    def beat(self):
        Beat.where.add(threading.current_thread())
        self.beats += 1
"""


@pytest.fixture(scope="module", params=VERSIONS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of each generation, in which the program has been defined."""
    if not (GENERATIONS / request.param).is_dir():
        (pytest.fail if IN_CI else pytest.skip)(f"ipykernel {request.param} is not in {GENERATIONS}: run `make dev`")
    home: Path = tmp_path_factory.mktemp("kernel")
    with kernel(request.param, home) as started:
        started.run(PROGRAM)
        assert started.run("print(ipykernel.__version__)") == request.param + "\n"
        yield started


def shown(kernel: Kernel) -> str:
    """A new cluster, shown live; the comm of its view."""
    since = len(kernel.seen)
    kernel.run("cluster = Cluster(Beat, size=2, seed=1)\nBeat.where.clear()\ncluster.view()")
    return kernel.live_view(since)


def test_a_request_between_two_cells_runs_the_cluster_on_the_main_thread(running: Kernel) -> None:
    comm = shown(running)
    running.tell(comm, {"type": "hello", "have": 0, "run": 0})
    assert running.answer(comm, "hello")["now"] == 0
    running.tell(comm, {"type": "advance", "to": 0.5, "have": 0, "run": 0})
    answer = running.answer(comm, "advance")
    assert answer["now"] > 0 and answer["error"] is None and len(answer["columns"]["time"]) > 0
    printed = running.run("print(Beat.where == {main}, cluster.nodes['n1'].beats > 0)")
    assert printed == "True True\n"


def test_requests_that_come_while_a_cell_computes_are_all_answered_when_it_has_ended(running: Kernel) -> None:
    comm, since = shown(running), len(running.seen)
    cell = running.start("work()")
    running.prints("at work", since)
    for _ in range(3):
        running.tell(comm, {"type": "advance", "to": 0.05, "have": 0, "run": 0})
    running.file("gate")
    running.ended(cell)
    assert running.printed(cell) == "at work\nTrue 0.0\n", "a cell that computes is not run into"
    running.run("pass")
    before = len(running.seen)
    running.tell(comm, {"type": "pull", "have": 0, "run": 0})
    running.answer(comm, "pull", before)
    answers = [
        message
        for message in running.seen[since:]
        if message["msg_type"] == "comm_msg"
        and (message["content"]["data"].get("content") or {}).get("answers") == "advance"
    ]
    assert len(answers) == 3
    assert running.run("print(Beat.where == {main}, round(cluster.now, 3))") == "True 0.05\n"


def test_a_request_that_comes_while_a_cell_awaits_is_answered_by_the_end_of_the_cell_at_the_latest(
    running: Kernel,
) -> None:
    comm, since = shown(running), len(running.seen)
    cell = running.start(
        "print('waiting', flush=True)\n"
        "while not os.path.exists('gate'):\n    await asyncio.sleep(0.01)\n"
        "os.remove('gate')"
    )
    running.prints("waiting", since)
    running.tell(comm, {"type": "advance", "to": 0.05, "have": 0, "run": 0})
    if running.version == NEWEST:
        running.answer(comm, "advance", since)  # at once, although the cell goes on
    running.file("gate")
    running.ended(cell)
    assert running.answer(comm, "advance", since)["error"] is None
    assert running.run("print(Beat.where == {main})") == "True\n"


def test_a_request_on_a_subshell_is_answered_from_the_main_thread(running: Kernel) -> None:
    if running.version == WITHOUT_SUBSHELLS:
        pytest.skip("ipykernel 6 has no subshells: JupyterLab sends everything to the main shell")
    comm, since = shown(running), len(running.seen)
    subshell = running.new_subshell()
    cell = running.start("work()")
    running.prints("at work", since)
    request = running.tell(comm, {"type": "advance", "to": 0.05, "have": 0, "run": 0}, subshell)
    if running.version == THREADED:
        running.ended(request)  # on the subshell's thread, in the middle of the cell
    running.file("gate")
    running.ended(cell)
    assert running.printed(cell) == "at work\nTrue 0.0\n", "the cluster waited for the main thread"
    assert running.answer(comm, "advance", since)["now"] == pytest.approx(0.05)
    assert running.run("print(Beat.where == {main})") == "True\n"


def test_a_handler_that_fails_is_told_to_the_view_and_the_kernel_goes_on(running: Kernel) -> None:
    since = len(running.seen)
    running.run(
        "class Bad(Beat):\n    def beat(self):\n        raise ValueError('no heart')\n"
        "cluster = Cluster(Bad, size=2, seed=1)\ncluster.view()"
    )
    comm = running.live_view(since)
    running.tell(comm, {"type": "advance", "to": 0.5, "have": 0, "run": 0})
    assert running.answer(comm, "advance", since)["now"] > 0
    assert "no heart" in running.run("print(*[event.data for event in cluster.trace.select('error')])")


def test_cells_queued_while_a_cluster_runs_are_all_run(running: Kernel) -> None:
    cells = [
        running.start("cluster = Cluster(Beat, size=2, seed=1)\ncluster.view()"),
        running.start("cluster.run(0.3)\nprint('first', round(cluster.now, 3))"),
        running.start("await asyncio.sleep(0.01)\ncluster.run(0.3)\nprint('second', round(cluster.now, 3))"),
        running.start("print('third')"),
    ]
    for cell in cells:
        running.ended(cell)
    assert [running.printed(cell) for cell in cells] == ["", "first 0.3\n", "second 0.6\n", "third\n"]


def test_an_interrupt_ends_a_run_that_would_never_end_and_the_next_cell_works(running: Kernel) -> None:
    since = len(running.seen)
    cell = running.start(
        "print('running', flush=True)\nCluster(Beat, size=2, seed=1).run(until=lambda c: False, limit=1e9)"
    )
    running.prints("running", since)
    running.manager.interrupt_kernel()
    running.ended(cell)
    errors = [message["content"]["ename"] for message in running.of(cell, "error")]
    assert errors == ["KeyboardInterrupt"]
    comm = shown(running)
    since = len(running.seen)
    running.tell(comm, {"type": "advance", "to": 0.02, "have": 0, "run": 0})
    assert running.answer(comm, "advance", since)["now"] == pytest.approx(0.02)
