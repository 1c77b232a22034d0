"""Consensus from shared objects, as far as each of them goes.

Maurice Herlihy, "Wait-Free Synchronization", ACM TOPLAS 13(1), 1991: the consensus number of an object is how many
processes can reach wait-free consensus with it and registers.
"""

from labkit.shared import Array, CompareAndSwap, Consensus, FetchAndAdd, Queue, Register, Swap, TestAndSet


class Proposing(Consensus):
    """Each writes down what it proposes; whoever is first, by some object, has decided for all."""

    proposed = Array(Register())

    async def propose(self, value):
        await self.proposed[self.me].write(value)
        if await self.am_first():
            return value
        return await self.proposed[1 - self.me].read()

    async def am_first(self):
        raise NotImplementedError


class FromTestAndSet(Proposing):
    """Two processes: who finds the bit clear is first. (A third who comes too late would not know who was.)"""

    taken = TestAndSet()

    async def am_first(self):
        return not await self.taken.test_and_set()


class FromFetchAndAdd(Proposing):
    """Two processes: who gets the number 0 is first."""

    count = FetchAndAdd()

    async def am_first(self):
        return await self.count.fetch_and_add() == 0


class FromSwap(Proposing):
    """Two processes: who swaps the gold out of it is first."""

    prize = Swap("gold")

    async def am_first(self):
        return await self.prize.swap("nothing") == "gold"


class FromQueue(Proposing):
    """Two processes: a queue that holds two balls; who gets the red one is first."""

    balls = Queue("red", "black")

    async def am_first(self):
        return await self.balls.dequeue() == "red"


class FromCompareAndSwap(Consensus):
    """Any number of processes: the first who swaps leaves its value, and everybody else finds it there."""

    decision = CompareAndSwap()

    async def propose(self, value):
        await self.decision.compare_and_swap(None, value)
        return await self.decision.read()
