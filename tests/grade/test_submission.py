"""What is taken from a notebook, and what is not."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from labkit.errors import LabkitError
from labkit.grade import submission
from tests.grade.course import EXERCISE, GIVEN, SOLUTION, course, hand_in, notebook


@pytest.fixture(scope="module")
def exercises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return course(tmp_path_factory.mktemp("course"))


def program(exercises: Path, handed_in: dict[str, Any]) -> submission.Program:
    return submission.program(json.loads((exercises / f"{EXERCISE}.ipynb").read_text()), handed_in)


def cell(content: dict[str, Any], id: str) -> Any:
    return next(cell for cell in content["cells"] if cell.get("id") == id)


def test_the_program_is_the_given_cells_and_the_solution(exercises: Path) -> None:
    made = program(exercises, notebook(exercises, SOLUTION))
    assert made.cells == [("cell 2", GIVEN), ("cell 4", SOLUTION)]
    assert made.notes == []


def test_changed_given_cells_are_not_used_and_are_noted(exercises: Path) -> None:
    made = program(exercises, notebook(exercises, SOLUTION, given="import os", check="pass"))
    assert made.cells[0] == ("cell 2", GIVEN)
    assert made.notes == ["given cells were changed; the instructor's were used (cell 2, cell 6)"]


def test_given_cells_without_their_marks_are_noted(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    given = cell(content, "given")
    given["id"], given["metadata"] = "other", {}
    made = program(exercises, content)
    assert made.cells[0] == ("cell 2", GIVEN)
    assert "given cells were changed" in made.notes[0]


def test_cells_of_the_students_own_are_not_run_and_are_noted(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    content["cells"].append({"cell_type": "code", "id": "mine", "metadata": {}, "source": ["import os\n", "x = 1"]})
    made = program(exercises, content)
    assert "import os" not in "".join(source for _, source in made.cells)
    assert made.notes == ["a cell of your own was not run: only what stands in the solution cells is graded"]


def test_a_solution_is_found_by_its_grade_id_when_the_cell_ids_are_gone(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    for each in content["cells"]:
        del each["id"]
    assert program(exercises, content).cells[1] == ("cell 4", SOLUTION)


def test_of_a_copied_solution_cell_the_original_counts(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    twin = copy.deepcopy(cell(content, "raft"))
    twin["id"], twin["source"] = "copy", "raise SystemExit"
    content["cells"].insert(0, twin)
    assert program(exercises, content).cells[1] == ("cell 4", SOLUTION)


def test_two_solution_cells_that_cannot_be_told_apart_are_set_aside(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    content["cells"].append(copy.deepcopy(cell(content, "raft")))
    with pytest.raises(submission.NotGradable, match="several cells claim") as caught:
        program(exercises, content)
    assert caught.value.status == "tampered"


def test_a_notebook_without_solution_cells_has_nothing_to_grade(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    content["cells"] = [each for each in content["cells"] if each["id"] != "raft"]
    with pytest.raises(submission.NotGradable) as caught:
        program(exercises, content)
    assert caught.value.status == "missing"


def test_a_solution_cell_turned_into_text_is_no_solution(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    cell(content, "raft")["cell_type"] = "markdown"
    with pytest.raises(submission.NotGradable):
        program(exercises, content)


def test_commands_of_the_notebook_are_left_out(exercises: Path) -> None:
    made = program(exercises, notebook(exercises, "%%time\n!pip install x\n" + SOLUTION))
    assert made.cells[1][1] == "# %%time\n# !pip install x\n" + SOLUTION


def test_a_solution_of_great_length_is_refused(exercises: Path) -> None:
    with pytest.raises(submission.NotGradable, match="longer than"):
        program(exercises, notebook(exercises, "x = 1\n" * 200_000))


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", '{"cells": 1}', "[" * 100_000, '{"cells": ' + "[" * 100_000, "\x00", "nul\udcffl"],
)
def test_what_is_no_notebook_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bob.ipynb"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(submission.NotGradable, match="not a notebook"):
        submission.read(submission.Entry("bob", path, "bob"))


def test_odd_cells_do_no_harm(exercises: Path) -> None:
    content = notebook(exercises, SOLUTION)
    odd: list[Any] = [
        None,
        1,
        {},
        {"cell_type": "code", "metadata": 3, "source": 4},
        {"id": [], "metadata": {"nbgrader": 1}},
    ]
    path = hand_in(exercises.parent / "odd.ipynb", {**content, "cells": odd + content["cells"]})
    _, read = submission.read(submission.Entry("odd", path, "odd"))
    assert program(exercises, read).cells[1] == ("cell 4", SOLUTION)


def test_a_folder_is_listed_by_student(tmp_path: Path) -> None:
    for place in (
        "alice.ipynb",
        "bob/raft-election.ipynb",
        "bob/late/raft-election.ipynb",
        "carol/essay.txt",
        "dave.pdf",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("{}")
    (tmp_path / "bob" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "bob" / ".ipynb_checkpoints" / "raft-election.ipynb").write_text("{}")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "eve.ipynb").symlink_to("/etc/passwd")
    found = [(entry.student, entry.place, entry.trouble) for entry in submission.entries(tmp_path)]
    assert found == [
        ("alice", "alice", ""),
        ("bob", "bob/late/raft-election", ""),
        ("bob", "bob/raft-election", ""),
        ("carol", "carol", "the folder holds no notebook"),
        ("dave", "dave.pdf", "dave.pdf is not a notebook (.ipynb)"),
        ("eve", "eve", "it is a link, not a file"),
    ]


def test_a_single_notebook_is_a_folder_of_one(tmp_path: Path) -> None:
    path = tmp_path / "alice.ipynb"
    path.write_text("{}")
    assert [entry.place for entry in submission.entries(path)] == ["alice"]
    with pytest.raises(LabkitError, match="not a notebook"):
        other = tmp_path / "alice.txt"
        other.write_text("")
        submission.entries(other)
