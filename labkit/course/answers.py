"""Answers that an exercise is tried with before a class is: right ones, and wrong ones that each hold a misconception.

They are data beside the solved notebook `solutions/NAME.ipynb`, in `solutions/answers/NAME.py`:

    RIGHT = {"one loop": SOURCE}  # texts of the solution cell, besides the notebook's own
    MUTANTS = [("votes twice", [(LINE, BECOMES)], {"memory": "voted twice in term"})]

A mutant has a name, the lines of the notebook's solution that go wrong with what they become (each where it stands
first), and the parts that it must lose, each with words that the learner must be told.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat

from labkit.cluster import Cluster
from labkit.course import cells
from labkit.course.exercise import Build, Exercise, Result, load
from labkit.course.release import release
from labkit.errors import LabkitError
from labkit.node import Node


@dataclass(frozen=True)
class Mutant:
    """A wrong answer: what it is called, what is changed in the solution, and which parts it loses, told what."""

    name: str
    changes: Sequence[tuple[str, str]]
    loses: Mapping[str, str]


class Answers:
    """The answers to one exercise, ready to be judged.

    `solved` is the path of the solved notebook. Raises LabkitError, naming the file, if the notebook or the data beside
    it is not as it should be.
    """

    def __init__(self, solved: Path):
        self.exercise = load(solved.stem)
        self.given, self.solution = _sources(nbformat.read(solved, as_version=4))
        self.stub = _sources(nbformat.reads(release(solved), as_version=4))[1]
        self.file = solved.parent / "answers" / f"{solved.stem.replace('-', '_')}.py"
        data = _data(self.file)
        self.right: dict[str, str] = {"the notebook's own": self.solution} | data["RIGHT"]
        self.mutants = [self._mutant(place, entry) for place, entry in enumerate(data["MUTANTS"])]
        self._before = _run(self.given, {"__name__": "__main__"})

    def _mutant(self, place: int, entry: Any) -> Mutant:
        match entry:
            case (str(name), [*changes], dict(loses)) if all(len(change) == 2 for change in changes):
                pass
            case _:
                wanted = "(name, [(line, becomes)], {part: words})"
                raise LabkitError(f"{self.file}: MUTANTS[{place}] is {entry!r}: give {wanted}")
        for line, _ in changes:
            if line not in self.solution:
                raise LabkitError(f"{self.file}: the mutant {name!r} changes {line!r}, which is not in the solution")
        unknown = set(loses) - {part.name for part in self.exercise.parts}
        if unknown or not loses:
            parts = ", ".join(part.name for part in self.exercise.parts)
            raise LabkitError(f"{self.file}: which parts does the mutant {name!r} lose? The parts are {parts}")
        return Mutant(name, changes, loses)

    def mutant(self, name: str) -> str:
        """The text of the solution cell with the changes of this mutant. Raises KeyError if there is none."""
        changed = self.solution
        for line, becomes in {mutant.name: mutant for mutant in self.mutants}[name].changes:
            changed = changed.replace(line, becomes, 1)
        return changed

    def namespace(self, source: str) -> dict[str, Any]:
        """What is defined after the given cells and a solution cell with this text."""
        return _run(source, self._before)

    def program(self, source: str, name: str | None = None) -> type[Node]:
        """The class of this name that a solution cell with this text defines; the exercise's first if none is given."""
        return self.namespace(source)[name or self.exercise.nodes[0]]  # type: ignore[no-any-return]

    def build(self, source: str) -> Build:
        """What makes clusters of these nodes, as `Exercise.evaluate` asks for it."""
        namespace = self.namespace(source)

        def build(*, nodes: Mapping[str, str] | None = None, **options: Any) -> Cluster:
            if nodes is not None:
                return Cluster(nodes={id: namespace[name] for id, name in nodes.items()}, **options)
            return Cluster(namespace[self.exercise.nodes[0]], **options)

        return build

    def only(self, parts: Iterable[str] | None) -> Exercise:
        """The exercise with these parts alone; with all if none are given."""
        names = {part.name for part in self.exercise.parts} if parts is None else set(parts)
        return replace(self.exercise, parts=tuple(part for part in self.exercise.parts if part.name in names))

    def judge(
        self, source: str, seeds: Iterable[int], parts: Iterable[str] | None = None, *, shrinking: int = 0
    ) -> Result:
        """Judge a solution cell with this text. parts: only these. shrinking: runs to make each failure small with."""
        return self.only(parts).evaluate(self.build(source), seeds, shrinking=shrinking)


def _run(source: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """What is defined after this text, as in a notebook that holds what was defined before."""
    namespace = dict(before)
    exec(compile(source, "<string>", "exec", dont_inherit=True), namespace)
    return namespace


def _sources(notebook: Any) -> tuple[str, str]:
    """The given cells and the solution cells of a notebook, as two texts."""
    texts: dict[str, list[str]] = {"given": [], "solution": []}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            role = "solution" if cells.has_solution(cell.source) else cells.role(cell)
            if role in texts:
                texts[role].append(cell.source)
    return "\n\n".join(texts["given"]), "\n\n".join(texts["solution"])


def _data(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise LabkitError(f"{file} is missing: it names right answers and mutants, see labkit.course.answers")
    try:
        data = runpy.run_path(str(file))
    except Exception as error:
        raise LabkitError(f"{file} does not run: {type(error).__name__}: {error}") from error
    missing = [name for name in ("RIGHT", "MUTANTS") if name not in data]
    if missing:
        raise LabkitError(f"{file} defines no {' and no '.join(missing)}")
    for name, source in data["RIGHT"].items():
        if not isinstance(source, str):
            raise LabkitError(f"{file}: RIGHT[{name!r}] is {source!r}: give the text of the solution cell")
    return data
