"""One process of `labkit doctor --determinism`: runs the program, and writes down what its clusters did.

Started as `python -m labkit.determinism.examined`, with what to do as JSON on standard input.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import linecache
import os
import sys
import traceback
import types
from pathlib import Path
from typing import Any

from labkit.cluster import Cluster
from labkit.determinism.sets import loops_over_sets
from labkit.determinism.suspects import Suspects

KEPT = 50  # clusters whose whole trace is written down; of later ones the digest alone
UNRUN = 10.0  # virtual seconds for a cluster that the program makes and does not run


def cells_of(path: Path) -> list[tuple[str, str]]:
    """The program's name and text; of a notebook, those of its code cells. Raises ValueError if it is neither."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return [(str(path), text)]
    from IPython.core.inputtransformer2 import TransformerManager

    transform = TransformerManager().transform_cell
    cells = json.loads(text)["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [(f"{path}, cell {number}", transform(source)) for number, source in enumerate(code, 1)]


def _execute(cells: list[tuple[str, str]]) -> None:
    module = types.ModuleType("__main__")
    vars(module).update(__file__=cells[0][0] if cells else "", display=lambda *_, **__: None, get_ipython=_Shell)
    sys.modules["__main__"] = module
    for name, source in cells:
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        code = compile(source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, vars(module)))
        else:
            exec(code, vars(module))


class _Shell:
    """Stands for IPython's shell: what a notebook asks of it is not done."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def main() -> None:
    """Run the program, and write `clusters.json` and a trace for each cluster into the folder given."""
    asked = json.load(sys.stdin)
    path, folder = Path(asked["file"]), Path(asked["folder"])
    clutter = [bytearray(97 * number) for number in range(asked["clutter"])]  # so that addresses differ
    clusters: list[Cluster] = []
    original = Cluster.__init__

    def remembering(self: Cluster, *args: Any, **options: Any) -> None:
        if asked["seed"] is not None:
            options["seed"] = asked["seed"]
        original(self, *args, **options)
        clusters.append(self)

    Cluster.__init__ = remembering  # type: ignore[method-assign]
    suspects = Suspects(str(path))
    why = None
    sys.path.insert(0, str(path.parent))
    try:
        cells = cells_of(path)
        suspects.watch()
        _execute(cells)
        for cluster in clusters:
            end = asked["seconds"] if asked["seconds"] is not None else (0.0 if cluster.now else UNRUN)
            if cluster.now < end:
                cluster.advance(end)
    except SystemExit:
        pass
    except BaseException as error:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(path))]
        why = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
    found = [
        {"title": cluster.title, "seed": cluster.seed, "events": len(cluster.trace), "digest": cluster.trace.digest()}
        for cluster in clusters
    ]
    for number, cluster in enumerate(clusters[:KEPT]):
        cluster.trace.save(folder / f"{number}.jsonl")
    texts = [] if why else cells
    loops = [{"file": name, **vars(loop)} for name, source in texts for loop in loops_over_sets(source)]
    report = {"clusters": found, "suspects": suspects.found(), "loops": loops, "why": why}
    (folder / "clusters.json").write_text(json.dumps(report), encoding="utf-8")
    sys.stdout.flush()
    del clutter
    os._exit(0)


if __name__ == "__main__":
    main()
