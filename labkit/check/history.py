"""Histories: what clients asked of a system and what they were told, as plain data.

A history is a list of events in the order in which they happened. An event is a dict, and a line of JSON in a file, of
the shape that Jepsen uses (Kingsbury, jepsen-io/jepsen)::

    {"process": "c1", "type": "invoke", "f": "cas", "key": "x", "value": [1, 2], "time": 0.5}
    {"process": "c1", "type": "ok", "f": "cas", "key": "x", "value": [1, 2], "result": false, "time": 0.7}

| key | meaning |
|---|---|
| process | who asked: one request at a time. A process whose outcome was unknown may go on |
| type | "invoke"; then "ok", "fail" (it did not happen), or "info" (nobody knows whether it did, or will) |
| f | what was asked: "read", "write", "cas", "append", "enqueue", "acquire", "txn", … |
| key | the object, where there are several; the processes and the keys are strings or numbers |
| value | of an invoke: the argument ("cas": [old, new]); of an ok: what was read, if something was |
| result | of an ok: what was returned, where that is not its value (of "cas": false if the comparison failed) |
| time | for the reader and the picture only: the order of the events is what counts. It must not go back |

A transaction has "f": "txn", and its value is a list of ["r", key, value read], ["w", key, value] and ["append", key,
value]. The events of Jepsen's nemesis are left out.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from labkit.check.judging import collector_paused
from labkit.check.meaning import Meaning, by_name
from labkit.check.operation import READS, Op
from labkit.check.pairing import pair
from labkit.engine.trace import Trace
from labkit.engine.values import plain
from labkit.errors import LabkitError
from labkit.look import Shown

if TYPE_CHECKING:
    from labkit.cluster import Cluster

SHOWN = 12  # operations of a history on a terminal


class History(Shown):
    """The operations of a system's clients. Iterate for its operations (`Op`), in the order of their invocations.

    events: dicts as the module's table has them. independent: whether each value is a pair [key, value], as Jepsen's
    independent workloads and Maelstrom's lin-kv write it; None finds out, and only when no event has a key and some
    read is invoked with [key, null].

    Raises LabkitError, naming the event, where the events make no history.
    """

    def __init__(self, events: Iterable[dict[str, Any]], *, independent: bool | None = None):
        self._place: tuple[str, array[int]] | None = None
        self._take(list(events), independent)

    @classmethod
    def open(cls, path: str | Path, *, independent: bool | None = None) -> History:
        """Read a file of JSON lines; "-" is the standard input. Raises LabkitError, naming the line, where it is no
        history."""
        history = cls.__new__(cls)
        name = "standard input" if str(path) == "-" else str(path)
        with collector_paused():
            try:
                if name != str(path):
                    events, lines = _read(sys.stdin.buffer, name)
                else:
                    with open(path, "rb") as file:
                        events, lines = _read(file, name)
            except OSError as error:
                raise LabkitError(f"{path} cannot be read as a history: {error.strerror}") from None
            history._place = (name, lines)
            history._take(events, independent)
        return history

    def _take(self, events: list[Any], independent: bool | None) -> None:
        with collector_paused():
            self.events = events
            self.operations: list[Op] = pair(events, self.place, independent)

    def place(self, number: int) -> str:
        """Where an event is, by its number, in words: "event 3", or "h.jsonl, line 4"."""
        return f"event {number}" if self._place is None else f"{self._place[0]}, line {self._place[1][number]}"

    @classmethod
    def of(cls, run: Cluster | Trace, meaning: Meaning = by_name) -> History:
        """The history of a cluster's clients (`cluster.client`), or of those in a trace.

        meaning: what a request and its reply say in a history's terms; the default reads it off their names and
        fields (`labkit.check.meaning.by_name`). Raises LabkitError for a request that `meaning` cannot tell, and for a
        cluster that keeps no trace.
        """
        trace = run if isinstance(run, Trace) else run.trace
        if not isinstance(run, Trace) and run.history and not len(trace):
            raise LabkitError("this cluster keeps no trace, so no history: make it without trace=False")
        replies = {(event.node, event.id): event for event in trace.select("ok", "info")}
        meant: dict[tuple[Any, Any], dict[str, Any] | None] = {}
        events: list[dict[str, Any]] = []
        for event in trace.select("invoke", "ok", "info"):
            call = (event.node, event.id)
            if event.kind == "invoke":
                reply = replies.get(call)
                meant[call] = meaning(event.data, reply.data if reply and reply.kind == "ok" else None)
            said = meant.get(call)
            if said is None:
                continue
            line = {"process": event.node, "type": event.kind, "time": event.time}
            line |= {name: plain(said[name]) for name in ("f", "key", "value") if name in said}
            if event.kind == "ok":
                line["type"] = said.get("type", "ok")
                if line["type"] == "ok" and "result" in said:
                    line["value" if line["f"] in READS or line["f"] == "txn" else "result"] = plain(said["result"])
            events.append(line)
        return cls(events, independent=False)

    def save(self, path: str | Path) -> None:
        """Write the history as JSON lines."""
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(plain(event)) + "\n" for event in self.events)

    def __iter__(self) -> Iterator[Op]:
        return iter(self.operations)

    def __len__(self) -> int:
        return len(self.operations)

    def __repr__(self) -> str:
        processes = len({op.process for op in self.operations})
        return f"<History of {len(self)} operations by {processes} processes>"

    def _as_html(self) -> str:
        from labkit.check.picture import MOST, figure, picture

        words = f"{len(self)} operations by {len({op.process for op in self.operations})} processes"
        return figure(picture(self.operations), words + (f": the first {MOST}" if len(self) > MOST else ""))

    def _as_text(self) -> str:
        more = [f"  … and {len(self) - SHOWN} more"] if len(self) > SHOWN else []
        return "\n".join([repr(self), *(f"  {op}" for op in self.operations[:SHOWN]), *more])


def _read(file: IO[bytes], name: str) -> tuple[list[Any], array[int]]:
    """The events in a file of JSON lines, and the number of each one's line."""
    events, numbers = [], array("L")
    for number, line in enumerate(file, 1):
        if line.isspace():
            continue
        try:
            events.append(json.loads(line))
        except RecursionError:
            raise LabkitError(f"{name}, line {number}: lists within lists, too deep to read") from None
        except ValueError as error:  # also UnicodeDecodeError
            raise LabkitError(f"{name}, line {number}: this is not JSON ({error})") from None
        numbers.append(number)
    return events, numbers
