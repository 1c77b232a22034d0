"""A finding as a Python test: what is imported, the run, and the property that must hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from labkit.cluster import Cluster
from labkit.engine.timetable import Priorities, Timetable
from labkit.explore.script import Script
from labkit.message import Message

if TYPE_CHECKING:
    from labkit.explore.recording import Recording
    from labkit.explore.report import Finding

NOTEBOOK = "__main__"


class _Writer:
    """Writes values as Python, and remembers what has to be imported for it."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {"labkit.explore": {"rerun"}}
        self.missing: list[str] = []

    def name(self, thing: Any, otherwise: str) -> str:
        """How to call a function or a class. What has no name to import is left to the reader."""
        module, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
        if not module or not name.isidentifier():  # a lambda, a method, an object that is called
            self.missing.append(otherwise)
            return otherwise
        if module == NOTEBOOK:
            self.missing.append(name)
        else:
            self.imports.setdefault(module, set()).add(name)
        return str(name)

    def maker(self, make: Any) -> str:
        if isinstance(make, functools.partial):
            given = [self.value(arg) for arg in make.args if arg is not None]
            given += [f"{name}={self.value(value)}" for name, value in make.keywords.items()]
            self.imports.setdefault("functools", set()).add("partial")
            self._needs("labkit", "Cluster", make.func is Cluster)
            called = "Cluster" if make.func is Cluster else self.name(make.func, "make")
            return f"partial({', '.join([called, *given])})"
        return self.name(make, "make")

    def scenario(self, scenario: Any) -> str:
        if not isinstance(scenario, Script):
            return self.name(scenario, "scenario")
        self.imports["labkit.explore"].add("Script")
        for requests in scenario.values():
            for _, message in requests:
                self.name(type(message), type(message).__name__)
        return repr(scenario)

    def check(self, check: Any, otherwise: str) -> str:
        if not isinstance(check, functools.partial):
            return self.name(check, otherwise)
        self.imports.setdefault("functools", set()).add("partial")
        given = [self.value(arg) for arg in check.args]
        given += [f"{name}={self.value(value)}" for name, value in check.keywords.items()]
        return f"partial({', '.join([self.name(check.func, otherwise), *given])})"

    def value(self, value: Any) -> str:
        if isinstance(value, type):
            return self.name(value, value.__name__)
        if isinstance(value, dict):
            return f"{{{', '.join(f'{key!r}: {self.value(item)}' for key, item in value.items())}}}"
        text = repr(value)
        self._needs("labkit", "latency", "latency." in text)
        return text

    def plan(self, plan: Any) -> list[str]:
        lines = [f"seed={plan.seed}"]
        if plan.faults:
            text = repr(plan.faults)
            self.imports.setdefault("labkit", set()).update({"Fault", "Faults"})
            self._needs("labkit", "latency", "latency." in text)
            lines.append(f"faults={text}")
        if plan.schedule is not None:
            text = repr(plan.schedule)
            module = "labkit.explore"
            if not isinstance(plan.schedule, Timetable | Priorities):
                module = type(plan.schedule).__module__
                self.imports.setdefault(module, set()).update(set(re.findall(r"\b[A-Z]\w+(?=\()", text)))
            self.imports.setdefault(module, set()).add(type(plan.schedule).__name__)
            lines.append(f"schedule={text}")
        if plan.scripted:
            lines.append("scripted=True")
        return lines

    def recording(self, recording: Recording) -> str:
        """A recording as Python, with the classes of its messages imported."""
        self.imports["labkit.explore"].add("Recording")
        for request in recording.requests:
            for kind in _classes(request.message):
                self.name(kind, kind.__name__)
        return repr(recording)

    def _needs(self, module: str, name: str, needed: bool) -> None:
        if needed:
            self.imports.setdefault(module, set()).add(name)


def as_test(finding: Finding) -> str:
    """The smallest run of a finding as a test. It fails as long as the bug is there."""
    writer, stage = _Writer(), finding.stage
    make = writer.maker(stage.make)
    recording = finding.recording
    scenario = writer.scenario(stage.scenario) if recording is None else writer.recording(recording)
    checks = [writer.check(check, f"property_{n}") for n, check in enumerate(stage.properties, 1)]
    plan = writer.plan(finding.shrunk.plan)
    first = sorted(writer.imports.items(), key=lambda pair: (pair[0] != "functools", pair[0]))
    lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in first]
    if writer.missing:
        lines += ["", f"# Put here, or import: {', '.join(dict.fromkeys(writer.missing))}"]
    word = re.sub(r"\W+", "_", finding.violation.property.lower()).strip("_") or "the_property"
    arguments = ",\n".join([make, scenario, f"[{', '.join(checks)}]", *plan])
    indented = "\n".join(" " * 8 + line for line in arguments.splitlines())
    lines += ["", "", f"def test_{word}_holds():", f'    """{_quoted(str(finding.violation))}"""', "    run = rerun("]
    lines += [indented + ",", "    )", "    assert run.violation is None, run.violation"]
    if writer.missing:  # pasted into a cell, it is to run at once
        lines += ["", "", 'if __name__ == "__main__":', f"    test_{word}_holds()"]
    return "\n".join(lines) + "\n"


def _classes(value: Any) -> Iterator[type]:
    """The classes of a message and of the messages within it."""
    if isinstance(value, Message):
        yield type(value)
        for name in value.__struct_fields__:
            yield from _classes(getattr(value, name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _classes(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _classes(item)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")
