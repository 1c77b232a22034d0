"""The exchange without labkit: a bare heap, SimPy, and asyncio on other loops with virtual time.

The exchange: every node sends one token to its neighbour, and whoever gets a token sends it back. A token flies for 5
to 25 virtual milliseconds. So as many messages are under way as there are nodes, and nothing but messages happens.
"""

import asyncio
import gc
import random
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import async_solipsism
import looptime
import simpy

from bench.measure import Way, Work

SHORTEST, LONGEST = 0.005, 0.025
MEAN = (SHORTEST + LONGEST) / 2


def bare(drawn: bool) -> Callable[[int, int], Work]:
    """The floor: a heap of (time, number, callback, argument), no garbage collection. Latencies drawn, or constant."""

    def prepare(nodes: int, messages: int) -> Work:
        heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        draw, span, number, now, delivered = random.Random(1).random, LONGEST - SHORTEST, 0, 0.0, 0

        def arrive(message: tuple[int, int]) -> None:
            nonlocal number, delivered
            delivered += 1
            number += 1
            due = now + (SHORTEST + span * draw() if drawn else MEAN)
            heappush(heap, (due, number, arrive, (message[1], message[0])))

        def work() -> int:
            nonlocal now
            gc.disable()
            try:
                while delivered < messages:
                    now, _, callback, argument = heappop(heap)
                    callback(argument)
            finally:
                gc.enable()
            return delivered

        for node in range(nodes):
            number += 1
            heappush(heap, (MEAN, number, arrive, (node, (node + 1) % nodes)))
        return work

    return prepare


def simpy_callbacks(nodes: int, messages: int) -> Work:
    """SimPy's leanest way: a Timeout for each message, with a callback."""
    environment, draw, delivered = simpy.Environment(), random.Random(1).uniform, 0

    def send(source: int, target: int) -> None:
        flight = environment.timeout(draw(SHORTEST, LONGEST), (source, target))
        flight.callbacks.append(arrive)

    def arrive(event: simpy.Event) -> None:
        nonlocal delivered
        delivered += 1
        source, target = event.value
        send(target, source)

    for node in range(nodes):
        send(node, (node + 1) % nodes)
    return lambda: environment.run(until=messages / nodes * MEAN) or delivered


def simpy_processes(nodes: int, messages: int) -> Work:
    """SimPy as its guide teaches it: a process and a Store for each node, a process for each message in flight."""
    environment, draw, delivered = simpy.Environment(), random.Random(1).uniform, 0
    inboxes = [simpy.Store(environment) for _ in range(nodes)]

    def flight(source: int, target: int) -> Any:
        yield environment.timeout(draw(SHORTEST, LONGEST))
        inboxes[target].put(source)

    def player(me: int) -> Any:
        nonlocal delivered
        environment.process(flight(me, (me + 1) % nodes))
        while True:
            sender = yield inboxes[me].get()
            delivered += 1
            environment.process(flight(me, sender))

    for node in range(nodes):
        environment.process(player(node))
    return lambda: environment.run(until=messages / nodes * MEAN) or delivered


async def rally(delivered: list[int]) -> None:
    """Plain asyncio, with nothing of labkit: two players, two queues, and a sleep for each flight."""
    here: asyncio.Queue[int] = asyncio.Queue()
    there: asyncio.Queue[int] = asyncio.Queue()

    async def play(inbox: asyncio.Queue[int], outbox: asyncio.Queue[int]) -> None:
        while True:
            ball = await inbox.get()
            await asyncio.sleep(MEAN)
            delivered[0] += 1
            outbox.put_nowait(ball + 1)

    here.put_nowait(0)
    await asyncio.gather(play(here, there), play(there, here))


def asyncio_on(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Callable[[int, int], Work]:
    """As many rallies as there are nodes, on another loop."""

    def prepare(nodes: int, messages: int) -> Work:
        delivered = [0]

        async def rallies() -> None:
            tasks = [asyncio.create_task(rally(delivered)) for _ in range(nodes)]
            await asyncio.sleep(messages / nodes * MEAN)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        def work() -> int:
            loop = new_loop()
            loop.run_until_complete(rallies())
            loop.close()
            return delivered[0]

        return work

    return prepare


BARE = Way("bare heap loop", "no trace", bare(drawn=False))
PEERS = [
    BARE,
    Way("bare heap loop, drawn latencies", "no trace", bare(drawn=True)),
    Way("SimPy, a callback a message", "no trace", simpy_callbacks),
    Way("SimPy, a process a message", "no trace", simpy_processes),
    Way("async-solipsism, the same asyncio code", "no trace", asyncio_on(async_solipsism.EventLoop)),
    Way("looptime, the same asyncio code", "no trace", asyncio_on(looptime.new_event_loop)),
]
