"""What can be done to a cluster by hand: to a node, a link, a clock, a disk, or one message on its way.

Each is a `Fault`, done now; so what was done by hand is `cluster.faults`, and can be done again to another cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.engine.faults import Fault
from labkit.engine.flights import meant, under_way
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.latency import Latency
    from labkit.engine.network import Network


class Faulty:
    """The faults of a cluster, as its methods."""

    ids: tuple[str, ...]
    scripted: bool
    _network: Network

    if TYPE_CHECKING:  # the cluster's own

        def _check_id(self, id: Any, clients: bool = False) -> str: ...
        def _moment(self) -> float: ...
        def _do(self, fault: Fault) -> None: ...

    def crash(self, id: str) -> None:
        """Stop a node at once. Its state is lost; its disk keeps what was synced. Nothing happens if it is down
        already."""
        self._do(Fault(self._moment(), "crash", self._check_id(id)))

    def restart(self, id: str) -> None:
        """Boot a node that is down; a running one is crashed first."""
        self._do(Fault(self._moment(), "restart", self._check_id(id)))

    def pause(self, id: str) -> None:
        """Stop the world at a node, as a garbage collector does: whatever is due there waits until `resume`, and then
        happens late, in the same order. Others cannot tell it from a crash."""
        self._do(Fault(self._moment(), "pause", self._check_id(id)))

    def resume(self, id: str) -> None:
        """End a node's pause."""
        self._do(Fault(self._moment(), "resume", self._check_id(id)))

    def slow(self, id: str, seconds: Latency | None) -> None:
        """Let each message and each timer take so many seconds of a node's time (a number, a pair or a distribution;
        0 or None: no time, as usual). It works on one after the other; the rest queue."""
        self._do(Fault(self._moment(), "slow", self._check_id(id), seconds=seconds))

    def partition(self, *groups: Any, one_way: bool = False) -> None:
        """Split the network: `partition({"n1", "n2"}, {"n3"})`. Messages pass only within a group; nodes not named
        form one more group. A node in several groups is a bridge between them. One way: messages also pass from a
        later group to an earlier one.

        Clients reach every group. A new partition replaces the old one.
        """
        sides = [[group] if isinstance(group, str) else sorted(group, key=self._place) for group in groups]
        named = {self._check_id(id) for side in sides for id in side}
        rest = [id for id in self.ids if id not in named] if named else []
        options = {"one_way": True} if one_way else {}
        self._do(Fault(self._moment(), "partition", *sides, *([rest] if rest else []), **options))

    def heal(self) -> None:
        """End the partition, every cut and every clog. Loss, delay and the like stay."""
        self._do(Fault(self._moment(), "heal"))

    def link(self, a: str | None = None, b: str | None = None, *, one_way: bool = False, **settings: Any) -> None:
        """Change the link between two nodes (both ways, or only from `a` to `b`); without ids, or with one, every link
        that fits. What is not named stays as it was.

        latency: seconds, (shortest, longest), a distribution, or None for the cluster's own. loss, duplicate, reorder,
        corrupt: probability for each message. burst: how many are lost in a row on average (None: each by itself). A
        reordered message is held back, so that later ones overtake it. A corrupted one is dropped by its receiver;
        with checksum=False it arrives with a wrong value in one field. bandwidth: bytes a second, in each direction,
        of the message's encoding; queue: how many messages may wait to be sent, before more are dropped. cut: True to
        lose everything, False to mend. clog: True to hold everything, False to let it all arrive, in order.
        """
        for id in (a, b):
            if id is not None:
                self._check_id(id, clients=True)
        self._do(Fault(self._moment(), "link", a, b, **settings, **({"one_way": True} if one_way else {})))

    def clock(self, id: str, **settings: Any) -> None:
        """Set a node's own clock: with offset (0 if not given) and rate (1), it shows `offset + rate * time`. Or change
        it from what it shows: jump=0.5 moves it by half a second, drift=0.01 lets it gain 1% from now on.

        Timers, sleeps and timeouts run on the node's monotonic clock: a jump does not move them, and a new rate holds
        from the next one set.
        """
        self._do(Fault(self._moment(), "clock", self._check_id(id), **settings))

    def disk(self, id: str, **settings: Any) -> None:
        """Make a node's disk slow, full or faulty. What is not named stays as it was.

        latency: seconds that a sync takes (as for a link); the node is blocked meanwhile, and what it sends after the
        sync leaves after it. full: True to refuse writes with OSError (ENOSPC). survive: which writes that were not yet
        durable a crash leaves: "prefix" (some first ones), "subset" (any) or "none". torn: probability that the first
        write that a crash stopped is half written. lost, misdirect: probability that a write never reaches the disk, or
        lands on another key. rot: probability, for each value at each boot, that it has changed. A damaged value cannot
        be read (OSError, EIO); with checksum=False it is read as it is.
        """
        self._do(Fault(self._moment(), "disk", self._check_id(id), **settings))

    def drop(self, sender: str, receiver: str, kind: str | None = None, number: int = 1) -> None:
        """Lose one message on its way from sender to receiver. kind: its class's name (None: any). number: which of
        those on their way, in the order in which they were sent.

        Raises LabkitError if there is none; as part of a script (`Fault`), it does nothing then.
        """
        self._do_to_message("drop", sender, receiver, kind, number)

    def deliver(self, sender: str, receiver: str, kind: str | None = None, number: int = 1) -> None:
        """Let one message (named as for `drop`) arrive now, before all others."""
        self._do_to_message("deliver", sender, receiver, kind, number)

    def delay(
        self, sender: str, receiver: str, kind: str | None = None, number: int = 1, *, seconds: float = 0.1
    ) -> None:
        """Let one message (named as for `drop`) arrive so many seconds later than it would have."""
        self._do_to_message("delay", sender, receiver, kind, number, seconds=seconds)

    def duplicate(
        self, sender: str, receiver: str, kind: str | None = None, number: int = 1, *, seconds: float | None = None
    ) -> None:
        """Make a copy of one message (named as for `drop`). It arrives right after the message, or so many seconds
        from now."""
        self._do_to_message("duplicate", sender, receiver, kind, number, seconds=seconds)

    def _do_to_message(self, action: str, *args: Any, **options: Any) -> None:
        for id in args[:2]:
            self._check_id(id, clients=True)
        options = {name: value for name, value in options.items() if value is not None}
        fault = Fault(self._moment(), action, *args, **options)
        if not self.scripted and meant(self._network, *args) is None:
            there = ", ".join(map(str, under_way(self._network)[:8])) or "none"
            raise LabkitError(f"no such message is on its way at {round(fault.time, 9):g} s; on their way: {there}")
        self._do(fault)

    def _place(self, id: str) -> int:
        return self.ids.index(self._check_id(id))
