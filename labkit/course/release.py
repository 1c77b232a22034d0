"""Release: the exercise that students get, made from the solved notebook that it is the stub of.

`solutions/NAME.ipynb` is the source, and `exercises/NAME.ipynb` is never edited: `labkit release` writes it, and
`labkit release --check` holds the two together.
"""

import sys
from pathlib import Path
from typing import Any

import click
import nbformat

from labkit.course import cells
from labkit.errors import LabkitError


def release(path: Path) -> str:
    """The text of the exercise notebook made from the solved notebook at `path`.

    Raises `LabkitError`, naming file and cell, if none can be made from it.
    """
    notebook = _read(path)
    ours = notebook.metadata.get("labkit", {})
    if ours.get("exercise", path.stem) != path.stem:
        raise LabkitError(f"{path}: its metadata names the exercise {ours['exercise']!r}; rename the file or mend that")
    notebook.metadata["labkit"] = {**ours, "exercise": path.stem}
    notebook.metadata.get("language_info", {}).pop("version", None)  # of the Python that ran it last
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                _release_cell(cell)
            except cells.CellError as error:
                raise LabkitError(f"{path}, cell {cell.id!r}: {error}") from None
    _check_ids(notebook, path)
    text: str = nbformat.writes(notebook, version=4)
    return text if text.endswith("\n") else text + "\n"


def _read(path: Path) -> Any:
    try:
        notebook: Any = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except OSError as error:
        raise LabkitError(f"{path} cannot be read: {error.strerror}") from None
    except Exception as error:
        raise LabkitError(f"{path} is not a notebook: {str(error).splitlines()[0]}") from None
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        raise LabkitError(f"{path} has no cell ids: save it as nbformat 4.5, with a current JupyterLab")
    return notebook


def _release_cell(cell: Any) -> None:
    cell.outputs, cell.execution_count = [], None
    cell.metadata.pop("execution", None)
    role = "solution" if cells.has_solution(cell.source) else cells.role(cell)
    if role is None:
        return
    if role == "solution":
        marked = cells.has_solution(cell.source)
        cell.source = cells.without_solution(cell.source) if marked else f"{cells.COMMENT}\n{cells.RAISE}"
    cell.metadata["labkit"] = {**cell.metadata.get("labkit", {}), "role": role}
    cells.mark_for_nbgrader(cell, role)


def _check_ids(notebook: Any, path: Path) -> None:
    seen: set[str] = set()
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {}).get("grade_id")
        if mark in seen:
            raise LabkitError(
                f"{path}, cell {cell.id!r}: two cells have the grade_id {mark!r}; nbgrader needs them apart"
            )
        seen |= {mark} - {None}


def difference(expected: str, target: Path) -> str | None:
    """Why `target` is not what release would write, in a few words, or None if it is."""
    if not target.exists():
        return "is missing"
    found = target.read_text(encoding="utf-8", errors="replace")
    if found == expected:
        return None
    try:
        old = {cell.id: cell for cell in nbformat.reads(found, as_version=4).cells}
        new = {cell.id: cell for cell in nbformat.reads(expected, as_version=4).cells}
    except Exception:
        return "is not a notebook"
    for identifier in new:
        if identifier not in old:
            return f"lacks the cell {identifier!r}"
        if old[identifier].source != new[identifier].source:
            return f"differs in the text of the cell {identifier!r}"
    extra = [identifier for identifier in old if identifier not in new]
    return f"has a cell {extra[0]!r} too many" if extra else "differs in its metadata or outputs"


@click.command("release")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if an exercise differs from its solution.")
@click.option("--solutions", default="solutions", type=click.Path(path_type=Path), help="The solved notebooks.")
@click.option("--exercises", default="exercises", type=click.Path(path_type=Path), help="Where the exercises go.")
def command(check: bool, solutions: Path, exercises: Path) -> None:
    """Make the exercises from their solutions.

    What stands between "# BEGIN SOLUTION" and "# END SOLUTION" is taken out, outputs are cleared, and the cells are
    marked for grading.
    """
    try:
        differing = _run(check, solutions, exercises)
    except (LabkitError, OSError) as error:
        click.echo(f"labkit release: {error}", err=True)
        sys.exit(2)
    sys.exit(1 if check and differing else 0)


def _run(check: bool, solutions: Path, exercises: Path) -> int:
    if not solutions.is_dir():
        raise LabkitError(f"there is no folder {solutions}: run this where the course is, or give --solutions")
    made = {exercises / path.name: release(path) for path in sorted(solutions.glob("*.ipynb"))}
    differing = 0
    for target, text in made.items():
        why = difference(text, target)
        if why is None:
            continue
        differing += 1
        if not check:
            exercises.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        click.echo(f"{target} {why}: run `labkit release`" if check else f"{target} written", err=check)
    for extra in sorted(set(exercises.glob("*.ipynb")) - set(made)):
        differing += 1
        click.echo(f"{extra} has no solution in {solutions}: remove one, or write the other", err=True)
    if not check:
        click.echo(f"{len(made)} exercises, {differing} changed")
    return differing
