"""What the files of the repository may say, and which room may import which."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "labkit"
TRACKED = [
    REPOSITORY / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout.splitlines()
]
TEXT = [path for path in TRACKED if path.suffix not in {".png", ".woff2", ".ico"} and path.is_file()]

# Home folders and the like of one computer. Written in pieces, so that this file does not name one.
MACHINE_PATH = re.compile(
    r"(?<![\w.*])/(?:" + "|".join(["ho" + "me", "Us" + "ers", "ro" + "ot", "wo" + "rk"]) + r")/[\w.]"
)

# The rooms, highest first: a room imports from the rows below its own. Inside a function it may look up, as
# `cluster.view()` does; but the engine never does.
ROWS = [
    ["cli", "doctor"],
    ["grade"],
    ["course"],
    ["explore"],
    ["determinism", "maelstrom", "protocols", "view"],
    ["check", "shared", "system", "transport"],
    ["cluster"],
    ["client", "faulty", "forking", "members"],
    ["node"],
    ["engine"],
    ["message"],
    ["errors", "look"],
]
HEIGHT = {room: -number for number, rooms in enumerate(ROWS) for room in rooms}
ROOMS = sorted(
    {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")} - {"__init__"}
)


@pytest.mark.skipif(not TRACKED, reason="not a git checkout")
def test_no_file_names_a_folder_of_one_computer() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}: {match.group()}"
        for path in TEXT
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found


def imported_rooms(path: Path, *, within_functions: bool) -> set[str]:
    """The rooms of labkit that a module imports from, those for the type checker alone not counted."""
    rooms: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not within_functions:
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "labkit":
            rooms.update(alias.name for alias in node.names if alias.name in ROOMS)
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        rooms.update(name.split(".")[1] for name in names if name.startswith("labkit."))
        pending.extend(ast.iter_child_nodes(node))
    return rooms


def modules(room: str) -> list[Path]:
    return [path for path in [PACKAGE / f"{room}.py", *(PACKAGE / room).rglob("*.py")] if path.is_file()]


def test_every_room_has_its_place_in_the_house() -> None:
    assert set(ROOMS) <= set(HEIGHT), "give the new room a row in ROWS"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_downwards(room: str) -> None:
    for path in modules(room):
        imported = imported_rooms(path, within_functions=room == "engine") - {room}
        upward = sorted(other for other in imported if HEIGHT[other] >= HEIGHT[room])
        assert not upward, f"{path.relative_to(REPOSITORY)} imports from {upward}"


def test_importing_labkit_loads_nothing_heavy() -> None:
    heavy = ["IPython", "ipywidgets", "jupyterlab", "matplotlib", "nbformat", "networkx", "numpy", "rich"]
    code = f"import sys, labkit; print(*(name for name in {heavy} if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []
