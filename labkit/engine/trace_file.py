"""Traces in files: JSON lines, the header first, then an array of seven values for each event (docs/trace.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from labkit.engine.faults import KINDS
from labkit.engine.trace import COLUMNS, EVENTS, WIDTH, Trace
from labkit.engine.values import plain
from labkit.errors import LabkitError

_ROW = tuple[float, str, str | None, str | None, int | None, float | None, Any]
_read_row = msgspec.json.Decoder(_ROW).decode
_KNOWN = frozenset(KINDS) - {"write"}  # a fault may wait for a write, but a trace tells what became durable: "disk"


def write(trace: Trace, path: Path) -> None:
    """Write a trace; as a log for ShiViz if the file's name ends in .shiviz."""
    with open(path, "w", encoding="utf-8") as file:
        if path.suffix == ".shiviz":
            from labkit.engine.shiviz import lines

            file.writelines(line + "\n" for line in lines(trace))
            return
        file.write(json.dumps(trace.header()) + "\n")
        for event in trace:
            file.write(json.dumps([*event[1:-1], plain(event.data)]) + "\n")


def read(path: str | Path) -> Trace:
    """Read JSON lines. Raises LabkitError that names the line which is not part of a trace."""
    number, before = 1, 0.0
    try:
        with open(path, "rb") as file:
            trace = Trace.from_header(_object(file.readline()))
            for number, line in enumerate(file, 2):
                values = _row(line)
                if values[0] < before:
                    raise ValueError(f"its time, {values[0]:g} s, is before that of the line above, {before:g} s")
                before = values[0]
                trace.record(values)
                if number % EVENTS == 0:
                    trace.settle()
    except OSError as error:
        raise LabkitError(f"{path} cannot be read as a trace: {error.strerror}") from None
    except (ValueError, LabkitError) as error:
        raise LabkitError(f"{path}, line {number}: {error}") from None
    trace.now = max(trace.now, before)  # a trace that was written as it happened has no end in its header
    return trace


def _object(line: bytes) -> Any:
    """The header. Raises LabkitError if the line is no JSON."""
    if not line.strip():
        raise LabkitError("this is not a labkit trace: it begins with an empty line, or is empty")
    try:
        return json.loads(line)
    except ValueError:
        raise LabkitError("this is not a labkit trace: its first line is not JSON") from None


def _row(line: bytes) -> Sequence[Any]:
    """The seven values of an event. Raises ValueError, saying which of them is wrong."""
    try:
        row: Sequence[Any] = _read_row(line)
    except msgspec.ValidationError as error:
        text, found = str(error), json.loads(line)
        if not isinstance(found, list) or len(found) != WIDTH:
            raise ValueError(f"an event is an array of {WIDTH} values: {', '.join(COLUMNS)}") from None
        for place, name in enumerate(COLUMNS):
            text = text.replace(f" - at `$[{place}]`", f" as its {name}")
        raise ValueError(text[0].lower() + text[1:]) from None
    except msgspec.DecodeError as error:
        try:
            row = msgspec.convert(json.loads(line), _ROW)  # json reads NaN and Infinity too
        except (ValueError, RecursionError):
            raise ValueError(f"this is not JSON ({error})") from None
    if row[1] not in _KNOWN:
        raise ValueError(f"there is no kind of event {row[1]!r}")
    return row
