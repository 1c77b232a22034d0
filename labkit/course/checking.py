"""`check("raft-election")`: judge the classes of this notebook, here and now, with the checks that everybody can
see."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from labkit.cluster import Cluster
from labkit.course.exercise import Result, load
from labkit.errors import LabkitError
from labkit.node import Node

SHRINKING_RUNS = 400  # that may be made for each failing part: a notebook has the time


def check(name: str, *, seeds: int = 20, seed: int | None = None) -> Result:
    """Judge the exercise `name` with the class that this notebook defines; the result shows points, and why, part by
    part.

    seeds: how many runs for each part (the more, the rarer the bugs that are found). seed: only this one run, to look
    at it again.

    Raises LabkitError if there is no such exercise, or the notebook does not define its class.
    """
    exercise = load(name)
    namespace = sys._getframe(1).f_globals

    def find(name: str) -> type[Node]:
        program = namespace.get(name)
        if not (isinstance(program, type) and issubclass(program, Node)):
            raise LabkitError(
                f"this notebook has no class {name}(Node) yet: run the cell that defines it, then check again"
            )
        return program

    programs = [find(name) for name in exercise.nodes]
    if not isinstance(seeds, int) or seeds < 1:
        raise LabkitError(f"seeds={seeds!r}: give the number of runs, one or more")

    def build(*, nodes: Mapping[str, str] | None = None, **options: Any) -> Cluster:
        if nodes is not None:
            return Cluster(nodes={id: find(name) for id, name in nodes.items()}, **options)
        return Cluster(programs[0], **options)

    say, done = _progress()
    try:
        return exercise.evaluate(
            build, range(seeds) if seed is None else [seed], progress=say, shrinking=SHRINKING_RUNS
        )
    finally:
        done()


def _progress() -> tuple[Callable[[str], None], Callable[[], None]]:
    """A line that says what is being checked, and goes when it is done; nothing outside a notebook."""
    try:
        from IPython import get_ipython
        from IPython.display import HTML, display
    except ImportError:
        return (lambda text: None), (lambda: None)
    if get_ipython() is None or not hasattr(get_ipython(), "kernel"):  # type: ignore[no-untyped-call]
        return (lambda text: None), (lambda: None)
    handle: Any = display(HTML("<em>checking …</em>"), display_id=True)  # type: ignore[no-untyped-call]

    def say(text: str) -> None:
        handle.update(HTML(f"<em>checking: {text} …</em>"))  # type: ignore[no-untyped-call]

    def done() -> None:
        handle.update(HTML(""))  # type: ignore[no-untyped-call]

    return say, done
