"""The gradebook: one small file for each submission graded, and the tables made from them.

A file is written whole or not at all, and says what it was made from; so an interrupted grading goes on where it
stopped, and nothing is graded twice unless the notebook, the exercise or the grader changed.
"""

import csv
import hashlib
import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from labkit.errors import LabkitError

STATUSES = ("ok", "wrong", "timeout", "out of memory", "crashed", "tampered", "missing")
COLUMNS = ("student", "exercise", "status", "score", "max", "message", "notes", "submission", "feedback")


class Part(msgspec.Struct):
    """How one part of the exercise went."""

    name: str
    title: str
    points: float
    max: float
    passed: bool
    message: str
    seed: int | None = None  # of the run that failed


class Grade(msgspec.Struct, kw_only=True):
    """The grade of one submission. `status` says how the grading went, `score` what the solution is worth."""

    student: str
    submission: str  # its path below the folder of submissions
    exercise: str = ""
    status: str = "missing"
    score: float = 0.0
    max: float = 0.0
    message: str = ""
    notes: list[str] = []
    parts: list[Part] = []
    printed: list[str] = []
    events: int = 0
    seconds: float = 0.0
    sandbox: str = ""
    feedback: str = ""  # the page's path below the output folder
    key: str = ""  # what the grade was made from


def key(*parts: bytes | str) -> str:
    """A digest of everything that a grade depends on."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def write(path: Path, data: bytes) -> None:
    """Put `data` in the file at once: a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class Gradebook:
    """The output folder: `grades.csv`, `grades.json`, `feedback/`, and `results/`, which the tables are made from."""

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            write(folder / ".writable", b"")
            (folder / ".writable").unlink()
        except OSError as error:
            raise LabkitError(
                f"{folder} cannot be written ({error.strerror}): choose another folder with --out"
            ) from None

    def _result(self, place: str) -> Path:
        return self.folder / "results" / f"{place}.json"

    def page(self, place: str) -> Path:
        """Where the feedback on the submission at `place` goes."""
        return self.folder / "feedback" / f"{place}.html"

    def known(self, place: str, made_from: str) -> Grade | None:
        """The grade of the submission at `place`, if it was made from just that and its page is there."""
        try:
            grade = msgspec.json.decode(self._result(place).read_bytes(), type=Grade)
        except (OSError, msgspec.MsgspecError):
            return None
        return grade if grade.key == made_from and self.page(place).exists() else None

    def keep(self, place: str, grade: Grade, page: str) -> None:
        """Write down a grade and its feedback."""
        grade.feedback = self.page(place).relative_to(self.folder).as_posix()
        write(self.page(place), page.encode("utf-8", errors="replace"))
        write(self._result(place), msgspec.json.format(msgspec.json.encode(grade), indent=1))

    def tables(self, grades: Iterable[Grade]) -> None:
        """Write grades.csv and grades.json."""
        rows = sorted(grades, key=lambda grade: (grade.student, grade.exercise, grade.submission))
        document = {"format": "labkit-grades", "version": 1, "grades": rows}
        write(self.folder / "grades.json", msgspec.json.format(msgspec.json.encode(document), indent=1))
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(COLUMNS)
        for grade in rows:
            values = [getattr(grade, column) for column in COLUMNS]
            table.writerow([_cell(value) for value in values])
        write(self.folder / "grades.csv", text.getvalue().encode("utf-8", errors="replace"))


def _cell(value: object) -> object:
    """The value as a table's cell. A text that a spreadsheet would take for a formula is quoted."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
