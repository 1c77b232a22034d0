"""Links that are not like the rest: slow, lossy, narrow, clogged, cut, or across a partition.

Nothing here runs for a message between nodes that no fault ever touched. Every trouble of every link draws from a
stream of its own, so one changes neither another link's luck nor another trouble's.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heappush
from typing import TYPE_CHECKING, Any

import msgspec

from labkit.engine import latency
from labkit.engine.damage import alter
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.network import Flight, Network

SETTINGS = (
    "latency", "loss", "burst", "duplicate", "reorder", "corrupt", "checksum", "bandwidth", "queue", "cut", "clog",
)  # fmt: skip
HEALTHY: dict[str, Any] = {
    "latency": None, "loss": 0.0, "burst": None, "duplicate": 0.0, "reorder": 0.0, "corrupt": 0.0, "checksum": True,
    "bandwidth": None, "queue": None, "cut": False, "clog": False,
}  # fmt: skip
_size = msgspec.msgpack.Encoder().encode


def check_settings(settings: dict[str, Any]) -> None:
    """Raises LabkitError if a link setting is unknown or out of range."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise LabkitError(f"a link has no setting {name!r}; it has {', '.join(SETTINGS)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is None and HEALTHY[name] is None:
            continue  # like the rest again
        if name == "latency":
            latency.check(value)
        elif name in ("cut", "clog", "checksum"):
            if not isinstance(value, bool):
                raise LabkitError(f"{name}={value!r}: give True or False")
        elif name == "burst":
            if not (number and value >= 1):
                raise LabkitError(f"burst={value!r}: give how many messages in a row are lost on average, 1 or more")
        elif name == "bandwidth":
            if not (number and value > 0):
                raise LabkitError(f"bandwidth={value!r}: give bytes a second, above zero, or None for no limit")
        elif name == "queue":
            if not (isinstance(value, int) and number and value >= 0):
                raise LabkitError(f"queue={value!r}: give how many messages may wait, a whole number, or None")
        elif not (number and 0 <= value <= 1):
            raise LabkitError(f"{name}={value!r}: give a probability between 0 and 1")


class Link:
    """One direction of a link that is not, or was not always, like the rest."""

    def __init__(self, stream: Callable[[str], random.Random], name: str):
        self._stream, self._name = stream, name
        self._streams: dict[str, random.Random] = {}
        self.draw = stream(name).random
        self.sample: Callable[[], float] | None = None  # its own latency, if it has one
        self.loss = self.duplicate = self.reorder = self.corrupt = 0.0
        self.burst: float | None = None
        self.checksum = True
        self.bandwidth: float | None = None
        self.queue: int | None = None
        self.cut = self.clog = False
        self.held: list[Flight] = []  # what waits for a clogged link
        self._failing = False  # in a burst of losses
        self._free = 0.0  # when the last message has gone out on the wire
        self._waiting: deque[float] = deque()  # when each message that waited for the wire began to go out

    def stream(self, trouble: str) -> random.Random:
        if trouble not in self._streams:
            self._streams[trouble] = self._stream(f"{self._name}/{trouble}")
        return self._streams[trouble]

    def set(self, settings: dict[str, Any]) -> None:
        for name, value in settings.items():
            if name != "latency":
                setattr(self, name, value)
            else:
                self.sample = None if value is None else latency.sampler(value, self.stream("latency"))

    def loses(self, chance: float) -> bool:
        """Whether the next message is lost. In bursts, the link is either good or bad and changes between the two with
        fixed probabilities (Gilbert, "Capacity of a Burst-Noise Channel", 1960), such that `loss` are lost in all, and
        `burst` in a row on average."""
        if self.burst is None or not 0 < self.loss < 1:
            return chance < self.loss
        leave = 1 / self.burst
        enter = self.loss * leave / (1 - self.loss)
        if enter > 1:
            enter, leave = 1.0, (1 - self.loss) / self.loss
        chance = self.stream("burst").random()
        self._failing = chance >= leave if self._failing else chance < enter
        return self._failing

    def transmit(self, now: float, message: Any) -> float | None:
        """Put the message on a wire that takes one after the other. Returns the seconds until its last byte is out, or
        None if the queue is full."""
        assert self.bandwidth is not None
        waiting = self._waiting
        while waiting and waiting[0] <= now:
            waiting.popleft()
        begin = max(now, self._free)
        if begin > now:
            if self.queue is not None and len(waiting) >= self.queue:
                return None
            waiting.append(begin)
        self._free = begin + len(_size(message)) / self.bandwidth
        return self._free - now


class Links:
    """All links that are unlike the rest, and the partition."""

    def __init__(self, network: Network):
        self._network = network
        self._links: dict[tuple[str, str], Link] = {}
        self._groups: dict[str, int] = {}  # the groups that a node is in, as bits
        self._one_way = False
        self.everywhere: dict[str, Any] = {}  # settings that hold for every link
        self.steered: Callable[[Flight], None] | None = None  # a schedule that decides when messages arrive

    # --- messages

    def send(self, flight: Flight, due: float) -> None:
        """A send from or to a node that a fault touched. `due` is when it would arrive if its link were like the rest.

        Loss, duplication and reordering each draw once for each message, whether they strike or not.
        """
        if self.steered is not None:
            self.steered(flight)
            return
        id, src, target, message, call, reply = flight
        network, to = self._network, target.id
        now, heap = network.loop.now, network.loop.heap
        link = self.link(src, to)
        late, lost, twice, again = (link.draw() for _ in range(4))
        if link.sample is not None:
            due = now + link.sample()
        if late < link.reorder:
            due += (due - now) * (1 + 4 * late / link.reorder)  # held back, so that later ones overtake it
        why = self.obstacle(src, to)
        if link.bandwidth is not None and not why:
            wait = link.transmit(now, message)
            why = "queue" if wait is None else None
            due += wait or 0.0
        if link.loses(lost) and not why:
            why = "loss"
        network.record((now, "send", src, to, id, due, message))
        if why:
            network._drop(flight, why)
            return
        flight = (id, src, target, network.another(message), call, reply)  # the receiver may change what it gets
        arrive = network._deliver
        if link.corrupt and link.stream("corrupt").random() < link.corrupt:
            altered = None if link.checksum else _altered(message, link.stream("corrupt"))
            if altered is None:
                arrive = self._refuse
            else:
                flight = (id, src, target, network.another(altered), call, reply)
                network.record((now, "corrupt", src, to, id, None, altered))
        heappush(heap, (due, id, arrive, flight))
        if twice < link.duplicate:
            network.loop._count = copy = network.loop._count + 1
            due += (due - now) * again
            second = network.another(flight[3])
            network.record((now, "duplicate", src, to, copy, due, second))
            heappush(heap, (due, copy, network._deliver, (copy, src, target, network.another(second), call, reply)))

    def _refuse(self, flight: Flight) -> None:
        """The receiver's checksum does not match."""
        self._network._drop(flight, "down" if flight[2].process is None else "corrupt")

    def stops(self, flight: Flight) -> bool:
        """Whether a message that would arrive now does not: it is dropped, or waits."""
        _, src, target, _, _, _ = flight
        why = self.obstacle(src, target.id)
        if why:
            self._network._drop(flight, why)
            return True
        link = self._links.get((src, target.id))
        if link is not None and link.clog:
            link.held.append(flight)
            self._network.waits(flight, "clog")
            return True
        return False

    def obstacle(self, src: str, to: str) -> str | None:
        """What a message cannot pass now: "cut", "partition" or nothing."""
        link = self._links.get((src, to))
        if link is not None and link.cut:
            return "cut"
        mine, theirs = self._groups.get(src), self._groups.get(to)
        if mine is None or theirs is None or mine & theirs or (self._one_way and mine > theirs):
            return None
        return "partition"

    # --- faults

    def __iter__(self) -> Iterator[Link]:
        """The links that are, or were, unlike the rest."""
        return iter(self._links.values())

    def link(self, src: str, to: str) -> Link:
        found = self._links.get((src, to))
        if found is None:
            found = self._links[src, to] = Link(self._network.stream, f"link/{src}/{to}")
            found.set(self.everywhere)
        return found

    def set(self, src: str | None, to: str | None, settings: dict[str, Any]) -> None:
        """Change one direction of a link; with None for either end, every link that fits."""
        check_settings(settings)
        machines = self._network.machines
        if src is None and to is None:
            self.everywhere |= settings
            pairs: Iterable[tuple[str, str]] = list(self._links)
            self._network.disturb(machines)
        else:
            sources = [src] if src is not None else [id for id in machines if id != to]
            pairs = [(a, b) for a in sources for b in ([to] if to is not None else machines) if a != b]
            self._network.disturb({id for pair in pairs for id in pair})
        for a, b in pairs:
            link = self.link(a, b)
            link.set(settings)
            if not link.clog:
                self._release(link)

    def partition(self, groups: list[list[str]], one_way: bool = False) -> None:
        """Only nodes that share a group reach each other; clients reach everyone. One way: later groups also reach
        earlier ones."""
        self._groups = {}
        for number, group in enumerate(groups):
            for id in group:
                self._groups[id] = self._groups.get(id, 0) | 1 << number
        self._one_way = one_way
        self._network.disturb(self._network.machines)

    def heal(self) -> None:
        """End the partition, all cuts and all clogs. Other link settings stay."""
        self._groups = {}
        self.everywhere.pop("cut", None)
        self.everywhere.pop("clog", None)
        for link in self._links.values():
            link.cut = link.clog = False
            self._release(link)

    def _release(self, link: Link) -> None:
        network = self._network
        for flight in link.held:
            network.loop.push(network.loop.now, network._deliver, flight)
        link.held.clear()


def _altered(message: Any, draw: random.Random) -> Any:
    """A message like this one with one field changed, which its receiver cannot tell from a good one; or None."""
    for _ in range(8):
        try:
            altered = alter(message, draw)
            msgspec.msgpack.decode(_size(altered), type=type(message))
        except (TypeError, ValueError, msgspec.MsgspecError):
            continue  # the new value is not one that the declared type allows
        if altered != message:
            return altered
    return None
