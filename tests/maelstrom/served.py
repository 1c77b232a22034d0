"""Nodes for the tests of `labkit maelstrom serve`."""

from typing import Any

from labkit import Error, Message, Node, RemoteError, on


class Put(Message):
    key: str
    value: int
    from_: Any = None


class PutOk(Message):
    pass


class Get(Message):
    key: str


class GetOk(Message):
    value: int | None


class Forward(Message):
    to: str
    key: str
    patience: float = 30.0


class Forwarded(Message):
    said: str


class Crash(Message):
    pass


class Hello(Message):
    pass


class Keeper(Node):
    def start(self):
        print("I print to stdout")
        for peer in self.peers:
            self.send(peer, Hello())

    @on(Hello)
    def hello(self, msg, sender):
        self.greeted = sender

    @on(Put)
    def put(self, msg, sender):
        if msg.value < 0:
            return Error(code=1000, text=f"{msg.value} is below zero, from {msg.from_}")
        self.disk[msg.key] = msg.value
        return PutOk()

    @on(Get)
    def get(self, msg, sender):
        return GetOk(value=self.disk.get(msg.key))

    @on(Forward)
    async def forward(self, msg, sender):
        try:
            answer = await self.call(msg.to, Get(key=msg.key), timeout=msg.patience)
            return Forwarded(said=f"{type(answer).__name__} {answer.value}")
        except RemoteError as error:
            return Forwarded(said=f"{error.code} {error.text}")
        except TimeoutError:
            return Forwarded(said="nothing")

    @on(Crash)
    def crash(self, msg, sender):
        raise ValueError("as you wish")


class Loop(Node):
    """One loop for all messages, and no handlers."""

    async def start(self):
        while True:
            msg, sender = await self.receive()
            self.send(sender, GetOk(value=len(type(msg).__name__)))
