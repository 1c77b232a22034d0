"""Exercise: remote calls that look as if they were made exactly once. What is asked is Birrell and Nelson 1984, section
3 (calls with retries and a table of what was answered), and of Lee et al. 2015 the unique numbers, the acknowledgements
that let the table shrink, and the record that is durable together with what the call did."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from labkit.check.asking import a_number_names_a_call, answered, falls_silent, forgets, no_storm, shows_its_table
from labkit.check.calls import BANK, made_and_told, once
from labkit.check.invariants import no_errors
from labkit.client import Client
from labkit.cluster import Cluster
from labkit.course.exercise import Exercise, Part
from labkit.course.requests import request
from labkit.engine.faults import Fault

ACCOUNTS = ("ann", "bob", "eve")
TICK = 0.05  # seconds: how often a customer looks whether to come again
CALM = 4.5  # seconds without faults, after which everybody has an answer
ENOUGH = 5_000  # events of a run: a day on which branch and bank talk and talk is over then
FOREVER = 60.0  # seconds that a customer waits, if nobody crashes

Strike = Callable[[], None]


class Day:
    """A day at the bank: customers come to the branches, each again when answered, while faults strike."""

    def __init__(self, cluster: Cluster, part: str, customers: int, deposits: int, patience: float = FOREVER):
        self.cluster, self.patience = cluster, patience
        self.draw = random.Random(f"{part}/{cluster.seed}")
        self.branches = [id for id in cluster.ids if id != BANK]
        self.customers = [f"c{number + 1}" for number in range(customers)]
        self.left = dict.fromkeys(self.customers, deposits)
        self.due = {customer: self.draw.uniform(0.0, 0.3) for customer in self.customers}
        spare = 2 * customers  # for `come` after the faults are over
        self.amounts = self.draw.sample(range(1, 2000), customers * deposits + spare)

    def links(self, **settings: Any) -> None:
        """Change the links of all branches to the bank. Customers stand at the counter: what they say is heard."""
        for branch in self.branches:
            self.cluster.link(BANK, branch, **settings)

    def run(self, limit: float, strikes: list[tuple[float, Strike]] | None = None) -> None:
        """Let customers come until all have made their deposits, for so many seconds at most."""
        coming = sorted(strikes or [], key=lambda strike: strike[0])
        while self.cluster.now < limit and len(self.cluster.trace) < ENOUGH and (coming or self.customers_come()):
            self.cluster.advance(round(self.cluster.now + TICK, 3))
            while coming and coming[0][0] <= self.cluster.now:
                coming.pop(0)[1]()
            for customer in self.customers:
                if self.left[customer] and self.cluster.now >= self.due[customer] and self.idle(customer):
                    self.come(customer)

    def customers_come(self) -> bool:
        return any(self.left.values()) or not all(map(self.idle, self.customers))

    def idle(self, customer: str) -> bool:
        operations = self._client(customer).operations
        return not operations or operations[-1].outcome != "pending"

    def come(self, customer: str) -> None:
        """The customer's next deposit, at their branch."""
        branch = self.branches[self.customers.index(customer) % len(self.branches)]
        self.left[customer] -= 1
        self.due[customer] = self.cluster.now + self.draw.uniform(0.0, 0.2)
        account, amount = self.draw.choice(ACCOUNTS), self.amounts.pop()
        if self.cluster.up(branch):
            message = request(self.cluster, "Deposit", account=account, amount=amount)
            self._client(customer).invoke(branch, message, timeout=self.patience)

    def _client(self, customer: str) -> Client:
        return self.cluster.client(customer)

    def close(self) -> None:
        """The faults are over: everything works again, for long enough."""
        self.links(latency=None, loss=0.0, duplicate=0.0, reorder=0.0)
        for id in self.cluster.ids:
            if not self.cluster.up(id):
                self.cluster.restart(id)
        if len(self.cluster.trace) < ENOUGH:
            self.cluster.advance(self.cluster.now + CALM)


def asks(cluster: Cluster) -> None:
    """Some requests and some replies are lost."""
    day = Day(cluster, "asks", customers=2, deposits=4)
    day.links(loss=day.draw.choice([0.2, 0.4]))
    day.run(limit=20.0)
    day.close()


def doubled(cluster: Cluster) -> None:
    """Messages are lost and doubled."""
    day = Day(cluster, "once", customers=2, deposits=6)
    day.links(loss=0.3, duplicate=day.draw.choice([0.2, 0.5]))
    day.run(limit=25.0)
    day.close()


def overtaken(cluster: Cluster) -> None:
    """Two customers at each branch, and a network on which messages take long and overtake each other."""
    day = Day(cluster, "matched", customers=4, deposits=6)
    day.links(latency=day.draw.choice([(0.15, 0.5), (0.01, 0.4)]), loss=0.15, duplicate=0.2, reorder=0.3)
    day.run(limit=40.0)
    day.close()


def long_day(cluster: Cluster) -> None:
    """Many deposits, some copies of which arrive much later."""
    day = Day(cluster, "forgets", customers=4, deposits=20)
    day.links(latency=(0.005, 0.1), loss=0.1, duplicate=0.2, reorder=0.1)
    day.run(limit=60.0)
    day.close()


def crashes(cluster: Cluster) -> None:
    """Bank and branches crash, the bank also in the middle of a write, and come back."""
    day = Day(cluster, "crash", customers=4, deposits=8, patience=3.0)
    draw = day.draw
    day.links(latency=(0.005, 0.15), loss=0.2, duplicate=0.2)
    strikes: list[tuple[float, Strike]] = []
    time = 0.0
    for _ in range(6):
        time += draw.uniform(0.4, 1.2)
        victim = draw.choice([BANK, BANK, *day.branches])
        if victim == BANK and draw.random() < 0.6:
            fault = Fault(time + TICK, "crash", BANK, when=("write", BANK, draw.randint(1, 3)))
            strikes.append((time - TICK, lambda fault=fault: plan(cluster, fault)))  # type: ignore[misc]
        else:
            strikes.append((time, lambda victim=victim: cluster.crash(victim)))  # type: ignore[misc]
        time += draw.uniform(0.1, 0.6)
        strikes.append((time, lambda victim=victim: cluster.restart(victim)))  # type: ignore[misc]
    day.run(limit=12.0, strikes=strikes)
    day.patience = FOREVER
    day.left = dict.fromkeys(day.customers, 1)
    day.close()
    day.run(limit=cluster.now + CALM)
    cluster.advance(cluster.now + CALM)


def plan(cluster: Cluster, fault: Fault) -> None:
    """Timetable a fault; in a run whose faults are all given, it is among them."""
    if not cluster.scripted:
        cluster.inject([Fault(max(fault.time, cluster.now + 0.001), fault.action, *fault.args, when=fault.when)])


exercise = Exercise(
    name="rpc",
    title="Remote calls over a bad network",
    nodes=("Rpc",),
    parts=(
        Part(
            "asks",
            "Every deposit is answered, though messages are lost",
            2,
            asks,
            (no_errors, made_and_told, answered, no_storm, falls_silent),
            size=3,
        ),
        Part(
            "once",
            "No deposit is made twice, though messages come twice",
            2,
            doubled,
            (no_errors, once, answered),
            size=3,
        ),
        Part(
            "matched",
            "Each customer gets the answer to their own deposit",
            2,
            overtaken,
            (no_errors, once, answered),
            size=3,
        ),
        Part(
            "forgets",
            "What the bank remembers does not grow for ever",
            2,
            long_day,
            (no_errors, once, forgets, answered),
            (shows_its_table,),
            size=3,
        ),
        Part(
            "crash",
            "A crash makes no deposit twice, and loses none that was answered",
            2,
            crashes,
            (no_errors, once, a_number_names_a_call, answered),
            (shows_its_table,),
            size=3,
        ),
    ),
)
