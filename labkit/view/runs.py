"""The runs of one live view: the cluster's own, and the forks that a reader made of it, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.engine.faults import ACTIONS, MESSAGE_ACTIONS, Fault
from labkit.engine.flights import under_way
from labkit.errors import LabkitError


@dataclass
class Run:
    """One run. A fork has gone the same way as its parent for `count` events, until `time`; then `what` was done."""

    cluster: Any
    parent: int | None = None
    time: float = 0.0
    count: int = 0
    what: str = ""

    def described(self, number: int) -> dict[str, Any]:
        return {"run": number, "parent": self.parent, "at": self.time, "count": self.count, "what": self.what}


class Runs(list[Run]):
    """All runs of a view, in the order in which they were begun. The first is the cluster that is shown."""

    def __init__(self, cluster: Any):
        super().__init__([Run(cluster)])

    def described(self) -> list[dict[str, Any]]:
        return [run.described(number) for number, run in enumerate(self)]

    def recorded(self, shown: int, most: int) -> dict[str, Any]:
        """All runs, for the recording of the one that is shown; nothing if they have more than `most` events together.

        Each other run is given by what it has more than its base, a run nearer to the one shown: `from` is the number
        of events that the two share. So nothing is kept twice.
        """
        if len(self) < 2:
            return {}
        runs = self.described()
        near = {shown: (shown, len(self[shown].cluster.trace))}
        left = most - near[shown][1]
        while len(near) < len(self):
            number, base = next(
                (number, base)
                for number in range(len(self))
                for base in near
                if number not in near and (self[number].parent == base or self[base].parent == number)
            )
            same = self[number].count if self[number].parent == base else self[base].count
            near[number] = (base, same)
            left -= len(self[number].cluster.trace) - same
        if left < 0:
            return {}
        for number, (base, same) in near.items():
            cluster = self[number].cluster
            runs[number]["now"] = cluster.now
            if number != shown:
                columns = cluster.trace.columns(same)
                runs[number] |= {"base": base, "from": same, "events": columns, "marks": cluster.trace.marks}
        return {"runs": runs, "shown": shown}

    def strike(self, number: int, action: str, args: list[Any], options: dict[str, Any]) -> None:
        """Do something to a run now. A message is named by its id."""
        cluster = self[number].cluster
        _known(action)
        if action in MESSAGE_ACTIONS:
            args = list(_message(cluster, args))
        getattr(cluster, action)(*args, **_settings(action, options))
        if action == "deliver":
            cluster.advance(cluster.now)

    def fork(self, number: int, time: float, count: int, action: str, args: list[Any], options: dict[str, Any]) -> int:
        """From a moment of a run, do something else. Returns the number of the new run."""
        parent = self[number].cluster
        _known(action)
        if count == parent.trace.count(time):
            fork = parent.fork(at=float(time))
            self.append(Run(fork, number, time, count, ""))
            try:
                self.strike(len(self) - 1, action, args, options)
            except Exception:
                self.pop()
                raise
        else:  # between two events of one instant
            before = parent.fork(at=count - 1)
            if action in MESSAGE_ACTIONS:
                args = list(_message(before, args))
            fault = Fault(0.0, action, *args, when=count - 1, **_settings(action, options))
            fork = parent.fork(at=count - 1, faults=[fault])
            fork.advance(fork.now, lambda: len(fork.trace) > count)
            self.append(Run(fork, number, time, count, ""))
        self[-1].what = words(fork.faults[-1]) if fork.faults else action
        return len(self) - 1


def _known(action: str) -> None:
    if action not in ACTIONS:
        raise LabkitError(f"the view cannot do {action!r}")


def _settings(action: str, options: dict[str, Any]) -> dict[str, Any]:
    """Latencies come as lists of two."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}


def _message(cluster: Any, args: list[Any]) -> tuple[str, str, str, int]:
    for one in under_way(cluster._network):
        if args and one.id == args[0]:
            return one[:4]
    raise LabkitError("this message is not on its way any more (or it waits at a node that is paused or slow)")


def words(fault: Fault) -> str:
    """A fault in a few words."""
    options = ", ".join(f"{name} {value}" for name, value in fault.options.items())
    if fault.action == "partition":
        return "split " + " | ".join(" ".join(group) for group in fault.args)
    if fault.action in MESSAGE_ACTIONS:
        sender, receiver, kind = (*fault.args, None)[:3]
        return f"{fault.action} {kind or 'message'} {sender} → {receiver}" + (f", {options}" if options else "")
    return " ".join([fault.action, *map(str, filter(None, fault.args))]) + (f": {options}" if options else "")
