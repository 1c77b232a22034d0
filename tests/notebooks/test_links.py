"""What a notebook links to is there."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.executor import REPOSITORY

NOTEBOOKS = [
    path for folder in ("notebooks", "exercises", "solutions") for path in sorted((REPOSITORY / folder).glob("*.ipynb"))
]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^()\s#]+)(?:#[^()\s]*)?\)")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_link_to_a_file_arrives(path: Path) -> None:
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    missing = [target for target in LINK.findall(text) if not (path.parent / target).exists()]
    assert not missing, f"{path.name} links to what is not there"


def test_every_notebook_is_on_the_map_of_the_first() -> None:
    welcome = (REPOSITORY / "notebooks" / "00-welcome.ipynb").read_text(encoding="utf-8")
    off_the_map = [path.name for path in NOTEBOOKS if path.parent.name != "solutions" and path.name not in welcome]
    assert [name for name in off_the_map if name != "00-welcome.ipynb"] == []
