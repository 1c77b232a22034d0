"""Classes by name, as commands take them: module:Class, or file.py:Class."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from labkit.errors import LabkitError


def load(place: str, base: type[Any]) -> type[Any]:
    """The class at module:Class or file.py:Class. Raises LabkitError if there is none, or it is no `base`."""
    where, _, name = place.rpartition(":")
    if not where or not name.isidentifier():
        raise LabkitError(f"{place!r}: write module:{base.__name__} or file.py:{base.__name__}, with your names")
    sys.path.insert(0, "")
    try:
        module = _from_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except (ImportError, OSError, SyntaxError) as error:
        raise LabkitError(f"{where} cannot be imported: {error}") from None
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, base)):
        own = [
            known
            for known, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        ]
        there = f"; it has {', '.join(own)}" if own else ""
        raise LabkitError(f"{where} has no {name} that derives from {base.__name__}{there}")
    return found


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise OSError("no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where type hints, and what a disk keeps, look their classes up
    sys.path.insert(0, str(path.absolute().parent))
    spec.loader.exec_module(module)
    return module
