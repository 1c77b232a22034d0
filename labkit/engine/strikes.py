"""What each fault does to the network and its machines. Crashes and restarts, which end and begin processes, are the
cluster's own (`labkit.cluster`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.engine import flights
from labkit.engine.faults import MESSAGE_ACTIONS, Fault
from labkit.engine.platters import FaultyStore
from labkit.engine.values import plain

if TYPE_CHECKING:
    from labkit.engine.network import Machine, Network


def strike(network: Network, fault: Fault) -> None:
    """Carry out a fault, and record it."""
    _STRIKES[fault.action](network, fault)


def _partition(network: Network, fault: Fault) -> None:
    groups, one_way = [list(group) for group in fault.args], fault.options.get("one_way", False)
    network.record((network.now, "partition", None, None, 1 if one_way else None, None, groups))
    network.links.partition(groups, one_way)


def _heal(network: Network, fault: Fault) -> None:
    network.record((network.now, "heal", None, None, None, None, None))
    network.links.heal()


def _link(network: Network, fault: Fault) -> None:
    settings = {name: value for name, value in fault.options.items() if name != "one_way"}
    a, b = (*fault.args, None, None)[:2]
    network.record((network.now, "link", a, b, None, None, plain(fault.options)))
    network.links.set(a, b, settings)
    if not fault.options.get("one_way") and (a or b):
        network.links.set(b, a, settings)


def _pause(network: Network, fault: Fault) -> None:
    machine = _machine(network, fault)
    network.record((network.now, "pause", machine.id, None, None, None, None))
    network.gate(machine).pause()


def _resume(network: Network, fault: Fault) -> None:
    machine = _machine(network, fault)
    network.record((network.now, "resume", machine.id, None, None, None, None))
    if machine.gate is not None:
        machine.gate.resume()


def _slow(network: Network, fault: Fault) -> None:
    machine, seconds = _machine(network, fault), fault.options.get("seconds")
    network.record((network.now, "slow", machine.id, None, None, None, {"seconds": plain(seconds)}))
    network.gate(machine).slow(seconds)


def _clock(network: Network, fault: Fault) -> None:
    """Set the clock, or change it from what it shows: a jump moves it, a drift only changes how fast it goes."""
    machine, options = _machine(network, fault), fault.options
    clock = machine.clock
    if "jump" in options or "drift" in options:
        shown = clock.offset + clock.rate * network.now + options.get("jump", 0.0)
        if "drift" in options:
            clock.rate = 1.0 + options["drift"]
        clock.offset = shown - clock.rate * network.now
    else:
        clock.offset, clock.rate = float(options.get("offset", 0.0)), float(options.get("rate", 1.0))
    data = {"offset": clock.offset, "rate": clock.rate}
    if "jump" in options:
        data["jump"] = options["jump"]
    network.record((network.now, "clock", machine.id, None, None, None, data))


def _disk(network: Network, fault: Fault) -> None:
    machine = _machine(network, fault)
    network.record((network.now, "faulty", machine.id, None, None, None, plain(fault.options)))
    store = machine.store
    if not isinstance(store, FaultyStore):
        machine.store = store = FaultyStore(network, machine)
    store.set(fault.options)


def _machine(network: Network, fault: Fault) -> Machine:
    return network.machines[fault.args[0]]


_STRIKES: dict[str, Callable[[Network, Fault], None]] = {
    "partition": _partition,
    "heal": _heal,
    "link": _link,
    "pause": _pause,
    "resume": _resume,
    "slow": _slow,
    "clock": _clock,
    "disk": _disk,
    **dict.fromkeys(MESSAGE_ACTIONS, flights.strike),
}
