"""The dependencies stand in one list, and each is there for a reason."""

import tomllib
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
PYPROJECT = REPOSITORY / "pyproject.toml"
PROJECT = tomllib.loads(PYPROJECT.read_text())["project"]
EVERYTHING = PROJECT["dependencies"] + [text for extra in PROJECT["optional-dependencies"].values() for text in extra]


def test_conda_takes_python_from_its_channel_and_the_rest_from_pyproject() -> None:
    *packages, pip = yaml.safe_load((REPOSITORY / "environment.yml").read_text())["dependencies"]
    assert packages == [f"python{PROJECT['requires-python']}", "pip"]
    assert pip == {"pip": ["-e ."]}


@pytest.mark.parametrize("dependency", EVERYTHING)
def test_every_dependency_says_why_it_is_there(dependency: str) -> None:
    (line,) = [line for line in PYPROJECT.read_text().splitlines() if line.strip().startswith(f'"{dependency}"')]
    assert line.partition("  # ")[2].strip(), f"{dependency} has no reason beside it"


def test_test_files_have_names_of_their_own() -> None:
    """pytest imports them as top-level modules, so two of the same name would be taken for one."""
    names = [path.name for path in (REPOSITORY / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
