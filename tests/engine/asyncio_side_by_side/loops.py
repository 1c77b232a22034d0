"""The same program on asyncio's own loop and inside a simulated node, and the two logs.

A program is `async def program(say)`; what it says is the log, each entry with the time. asyncio's own loop runs here
on a clock that jumps to the next timer instead of waiting, so its scheduling is its own and its sleeps cost nothing.
"""

import asyncio
import selectors

from labkit import Cluster, Node


class JumpingSelector(selectors.DefaultSelector):
    """Waits by moving the clock on."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.threads = False

    def select(self, timeout=None):
        ready = super().select(0.05 if self.threads and timeout else 0)
        if not ready:
            assert timeout is not None, "the program waits for ever"
            self.now += timeout
        return ready


class StockLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, with time that jumps."""

    def __init__(self):
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self):
        return round(self.jumping.now, 9)

    def run_in_executor(self, executor, function, *args):
        self.jumping.threads = True  # leave them a moment of real time
        return super().run_in_executor(executor, function, *args)


class Log(list):
    """What a program said: (time in units of 0.001, words)."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    def __call__(self, *words):
        self.append((round(self._clock() * 1000), " ".join(str(word) for word in words)))


def on_asyncio(program):
    loop = StockLoop()
    loop.set_exception_handler(lambda loop, context: None)
    log = Log(loop.time)
    try:
        loop.run_until_complete(asyncio.wait_for(program(log), 1000))
    except TimeoutError:
        log("did not end")
    finally:
        loop.close()
    return log


def on_wall_clock(program):
    """asyncio.run itself, on the real clock. Times are left out."""
    log = Log(lambda: 0)
    asyncio.run(program(log))
    return [words for _, words in log]


def in_a_node(program):
    logs = []

    class Lab(Node):
        async def start(self):
            logs.append(Log(asyncio.get_running_loop().time))
            try:
                await asyncio.wait_for(program(logs[0]), 1000)
            except TimeoutError:
                logs[0]("did not end")

    cluster = Cluster(Lab, size=1)
    cluster.advance(2000.0)
    for error in cluster.trace.select("error"):
        logs[0].append(("error", error.data["error"]))
    return logs[0]
