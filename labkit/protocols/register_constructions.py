"""Registers made of weaker ones. One process writes; nobody locks anything.

Leslie Lamport, "On Interprocess Communication, Part II: Algorithms", Distributed Computing 1(2), 1986. The names are
those of Herlihy and Shavit, "The Art of Multiprocessor Programming", section 4.2.
"""

from labkit.shared import Array, Construction, Regular, Safe, atomic, regular


class RegularBit(Construction):
    """A regular bit from a safe one (Lamport's Construction 3). While it is written, a safe bit may
    return anything: the old value or the new one, if it does change. So: write changes only."""

    bit = Safe(False)
    writes = (True, True, False)
    properties = (regular(False),)

    async def write(self, value):
        if value != getattr(self, "last", False):
            await self.bit.write(value)
            self.last = value

    async def read(self):
        return await self.bit.read()


class AtomicForOne(Construction):
    """An atomic register from a regular one, for a single reader: each value carries a timestamp,
    and the reader never goes back to an older one."""

    register = Regular((0, 0))
    properties = (atomic(0),)

    async def write(self, value):
        self.stamp = getattr(self, "stamp", 0) + 1
        await self.register.write((self.stamp, value))

    async def read(self):
        self.newest = max(getattr(self, "newest", (0, 0)), await self.register.read())
        return self.newest[1]


class AtomicForMany(Construction):
    """An atomic register for several readers, from registers that each have one writer and one
    reader. A reader tells the others what it is about to return: reading must write. (Row i, column
    j: from i to j.)"""

    table = Array(Regular((0, 0)), (3, 3))
    properties = (atomic(0),)

    async def write(self, value):
        self.stamp = getattr(self, "stamp", 0) + 1
        for reader in range(1, self.n):
            await self.table[0, reader].write((self.stamp, value))

    async def read(self):
        newest = max(getattr(self, "newest", (0, 0)), await self.table[0, self.me].read())
        for other in range(1, self.n):
            if other != self.me:
                newest = max(newest, await self.table[other, self.me].read())
        for other in range(1, self.n):
            if other != self.me:
                await self.table[self.me, other].write(newest)
        self.newest = newest
        return newest[1]
