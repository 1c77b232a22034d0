"""A process that runs programs given as JSON lines, and answers each with the digest and the events of its run."""

import asyncio
import json
import sys

from labkit import Cluster, Message, Node, on
from labkit.determinism.difference import rows


class Word(Message):
    text: str
    heard: set[str] = set()


class Actor(Node):
    script: list = []

    def start(self):
        self.heard = {self.id, "a", "b", "c"}
        self.queue = asyncio.Queue()
        for number, (kind, delay) in enumerate(self.script):
            self.after(delay, self.act, kind, f"{self.id}-{number}")

    def act(self, kind, name):
        to = self.random.choice(self.peers)
        if kind == "send":
            self.send(to, Word(text=name, heard=self.heard))
        elif kind == "broadcast":
            self.broadcast(Word(text=name))
        elif kind == "call":
            self._task = asyncio.create_task(self.ask(to, name))
        elif kind == "race":
            self._task = asyncio.create_task(self.race(name))
        elif kind == "stream":
            self._task = asyncio.create_task(self.stream(to, name))
        elif kind == "disk":
            self.disk.autosync = False
            self.disk[name] = sorted(self.heard)
        elif kind == "fail":
            raise KeyError(name)

    async def ask(self, to, name):
        try:
            self.note((await self.call(to, Word(text=name), timeout=0.3)).text)
        except TimeoutError as error:
            self.note(str(error))

    async def race(self, name):
        tasks = {asyncio.create_task(self.sleep(self.random.random()), name=f"{name}-{n}") for n in range(4)}
        done, pending = await asyncio.wait(tasks, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
        self.note(" ".join(task.get_name() for task in (*done, *pending)))
        async with asyncio.TaskGroup() as group:
            for task in pending:
                group.create_task(self.settle(task))

    async def settle(self, task):
        await task
        await self.queue.put(task.get_name())
        self.note(f"{await self.queue.get()} {self.queue.qsize()}")

    async def stream(self, to, name):
        try:
            async with asyncio.timeout(2):
                server = await asyncio.start_server(self.serve, port=0)
                self.note(str(server.sockets[0].getsockname()))
                await asyncio.open_connection(to, 50000 + len(name))
        except OSError as error:
            self.note(f"{type(error).__name__} {error}")

    async def serve(self, reader, writer):
        writer.write(await reader.read())

    @on(Word)
    def hear(self, msg, sender):
        self.heard |= msg.heard | {msg.text}
        if msg.text.endswith("!"):
            return None
        return Word(text=f"{msg.text}!", heard=set(sorted(self.heard)[:3]))


def run(program):
    Actor.script = program["script"]
    cluster = Cluster(Actor, size=program["size"], seed=program["seed"])
    cluster.link(**program["link"])
    for seconds, fault, node in program["faults"]:
        cluster.advance(cluster.now + seconds)
        id = cluster.ids[node % len(cluster.ids)]
        if fault == "partition":
            cluster.partition([id])
        elif fault == "heal":
            cluster.heal()
        elif fault == "clock":
            cluster.clock(id, rate=1.25, offset=2.0)
        else:
            getattr(cluster, fault)(id)
    cluster.advance(cluster.now + 2.0)
    return {"digest": cluster.trace.digest(), "events": list(rows(cluster.trace))}


if __name__ == "__main__":
    sys.stderr = open(sys.argv[1], "w")  # noqa: SIM115
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
