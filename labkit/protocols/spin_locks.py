"""Locks made of stronger operations than reading and writing, as computers have them.

Test-and-set stood in the IBM System/360 (1964). The ticket lock is that of John Mellor-Crummey and Michael Scott,
"Algorithms for Scalable Synchronization on Shared-Memory Multiprocessors", ACM TOCS 9(1), 1991, section 2.2.
"""

from labkit.shared import FetchAndAdd, Lock, Register, TestAndSet


class SpinLock(Lock):
    """Whoever finds the bit clear, and sets it in the same instant, is in. Anyone may be unlucky for ever."""

    locked = TestAndSet()

    async def acquire(self):
        while await self.locked.test_and_set():
            pass

    async def release(self):
        await self.locked.reset()


class TicketLock(Lock):
    """Draw a number in one step, and wait until it is called: first come, first served. The numbers go round, as a
    machine word does; it is enough that there are no fewer of them than processes."""

    next_ticket = FetchAndAdd(modulo=4)
    now_serving = Register(0)

    async def acquire(self):
        ticket = await self.next_ticket.fetch_and_add()
        while await self.now_serving.read() != ticket:
            pass

    async def release(self):
        served = await self.now_serving.read()
        await self.now_serving.write((served + 1) % 4)
