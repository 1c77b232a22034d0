"""The frontend's modules can be joined into one, and the result survives what hosts do to it."""

import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from labkit.view import assets

ENTRIES = ["widget.js", "replay.js", "loader.js"]
FRONTEND = Path(str(files("labkit.view"))) / "frontend"
MODULES = sorted(path.relative_to(FRONTEND).as_posix() for path in FRONTEND.rglob("*.js"))
TOP_LEVEL = re.compile(r"^(?:export )?(?:default )?(?:async )?(?:function|class|const|let|var) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_module_comes_after_what_it_imports(entry):
    order = assets.modules(entry)
    assert order[-1] == entry
    for number, name in enumerate(order):
        assert assets.source(name).count('from "') == len(assets.imports(name)), (
            f"{name} imports in a way that cannot be joined"
        )
        for needed in assets.imports(name):
            assert needed in order[:number]


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_two_modules_declare_the_same_name(entry):
    owners: dict[str, str] = {}
    for module in assets.modules(entry):
        for name in TOP_LEVEL.findall(assets.source(module)):
            assert owners.setdefault(name, module) == module, f"{name} is declared in {owners[name]} and in {module}"


def test_every_module_is_reached_from_an_entry():
    assert set(MODULES) == {module for entry in ENTRIES for module in assets.modules(entry)}


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_joined_module_imports_nothing_and_has_no_line_comment(entry):
    joined = assets.script(entry)
    assert not re.search(r"^import\b", joined, re.MULTILINE)
    assert not re.search(r"(^|[\s;])//", joined), "a host that joins lines would comment out the rest"
    assert "</script" not in joined


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("flat", [False, True], ids=["as it is", "with its lines joined"])
def test_the_joined_module_is_valid_javascript(entry, flat, tmp_path: Path):
    joined = assets.script(entry)
    path = tmp_path / "joined.mjs"
    path.write_text(joined.replace("\n", " ") if flat else joined, encoding="utf-8")
    result = subprocess.run(["node", "--check", str(path)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_style_sheet_asks_for_nothing_from_elsewhere():
    assert not re.search(r"@import|url\(", assets.style())
