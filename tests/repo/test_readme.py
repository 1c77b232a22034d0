"""The README says what is true: its program runs, and what it names is there."""

import re
from pathlib import Path

import pytest

from labkit.cli import COMMANDS

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_its_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(PROGRAM, "README.md", "exec"), names)
    cluster = names["cluster"]
    assert cluster.now == 5.0
    assert cluster.nodes["n1"].rallies > 10


def test_every_make_target_and_command_that_it_names_exists() -> None:
    text = README.replace(PROGRAM, "")
    assert (
        set(re.findall(r"\bmake ([a-z-]+)`", text)) | set(re.findall(r"^make ([a-z-]+)$", text, re.MULTILINE))
        <= TARGETS
    )
    assert set(re.findall(r"`(?:\.venv/bin/)?labkit ([a-z]+)", text)) <= set(COMMANDS)


@pytest.mark.parametrize(
    "path",
    sorted(
        set(re.findall(r"`((?:labkit|notebooks|exercises|solutions|tests|bench|\.ci)/[\w./-]*)`", README))
        | set(re.findall(r"(?:src|srcset)=\"([^\"]+)\"", README))
        | {"LICENSE", "environment.yml", "notebooks/00-welcome.ipynb"}
    ),
)
def test_every_file_that_it_names_is_there(path: str) -> None:
    assert (REPOSITORY / path).exists()
