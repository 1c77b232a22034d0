"""What a coroutine raises after it has waited is an error of its node, in the step in which it is raised."""

import pytest

from labkit import Cluster, Message, Node, on


class Ask(Message):
    pass


class Fragile(Node):
    """n1 waits for something, and then fails."""

    def start(self):
        return self.fail_later() if self.id == "n1" else None

    async def fail_later(self):
        await self.wait()
        raise ValueError("after the wait")

    @on(Ask)
    def ask(self, msg, sender):
        return Ask()


class AfterSleep(Fragile):
    async def wait(self):
        await self.sleep(0.1)


class AfterAnswer(Fragile):
    async def wait(self):
        await self.call("n2", Ask(), timeout=1.0)


class AfterTimeout(Fragile):
    async def wait(self):
        await self.call("n2", Ask(), timeout=0.0001)


class AfterMessage(Node):
    async def start(self):
        if self.id == "n1":
            await self.receive()
            raise ValueError("after the message")
        self.send("n1", Ask())


@pytest.mark.parametrize("program", [AfterSleep, AfterAnswer, AfterTimeout, AfterMessage])
def test_an_error_after_a_wait_crashes_the_node_at_once(program):
    cluster = Cluster(program, 2)
    cluster.run(1.0)
    (error,) = cluster.trace.select("error")
    arrived = [event.time for event in cluster.trace.select("deliver", node="n1")]
    assert error.time == {AfterSleep: 0.1, AfterTimeout: 0.0001}.get(program, arrived[-1] if arrived else None)
    assert not cluster.up("n1")
