"""Transactions over the service lin-kv: all data is one value, changed by compare-and-set.

Simple, and strictly serializable: a transaction takes effect where its compare-and-set does. It is also slow, because
all transactions fight for the one value.
"""

from typing import Any

from labkit import Error, Message, Node, RemoteError, on

PRECONDITION_FAILED, TXN_CONFLICT = 22, 30
KEY_DOES_NOT_EXIST = 20


class Txn(Message):
    txn: list[list[Any]]


class TxnOk(Message):
    txn: list[list[Any]]


class Read(Message):
    key: str


class Cas(Message):
    key: str
    from_: Any
    to: Any
    create_if_not_exists: bool = False


class ListAppend(Node):
    @on(Txn)
    async def transact(self, msg, sender):
        for _ in range(10):
            before = await self.load()
            after, done = apply(before, msg.txn)
            try:
                await self.call("lin-kv", Cas("data", before, after, create_if_not_exists=True), timeout=None)
                return TxnOk(txn=done)
            except RemoteError as error:
                if error.code != PRECONDITION_FAILED:
                    raise
        return Error(code=TXN_CONFLICT, text="others were faster ten times")

    async def load(self):
        try:
            return (await self.call("lin-kv", Read(key="data"), timeout=None)).value
        except RemoteError as error:
            if error.code != KEY_DOES_NOT_EXIST:
                raise
            return {}


def apply(data, steps):
    """The data after a transaction, and the transaction with what it read."""
    data, done = dict(data), []
    for f, key, value in steps:
        if f == "r":
            value = data.get(str(key))
        else:
            data[str(key)] = [*data.get(str(key), []), value]
        done.append([f, key, value])
    return data, done
