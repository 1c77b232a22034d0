"""Tracebacks as a student should see them: their own lines, and no others."""

from __future__ import annotations

import asyncio
import traceback

from labkit.errors import LabkitError


def student_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The traceback's frames that are not labkit's or asyncio's."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = (str(_PACKAGE), str(_ASYNCIO))
    own = [frame for frame in frames if not frame.filename.startswith(inside) or "/protocols/" in frame.filename]
    return own if own or isinstance(error, LabkitError) else list(frames)


def student_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, with the student's frames only; of a group, those of its members too."""
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(student_frames(error))]
    lines += [f"{type(error).__name__}: {error}".removesuffix(": ") + "\n"]
    if isinstance(error, BaseExceptionGroup):
        lines += [f"  | {line}\n" for member in error.exceptions for line in student_traceback(member).splitlines()]
    return "".join(lines)


_PACKAGE = __file__.rsplit("/engine/", 1)[0] + "/"
_ASYNCIO = asyncio.__file__.rsplit("/", 1)[0] + "/"
