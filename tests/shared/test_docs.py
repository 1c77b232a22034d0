"""What docs/shared-memory.md says is so."""

import re
from pathlib import Path

from labkit import shared

TEXT = (Path(__file__).parents[2] / "docs" / "shared-memory.md").read_text(encoding="utf-8")


def test_the_examples_run():
    space: dict = {"__name__": "examples"}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "docs/shared-memory.md", "exec"), space)
    assert space["run"].phases == ["trying", "trying"]


def test_every_object_and_program_is_on_the_page():
    names = [name for name in shared.__all__ if isinstance(getattr(shared, name), type)]
    told = set(re.findall(r"\b[A-Z]\w+", TEXT))
    assert set(names) - told <= {"Finding", "Memory", "Run", "Searched"}
