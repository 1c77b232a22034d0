"""The design's example program runs as it stands, and says the same thing every time."""

import os
import subprocess
import sys

PROGRAM = """
from labkit import Cluster, Message, Node, on

class Ping(Message):
    n: int

class Pong(Message):
    n: int

class Player(Node):
    def start(self):                        # at boot, and again after every restart
        self.rallies = 0                    # public attribute: shown live, lost in a crash
        if self.id == "n1":
            self.send("n2", Ping(n=0))

    @on(Ping)
    def ping(self, msg, sender):            # a plain method, or ...
        self.send(sender, Pong(n=msg.n))

    @on(Pong)
    async def pong(self, msg, sender):      # ... a coroutine: any asyncio code works, in virtual time
        self.rallies += 1
        await self.sleep(0.1)
        self.send(sender, Ping(n=msg.n + 1))

cluster = Cluster(Player, size=2, seed=1)
cluster.view()                              # in a notebook: the live picture, with its controls
cluster.run(5.0)                            # five virtual seconds, at once; same seed, same trace
"""


def run_program(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    code = PROGRAM + "\nprint(cluster.nodes['n1'].rallies, len(cluster.trace), cluster.trace.digest())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()[-1]


def test_the_example_rallies_and_has_one_digest_in_every_process():
    first, second = run_program("0"), run_program("4242")
    assert first == second
    rallies, events, digest = first.split()
    assert 30 < int(rallies) < 45
    assert int(events) > 100
    assert len(digest) == 64


def test_another_seed_gives_another_digest():
    namespace: dict = {}
    exec(PROGRAM.replace("cluster.view()", ""), namespace)
    other = namespace["Cluster"](namespace["Player"], size=2, seed=2)
    other.run(5.0)
    assert other.trace.digest() != namespace["cluster"].trace.digest()
