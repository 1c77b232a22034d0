"""A cluster of real nodes in one kernel: each with its own sockets, on this computer's loopback, in real time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from labkit.cluster import Cluster
from labkit.engine.faults import Fault
from labkit.engine.network import Flight, Latency, Machine, Network
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.transport.aside import aside
from labkit.transport.frames import Codec, Unreadable
from labkit.transport.host import RealTime
from labkit.transport.tcp import Endpoint

SLICE = 0.01  # seconds that an async cell lends to the cluster at a time
CONNECTING = 5.0  # seconds that the nodes may take to connect before the run begins

log = logging.getLogger("labkit.transport")


class TcpCluster(Cluster):
    """A `Cluster` whose messages travel over TCP, in real time. The same arguments, the same methods::

        with TcpCluster(Player, size=3) as cluster:
            cluster.run(5.0)                     # five real seconds

    It is a class of its own, and no option of `Cluster`, because its promises are others: two runs are never the same,
    and a second takes a second.

    Time passes only while someone waits for it: in `run`, in a client's `call`, in `await cluster.run_async(...)`, or
    when a live picture asks for more. In between all clocks stand still, and bytes wait in the sockets. So a picture
    can be watched slowly, a cell that computes for a minute causes no election, and an idle notebook uses no power.

    It runs on an asyncio loop of its own, in the thread of the cells: no handler ever runs beside your code, and a
    running loop of the kernel is put aside for the time of the call, not entered anew. That needs neither threads nor
    a patched asyncio, and leaves nothing to wait for when the interpreter ends. `close()` stops it in good order.

    latency: seconds that each message waits before it is sent, in addition to what the sockets take. All of `link`'s
    settings work this way, on top of TCP. A partition drops messages; their connections stay.

    Raises LabkitError where the arguments make no cluster, or there are too few file descriptors for its connections.
    """

    def __init__(self, *args: Any, latency: Latency = 0.0, **options: Any):
        self._real = asyncio.new_event_loop()
        self._error: BaseException | None = None
        self._closed = False
        try:
            super().__init__(*args, latency=latency, **options)
            network = self._network
            assert isinstance(network, TcpNetwork)
            self._tcp = network
            self._time = RealTime(self._real, self._loop)
            self._time.failed = self._turn_failed
            self._time.flush.append(network.flush)
            network.begin(self._time, self._programs)
            _check_descriptors(sum(len(machine.peers) for machine in network.machines.values()))
        except BaseException:
            self._real.close()
            raise
        self._close_at_exit = weakref.finalize(self, _close_quietly, self._real, network.endpoints)

    def _make_network(self, seed: int, latency: Latency, trace: Trace | None) -> Network:
        return TcpNetwork(seed, latency, self._loop, trace)

    def fork(self, at: int | float | None = None, faults: Iterable[Fault] = (), *, title: str | None = None) -> Cluster:
        """Raises LabkitError: a run in real time cannot be made again."""
        raise LabkitError("two runs over TCP are never the same, so there is no fork: use a simulated Cluster")

    # --- running

    def advance(self, to: float, stop: Callable[[], bool] | None = None) -> None:
        """Let time pass to a moment, in seconds since the start, or until `stop()` is true. Prints nothing."""
        if self._closed:
            raise LabkitError("this cluster is closed: its trace can be read, but it cannot run; make a new one")
        self._start()
        try:
            if to > self.now and not (stop is not None and stop()):
                self._drive(self._time.run(to, stop))
                self._loop.now = max(self._loop.now, self._time.now)
            if self._error is not None:
                error, self._error = self._error, None
                raise error
        finally:
            self.trace.now = self.now
            self._tell()

    async def run_async(
        self, seconds: float | None = None, *, until: Callable[[Cluster], bool] | None = None, limit: float = 60.0
    ) -> bool | None:
        """As `run`, for a cell that awaits: the kernel's other tasks go on meanwhile, in turns of 10 ms."""
        end = self.now + (limit if seconds is None else seconds)
        if until is None:
            while self.now < end:
                self.run(min(SLICE, end - self.now))
                await asyncio.sleep(0)
            return None
        while not (true := self.run(until=until, limit=min(SLICE, max(end - self.now, 0.0)))) and self.now < end:
            await asyncio.sleep(0)
        return true

    def _start(self) -> None:
        if not self._started:
            for id in self.ids:
                if self._network.machines[id].boots >= 0:
                    self._tcp.open(self._network.machines[id])
            self._drive(self._tcp.connected(CONNECTING))
        super()._start()

    def _boot(self, machine: Machine) -> None:
        if machine.boots >= 0:
            self._tcp.open(machine)
        super()._boot(machine)

    def _down(self, machine: Machine, why: str) -> None:
        super()._down(machine, why)
        self._tcp.kill(machine.id)

    def _turn_failed(self, error: BaseException) -> None:
        self._error = error

    def _drive(self, coroutine: Any) -> None:
        """Run our loop until this is done, whatever loop the caller is on."""
        with aside():
            task = self._real.create_task(coroutine)
            try:
                self._real.run_until_complete(task)
            except BaseException:  # Ctrl-C, or the kernel's interrupt
                if not task.done():
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        self._real.run_until_complete(task)
                raise

    # --- the end

    def close(self) -> None:
        """Stop all nodes and close all sockets. The trace stays."""
        if self._closed:
            return
        self._closed = True
        for machine in self._network.machines.values():
            if machine.process is not None:
                machine.process.stop()
                machine.process = None
        with contextlib.suppress(RuntimeError):
            self._drive(self._tcp.close())
        self._close_at_exit()

    def __enter__(self) -> TcpCluster:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


class TcpNetwork(Network):
    """The network of a `TcpCluster`: what is due to arrive in a simulation is due to leave here, through a socket."""

    def begin(self, time: RealTime, programs: dict[str, Any]) -> None:
        self._time, self._programs = time, programs
        self.endpoints: dict[str, Endpoint] = {}
        self._codecs: dict[str, Codec] = {}

    def add(
        self, id: str, peers: tuple[str, ...], reach: frozenset[str] | None = None, is_client: bool = False
    ) -> Machine:
        machine = super().add(id, peers, reach, is_client)
        if is_client:
            self.open(machine)
        return machine

    def reach_directly(self, machine: Machine) -> None:
        """There is no short way here: everything goes through the sockets."""
        super().reach_directly(machine)
        machine.take = self._deliver

    # --- sockets

    def open(self, machine: Machine) -> None:
        """Give a machine its socket, and connections to its peers. A client is on nobody's list: it only dials."""
        id = machine.id
        if id in self.endpoints:
            return
        program = next(iter(self._programs.values())) if machine.is_client else self._programs[id]
        self._codecs[id] = Codec(program._handlers, program.__module__)
        whom = self._programs if machine.is_client else machine.peers
        known = {
            peer: where for peer, endpoint in self.endpoints.items() if peer in whom and (where := endpoint.address)
        }
        endpoint = Endpoint(
            id,
            {peer: known.get(peer, ("127.0.0.1", 0)) for peer in whom},
            received=lambda sender, bodies: self._received(machine, sender, bodies),
            dropped=lambda to, number, why: self._dropped(id, to, number, why),
            loop=self._time.real,
        )
        if not machine.is_client:
            where = endpoint.listen()
            for other in self.endpoints.values():
                if id in other.addresses:
                    other.addresses[id] = where
                    other.wake(id)
        self.endpoints[id] = endpoint
        endpoint.dial()

    def kill(self, id: str) -> None:
        """Close a machine's sockets, as the system does when a process dies."""
        endpoint = self.endpoints.pop(id, None)
        if endpoint is not None:
            endpoint.abort()

    async def connected(self, patience: float) -> None:
        """Wait until all have found all, for so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while any(queue.waits for endpoint in self.endpoints.values() for queue in endpoint.queues.values()):
                    await asyncio.sleep(0.001)

    def flush(self) -> None:
        for endpoint in tuple(self.endpoints.values()):
            endpoint.flush()

    async def close(self) -> None:
        await asyncio.gather(*(endpoint.close() for endpoint in self.endpoints.values()))
        self.endpoints.clear()

    # --- messages

    def _deliver(self, flight: Flight) -> None:
        """What a simulation would deliver now leaves now; `_arrive` is the other end."""
        id, src, target, message, call, reply = flight
        if target.id == src:
            self._time.soon(self._arrive, flight)
        elif src in self.endpoints:
            self.endpoints[src].send(target.id, self._codecs[src].encode(id, call, reply, message), id)
        else:
            self._drop(flight, "down")

    def _arrive(self, flight: Flight) -> None:
        super()._deliver(flight)

    def _received(self, machine: Machine, sender: str, bodies: list[bytes]) -> None:
        decode = self._codecs[machine.id].decode
        try:
            for body in bodies:
                try:
                    id, call, reply, message = decode(body)
                except Unreadable as error:
                    log.warning("%s dropped a message from %s: %s", machine.id, sender, error)
                    self._dropped(sender, machine.id, error.id, str(error))
                else:
                    self._time.soon(self._arrive, (id, sender, machine, message, call, reply))
        finally:
            self._time.turn()

    def _dropped(self, src: str, to: str, id: int, why: str) -> None:
        self.record((self.loop.now, "drop", to, src, id, None, why))


def _check_descriptors(links: int) -> None:
    """Each link is a connection of its own in each direction, with a descriptor at both ends."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and 2 * links + 100 > limit:
        raise LabkitError(
            f"this cluster needs {2 * links + 100:,} open files, and the system allows {limit:,}: "
            "take fewer nodes, or a topology with fewer links"
        )


def _close_quietly(real: asyncio.AbstractEventLoop, endpoints: dict[str, Endpoint]) -> None:
    """At the end of the interpreter, or of `close`: let go of whatever is still open, and wait for nothing."""
    if real.is_closed():
        return
    for endpoint in tuple(endpoints.values()):
        endpoint.abort()
    with aside():
        real.run_until_complete(_finish_tasks())
        real.close()


async def _finish_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # the callbacks that close sockets
