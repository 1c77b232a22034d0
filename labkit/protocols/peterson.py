"""Peterson's lock, for two processes.

Gary L. Peterson, "Myths About the Mutual Exclusion Problem", Information Processing Letters 12(3), 1981.
"""

from labkit.shared import Array, Lock, Register


class Peterson(Lock):
    """I want to enter; but you go first if we both want to."""

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
