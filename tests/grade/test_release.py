"""`labkit release`: exercises made from their solutions, and held to them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from labkit.course import cells
from labkit.course.release import command, release
from labkit.errors import LabkitError
from tests.grade.course import EXERCISE, course, solved

ROOT = Path(__file__).parents[2]


def stub(text: str) -> str:
    return cells.without_solution(text.strip("\n"))


def test_a_function_is_left_with_a_statement_that_says_so() -> None:
    text = "def f(x):\n    '''Twice x.'''\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION\n"
    assert stub(text) == "def f(x):\n    '''Twice x.'''\n    # YOUR CODE HERE\n    raise NotImplementedError"


def test_what_stands_around_a_solution_stays() -> None:
    text = "def f(x):\n    y = x\n    # BEGIN SOLUTION\n    y += 1\n    # END SOLUTION\n    return y"
    assert stub(text).splitlines()[1::3] == ["    y = x", "    return y"]


def test_between_methods_and_cells_a_comment_is_enough() -> None:
    methods = "class A:\n    n = 1\n\n    # BEGIN SOLUTION\n    def f(self):\n        return 1\n    # END SOLUTION"
    assert stub(methods) == "class A:\n    n = 1\n\n    # YOUR CODE HERE"
    assert stub("# BEGIN SOLUTION\nx = 1\n# END SOLUTION\ny = 2") == "# YOUR CODE HERE\ny = 2"


def test_a_block_that_would_be_empty_is_not() -> None:
    text = "class A:\n    # BEGIN SOLUTION\n    n = 1\n    # END SOLUTION"
    assert stub(text) == "class A:\n    # YOUR CODE HERE\n    raise NotImplementedError"
    text = "if True:\n    # BEGIN SOLUTION\n    n = 1\n    # END SOLUTION\nelse:\n    n = 2"
    assert "raise NotImplementedError" in stub(text)


def test_a_method_inside_a_function_inside_a_class_counts_as_a_function() -> None:
    text = (
        "class A:\n    async def f(self):\n        for _ in range(3):\n            # BEGIN SOLUTION\n            pass\n"
        "            # END SOLUTION\n        return 1"
    )
    assert "            raise NotImplementedError" in stub(text)


def test_commands_of_the_notebook_do_not_disturb() -> None:
    text = "%matplotlib inline\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n!ls"
    assert stub(text) == "%matplotlib inline\n# YOUR CODE HERE\n!ls"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# BEGIN SOLUTION\nx = 1", "line 1: # BEGIN SOLUTION without # END SOLUTION"),
        ("x = 1\n# END SOLUTION", "line 2: # END SOLUTION without # BEGIN SOLUTION"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION", "line 2: # BEGIN SOLUTION inside"),
        ("# BEGIN SOLUTION\nx = (\n# END SOLUTION\n1)", "not Python"),
    ],
)
def test_marks_that_do_not_fit_are_refused(text: str, why: str) -> None:
    with pytest.raises(cells.CellError, match=why.replace("(", "\\(")):
        stub(text)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [  # computed with nbgrader 0.9.6's own function
        ({"grade": True, "points": 3, "solution": False, "locked": True}, "b9f74246f29bcff88b4f650c7b9dfdf6"),
        ({"grade": False, "solution": True, "locked": False}, "3952363144b9625d080fedd1f7d073ce"),
        ({"grade": False, "solution": False, "locked": True}, "b870a1d688d10ef13a7383a917a74208"),
    ],
)
def test_checksums_are_those_of_nbgrader(marks: dict[str, Any], expected: str) -> None:
    cell = {"source": "x = 1", "cell_type": "code", "metadata": {"nbgrader": {"grade_id": "a", "task": False, **marks}}}
    assert cells.checksum(cell) == expected


def made(folder: Path) -> Any:
    course(folder)
    return nbformat.read(folder / "exercises" / f"{EXERCISE}.ipynb", as_version=4)


def test_a_released_notebook_is_valid_clean_and_marked(tmp_path: Path) -> None:
    notebook = made(tmp_path)
    nbformat.validate(notebook)
    assert notebook.metadata.labkit.exercise == EXERCISE
    roles = {cell.id: cells.role(cell) for cell in notebook.cells}
    assert roles == {"title": None, "given": "given", "task": None, "raft": "solution", "play": None, "check": "check"}
    allowed = {"schema_version", "grade", "locked", "solution", "task", "grade_id", "points", "checksum", "cell_type"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
        if roles[cell.id]:
            marks = cell.metadata.nbgrader
            assert set(marks) <= allowed
            assert marks.checksum == cells.checksum(cell)
            assert marks.locked == (roles[cell.id] != "solution")
    text = (tmp_path / "exercises" / f"{EXERCISE}.ipynb").read_text()
    assert "SOLUTION" not in text
    assert "enter_term" not in text


def test_releasing_a_released_notebook_changes_nothing(tmp_path: Path) -> None:
    exercise = course(tmp_path) / f"{EXERCISE}.ipynb"
    assert release(exercise) != ""
    first = nbformat.reads(release(exercise), as_version=4)
    assert [cell.id for cell in first.cells] == [cell.id for cell in solved().cells]


def invoke(folder: Path, *arguments: str) -> SimpleNamespace:
    options = ["--solutions", str(folder / "solutions"), "--exercises", str(folder / "exercises"), *arguments]
    result = CliRunner().invoke(command, options)
    return SimpleNamespace(status=result.exit_code, said=result.output)


def test_check_is_silent_when_the_two_agree(tmp_path: Path) -> None:
    course(tmp_path)
    assert vars(invoke(tmp_path, "--check")) == {"status": 0, "said": ""}


def test_check_names_the_cell_that_differs(tmp_path: Path) -> None:
    target = course(tmp_path) / f"{EXERCISE}.ipynb"
    target.write_text(target.read_text().replace("# YOUR CODE HERE", "# WRITE HERE"))
    result = invoke(tmp_path, "--check")
    assert result.status == 1
    assert result.said.strip().endswith("differs in the text of the cell 'raft': run `labkit release`")
    assert invoke(tmp_path).status == 0
    assert invoke(tmp_path, "--check").status == 0


def test_check_finds_what_is_missing_and_what_is_left_over(tmp_path: Path) -> None:
    target = course(tmp_path) / f"{EXERCISE}.ipynb"
    target.rename(target.with_name("old.ipynb"))
    result = invoke(tmp_path, "--check")
    assert result.status == 1
    assert "is missing" in result.said
    assert "old.ipynb has no solution" in result.said


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    result = invoke(tmp_path / "nowhere")
    assert result.status == 2
    assert result.said.count("\n") == 1
    assert "there is no folder" in result.said


def test_a_notebook_that_is_none_is_named(tmp_path: Path) -> None:
    course(tmp_path)
    (tmp_path / "solutions" / "bad.ipynb").write_text("{")
    result = invoke(tmp_path, "--check")
    assert result.status == 2
    assert "bad.ipynb is not a notebook" in result.said


def test_two_cells_with_one_grade_id_are_refused(tmp_path: Path) -> None:
    notebook = solved()
    notebook.cells[1].metadata["nbgrader"] = {"grade_id": "raft"}
    nbformat.write(notebook, tmp_path / f"{EXERCISE}.ipynb")
    with pytest.raises(LabkitError, match="grade_id 'raft'"):
        release(tmp_path / f"{EXERCISE}.ipynb")


def test_the_exercises_of_this_course_are_those_of_its_solutions() -> None:
    result = invoke(ROOT, "--check")
    assert result.status == 0, result.said
