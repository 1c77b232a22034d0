"""Dekker's lock, for two processes: the first solution that there was.

Edsger W. Dijkstra, "Over de sequentialiteit van procesbeschrijvingen", EWD 35, about 1962, which tells how Th. J.
Dekker found it, by way of four that do not work; in English in "Cooperating Sequential Processes", EWD 123, 1965.
"""

from labkit.shared import Array, Lock, Register


class Dekker(Lock):
    """I want to enter. If we both want to, he whose turn it is not takes it back, and waits for his turn."""

    wants = Array(Register(False))
    turn = Register(0)

    async def acquire(self):
        me, other = self.me, 1 - self.me
        await self.wants[me].write(True)
        while await self.wants[other].read():
            if await self.turn.read() != me:
                await self.wants[me].write(False)
                while await self.turn.read() != me:
                    pass
                await self.wants[me].write(True)

    async def release(self):
        await self.turn.write(1 - self.me)
        await self.wants[self.me].write(False)
