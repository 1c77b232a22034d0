"""The kinds of programs: locks, and consensus. Each says what its processes do, and what must hold."""

from __future__ import annotations

from typing import Any, ClassVar

from labkit.shared.objects import Doing, Step
from labkit.shared.process import CRITICAL, REMAINDER, RUNNING, Process
from labkit.shared.properties import (
    AGREEMENT,
    MUTUAL_EXCLUSION,
    NO_DEADLOCK,
    NO_STARVATION,
    VALIDITY,
    WAIT_FREEDOM,
)


class Lock(Process):
    """A lock: write `acquire` and `release`. Each process goes round and round: remainder, acquire, critical section,
    release; `self.rounds` times, or for ever (None).

    A process may stay in its remainder for ever, but not in its critical section (Dijkstra 1965).
    """

    begins: ClassVar[str] = REMAINDER
    properties = (MUTUAL_EXCLUSION, NO_DEADLOCK, NO_STARVATION)
    rounds = None

    async def acquire(self) -> None:
        """Wait until the critical section is free, and take it."""
        raise NotImplementedError(f"{type(self).__name__} has no acquire()")

    async def release(self) -> None:
        """Give it back."""
        raise NotImplementedError(f"{type(self).__name__} has no release()")

    async def run(self) -> None:
        done = 0
        while self.rounds is None or done < self.rounds:
            await Doing(Step(REMAINDER))
            await self.acquire()
            await Doing(Step(CRITICAL))
            await self.release()
            done += self.rounds is not None


class Consensus(Process):
    """A protocol for consensus: write `propose(value)`, which returns what is decided. All decide the same, it is what
    one of them proposed, and each decides within a bounded number of its own steps, whatever the others do."""

    begins: ClassVar[str] = RUNNING
    inputs = (0, 1)
    properties = (AGREEMENT, VALIDITY, WAIT_FREEDOM)

    async def propose(self, value: Any) -> Any:
        """Propose a value; returns the value that is decided."""
        raise NotImplementedError(f"{type(self).__name__} has no propose()")

    async def run(self) -> Any:
        return await self.propose(self.input)


class Construction(Process):
    """A register that is built from others: write `read` and `write(value)`. Process 0 writes the values of `writes`,
    one after the other; each of the others reads `reads` times."""

    begins: ClassVar[str] = RUNNING
    writes: ClassVar[tuple[Any, ...]] = (1, 2)
    reads: ClassVar[int] = 2

    async def read(self) -> Any:
        """Read the register."""
        raise NotImplementedError(f"{type(self).__name__} has no read()")

    async def write(self, value: Any) -> None:
        """Write it."""
        raise NotImplementedError(f"{type(self).__name__} has no write()")

    async def run(self) -> None:
        if self.me == 0:
            for value in self.writes:
                await self.step()
                self.mark(("begin", "write", value))
                await self.write(value)
                self.mark(("end", "write", value))
            return
        for _ in range(self.reads):
            await self.step()
            self.mark(("begin", "read"))
            value = await self.read()
            self.mark(("end", "read", value))
