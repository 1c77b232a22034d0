"""A course of one exercise for the tests: the solved notebook, what is released from it, and what students hand in."""

import inspect
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from labkit.course.release import release
from labkit.errors import LabkitError
from labkit.grade import sandbox
from labkit.protocols import raft

EXERCISE = "raft-election"
_SOURCE = inspect.getsource(raft)
GIVEN = "from labkit import Cluster, Message, Node, on\nfrom labkit.course import check\n\n\n" + "\n\n".join(
    inspect.getsource(kind) for kind in (raft.RequestVote, raft.Vote, raft.AppendEntries, raft.Appended)
)
SOLUTION = _SOURCE[_SOURCE.index("class Raft(Node)") :]


def _marked() -> str:
    """The reference solution with every method's body between the marks of a solution."""
    out: list[str] = []
    lines = SOLUTION.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("    def start"))
    out = [*lines[:begin], "    # BEGIN SOLUTION", *lines[begin:], "    # END SOLUTION"]
    return "\n".join(out)


def solved() -> Any:
    """The instructor's notebook."""
    notebook = new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    notebook.cells = [
        new_markdown_cell("# Leader election", id="title"),
        new_code_cell(GIVEN, id="given", metadata={"labkit": {"role": "given"}}),
        new_markdown_cell("Write your node here.", id="task"),
        new_code_cell(_marked(), id="raft", metadata={"labkit": {"role": "solution"}}),
        new_code_cell("cluster = Cluster(Raft, size=5)\ncluster.view()", id="play"),
        new_code_cell(f'check("{EXERCISE}")', id="check", metadata={"labkit": {"role": "check"}}),
    ]
    return notebook


def course(folder: Path) -> Path:
    """Write the solution and its exercise below `folder`. Returns the folder of exercises."""
    for name in ("solutions", "exercises"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    source = folder / "solutions" / f"{EXERCISE}.ipynb"
    nbformat.write(solved(), source)
    (folder / "exercises" / f"{EXERCISE}.ipynb").write_text(release(source))
    return folder / "exercises"


def notebook(exercises: Path, solution: str | None = None, **others: str) -> dict[str, Any]:
    """The exercise with `solution` in its solution cell (None: left as it was), and other cells changed by id."""
    made: dict[str, Any] = json.loads((exercises / f"{EXERCISE}.ipynb").read_text())
    texts = others if solution is None else {**others, "raft": solution}
    for cell in made["cells"]:
        if cell["id"] in texts:
            cell["source"] = texts[cell["id"]]
    return made


def hand_in(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def _works(name: str) -> bool:
    try:
        return sandbox.probe(name) is not None
    except LabkitError:
        return False


SANDBOXES = [
    pytest.param(name, marks=pytest.mark.skipif(not _works(name), reason=f"{name} does not work on this machine"))
    for name in (sandbox.BUBBLEWRAP, sandbox.LANDLOCK)
]
