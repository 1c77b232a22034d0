"""asyncio inside a node does what asyncio does: the same programs on both loops, and their logs compared."""

import asyncio
import os
import re
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit import Cluster, LabkitError, Node
from labkit.engine.loop import VirtualLoop
from labkit.engine.refused import LOOP
from tests.engine.asyncio_side_by_side.loops import in_a_node, on_asyncio, on_wall_clock
from tests.engine.asyncio_side_by_side.programs import PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_node_says_what_asyncio_says(name):
    there = on_asyncio(PROGRAMS[name])
    assert there, "the program says nothing"
    assert in_a_node(PROGRAMS[name]) == there


ON_THE_CLOCK = (
    "tasks_start_in_the_order_of_their_making",
    "cancel_during_finally_interrupts_the_cleaning",
    "a_group_with_two_failures",
    "a_cancelled_wait_on_a_condition_holds_the_lock_when_it_ends",
    "functions_in_threads_and_executors",
)


def test_the_jumping_clock_is_asyncio_run_without_the_waiting(monkeypatch):
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds, *result: sleep(seconds * 0.005, *result))
    for name in ON_THE_CLOCK:
        assert on_wall_clock(PROGRAMS[name]) == [words for _, words in on_asyncio(PROGRAMS[name])]


def test_every_method_of_a_loop_is_there_or_refused_by_name():
    loop = VirtualLoop()
    for name in dir(asyncio.AbstractEventLoop):
        if name.startswith("_"):
            continue
        assert getattr(VirtualLoop, name) is not getattr(asyncio.AbstractEventLoop, name), name
        if name in LOOP:
            with pytest.raises(LabkitError, match=f"{name} is not possible in a simulated node: "):
                getattr(loop, name)()


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: time.sleep(0.01), "time.sleep is not possible in a simulated node: .* await self.sleep"),
        (lambda: threading.Thread(target=print).start(), "starting a thread .* asyncio.create_task"),
        (lambda: ThreadPoolExecutor().submit(print), "starting a thread"),
        (lambda: socket.socket(), "a real socket .* asyncio.open_connection"),
        (lambda: subprocess.run(["true"]), "starting a program"),
        (lambda: os.system("true"), "starting a program"),
    ],
)
def test_what_goes_round_the_loop_is_refused_in_a_node_and_nowhere_else(attempt, words):
    class Blocking(Node):
        def start(self):
            try:
                attempt()
            except LabkitError as error:
                self.note(str(error))

    cluster = Cluster(Blocking, size=1)
    cluster.run(until=lambda cluster: attempt() or True)
    (note,) = cluster.trace.select("note")
    assert re.match(words, note.data)


def test_a_task_that_fails_while_nobody_waits_for_it_crashes_the_node():
    class Careless(Node):
        async def start(self):
            self.tasks = set()
            task = asyncio.create_task(self.fail())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            await self.sleep(9)

        async def fail(self):
            await self.sleep(1)
            raise KeyError("lost")

    cluster = Cluster(Careless, size=1)
    cluster.advance(5)
    (error,) = cluster.trace.select("error")
    assert (error.time, error.data["error"]) == (1, "KeyError: 'lost'")
