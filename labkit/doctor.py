"""`labkit doctor`: is everything here that labkit needs, does it suit, and if not, which command mends it?

Runs with the standard library alone (`python -m labkit.doctor`), because it is wanted most when something is missing.
"""

import importlib.metadata
import importlib.util
import json
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

OLDEST_PYTHON = (3, 11)
HOME = Path(__file__).resolve().parent

Status = Literal["ok", "note", "problem"]

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
CHROMIUM_ELSEWHERE = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
CHROMIUM_ADVICE = {"Darwin": "brew install --cask chromium"}.get(platform.system(), "sudo apt-get install chromium")


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report. Only a "problem" keeps labkit from working; `command` is what mends it."""

    name: str
    status: Status
    found: str
    remark: str = ""
    command: str = ""


def examine() -> Iterator[Finding]:
    """Yield every finding, in the order of the report. Takes about two seconds: it starts a kernel."""
    yield check_python()
    yield from check_dependencies()
    for check in (check_old_nest_asyncio, check_kernel, check_widgets, check_sandbox, check_chromium):
        yield from _guarded(check)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that cannot run because something else is missing says so; the doctor never falls ill."""
    try:
        yield from check()
    except Exception as error:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        yield Finding(name, "problem", "could not be checked", f"{type(error).__name__}: {error}")


def check_python() -> Finding:
    """The interpreter itself."""
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", "ok", platform.python_version(), sys.executable)
    return Finding("Python", "problem", platform.python_version(), "labkit needs 3.11 or later")


def check_dependencies() -> Iterator[Finding]:
    """labkit and each dependency that it asks for: is it installed, and is its version one that suits?"""
    try:
        asked = importlib.metadata.requires("labkit") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("labkit", "problem", "not installed", "run this in labkit's folder", pip_install("-e", "."))
        return
    yield Finding("labkit", "ok", importlib.metadata.version("labkit"), str(HOME))
    try:
        from packaging.requirements import Requirement
    except ImportError:
        yield Finding(
            "packaging", "problem", "not installed", "the other versions cannot be read", pip_install("packaging")
        )
        return
    for text in asked:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        bare = f"{requirement.name}{requirement.specifier}"
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(requirement.name, "problem", "not installed", "", pip_install(bare))
            continue
        if requirement.specifier.contains(version, prereleases=True):
            yield Finding(requirement.name, "ok", version, _generation(requirement.name, version))
        else:
            yield Finding(requirement.name, "problem", version, f"needs {requirement.specifier}", pip_install(bare))


def _generation(name: str, version: str) -> str:
    """How widget clicks travel in this generation of ipykernel. labkit serves them all."""
    if name != "ipykernel":
        return ""
    generation = _release(version)
    if generation < (7,):
        return "a click is served between cells"
    return "clicks may come on another thread" if generation < (7, 4) else "a click is served at once"


def check_old_nest_asyncio() -> Iterator[Finding]:
    """The original nest_asyncio, applied under ipykernel 7, loses cells when all are run."""
    if importlib.util.find_spec("nest_asyncio") is None or _release(importlib.metadata.version("ipykernel")) < (7,):
        return
    yield Finding(
        "nest_asyncio",
        "note",
        importlib.metadata.version("nest_asyncio"),
        "a notebook that applies it loses cells under Run All; nest_asyncio2 does not",
        f"{_python()} -m pip uninstall nest-asyncio",
    )


def check_kernel() -> Iterator[Finding]:
    """The kernel that notebooks get: does it start, and does it find this labkit?"""
    from jupyter_client.manager import KernelManager

    mend = f"{_python()} -m ipykernel install --sys-prefix --name python3"
    manager = KernelManager(kernel_name="python3")
    try:  # in another folder, where labkit is found only if it is installed
        manager.start_kernel(cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except Exception as error:
        yield Finding("kernel python3", "problem", "does not start", str(error), mend)
        return
    try:
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=30)
        code = "import importlib.util as u, sys; s = u.find_spec('labkit')"
        asked = {"python": "sys.executable", "labkit": "s and s.submodule_search_locations[0]"}
        reply = client.execute(code, user_expressions=asked, reply=True, timeout=30)["content"]["user_expressions"]
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
    answer = {name: value["data"]["text/plain"].strip("'") for name, value in reply.items()}
    if answer["labkit"] == "None":
        remark = f"it runs {answer['python']}, where labkit is not installed"
        yield Finding("kernel python3", "problem", "runs without labkit", remark, mend)
    elif Path(answer["labkit"]).resolve() != HOME:
        yield Finding("kernel python3", "note", "runs", f"it imports another labkit, in {answer['labkit']}")
    else:
        yield Finding("kernel python3", "ok", "starts and finds labkit")


def check_widgets() -> Iterator[Finding]:
    """JupyterLab shows the live picture through two extensions that come as data files of Python packages."""
    from jupyter_core.paths import jupyter_path

    for extension, package in {
        "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
        "anywidget": "anywidget",
    }.items():
        name = f"Lab extension {extension.rpartition('/')[2]}"
        files = (Path(folder, extension, "package.json") for folder in jupyter_path("labextensions"))
        description = next((file for file in files if file.is_file()), None)
        if description is None:
            mend = pip_install("--force-reinstall", "--no-deps", package)
            yield Finding(name, "problem", "not found", "live pictures stay empty", mend)
        else:
            yield Finding(name, "ok", json.loads(description.read_text(encoding="utf-8"))["version"])


def check_sandbox() -> Iterator[Finding]:
    """What keeps a submission in its place while it is graded. Learners do not need it."""
    if importlib.util.find_spec("labkit.grade.sandbox") is None:
        return
    from labkit.grade.sandbox import probe

    sandbox = probe()
    status: Status = "note" if "only" in sandbox.name else "ok"
    yield Finding("sandbox (grading only)", status, sandbox.name, sandbox.detail)


def check_chromium() -> Iterator[Finding]:
    """The browser that labkit's own tests drive."""
    path = find_chromium()
    if path is None:
        yield Finding("Chromium (tests only)", "note", "not found", "browser tests are skipped", CHROMIUM_ADVICE)
    else:
        yield Finding("Chromium (tests only)", "ok", path)


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome, or None."""
    found = (shutil.which(name) for name in [*CHROMIUM_NAMES, *CHROMIUM_ELSEWHERE])
    return next((path for path in found if path), None)


def pip_install(*what: str) -> str:
    """The command that installs `what` for the Python that runs the doctor."""
    return shlex.join([sys.executable, "-m", "pip", "install", *what])


def _python() -> str:
    return shlex.quote(sys.executable)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def healthy(findings: list[Finding]) -> bool:
    """Whether labkit can be used: notes do not count."""
    return all(finding.status != "problem" for finding in findings)


def as_json(findings: list[Finding]) -> str:
    """The report for a program."""
    return json.dumps({"ok": healthy(findings), "findings": [asdict(finding) for finding in findings]}, indent=2)


def as_text(findings: list[Finding]) -> str:
    """The report in plain text, for when rich is missing."""
    rows = [f"{finding.status:8} {finding.name:32} {finding.found}  {finding.remark}".rstrip() for finding in findings]
    return "\n".join([*rows, *advice(findings)])


def advice(findings: list[Finding]) -> list[str]:
    """The closing lines: what to run, or that all is well."""
    commands = [finding for finding in findings if finding.command and finding.status != "ok"]
    lines = [f"{finding.name}: {finding.command}" for finding in commands]
    verdict = "labkit has what it needs." if healthy(findings) else "labkit cannot work as it is."
    return [verdict, *(["To mend:", *lines] if lines else [])]


def main(*, json_wanted: bool = False) -> int:
    """Print the report; returns the exit status, 1 if something must be mended."""
    findings = list(examine())
    if json_wanted:
        print(as_json(findings))
    elif importlib.util.find_spec("rich") is None:
        print(as_text(findings))
    else:
        _print_table(findings)
    return 0 if healthy(findings) else 1


def _print_table(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    marks = {"ok": "[green]✓ ok", "note": "[yellow]! note", "problem": "[bold red]✗ problem"}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("", "what", "found", "remark"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        table.add_row(marks[finding.status], finding.name, finding.found, finding.remark)
    console = Console(highlight=False)
    console.print(table)
    console.print()
    for line in advice(findings):
        console.print(line, markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main(json_wanted="--json" in sys.argv[1:]))
