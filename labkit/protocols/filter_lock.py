"""The filter lock: Peterson's, for n processes.

Gary L. Peterson, "Myths About the Mutual Exclusion Problem", Information Processing Letters 12(3), 1981, its second
algorithm. The names are those of Maurice Herlihy and Nir Shavit, "The Art of Multiprocessor Programming", section 2.4.
"""

from labkit.shared import Array, Lock, Register


class Filter(Lock):
    """There are n - 1 waiting rooms, one after the other. At each, at least one of those who try gets in, and if
    several try, at least one is held back. So one passes the last."""

    level = Array(Register(0))
    victim = Array(Register(0))

    async def acquire(self):
        for room in range(1, self.n):
            await self.level[self.me].write(room)
            await self.victim[room].write(self.me)
            while await self.someone_as_far(room) and await self.victim[room].read() == self.me:
                pass

    async def someone_as_far(self, room):
        """Whether another process is in this waiting room, or further."""
        for other in range(self.n):
            if other != self.me and await self.level[other].read() >= room:
                return True
        return False

    async def release(self):
        await self.level[self.me].write(0)
