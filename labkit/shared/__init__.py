"""Shared memory, at the grain of single reads and writes.

A program is a class of processes that declares the objects they share, and awaits each operation on them::

    from labkit.shared import Array, Lock, Register, search

    class Peterson(Lock):
        flag = Array(Register(False))
        turn = Register(0)

        async def acquire(self):
            me, other = self.me, 1 - self.me
            await self.flag[me].write(True)
            await self.turn.write(other)
            while await self.flag[other].read() and await self.turn.read() == other:
                pass

        async def release(self):
            await self.flag[self.me].write(False)

    search(Peterson, 2)             # every interleaving: does it hold, and if not, the shortest schedule that shows it
    run_together(Peterson, 2)       # seen: a cluster of the processes and the memory
    play(Peterson, 2, [0, 1, 1])    # by hand: process 0 takes a step, process 1 two
"""

from labkit.shared.memory import Memory, run_together
from labkit.shared.objects import (
    Array,
    CompareAndSwap,
    FetchAndAdd,
    Queue,
    Register,
    Regular,
    Safe,
    Swap,
    TestAndSet,
)
from labkit.shared.process import Process
from labkit.shared.programs import Consensus, Construction, Lock
from labkit.shared.properties import (
    AGREEMENT,
    MUTUAL_EXCLUSION,
    NO_DEADLOCK,
    NO_STARVATION,
    VALIDITY,
    WAIT_FREEDOM,
    always,
    atomic,
    observed,
    regular,
)
from labkit.shared.run import Run, play
from labkit.shared.searching import Finding, Searched, search

__all__ = [
    "AGREEMENT",
    "MUTUAL_EXCLUSION",
    "NO_DEADLOCK",
    "NO_STARVATION",
    "VALIDITY",
    "WAIT_FREEDOM",
    "Array",
    "CompareAndSwap",
    "Consensus",
    "Construction",
    "FetchAndAdd",
    "Finding",
    "Lock",
    "Memory",
    "Process",
    "Queue",
    "Register",
    "Regular",
    "Run",
    "Safe",
    "Searched",
    "Swap",
    "TestAndSet",
    "always",
    "atomic",
    "observed",
    "play",
    "regular",
    "run_together",
    "search",
]
