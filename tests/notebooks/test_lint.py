"""What a notebook in the repository must look like on disk."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebooks.executor import PLAYER, REPOSITORY

FOLDERS = ["notebooks", "exercises", "solutions"]
NOTEBOOKS = [path for folder in FOLDERS for path in sorted((REPOSITORY / folder).glob("**/*.ipynb"))]
WITHOUT_OUTPUTS = [path for path in NOTEBOOKS if path.parent.name != "notebooks"]
ABSOLUTE_PATH = re.compile(r"(?<![\w./:\-])(?:/(?:home|Users|root|work|tmp|var|opt|usr|mnt|srv|private)/\w|[A-Z]:\\\w)")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@every_notebook
def test_a_notebook_is_valid_and_every_cell_has_an_id_of_its_own(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5), "older formats have no cell ids"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@every_notebook
def test_a_notebook_names_no_path_of_one_machine(path: Path) -> None:
    for cell in read(path).cells:
        outputs = str(cell.get("outputs", ""))
        assert not ABSOLUTE_PATH.search(cell.source + outputs), f"cell {cell.id}"


@every_notebook
def test_a_notebook_asks_for_the_plain_kernel(path: Path) -> None:
    assert read(path).metadata.kernelspec.name == "python3"


@every_notebook
def test_a_notebook_holds_no_players_no_widgets_and_no_timings(path: Path) -> None:
    notebook = read(path)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert "execution" not in cell.metadata, f"cell {cell.id}"
        for output in cell.get("outputs", []):
            kinds = output.get("data", {})
            assert not any("widget" in kind for kind in kinds), f"cell {cell.id}"
            assert not PLAYER.search("".join(kinds.get("text/html", ""))), f"cell {cell.id}"


@pytest.mark.parametrize("path", WITHOUT_OUTPUTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_exercise_and_its_solution_are_committed_without_outputs(path: Path) -> None:
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), f"cell {cell.id}"
