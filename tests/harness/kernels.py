"""A kernel of any generation of ipykernel, driven over the wire as a frontend drives it."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.harness.lab import REPOSITORY

GENERATIONS = Path(sys.prefix) / "kernels"  # `make dev` puts each generation into a folder of its own here
PATIENCE = 120.0  # seconds to wait for what must come, however busy the machine is

Message = dict[str, Any]


class Kernel:
    """One running kernel. What it publishes is kept in the order in which it came."""

    def __init__(self, version: str, home: Path) -> None:
        self.version = version
        self.home = home
        self.manager = KernelManager(connection_file=str(home / "connection.json"))
        self.manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        path = os.pathsep.join([str(GENERATIONS / version), str(REPOSITORY)])
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "JPY_"))}
        self.manager.start_kernel(env=clean | {"PYTHONPATH": path, "IPYTHONDIR": str(home)}, cwd=str(home))
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.seen: list[Message] = []

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def start(self, code: str) -> str:
        """Queue a cell; the id of its request."""
        return str(self.client.execute(code, allow_stdin=False, stop_on_error=False))

    def run(self, code: str) -> str:
        """Run a cell to its end; what it printed. Raises AssertionError with its traceback if it failed."""
        request = self.start(code)
        self.ended(request)
        for message in self.of(request, "error"):
            raise AssertionError("\n".join(message["content"]["traceback"]))
        return self.printed(request)

    def ended(self, request: str) -> None:
        """Wait until the kernel has done this request."""
        self.until(lambda message: _is_idle(message) and message["parent_header"].get("msg_id") == request)

    def printed(self, request: str) -> str:
        """What a cell has printed so far."""
        return "".join(message["content"]["text"] for message in self.of(request, "stream"))

    def of(self, request: str, kind: str) -> list[Message]:
        """What came of one request."""
        return [
            message
            for message in self.seen
            if message["msg_type"] == kind and message["parent_header"].get("msg_id") == request
        ]

    def until(self, wanted: Callable[[Message], bool], since: int = 0) -> Message:
        """The first message published that is as wanted, from this number on; wait for it if need be."""
        deadline = time.monotonic() + PATIENCE
        at = since
        while True:
            while at < len(self.seen):
                if wanted(self.seen[at]):
                    return self.seen[at]
                at += 1
            left = deadline - time.monotonic()
            if left <= 0:
                last = [message["msg_type"] for message in self.seen[-10:]]
                raise AssertionError(f"the kernel did not publish it in {PATIENCE:g} s; the last it published: {last}")
            self.seen.append(self.client.get_iopub_msg(timeout=left))

    def prints(self, text: str, since: int = 0) -> None:
        """Wait until a cell prints this."""
        self.until(lambda message: message["msg_type"] == "stream" and text in message["content"]["text"], since)

    def file(self, name: str) -> None:
        """Put an empty file into the kernel's folder."""
        (self.home / name).touch()

    def new_subshell(self) -> str:
        """A subshell of this kernel (JEP 91): a thread of its own that serves the shell channel."""
        request = self.client.session.msg("create_subshell_request")
        self.client.control_channel.send(request)
        reply = self.client.get_control_msg(timeout=PATIENCE)
        assert reply["content"]["status"] == "ok", reply["content"]
        return str(reply["content"]["subshell_id"])

    def tell(self, comm: str, content: Message, subshell: str | None = None) -> str:
        """Send a widget's model a message of its frontend, as JupyterLab does; the id of the request."""
        data = {"method": "custom", "content": content}
        request = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        if subshell is not None:
            request["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(request)
        return str(request["header"]["msg_id"])

    def live_view(self, since: int = 0) -> str:
        """The comm of the first live view that was opened since."""
        opened = self.until(
            lambda message: (
                message["msg_type"] == "comm_open" and "header" in message["content"]["data"].get("state", {})
            ),
            since,
        )
        return str(opened["content"]["comm_id"])

    def answer(self, comm: str, kind: str, since: int = 0) -> Message:
        """What a live view sent its frontend in answer to a message of this kind, the first since."""

        def wanted(message: Message) -> bool:
            if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != comm:
                return False
            content = message["content"]["data"].get("content") or {}
            return kind in (content.get("answers"), content.get("type"))

        return dict(self.until(wanted, since)["content"]["data"]["content"])


@contextmanager
def kernel(version: str, home: Path) -> Iterator[Kernel]:
    """A kernel of this generation for as long as the block lasts."""
    running = Kernel(version, home)
    try:
        yield running
    finally:
        running.close()


def _is_idle(message: Message) -> bool:
    return message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
