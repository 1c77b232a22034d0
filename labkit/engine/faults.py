"""Faults as data: everything that is done to a cluster, by code, by clicks, by a script or by a nemesis, as a value
that can be saved, printed, combined, shrunk and replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, SupportsIndex, overload

from labkit.engine import latency, links, platters
from labkit.errors import LabkitError
from labkit.look import Shown

When = int | tuple[str, str | None, int]  # a seq, or a kind of event, its node (None: any), and how many of them

CLOCK = ("offset", "rate", "drift", "jump")
NODE_ACTIONS = ("crash", "restart", "pause", "resume", "slow", "clock", "disk")
MESSAGE_ACTIONS = ("drop", "deliver", "delay", "duplicate")
ACTIONS = (*NODE_ACTIONS, *MESSAGE_ACTIONS, "link", "partition", "heal")


class Fault(Shown):
    """One thing done to a cluster at a virtual time: `action` is the name of the cluster's method, with its arguments.

    It strikes after everything else that happens at that time; at time 0, before the nodes boot.

    With `when`, it waits from that time on until something happens, and strikes then, before anything else does:
    `when=("deliver", "n2", 3)` is the third event of that kind at n2 (None: at any node), `when=("write", "n2", 1)` the
    next write to its disk, `when=120` the event of the trace with that number. A node that is to crash at a message it
    sends, or at a write or sync of its disk, stops right there: the rest of the step never runs.

    Raises LabkitError where the arguments make no such fault.
    """

    __slots__ = ("action", "args", "options", "time", "when")

    def __init__(self, time: float, action: str, *args: Any, when: When | None = None, **options: Any):
        if action not in ACTIONS:
            raise LabkitError(f"there is no fault {action!r}; there are {', '.join(ACTIONS)}")
        if not (_is_number(time) and 0 <= time < float("inf")):
            raise LabkitError(f"a fault's time is a number of virtual seconds, zero or more, not {time!r}")
        self.time, self.action, self.when = float(time), action, _check_when(when)
        self.args = tuple(_plain(arg) for arg in args)
        self.options = {name: _plain(value) for name, value in options.items()}
        _check(action, self.args, self.options)

    @property
    def count(self) -> int:
        """How many of the events that it waits for there have to be."""
        return self.when[2] if isinstance(self.when, tuple) else 1

    @property
    def nodes(self) -> list[str]:
        """The nodes that it strikes; none for links and messages, which clients have too."""
        if self.action == "partition":
            return [id for group in self.args for id in group]
        return [self.args[0]] if self.action in NODE_ACTIONS else []

    def waits_for(self, seq: int, kind: str, node: str | None) -> bool:
        """Whether it waits for this event."""
        if isinstance(self.when, tuple):
            return kind == self.when[0] and self.when[1] in (None, node)
        return self.when is not None and seq >= self.when

    def at(self, time: float) -> Fault:
        """The same fault at another time."""
        return Fault(time, self.action, *self.args, when=self.when, **self.options)

    def __repr__(self) -> str:
        options = ({} if self.when is None else {"when": self.when}) | self.options
        parts = [
            repr(self.time),
            repr(self.action),
            *map(repr, self.args),
            *(f"{k}={v!r}" for k, v in options.items()),
        ]
        return f"Fault({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fault) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class Faults(Shown, list[Fault]):
    """A list of faults in the order in which they strike. `print(faults)` gives Python to paste, `to_json` a text to
    keep; `a + b` merges two, `shift` moves them in time, `only` picks some, `smaller` lists simpler ones to try."""

    def __init__(self, faults: Iterable[Fault] = ()):
        faults = list(faults)
        for fault in faults:
            if not isinstance(fault, Fault):
                raise LabkitError(f"{fault!r} is no fault: give a list such as [Fault(1.0, 'crash', 'n1')]")
        super().__init__(sorted(faults, key=lambda fault: fault.time))

    def __repr__(self) -> str:
        if not self:
            return "Faults()"
        lines = "".join(f"    {fault!r},\n" for fault in self)
        return f"Faults([\n{lines}])"

    __str__ = __repr__

    # --- to combine

    def __add__(self, other: Any) -> Faults:  # type: ignore[override]
        """Both, in the order of their times; at the same time, these before the others."""
        return Faults([*self, *other])

    @overload
    def __getitem__(self, index: SupportsIndex) -> Fault: ...
    @overload
    def __getitem__(self, index: slice) -> Faults: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Fault | Faults:
        return Faults(super().__getitem__(index)) if isinstance(index, slice) else super().__getitem__(index)

    def shift(self, seconds: float) -> Faults:
        """The same faults so many virtual seconds later, or earlier (but not before 0)."""
        return Faults(fault.at(max(0.0, fault.time + seconds)) for fault in self)

    def only(self, *actions: str, where: Callable[[Fault], bool] = lambda fault: True) -> Faults:
        """The faults of these kinds (all kinds if none is named) for which `where(fault)` is true."""
        for action in actions:
            if action not in ACTIONS:
                raise LabkitError(f"there is no fault {action!r}; there are {', '.join(ACTIONS)}")
        return Faults(fault for fault in self if (not actions or fault.action in actions) and where(fault))

    def smaller(self) -> Iterator[Faults]:
        """Simpler faults to try in search of the simplest that still fail, the boldest first: without large parts of
        these (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002), without single
        ones, with one coming sooner after the one before it, with one weaker."""
        size = len(self)
        part = size
        while part:
            for start in range(0, size, part):
                yield Faults([*self[:start], *self[start + part :]])
            part //= 2
        for place, fault in enumerate(self):
            for other in _weaker(fault, self[place - 1].time if place else 0.0):
                yield Faults([*self[:place], other, *self[place + 1 :]])

    # --- to keep

    def to_json(self) -> str:
        """JSON: a list of [time, action, arguments, options], where `when` is among the options."""
        rows = [
            [
                fault.time,
                fault.action,
                list(fault.args),
                fault.options | ({} if fault.when is None else {"when": fault.when}),
            ]
            for fault in self
        ]
        return json.dumps(rows, default=latency.to_json)

    @classmethod
    def from_json(cls, text: str) -> Faults:
        """The faults that `to_json` wrote. Raises LabkitError if the text is something else."""
        try:
            rows = json.loads(text, object_hook=latency.from_json)
            return cls(Fault(time, action, *args, **options) for time, action, args, options in rows)
        except (ValueError, TypeError) as error:
            raise LabkitError(f"this is not a list of faults in JSON: {error}") from error


def _weaker(fault: Fault, before: float) -> Iterator[Fault]:
    """The same fault a little simpler: sooner, and with each number halfway to none."""
    if fault.time - before > 0.001:
        yield fault.at(round((fault.time + before) / 2, 3))
    for name, value in fault.options.items():
        if _is_number(value) and value and name not in ("queue", "bandwidth", "burst"):
            rest = 1.0 if name == "rate" else 0.0
            if abs(value - rest) > 0.001:
                options = fault.options | {name: round((value + rest) / 2, 4)}
                yield Fault(fault.time, fault.action, *fault.args, when=fault.when, **options)
    if isinstance(fault.when, tuple) and fault.when[2] > 1:
        fewer = (*fault.when[:2], fault.when[2] // 2)
        yield Fault(fault.time, fault.action, *fault.args, when=fewer, **fault.options)


# --- what makes a fault


def _check(action: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Raises LabkitError if these are no arguments of this action."""
    known: tuple[str, ...] = ()
    if action in NODE_ACTIONS:
        if len(args) != 1 or not isinstance(args[0], str):
            raise LabkitError(f"{action} takes the id of one node, as in Fault(1.0, {action!r}, 'n1'), not {args}")
        known = {"clock": CLOCK, "disk": tuple(platters.HEALTHY), "slow": ("seconds",)}.get(action, ())
    elif action == "partition":
        known = ("one_way",)
        _check_groups(args, options.get("one_way", False))
    elif action == "link":
        known = (*links.SETTINGS, "one_way")
        if len(args) > 2 or not all(arg is None or isinstance(arg, str) for arg in args):
            raise LabkitError(f"link takes the ids of two nodes, or of one, or none, not {args}")
        links.check_settings({name: value for name, value in options.items() if name != "one_way"})
    elif action in MESSAGE_ACTIONS:
        known = ("seconds",) if action in ("delay", "duplicate") else ()
        _check_message(action, args, options)
    elif args:
        raise LabkitError(f"{action} takes no arguments, not {args}")
    for name in options:
        if name not in known:
            takes = f"it has {', '.join(known)}" if known else "it has none"
            raise LabkitError(f"{action} has no option {name!r}; {takes}")
    if not isinstance(options.get("one_way", False), bool):
        raise LabkitError(f"one_way={options['one_way']!r}: give True or False")
    if action == "disk":
        platters.check_settings(options)
    if action == "slow" and options.get("seconds") is not None:
        latency.check(options["seconds"], "seconds")
    if action == "clock":
        _check_clock(options)


def _check_message(action: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    sender, receiver, kind, number = (*args, *(None, None, None, 1)[len(args) :])[:4]
    named = isinstance(sender, str) and isinstance(receiver, str) and (kind is None or isinstance(kind, str))
    if len(args) > 4 or not named or not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise LabkitError(
            f"{action} takes a sender, a receiver, the kind of the message and which of those on their way (1: the one "
            f"sent first), as in Fault(1.0, {action!r}, 'n1', 'n2', 'Vote', 1), not {args}"
        )
    seconds = options.get("seconds")
    if seconds is None and action == "delay":
        raise LabkitError("by how much? delay takes seconds=, as in Fault(1.0, 'delay', 'n1', 'n2', seconds=0.5)")
    if seconds is not None and not (_is_number(seconds) and 0 <= seconds < float("inf")):
        raise LabkitError(f"seconds={seconds!r}: give a number of virtual seconds, zero or more")


def _check_groups(groups: tuple[Any, ...], one_way: Any) -> None:
    if not groups or not all(isinstance(group, list) for group in groups) or not any(groups):
        raise LabkitError('partition() needs groups of node ids: partition({"n1", "n2"}, {"n3"})')
    if one_way and len(groups) < 2:
        raise LabkitError(f"a one-way partition needs two groups: {groups}")
    for group in groups:
        if len(set(group)) != len(group):
            raise LabkitError(f"a node is in this group of a partition twice: {group}")


def _check_clock(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if not (_is_number(value) and abs(value) < float("inf")):
            raise LabkitError(f"{name}={value!r}: give a number")
    if not options.get("rate", 1.0) > 0:
        raise LabkitError(f"rate={options['rate']!r}: a clock's rate is above zero (1.0 is true, 1.01 gains 1%)")
    if not options.get("drift", 0.0) > -1:
        raise LabkitError(f"drift={options['drift']!r}: a clock's drift is above -1 (0.01 gains 1%, -0.01 loses 1%)")
    if {"drift", "jump"} & options.keys() and {"offset", "rate"} & options.keys():
        raise LabkitError("a clock is set (offset, rate) or changed from what it shows (jump, drift), not both at once")


def _check_when(when: Any) -> When | None:
    if when is None or (isinstance(when, int) and not isinstance(when, bool) and when >= 0):
        return when
    if isinstance(when, tuple | list) and len(when) == 3:
        kind, node, count = when
        if isinstance(kind, str) and (node is None or isinstance(node, str)) and isinstance(count, int) and count > 0:
            if kind not in KINDS:
                raise LabkitError(f"when={when!r}: nothing of the kind {kind!r} happens; there are {', '.join(KINDS)}")
            return kind, node, count
    raise LabkitError(f"when={when!r}: give (kind, node or None, how many), as in ('deliver', 'n2', 3), or a seq")


KINDS = (
    "write", "start", "send", "duplicate", "corrupt", "retime", "deliver", "drop", "wait", "set", "cancel",
    "timer", "state", "disk", "damage", "note", "buggify", "error", "crash", "pause", "resume", "slow", "faulty",
    "partition", "heal", "link", "clock", "invoke", "ok", "info",
)  # fmt: skip


def _plain(value: Any) -> Any:
    """Lists for tuples and, in order, for sets, so that a fault is equal to what JSON keeps of it."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
