"""The frontend as one piece: joins its modules into the single ES module that a widget or a page can carry."""

import base64
import json
import posixpath
import re
import zlib
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[\w/-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/\n?", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def source(name: str) -> str:
    """The text of a file of the frontend: "player.js", "views/logs.js"."""
    return files("labkit.view").joinpath("frontend", *name.split("/")).read_text(encoding="utf-8")


def imports(name: str) -> list[str]:
    """The modules that a module imports, by their names in the frontend's folder."""
    folder = posixpath.dirname(name)
    return [posixpath.normpath(posixpath.join(folder, path)) for path in _IMPORT.findall(source(name))]


def bare(text: str) -> str:
    """A module without its imports and without `export`, to stand in one scope with those that it imports."""
    return _EXPORT.sub("", _IMPORT.sub("", text))


def modules(entry: str) -> list[str]:
    """The modules that `entry` needs, itself last, each after those that it imports."""
    order: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"modules import each other: {' -> '.join((*path, name))}")
        if name in order:
            return
        for needed in imports(name):
            visit(needed, (*path, name))
        order.append(name)

    visit(entry, ())
    return order


@cache
def script(entry: str) -> str:
    """`entry` ("widget.js" or "replay.js") and all that it imports as one module, without comments and indentation."""
    parts = (bare(source(name)) for name in modules(entry))
    return _INDENT.sub("", _COMMENT.sub("", "\n".join(parts)))


def pack(text: str) -> str:
    """A text as base64 of its deflated form, as the frontend unpacks it."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


@cache
def packed(entry: str) -> str:
    """The style sheet and `script(entry)` for `loader.js`, deflated: a third of their size in a page."""
    return pack(json.dumps([style(), script(entry)]))


@cache
def style() -> str:
    """The style sheets of the live view and of a replay, as one."""
    return _INDENT.sub("", _COMMENT.sub("", source("style.css") + source("charts.css")))
