"""Every fault strikes a sandboxed node exactly as it strikes the same node at home."""

from collections.abc import Callable
from typing import Any

import pytest

from labkit import Cluster, Fault, Faults, latency, nemesis
from labkit.grade.processes import Child
from labkit.grade.referee import builder
from labkit.grade.sandbox import probe
from tests.grade.test_identity import EVERYTHING, Build, Cells, home

__all__ = ["home"]

# Writes in two places, syncs by itself, gives up nothing when the disk is full, and has a rare path.
KEEPER: Cells = [
    EVERYTHING[0],
    (
        "cell 2",
        """
class Keeper(Node):
    def start(self):
        self.disk.autosync = False
        self.round = 0
        self.lost = []
        for name in ("a", "b", "c"):
            try:
                self.round = max(self.round, *self.disk.get(name, [0]))
            except OSError as error:
                self.lost = [*self.lost, name, error.errno]
        self.every(0.05, self.tick)

    def tick(self):
        self.round += 1
        try:
            self.disk["a"] = [self.round] * 5
            self.disk["b"] = [self.round, 1]
            self.disk.sync()
            self.disk["c"] = [self.round]
        except OSError as error:
            self.full = error.errno
        if self.buggify("echo", probability=0.3):
            self.note("an echo")
        self.broadcast(Ping(n=self.round))

    @on(Ping)
    async def ping(self, msg, sender):
        self.disk["c"] = [msg.n]
        await self.sleep(0.003)
        try:
            answer = await self.call(sender, Pong(n=msg.n, table={"x": [msg.n]}, log=[Entry(1, "ab")]), timeout=0.04)
            self.answer = answer.n
        except TimeoutError:
            self.late = msg.n

    @on(Pong)
    def pong(self, msg, sender):
        self.heard = [msg.pair, msg.log, msg.table, msg.raw]
        return Ping(n=0)
""",
    ),
]
HARSH = Faults(
    [
        Fault(0.0, "disk", "n1", survive="subset", torn=1.0, rot=0.3),
        Fault(0.0, "disk", "n2", latency=0.02, checksum=False, survive="none", torn=0.5, misdirect=0.2, lost=0.1),
        Fault(0.1, "crash", "n1", when=("write", "n1", 5)),
        Fault(0.1, "restart", "n1", when=("crash", "n1", 1)),
        Fault(0.2, "link", "n1", "n3", corrupt=0.4, checksum=False),
        Fault(0.2, "link", "n2", "n3", corrupt=0.3, latency=latency.LogNormal(median=0.02, sigma=1.0)),
        Fault(0.3, "pause", "n3"),
        Fault(0.5, "resume", "n3"),
        Fault(0.6, "slow", "n3", seconds=latency.Exponential(mean=0.004)),
        Fault(0.7, "disk", "n1", full=True),
        Fault(0.8, "crash", "n2", when=("send", "n2", 3)),
        Fault(0.9, "restart", "n2"),
        Fault(1.0, "disk", "n1", full=False),
        Fault(1.1, "clock", "n3", jump=-0.3),
        Fault(1.1, "clock", "n3", drift=0.2),
        Fault(1.2, "link", "n1", "n2", clog=True),
        Fault(1.4, "link", "n1", "n2", clog=False, bandwidth=4000, queue=3),
        Fault(1.5, "partition", ["n1", "n2"], ["n2", "n3"]),
        Fault(1.6, "restart", "n1", when=("disk", "n1", 1)),
        Fault(1.7, "partition", ["n1"], ["n2", "n3"], one_way=True),
        Fault(1.8, "heal"),
        Fault(1.9, "restart", "n3"),
    ]
)


def same(build: Build, far: Build, **options: Any) -> Cluster:
    clusters = [make(size=3, **options) for make in (build, far)]
    for cluster in clusters:
        cluster.run(2.5)
    near, away = clusters
    for mine, theirs in zip(near.trace, away.trace, strict=False):
        assert str(mine) == str(theirs)
    assert near.trace.digest() == away.trace.digest()
    return near


@pytest.mark.parametrize(("cells", "node"), [(KEEPER, "Keeper"), (EVERYTHING, "Player")])
def test_every_fault_strikes_in_the_sandbox_as_at_home(cells: Cells, node: str, home: Callable[..., Build]) -> None:
    kinds: set[str] = set()
    with Child(cells, [node], probe()) as child:
        for seed in (1, 2):
            cluster = same(home(cells, node), builder(child), seed=seed, faults=HARSH, buggify=["echo"])
            kinds |= {event.kind for event in cluster.trace}
        same(home(cells, node), builder(child), seed=5, faults=nemesis(5, 3, 2.0), buggify=True)
    assert kinds >= {"pause", "resume", "slow", "wait", "faulty", "partition", "clock", "crash"}
    if node == "Keeper":
        assert kinds >= {"damage", "buggify", "corrupt"}
