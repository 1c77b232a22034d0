"""labkit: a distributed-systems laboratory. Write the nodes, run the cluster in virtual time, watch it, break it, wind
it back."""

from labkit.client import Client, Operation
from labkit.cluster import Cluster
from labkit.engine import latency
from labkit.engine.faults import Fault, Faults
from labkit.engine.nemesis import nemesis
from labkit.engine.timers import Timer
from labkit.engine.trace import Event, Trace
from labkit.errors import (
    BudgetExceeded,
    HandlerError,
    LabkitError,
    MessageError,
    NodeDown,
    RemoteError,
    UnknownNode,
)
from labkit.message import Error, Message
from labkit.node import Node, on
from labkit.system import DistributedSystem

__version__ = "0.1.0"

__all__ = [
    "BudgetExceeded",
    "Client",
    "Cluster",
    "DistributedSystem",
    "Error",
    "Event",
    "Fault",
    "Faults",
    "HandlerError",
    "LabkitError",
    "Message",
    "MessageError",
    "Node",
    "NodeDown",
    "Operation",
    "RemoteError",
    "Timer",
    "Trace",
    "UnknownNode",
    "latency",
    "nemesis",
    "on",
]
