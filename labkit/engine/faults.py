"""Faults as data: everything that was done to a cluster, by code or by clicks, as a value that can be saved, printed
and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from labkit.errors import LabkitError

ACTIONS = ("crash", "restart", "partition", "heal", "link", "clock")


class Fault:
    """One thing done to a cluster at a virtual time: `action` is the name of the cluster's method, with its arguments.

    It strikes after everything else that happens at that time; at time 0, before the nodes boot.
    """

    __slots__ = ("action", "args", "options", "time")

    def __init__(self, time: float, action: str, *args: Any, **options: Any):
        if action not in ACTIONS:
            raise LabkitError(f"there is no fault {action!r}; there are {', '.join(ACTIONS)}")
        if not (isinstance(time, int | float) and time >= 0):
            raise LabkitError(f"a fault's time is a number of virtual seconds, zero or more, not {time!r}")
        self.time, self.action, self.args, self.options = float(time), action, args, options

    def __repr__(self) -> str:
        parts = [
            repr(self.time),
            repr(self.action),
            *map(repr, self.args),
            *(f"{k}={v!r}" for k, v in self.options.items()),
        ]
        return f"Fault({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fault) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class Faults(list[Fault]):
    """A list of faults in the order in which they strike. `print(faults)` gives Python to paste, `to_json` a text to
    keep."""

    def __init__(self, faults: Iterable[Fault] = ()):
        super().__init__(sorted(faults, key=lambda fault: fault.time))

    def __repr__(self) -> str:
        if not self:
            return "Faults()"
        lines = "".join(f"    {fault!r},\n" for fault in self)
        return f"Faults([\n{lines}])"

    __str__ = __repr__

    def to_json(self) -> str:
        """JSON: a list of [time, action, arguments, options]."""
        return json.dumps([[fault.time, fault.action, list(fault.args), fault.options] for fault in self])

    @classmethod
    def from_json(cls, text: str) -> Faults:
        """The faults that `to_json` wrote. Raises LabkitError if the text is something else."""
        try:
            rows = json.loads(text)
            return cls(Fault(time, action, *args, **options) for time, action, args, options in rows)
        except (ValueError, TypeError) as error:
            raise LabkitError(f"this is not a list of faults in JSON: {error}") from error
