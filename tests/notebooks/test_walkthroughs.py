"""Every walk-through and every solution runs from top to bottom; what is committed is what it prints."""

from pathlib import Path

import nbformat
import pytest

from tests.harness.lab import Lab
from tests.notebooks.executor import REPOSITORY, complaints, differences, execute, tidy

WALKTHROUGHS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((REPOSITORY / "solutions").glob("*.ipynb"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.notebook
@pytest.mark.parametrize("path", WALKTHROUGHS, ids=name)
def test_a_walkthrough_prints_what_is_committed(path: Path) -> None:
    fresh = tidy(execute(path))
    assert not complaints(fresh)
    difference = differences(nbformat.read(path, as_version=4), fresh)
    assert not difference, f"{path.name} prints something else now; if it should, run `make notebooks`:\n{difference}"


@pytest.mark.notebook
@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_a_solution_runs_from_top_to_bottom(path: Path) -> None:
    assert not complaints(execute(path))


@pytest.mark.notebook
@pytest.mark.parametrize("path", WALKTHROUGHS + SOLUTIONS, ids=name)
def test_run_all_in_jupyterlab_finishes_every_cell(path: Path, lab: Lab) -> None:
    page = lab.open(path)
    lab.run_all(page)
    lab.wait_idle(page)
    cells = [cell for cell in lab.cells(page) if cell["source"].strip()]
    assert [cell["id"] for cell in cells if cell["count"] is None] == [], "never executed"
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1)), "each cell ran once, in order"
