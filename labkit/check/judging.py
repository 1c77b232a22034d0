"""What every judge of a history does around its work: it keeps Python's collector still, and when a model of one's own
raises, it says at which operation."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from labkit.check.operation import Op
from labkit.errors import LabkitError


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's collector of cycles: a history is a lot of data without any, and to look at all of it again and
    again takes as long as a check."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def judging(model: Any, operations: Iterable[Op], place: Callable[[int], str]) -> Iterator[None]:
    """Raises LabkitError for whatever the model raises, with the operation and its place in the history."""
    with collector_paused():
        try:
            yield
        except LabkitError:
            raise
        except Exception as error:
            name = getattr(model, "name", type(model).__name__)
            said = f"the model {name} raised {type(error).__name__}: {error}"
            asked = _step_asked(model, error)
            if asked is None:
                hint = "; a state has to be hashable: use tuples, not lists" if "unhashable" in str(error) else ""
                raise LabkitError(f"{said}{hint}") from error
            state, f, value, result = asked
            op = next((o for o in operations if o.f == f and o.result is result and o.value in (value, None)), None)
            where = f"{f} of {value!r}" if op is None else f"{place(op.invoked)}: {op}"
            raise LabkitError(f"{said} (at {where}, in state {state!r})") from error


def _step_asked(model: Any, error: BaseException) -> tuple[Any, Any, Any, Any] | None:
    """The arguments of the model's `step` that raised; None if it was not `step`."""
    trace = error.__traceback__
    method = getattr(model, "step", None)
    body = getattr(getattr(method, "__func__", method), "__code__", None)
    while trace is not None:
        code, values = trace.tb_frame.f_code, trace.tb_frame.f_locals
        if code is body and code.co_argcount == 5:
            state, f, value, result = (values.get(name) for name in code.co_varnames[1:5])
            return state, f, value, result
        trace = trace.tb_next
    return None
