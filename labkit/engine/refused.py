"""What a simulated node cannot do, each thing refused by name and with what to do instead.

The methods of asyncio's loop that need the computer itself are in `LOOP`. What goes round the loop (`time.sleep`,
threads, sockets, programs) is refused while a node's own code runs, and left alone everywhere else in the process. (An
audit hook, PEP 578, would see a little more, and slow every future that is made.)
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from labkit.errors import LabkitError

_SOCKETS = "nodes talk by self.send and self.call, or by asyncio.open_connection and asyncio.start_server"
_PROGRAMS = "a simulated node cannot start programs"
_HOST = "nodes are known by their ids, not by addresses"
_SIGNALS = "a simulated node receives no signals; crash it with cluster.crash"
_FILES = "a simulated node has no pipes or files of the computer; it keeps data in self.disk"

LOOP = {
    **dict.fromkeys(("add_reader", "add_writer", "remove_reader", "remove_writer"), _SOCKETS),
    **dict.fromkeys(("sock_accept", "sock_connect", "sock_recv", "sock_recv_into", "sock_recvfrom"), _SOCKETS),
    **dict.fromkeys(("sock_recvfrom_into", "sock_sendall", "sock_sendfile", "sock_sendto"), _SOCKETS),
    **dict.fromkeys(("create_unix_connection", "create_unix_server", "connect_accepted_socket"), _SOCKETS),
    **dict.fromkeys(("connect_read_pipe", "connect_write_pipe", "sendfile"), _FILES),
    **dict.fromkeys(("subprocess_exec", "subprocess_shell"), _PROGRAMS),
    **dict.fromkeys(("getaddrinfo", "getnameinfo"), _HOST),
    **dict.fromkeys(("add_signal_handler", "remove_signal_handler"), _SIGNALS),
    "create_datagram_endpoint": "self.send is what a datagram is: it may be lost, doubled or overtaken",
    "start_tls": "streams between simulated nodes are not encrypted; leave TLS out",
    "call_soon_threadsafe": "a node is simulated in one thread; use call_soon",
    "set_default_executor": "there are no threads; run_in_executor and to_thread run the function at once",
    "set_task_factory": "tasks are numbered by labkit, so that every run is the same",
    "set_exception_handler": "an error that nobody catches crashes the node; catch it where it is raised",
    "stop": "the loop belongs to the whole cluster; return from start, or crash the node with cluster.crash",
    "run_forever": "use cluster.run(seconds)",
    "run_until_complete": "it is running already: await the coroutine, or start it with asyncio.create_task",
}

_THREADS = "use asyncio.create_task; asyncio.to_thread runs at once"
_AROUND: list[tuple[Any, str, str, str]] = [  # where it is, its name, what it does, and what to do instead
    (time, "sleep", "time.sleep", "it would stop everything and pass no virtual time; use await self.sleep(seconds)"),
    (threading, "_start_new_thread", "starting a thread", _THREADS),
    (threading, "_start_joinable_thread", "starting a thread", _THREADS),  # from Python 3.13 on
    (socket.socket, "__init__", "a real socket", _SOCKETS),
    (subprocess.Popen, "__init__", "starting a program", _PROGRAMS),
    (os, "system", "starting a program", _PROGRAMS),
    (os, "fork", "os.fork", _PROGRAMS),
]


def refuse(kind: type) -> type:
    """A class decorator for the loop: gives it the methods of `LOOP`, which raise."""
    for name, instead in LOOP.items():
        setattr(kind, name, _refusing(name, instead))
    return kind


def _refusing(name: str, instead: str) -> Callable[..., Any]:
    def refuse(self: Any, *args: Any, **options: Any) -> NoReturn:
        raise LabkitError(f"{name} is not possible in a simulated node: {instead}")

    refuse.__name__ = name
    return refuse


def _in_a_node(frame: FrameType | None) -> bool:
    """Whether the code that runs was called by a node's process."""
    while frame is not None and frame.f_code.co_filename != _PROCESS:
        frame = frame.f_back
    return frame is not None


def _watched(what: str, instead: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*args: Any, **options: Any) -> Any:
        if events._get_running_loop() is not None and _in_a_node(sys._getframe(1)):
            raise LabkitError(f"{what} is not possible in a simulated node: {instead}")
        return function(*args, **options)

    return watched


_PROCESS = __file__.replace("refused.py", "process.py")
_SWAPS = [
    (owner, name, _watched(what, instead, getattr(owner, name)))
    for owner, name, what, instead in _AROUND
    if hasattr(owner, name)
]


@contextmanager
def guarded() -> Iterator[None]:
    """Refuse what a node's code does around the loop, while a cluster runs."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _SWAPS]  # one cluster may run within another
    for owner, name, watched in _SWAPS:
        setattr(owner, name, watched)
    try:
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)
