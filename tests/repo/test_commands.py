"""The two doors to everything: `make` and `labkit`."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from labkit.cli import COMMANDS, main

REPOSITORY = Path(__file__).parents[2]
MAKEFILE = (REPOSITORY / "Makefile").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_called(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_help_lists_every_command_and_imports_none() -> None:
    code = "import sys; from labkit.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(printed.splitlines()[-1].split())
    assert all(re.search(rf"^  {name} ", printed, re.MULTILINE) for name in COMMANDS)
    assert not loaded & {"labkit.doctor", "labkit.grade.command", "labkit.course.release"}


def test_an_unknown_command_is_refused_with_status_2() -> None:
    result = CliRunner().invoke(main, ["gerade"])
    assert result.exit_code == 2
    assert "gerade" in result.output


def make(*arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Run make as a person would, even if these tests were started by make."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"
    }
    return subprocess.run(["make", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def fresh_folder(tmp_path: Path) -> Path:
    """A folder in which nothing was installed yet."""
    for name in ["Makefile", "pyproject.toml"]:
        shutil.copy(REPOSITORY / name, tmp_path)
    return tmp_path


def stand_in(path: Path, script: str) -> Path:
    """An executable that plays the part of a Python."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_make_alone_lists_every_target() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^  make (\S+)", make().stdout, re.MULTILINE) == phony.split()


def test_make_says_what_is_wrong_when_no_python_suits(fresh_folder: Path) -> None:
    old = stand_in(fresh_folder / "python3", "exit 1")
    result = make("lab", f"PYTHONS={old}", cwd=fresh_folder)
    assert result.returncode != 0
    assert "labkit needs Python 3.11 or later" in result.stderr
    assert not (fresh_folder / ".venv").exists()


def test_make_says_which_package_brings_venv_where_the_system_split_it_off(fresh_folder: Path) -> None:
    debian = stand_in(fresh_folder / "python3.11", 'case "$2" in *ensurepip*) exit 1;; esac')
    result = make("lab", f"PYTHONS={debian}", cwd=fresh_folder)
    assert result.returncode != 0
    assert "sudo apt-get install python3.11-venv" in result.stderr


def test_make_takes_a_newer_python_where_python3_is_too_old(fresh_folder: Path) -> None:
    old = stand_in(fresh_folder / "python3", "exit 1")
    newer = stand_in(fresh_folder / "python3.12", 'echo "called with $*" >&2; case "$2" in venv) exit 9;; esac')
    result = make("lab", f"PYTHONS={old} {newer}", cwd=fresh_folder)
    assert "called with -m venv --clear .venv" in result.stderr
