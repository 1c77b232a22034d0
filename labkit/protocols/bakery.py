"""The bakery: draw a number, and wait until yours is the smallest.

Leslie Lamport, "A New Solution of Dijkstra's Concurrent Programming Problem", Communications of the ACM 17(8), 1974.
Its registers need not be atomic: a read that overlaps a write may return anything.
"""

from labkit.shared import Array, Lock, Register, Safe


class Bakery(Lock):
    """Each register is written by one process only. A number of 0 means: I do not want to enter."""

    choosing = Array(Register(False))
    number = Array(Register(0))

    async def acquire(self):
        await self.draw()
        mine = await self.number[self.me].read()
        for other in range(self.n):
            while await self.choosing[other].read():
                pass
            while await self.is_before(other, mine):
                pass

    async def draw(self):
        """The doorway: a number above all that are out."""
        await self.choosing[self.me].write(True)
        highest = 0
        for other in range(self.n):
            highest = max(highest, await self.number[other].read())
        await self.number[self.me].write(1 + highest)
        await self.choosing[self.me].write(False)

    async def is_before(self, other, mine):
        """Whether another one's turn comes first: a smaller number, or the same and a smaller name."""
        its = await self.number[other].read()
        return its != 0 and (its, other) < (mine, self.me)

    async def release(self):
        await self.number[self.me].write(0)


class SafeBakery(Bakery):
    """The same with registers that are only safe. (Lamport lets such a read return any number; here it is one of 0 to
    2, so that there is an end to what can happen.)"""

    choosing = Array(Safe(False))
    number = Array(Safe(0, domain=range(3)))
