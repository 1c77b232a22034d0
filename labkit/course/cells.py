"""The cells of an exercise notebook: what each is for, how a solution is taken out, and nbgrader's marks.

A cell that matters to grading has a role, kept under `metadata.labkit.role`:

- `given`: code that the exercise hands out and that a solution stands on. Locked.
- `solution`: where the student writes.
- `check`: runs the checks in the notebook, as `check("raft-election")` does. Locked.

Any other cell is for reading and playing. The same three are marked for nbgrader (schema 3), so that its tools can
hand out and collect these notebooks too; ours stays apart because nbgrader allows no other key among its own.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from typing import Any

from labkit.errors import LabkitError

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
COMMENT, RAISE = "# YOUR CODE HERE", "raise NotImplementedError"
ROLES = ("given", "solution", "check")


class CellError(LabkitError):
    """A cell of a solved notebook from which no exercise can be made."""


def role(cell: Any) -> str | None:
    """What the cell is for: "given", "solution", "check", or None. nbgrader's marks count where ours are missing."""
    ours = _mapping(cell, "labkit").get("role")
    if ours in ROLES:
        return str(ours)
    theirs = _mapping(cell, "nbgrader")
    if theirs.get("solution"):
        return "solution"
    if theirs.get("grade"):
        return "check"
    if theirs.get("locked"):
        return "given"
    return None


def _mapping(cell: Any, key: str) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get(key) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def source_of(cell: Any) -> str:
    """The cell's text, which a notebook file may hold as a string or as a list of lines."""
    text = cell.get("source", "")
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""


# -- taking the solution out


def has_solution(source: str) -> bool:
    """Does a solution begin or end in this text?"""
    return any(line.strip() in (BEGIN, END) for line in source.splitlines())


def without_solution(source: str) -> str:
    """The text with each marked solution replaced by a comment, and by a `raise` where a statement is needed.

    That is inside a function, which would otherwise do nothing and say nothing, and wherever Python asks for a
    statement. Raises `CellError` if the marks do not pair up or what is left is not Python.
    """
    lines = source.splitlines()
    regions = list(_regions(lines))
    wanted = {begin for begin, _ in regions if _in_function(source, begin)}
    if not _compiles(stub := _replace(lines, regions, wanted)):
        for begin, _ in regions:  # the fewest that Python itself asks for
            if begin not in wanted and not _compiles(_replace(lines, regions, wanted)):
                wanted.add(begin)
        stub = _replace(lines, regions, wanted)
        if not _compiles(stub):
            raise CellError(
                "what is left without the solution is not Python; let the marks stand around whole statements"
            )
    return stub


def _regions(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line (from 0) of each marked solution."""
    begin: int | None = None
    for number, line in enumerate(lines):
        if line.strip() == BEGIN:
            if begin is not None:
                raise CellError(f"line {number + 1}: {BEGIN} inside a solution that began in line {begin + 1}")
            begin = number
        elif line.strip() == END:
            if begin is None:
                raise CellError(f"line {number + 1}: {END} without {BEGIN}")
            yield begin, number
            begin = None
    if begin is not None:
        raise CellError(f"line {begin + 1}: {BEGIN} without {END}")


def _replace(lines: list[str], regions: list[tuple[int, int]], raising: set[int]) -> str:
    kept, after = [], 0
    for begin, end in regions:
        indent = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
        kept += lines[after:begin] + [indent + COMMENT] + ([indent + RAISE] if begin in raising else [])
        after = end + 1
    return "\n".join(kept + lines[after:])


def _in_function(source: str, line: int) -> bool:
    """Is the innermost definition around this line (from 0) a function, not a class?"""
    try:
        tree = ast.parse(python_only(source))
    except SyntaxError as error:
        raise CellError(f"line {error.lineno}: {error.msg}") from None
    innermost: ast.AST | None = None
    for node in ast.walk(tree):  # outer definitions come before those inside them
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.lineno - 1 < line < (node.end_lineno or 0):
            innermost = node
    return isinstance(innermost, ast.FunctionDef | ast.AsyncFunctionDef)


def _compiles(source: str) -> bool:
    try:
        ast.parse(python_only(source))
    except SyntaxError:
        return False
    return True


def python_only(source: str) -> str:
    """The text with the notebook's own commands (%magic, !shell) turned into comments."""
    return re.sub(r"^(\s*)([%!])", r"\1# \2", source, flags=re.MULTILINE)


# -- nbgrader's marks


def mark_for_nbgrader(cell: Any, role: str) -> None:
    """Give the cell the metadata that nbgrader (schema 3) expects of a cell of this role, its checksum included."""
    old = _mapping(cell, "nbgrader")
    marks = {
        "schema_version": 3,
        "grade": role == "check",
        "locked": role != "solution",
        "solution": role == "solution",
        "task": False,
        "grade_id": old.get("grade_id") or cell["id"],
        "cell_type": cell["cell_type"],
    }
    if role == "check":
        marks["points"] = old.get("points", 0)
    cell["metadata"]["nbgrader"] = marks
    cell["metadata"]["nbgrader"]["checksum"] = checksum(cell)  # which the marks themselves are part of


def checksum(cell: Any) -> str:
    """nbgrader's own checksum of a cell: MD5 over its text, type, marks and id, and its points if it is graded."""
    marks = _mapping(cell, "nbgrader")
    parts = [source_of(cell), cell["cell_type"]]
    parts += [str(bool(marks.get(name))) for name in ("grade", "solution", "locked")]
    parts.append(str(marks.get("grade_id", "")))
    if marks.get("grade"):
        parts.append(str(float(marks["points"])))
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()
