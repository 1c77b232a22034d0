"""Events in words: what happened, in a short sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from labkit.engine.moment import Event
from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.engine.trace import Trace

_LOST = {
    "loss": "the network lost it", "partition": "the partition stopped it", "cut": "the link is cut",
    "down": "the receiver was not running", "corrupt": "its checksum did not match", "queue": "the queue was full",
}  # fmt: skip
_WAITS = {
    "pause": "the node is paused", "slow": "the node is busy", "disk": "the node waits for its disk",
    "clog": "the link is clogged",
}  # fmt: skip
_PLAIN = {
    "heal": "the partition heals", "pause": "{node} pauses", "resume": "{node} goes on", "note": "{node} notes: {data}",
    "timer": "{node}'s timer {data} fires", "set": "{node} sets its timer {data}", "cancel": "{node} cancels a timer",
    "buggify": "{node} takes the rare path {data}", "info": "{node} does not know the outcome: {data}",
}  # fmt: skip
_SET = {"clock": "clock", "slow": "speed", "faulty": "disk"}


def describe(event: Event, trace: Trace | None = None) -> str:
    """An event in words. With its trace, the words tell which message was delivered, dropped or held."""
    node, peer, data, kind = event.node, event.peer, event.data, event.kind
    if kind in _PLAIN:
        return _PLAIN[kind].format(node=node, data=data)
    if kind in ("deliver", "drop", "wait"):
        message = _message(event, trace)
        if kind == "deliver":
            return f"{node} receives {message} from {peer}"
        if kind == "drop":
            return f"{message} from {peer} to {node} is lost: {_LOST.get(data, data)}"
        return f"{message} from {peer} to {node} waits: {_WAITS.get(data, data)}"
    if kind == "retime":
        how = "is delivered early" if data == "deliver" else f"is delayed to {event.due:g} s"
        return f"{_message(event, trace)} from {peer} to {node} {how}"
    if kind == "send":
        return f"{node} sends {brief(data)} to {peer}"
    if kind in ("duplicate", "corrupt"):
        return f"the network {'copies' if kind == 'duplicate' else 'alters'} a message to {peer}: {brief(data)}"
    if kind == "start":
        return f"{node} restarts" if (event.id or 2) > 1 else f"{node} starts"
    if kind == "crash":
        return f"{node} crashes" + (" with an error" if data == "error" else "")
    if kind == "error":
        return f"{node} fails: {data['error']}"
    if kind == "state":
        return f"{node}: " + _settings(data)
    if kind == "disk":
        return f"{node} writes to disk: {_settings(data)}"
    if kind == "damage":
        return f"{node}'s disk: {', '.join(map(str, data['disk']))} {data['how']}"
    if kind == "partition":
        return "partition: " + sides(data)
    if kind == "link":
        return f"link from {node or 'any node'} to {peer or 'any node'}: {_settings(data)}"
    if kind in _SET:
        return f"{node}'s {_SET[kind]}: {_settings(data)}"
    if kind == "invoke":
        return f"{node} asks {peer}: {brief(data)}"
    if kind == "ok":
        return f"{node} is told: {brief(data)}"
    return f"{node} {kind}s"


def sides(groups: Iterable[Iterable[str]], most: int = 6) -> str:
    """The groups of a partition: "n1 n2 | n3 n4 n5"; a group of more than `most` as their number."""
    shown = [list(group) for group in groups]
    return " | ".join(f"{len(ids)} nodes" if len(ids) > most else " ".join(ids) for ids in shown)


def several(ids: Sequence[str], most: int = 6) -> str:
    """Some nodes by their names: "n1, n2"; the first of them if there are more than `most`."""
    return ", ".join(ids) if len(ids) <= most else f"{', '.join(ids[: most - 1])} and {len(ids) - most + 1} more"


def _message(event: Event, trace: Trace | None) -> str:
    try:
        return "a message" if trace is None else brief(trace.message(event))
    except LabkitError:  # sent before this trace began, or by a process whose trace is another
        return "a message"


def _settings(data: Any) -> str:
    return ", ".join(f"{name}={brief(value)}" for name, value in data.items())


def brief(value: Any, length: int = 90) -> str:
    """A value in one line of at most so many characters: messages as calls of their class, words without quotes."""
    text = " ".join((value if isinstance(value, str) else _python(value)).split())
    if len(text) <= length:
        return text
    if isinstance(value, list | tuple | set | frozenset) and length < 60:
        return f"{len(value)} item{'s' * (len(value) != 1)}"
    return f"{text[: length - 1]}…"


def _python(value: Any) -> str:
    """As `repr`, and messages of a trace that was read from a file as they were."""
    if isinstance(value, list):
        return f"[{', '.join(map(_python, value))}]"
    if isinstance(value, dict) and "$" in value:
        return f"{value['$']}({', '.join(f'{name}={_python(item)}' for name, item in value.items() if name != '$')})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_python(item)}' for key, item in value.items())}}}"
    return repr(value)
