"""Ordinary asyncio code works inside nodes, in virtual time, and inside a loop that is already running."""

import asyncio
import os
import subprocess
import sys

import pytest

from labkit import Cluster, LabkitError, Node


def run(body):
    """The trace of one node that does `await body(say)`; say(text) notes the text with the virtual time."""

    class Lab(Node):
        async def start(self):
            await body(lambda text: self.note(f"{self.now:g} {text}"))

    cluster = Cluster(Lab, size=1)
    cluster.run(100.0)
    return [event.data for event in cluster.trace.select("note", "error")]


def test_sleep_gather_and_wait_for():
    async def body(say):
        async def work(name, seconds):
            await asyncio.sleep(seconds)
            say(name)
            return name

        say(str(await asyncio.gather(work("slow", 2), work("fast", 1))))
        try:
            await asyncio.wait_for(work("late", 10), 3)
        except TimeoutError:
            say("timeout")

    assert run(body) == ["1 fast", "2 slow", "2 ['slow', 'fast']", "5 timeout"]


def test_timeout_and_task_group():
    async def body(say):
        try:
            async with asyncio.timeout(1.5):
                await asyncio.sleep(10)
        except TimeoutError:
            say("timeout")
        async with asyncio.TaskGroup() as group:
            for n in (3, 1, 2):
                group.create_task(asyncio.sleep(n))
        say("joined")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(10))
                group.create_task(fail())
        except* ValueError:
            say("failed")

    async def fail():
        await asyncio.sleep(1)
        raise ValueError("no")

    assert run(body) == ["1.5 timeout", "4.5 joined", "5.5 failed"]


def test_queue_event_lock_condition_and_semaphore():
    async def body(say):
        queue, event, lock = asyncio.Queue(maxsize=1), asyncio.Event(), asyncio.Lock()

        async def produce():
            for n in range(3):
                await queue.put(n)
                say(f"put {n}")
            event.set()

        async def consume():
            while not event.is_set() or not queue.empty():
                await asyncio.sleep(1)
                async with lock:
                    say(f"got {await queue.get()}")

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            group.create_task(consume())
        semaphore = asyncio.Semaphore(2)

        async def limited(n):
            async with semaphore:
                await asyncio.sleep(1)
            say(f"done {n}")

        await asyncio.gather(*(limited(n) for n in range(3)))

    assert run(body) == [
        "0 put 0", "1 got 0", "1 put 1", "2 got 1", "2 put 2", "3 got 2", "4 done 0", "4 done 1", "5 done 2",
    ]  # fmt: skip


def test_to_thread_runs_at_once_and_cancellation_is_asyncios():
    async def body(say):
        say(str(await asyncio.to_thread(sum, [1, 2])))

        async def stubborn():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                say("cancelled")
                raise

        task = asyncio.create_task(stubborn())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        say(str(task.cancelled()))

    assert run(body) == ["0 3", "1 cancelled", "1 True"]


def test_real_sockets_and_programs_are_refused_with_a_reason():
    async def body(say):
        for attempt in (
            asyncio.open_unix_connection("/tmp/socket"),
            asyncio.create_subprocess_exec("true"),
        ):
            try:
                await attempt
            except LabkitError as error:
                say(str(error).split(":")[0])

    assert run(body) == [
        "0 create_unix_connection is not possible in a simulated node",
        "0 subprocess_exec is not possible in a simulated node",
    ]


def test_a_cluster_runs_inside_a_running_loop_and_leaves_it_as_it_was():
    async def cell():
        before = asyncio.current_task()
        cluster = Cluster(Timed, size=2)
        cluster.run(5.0)
        assert asyncio.get_running_loop() is loop
        assert asyncio.current_task() is before
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.sleep(0.001), 1)
        return cluster.nodes["n1"].ticks

    class Timed(Node):
        async def start(self):
            self.ticks = 0
            while True:
                async with asyncio.timeout(2):
                    await asyncio.sleep(1)
                self.ticks += 1

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(cell()) == 5
    finally:
        loop.close()


def test_a_node_cannot_run_the_cluster_from_inside():
    class Inception(Node):
        def start(self):
            cluster.run(1.0)

    cluster = Cluster(Inception, size=1)
    cluster.advance(1.0)
    (error,) = cluster.trace.select("error")
    assert "already running" in error.data["error"]


def test_interrupting_a_run_leaves_the_cluster_usable():
    class Interrupted(Node):
        def start(self):
            self.every(0.1, self.tick)
            self.ticks = 0

        def tick(self):
            self.ticks += 1
            if self.ticks == 3 and not getattr(Interrupted, "done", False):
                Interrupted.done = True
                raise KeyboardInterrupt

    cluster = Cluster(Interrupted, size=1)
    with pytest.raises(KeyboardInterrupt):
        cluster.run(10.0)
    assert cluster.now == pytest.approx(0.3)
    cluster.run(1.0)


PROGRAM = """
import asyncio, random
from labkit import Cluster, Message, Node, on

class Gossip(Message):
    rumours: set[str]

class Gossiper(Node):
    async def start(self):
        self.known = {f"rumour-{self.id}"}
        async with asyncio.TaskGroup() as group:
            for n in range(3):
                group.create_task(self.spread(n))

    async def spread(self, n):
        for _ in range(10):
            done, pending = await asyncio.wait(
                [asyncio.create_task(self.sleep(self.random.random() * k), name=f"{k}") for k in (1, 2, 3)],
                timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            self.note(" ".join(task.get_name() for task in done | pending))
            self.send(self.random.choice(self.peers), Gossip(rumours=self.known))

    @on(Gossip)
    def hear(self, msg, sender):
        self.known = self.known | msg.rumours

cluster = Cluster(Gossiper, size=6, seed=11)
cluster.link(loss=0.2, duplicate=0.1, reorder=0.2)
cluster.run(3); cluster.restart("n2"); cluster.run(10)
print(len(cluster.trace), cluster.trace.digest())
"""


def test_sets_of_tasks_and_of_strings_do_not_depend_on_the_hash_seed():
    outputs = set()
    for hash_seed in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1, outputs
