"""A program that several tests search."""

from labkit.shared import Process, Register


class Count(Process):
    x = Register(0)

    async def run(self):
        for _ in range(self.rounds):
            value = await self.x.read()
            await self.x.write(value + 1)
