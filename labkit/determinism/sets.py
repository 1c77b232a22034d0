"""Reading a program for what depends on hashes: loops over sets, whose order differs from process to process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_OPERATIONS = {"union", "intersection", "difference", "symmetric_difference", "copy"}
_IN_ORDER = {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "reversed", "join", "next", "deque", "dict"}
_CHOOSING = {"choice", "sample", "choices", "shuffle"}
_HARMLESS = {"sorted", "sum", "len", "min", "max", "any", "all", "set", "frozenset"}


@dataclass(frozen=True)
class Loop:
    """A place where the order of a set matters."""

    line: int
    source: str
    what: str


def loops_over_sets(text: str) -> list[Loop]:
    """The places in a program where the order of a set may decide what happens, as far as its source tells."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    sets = _names_of_sets(tree)
    harmless = {
        argument
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _called(call) in _HARMLESS
        for argument in call.args
    }
    lines = text.splitlines()
    found = {
        (node.lineno, what)
        for node, used, what in _uses(tree)
        if node not in harmless and _is_set(used, sets) and hasattr(node, "lineno")
    }
    return [Loop(line, lines[line - 1].strip(), what) for line, what in sorted(found)]


def _uses(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.expr, str]]:
    """Where something is taken in its own order: the place, the thing, and how."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor):
            yield node, node.iter, "loops over a set"
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
            for part in node.generators:
                yield node, part.iter, "loops over a set"
        elif isinstance(node, ast.Starred):
            yield node, node.value, "unpacks a set"
        elif isinstance(node, ast.Call):
            name = _called(node)
            if name == "pop" and isinstance(node.func, ast.Attribute) and not node.args:
                yield node, node.func.value, "takes some item of a set"
            if name in _IN_ORDER | _CHOOSING:
                for argument in node.args:
                    yield node, argument, f"takes a set in its order, by {name}"


def _names_of_sets(tree: ast.AST) -> set[str]:
    """The names of variables, attributes and fields that hold a set."""
    names: set[str] = set()
    for _ in range(3):  # a name may come from another one
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
                kind = ast.unparse(node.annotation).lower().split("[")[0].strip("'\"")
                if kind.rpartition(".")[2] in ("set", "frozenset", "abstractset"):
                    names.add(node.arg if isinstance(node, ast.arg) else _name(node.target))
            elif isinstance(node, ast.Assign) and _is_set(node.value, names):
                names.update(_name(target) for target in node.targets)
    return names - {""}


def _is_set(value: ast.expr, names: set[str]) -> bool:
    if isinstance(value, ast.Set | ast.SetComp):
        return True
    if isinstance(value, ast.Call):
        called = _called(value)
        if called in ("set", "frozenset"):
            return True
        return (
            called in _OPERATIONS and isinstance(value.func, ast.Attribute) and _is_set(value.func.value, names)
        ) or (called in ("list", "tuple") and bool(value.args) and _is_set(value.args[0], names))
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return _is_set(value.left, names) or _is_set(value.right, names)
    if isinstance(value, ast.IfExp):
        return _is_set(value.body, names) or _is_set(value.orelse, names)
    return _name(value) in names


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _called(call: ast.Call) -> str:
    return _name(call.func)
