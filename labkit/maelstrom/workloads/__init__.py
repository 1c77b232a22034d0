"""The workloads that Maelstrom publishes: what clients ask, and what they must be told."""

from labkit.maelstrom.workloads.base import Workload
from labkit.maelstrom.workloads.broadcast import Broadcast
from labkit.maelstrom.workloads.counter import GCounter, PNCounter
from labkit.maelstrom.workloads.echo import Echo
from labkit.maelstrom.workloads.g_set import GSet
from labkit.maelstrom.workloads.kafka import Kafka
from labkit.maelstrom.workloads.lin_kv import LinKV
from labkit.maelstrom.workloads.txn import TxnListAppend, TxnRWRegister
from labkit.maelstrom.workloads.unique_ids import UniqueIds

WORKLOADS: dict[str, type[Workload]] = {
    workload.name: workload
    for workload in (
        Broadcast,
        Echo,
        GCounter,
        GSet,
        Kafka,
        LinKV,
        PNCounter,
        TxnListAppend,
        TxnRWRegister,
        UniqueIds,
    )
}
