"""Clients: the users of a cluster. What they ask, and what they were told, is the history that checkers judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError, RemoteError
from labkit.message import Error, Message
from labkit.node import Node

if TYPE_CHECKING:
    from labkit.cluster import Cluster


class Operation:
    """One request of a client. `invoked` and `completed` are virtual seconds; `reply` is None until an answer has come.

    `outcome` is "pending", "ok", or "info": no answer came in time, so nobody knows whether the request took effect.
    """

    def __init__(self, client: str, number: int, to: str, request: Message, invoked: float):
        self.client, self.number, self.to, self.request, self.invoked = client, number, to, request, invoked
        self.completed: float | None = None
        self.outcome = "pending"
        self.reply: Any = None

    def __repr__(self) -> str:
        end = "" if self.completed is None else f" at {self.completed:g} s"
        answer = f" {self.reply!r}" if self.outcome == "ok" else ""
        return f"<{self.client} -> {self.to} at {self.invoked:g} s: {self.request!r}: {self.outcome}{answer}{end}>"


class _Caller(Node):
    """The program of a client's machine."""


class Client:
    """A client of a cluster, with an id such as "c1". It is no node: nobody's peer, and on every side of a partition.

    A client waits for one answer at a time, as a process of a history does; for concurrent requests use several
    clients.
    """

    def __init__(self, cluster: Cluster, id: str):
        self.id, self._cluster = id, cluster
        self.operations: list[Operation] = []
        self._pending: Operation | None = None

    def invoke(self, to: str, msg: Message, *, timeout: float | None = 1.0) -> Operation:
        """Send a request, and go on without waiting: it makes progress when the cluster runs. With None as the timeout,
        it waits for the answer for ever.

        Raises LabkitError if the client's last request is still pending.
        """
        if self._pending is not None:
            raise LabkitError(
                f"{self.id} still waits for {self._pending.to}; run the cluster on, or use another client"
            )
        self._cluster._check_id(to)
        self._cluster._remember("invoke", self.id, to, msg, timeout)
        process = self._cluster._client_process(self.id)
        operation = Operation(self.id, len(self.operations) + 1, to, msg, self._cluster.now)
        self.operations.append(operation)
        self._pending = operation
        self._record(operation, "invoke", msg)
        with self._cluster._loop.running():
            process._enter(self._ask, process, operation, timeout)
        return operation

    async def _ask(self, process: Any, operation: Operation, timeout: float | None) -> None:
        try:
            operation.reply = await process.call(operation.to, operation.request, timeout)
            operation.outcome = "ok"
            self._record(operation, "ok", operation.reply)
        except RemoteError as error:
            operation.reply = Error(code=error.code, text=error.text)
            operation.outcome = "ok"
            self._record(operation, "ok", operation.reply)
        except TimeoutError as error:
            operation.outcome = "info"
            self._record(operation, "info", str(error))
        finally:
            operation.completed = self._cluster.now
            self._pending = None

    def call(self, to: str, msg: Message, *, timeout: float = 1.0) -> Any:
        """Send a request and run the cluster until the answer has come; returns the answer.

        Raises TimeoutError after `timeout` virtual seconds: the outcome is then unknown. Raises RemoteError if the
        answer is an `Error`.
        """
        operation = self.invoke(to, msg, timeout=timeout)
        self._cluster.run(until=lambda _: operation.outcome != "pending", limit=timeout * 2 + 1)
        if operation.outcome != "ok":
            raise TimeoutError(f"{to} did not answer {type(msg).__name__} of {self.id} within {timeout:g} s")
        if isinstance(operation.reply, Error):
            raise RemoteError(operation.reply.code, operation.reply.text)
        return operation.reply

    def _record(self, operation: Operation, kind: str, data: Any) -> None:
        self._cluster._network.record((self._cluster.now, kind, self.id, operation.to, operation.number, None, data))

    def __repr__(self) -> str:
        return f"<Client {self.id}: {len(self.operations)} operations>"
