"""What a student handed in: finding it, reading it, and taking from it the solution cells and nothing else.

The program that is graded has the instructor's cells, from the course's own copy of the exercise, with only the text
of the solution cells replaced by the student's. A student's cell is known by its cell id, or by the `grade_id` that
nbgrader's marks give it. What else the notebook holds (changed given cells, cells of the student's own, outputs) is
never run; the grade says so in a note. Where two cells claim to be the same solution and neither has the id that was
handed out, the submission is set aside as tampered: there is no telling which one is meant.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.course import cells
from labkit.errors import LabkitError

SIZE_LIMIT = 20 << 20  # bytes of a notebook
SOURCE_LIMIT = 500_000  # characters of a program


class NotGradable(LabkitError):
    """A submission that never comes to be run; `status` is the grade's: missing or tampered."""

    def __init__(self, why: str, status: str = "missing"):
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Entry:
    """One thing that was handed in: whose it is, and where. `trouble` says why it cannot even be read as a notebook."""

    student: str
    path: Path
    place: str  # where it lies in the folder, without its suffix, with "/" between: the name of its results
    trouble: str = ""

    def __post_init__(self) -> None:
        for name in ("student", "place", "trouble"):  # a file's name need not be text; what is written down must be
            object.__setattr__(self, name, getattr(self, name).encode("utf-8", "replace").decode())


def entries(folder: Path) -> list[Entry]:
    """The submissions in a folder (or the one in a file): `alice.ipynb`, or `alice/raft-election.ipynb`.

    Files that are no notebooks count as submissions only where a notebook is expected: beside other students'
    notebooks. A student's folder may hold anything, but must hold a notebook.
    """
    if folder.is_file():
        if folder.suffix != ".ipynb":
            raise LabkitError(f"{folder} is not a notebook: give a .ipynb file, or a folder of them")
        return [Entry(folder.stem, folder, folder.stem)]
    if not folder.is_dir():
        raise LabkitError(f"there is no folder {folder}: give the folder that the notebooks were collected in")
    found: list[Entry] = []
    for item in sorted(folder.iterdir()):
        if item.name.startswith(".") or item.name.startswith("__"):
            continue
        if item.is_dir() and not item.is_symlink():
            notebooks = sorted(_notebooks(item))
            for path in notebooks:
                place = path.relative_to(folder).with_suffix("").as_posix()
                found.append(Entry(item.name, path, place, "it is a link, not a file" if path.is_symlink() else ""))
            if not notebooks:
                found.append(Entry(item.name, item, item.name, "the folder holds no notebook"))
        elif item.is_symlink() or not item.is_file():
            found.append(Entry(item.stem, item, item.stem, "it is a link, not a file"))
        elif item.suffix == ".ipynb":
            found.append(Entry(item.stem, item, item.stem))
        else:
            found.append(Entry(item.stem, item, item.name, f"{item.name} is not a notebook (.ipynb)"))
    return found


def _notebooks(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.ipynb"):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def read(entry: Entry) -> tuple[bytes, dict[str, Any]]:
    """The file's bytes, and the notebook in them. Raises `NotGradable` if it is none."""
    if entry.trouble:
        raise NotGradable(entry.trouble)
    try:
        if entry.path.stat().st_size > SIZE_LIMIT:
            raise NotGradable(f"{entry.path.name} is larger than {SIZE_LIMIT >> 20} MB; clear its outputs")
        data = entry.path.read_bytes()
    except OSError as error:
        raise NotGradable(f"{entry.path.name} cannot be read: {error.strerror}") from None
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        notebook = None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotGradable(f"{entry.path.name} is not a notebook: its content is not in Jupyter's format")
    notebook["cells"] = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    return data, notebook


def exercise_of(notebook: dict[str, Any]) -> str | None:
    """The exercise that a notebook says it is for."""
    metadata = notebook.get("metadata")
    ours = metadata.get("labkit") if isinstance(metadata, dict) else None
    name = ours.get("exercise") if isinstance(ours, dict) else None
    return name if isinstance(name, str) else None


# -- the program


@dataclass
class Program:
    """The cells to run, as (name, source) in order, and what is to be said about the notebook they come from."""

    cells: list[tuple[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)  # names of the cells that are the exercise's own
    notes: list[str] = field(default_factory=list)


def program(exercise: dict[str, Any], handed_in: dict[str, Any]) -> Program:
    """The exercise's cells with the student's solutions in their places. Raises `NotGradable` if there are none."""
    made = Program()
    theirs = _by_mark(handed_in["cells"])
    changed, lacking, solutions = [], [], 0
    known: set[str] = set()
    for number, cell in enumerate(exercise["cells"], 1):
        known |= set(_marks(cell))
        role = cells.role(cell)
        if role is None or cell.get("cell_type") != "code":
            continue
        name, source = f"cell {number}", cells.source_of(cell)
        if role == "solution":
            written = _solution(cell, theirs)
            if written is None:
                lacking.append(name)
            else:
                solutions += 1
                source = cells.source_of(written)
        elif not any(cells.source_of(copy) == source for copy in _claims(cell, theirs)):
            changed.append(name)
        if role != "check":
            made.cells.append((name, cells.python_only(source)))
        if role == "given":
            made.given.append(name)
    if not solutions:
        raise NotGradable(
            "it has none of the exercise's solution cells: is it another notebook, or were the cells remade?"
        )
    if sum(len(source) for _, source in made.cells) > SOURCE_LIMIT:
        raise NotGradable(f"its solution is longer than {SOURCE_LIMIT:,} characters")
    if changed:
        made.notes.append(f"given cells were changed; the instructor's were used ({_some(changed)})")
    if lacking:
        made.notes.append(f"solution cells are missing; the unsolved ones were used ({_some(lacking)})")
    own = [cell for cell in handed_in["cells"] if _is_own_code(cell, known)]
    if own:
        what = "a cell of your own was" if len(own) == 1 else f"{len(own)} cells of your own were"
        made.notes.append(f"{what} not run: only what stands in the solution cells is graded")
    return made


def _marks(cell: dict[str, Any]) -> Iterable[str]:
    """What a cell can be known by."""
    identifier, metadata = cell.get("id"), cell.get("metadata")
    if isinstance(identifier, str):
        yield f"id {identifier}"
    theirs = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    mark = theirs.get("grade_id") if isinstance(theirs, dict) else None
    if isinstance(mark, str):
        yield f"grade_id {mark}"


def _by_mark(student: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for cell in student:
        if cell.get("cell_type") == "code":
            for mark in _marks(cell):
                found.setdefault(mark, []).append(cell)
    return found


def _claims(cell: dict[str, Any], theirs: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The student's cells that could be this one."""
    claims: list[dict[str, Any]] = []
    for mark in _marks(cell):
        claims += [claim for claim in theirs.get(mark, ()) if not any(claim is other for other in claims)]
    return claims


def _solution(cell: dict[str, Any], theirs: dict[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    claims = _claims(cell, theirs)
    if len(claims) > 1:  # a copied cell keeps its marks but has another id, so the id tells which is the original
        claims = [claim for claim in claims if cell.get("id") and claim.get("id") == cell.get("id")]
        if len(claims) != 1:
            what = " or ".join(mark.replace(" ", " '", 1) + "'" for mark in _marks(cell))
            raise NotGradable(
                f"several cells claim to be the solution cell with {what}, and nothing tells them apart", "tampered"
            )
    return claims[0] if claims else None


def _is_own_code(cell: dict[str, Any], known: set[str]) -> bool:
    return cell.get("cell_type") == "code" and bool(cells.source_of(cell).strip()) and not known & set(_marks(cell))


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
