"""`labkit doctor --determinism FILE`: run a program in three processes, compare the traces, and name the likely cause.

The first two processes have the same hash seed, the third another one. So what differs between the first two is no
matter of hashes; and what only the third does otherwise is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labkit.determinism.difference import Difference, Row, first_difference

SAME, DIFFERS, BAD_INPUT = 0, 1, 3
RUNS = (("0", 0), ("0", 3000), ("4242", 1500))  # hash seed, and how many objects to scatter about the heap
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
ADVICE = {
    "time.": "use self.now, which is the node's own clock in virtual time",
    "date": "use self.now, which is the node's own clock in virtual time",
    "random.": "use self.random, which is drawn from the run's seed",
    "os.urandom": "use self.random (uuid4 and secrets draw from the computer): self.random.getrandbits(128)",
    "the computer": "use self.random, which is drawn from the run's seed",
    "id()": "addresses differ from process to process: count, or use the node's id",
    "hash()": "the hash of a string differs from process to process: use zlib.crc32 or hashlib",
    "os.": "what the computer says differs: give it to the program as a constant",
}
SORT = "take it in order: sorted(...)"


def main(file: str, seed: int | None = None, seconds: float | None = None) -> int:
    """Examine a program and print what was found. Returns the exit status: 0 the same, 1 it differs, 3 bad input."""
    path = Path(file)
    trouble = _unusable(path, seconds)
    if trouble:
        print(trouble, file=sys.stderr)
        return BAD_INPUT
    with tempfile.TemporaryDirectory(prefix="labkit-") as temporary:
        folders = [Path(temporary, str(number)) for number in range(len(RUNS))]
        processes = [
            _start(path.resolve(), seed, seconds, *run, folder) for run, folder in zip(RUNS, folders, strict=True)
        ]
        for process in processes:
            process.wait()
        reports = [_report(folder) for folder in folders]
        for report, process in zip(reports, processes, strict=True):
            if report is None or report["why"]:
                why = report["why"] if report else f"the process that ran it ended with status {process.returncode}"
                print(f"{file} could not be examined:\n{why}", file=sys.stderr)
                return BAD_INPUT
        if not any(report["clusters"] for report in reports if report):
            print(f"{file} makes no Cluster: there is nothing to compare", file=sys.stderr)
            return BAD_INPUT
        return _judge(file, [report for report in reports if report], folders)


def _unusable(path: Path, seconds: float | None) -> str | None:
    if path.suffix not in (".py", ".ipynb"):
        return f"{path} is neither a Python file (.py) nor a notebook (.ipynb)"
    if not path.is_file():
        return f"there is no file {path}"
    if seconds is not None and not seconds >= 0:
        return f"--seconds {seconds}: give a number of virtual seconds, zero or more"
    if path.suffix == ".ipynb":
        try:
            json.loads(path.read_text(encoding="utf-8"))["cells"]
        except (ValueError, KeyError, TypeError):
            return f"{path} is not a notebook: it holds no list of cells in JSON"
    return None


def _start(
    path: Path, seed: int | None, seconds: float | None, hash_seed: str, clutter: int, folder: Path
) -> subprocess.Popen[bytes]:
    folder.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "MPLBACKEND": "agg"}
    process = subprocess.Popen(
        [sys.executable, "-m", "labkit.determinism.examined"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=path.parent,
    )
    asked = {"file": str(path), "folder": str(folder), "seed": seed, "seconds": seconds, "clutter": clutter}
    assert process.stdin is not None
    process.stdin.write(json.dumps(asked).encode())
    process.stdin.close()
    return process


def _report(folder: Path) -> dict[str, Any] | None:
    try:
        return json.loads((folder / "clusters.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return None


def _judge(file: str, reports: list[dict[str, Any]], folders: list[Path]) -> int:
    first, again, elsewhere = reports
    for other, folder, hashes in ((again, folders[1], False), (elsewhere, folders[2], True)):
        for number, (one, two) in enumerate(zip(first["clusters"], other["clusters"], strict=False)):
            if one != two:
                difference = first_difference(_rows(folders[0], number), _rows(folder, number))
                name = f"cluster {number + 1} ({one['title']}, seed {one['seed']})"
                if one["seed"] != two["seed"]:
                    name += f" has seed {two['seed']} in another run, and"
                print(f"{file} differs from run to run: {name} first differs at {difference or 'its end'}\n")
                print("\n".join(_causes(file, difference, first, hashes)))
                return DIFFERS
        if len(first["clusters"]) != len(other["clusters"]):
            print(f"{file} differs: it makes {len(first['clusters'])} clusters, or {len(other['clusters'])}")
            print("\n".join(_causes(file, None, first, hashes)))
            return DIFFERS
    total = sum(cluster["events"] for cluster in first["clusters"])
    many = len(first["clusters"])
    print(f"{file}: the same in {len(RUNS)} processes ({many} cluster{'s' * (many > 1)}, {total:,} events)")
    return SAME


def _rows(folder: Path, number: int) -> Iterator[Row]:
    path = folder / f"{number}.jsonl"
    if path.exists():
        with open(path, encoding="utf-8") as lines:
            next(lines)
            yield from map(json.loads, lines)


def _causes(file: str, difference: Difference | None, report: dict[str, Any], hashes: bool) -> list[str]:
    """What the difference comes from, the likeliest first."""
    causes = []
    if difference and _ADDRESS.search(json.dumps([difference.first, difference.second])):
        causes.append("the text of an object with its address (<... at 0x...>): give its class a __repr__")
    hashing = [suspect for suspect in report["suspects"] if suspect["what"] == "hash()"]
    watched = hashing if hashes else [suspect for suspect in report["suspects"] if suspect["what"] != "hash()"]
    causes += [_suspicion(file, suspect) for suspect in sorted(watched, key=lambda one: _distance(one, difference))]
    if hashes:
        loops = [f"{_place(file, loop)}: {loop['what']}: `{loop['source']}`; {SORT}" for loop in report["loops"]]
        causes = causes + loops if not hashing else loops + causes
        head = "It differs only with the hash seed, so it depends on the order of a set, or on hash(). Likely:"
    else:
        head = "It differs with the same hash seed too, so it depends on something outside of the run. Likely:"
    unknown = "nothing that labkit watches: a file, the network, or a module that keeps state from run to run?"
    return [head, *(f"  {cause}" for cause in (causes or [unknown])[:5])]


def _distance(suspect: dict[str, Any], difference: Difference | None) -> tuple[bool, bool, float]:
    """How far from the difference: other nodes, and what was first called later, come last."""
    if difference is None or suspect["time"] is None:
        return False, difference is not None, 0.0
    late = suspect["time"] > difference.time
    return late, suspect["node"] not in difference.nodes, abs(difference.time - suspect["time"])


def _suspicion(file: str, suspect: dict[str, Any]) -> str:
    where = f" on {suspect['node']}" if suspect["node"] else ""
    advice = next((words for start, words in ADVICE.items() if suspect["what"].startswith(start)), "")
    times = f"{suspect['count']} time{'s' * (suspect['count'] > 1)}{where}"
    return f"{_place(file, suspect)}, in {suspect['function']}: {suspect['what']}, {times}; {advice}"


def _place(file: str, found: dict[str, Any]) -> str:
    name = found["file"]
    return f"{file}{name[len(str(Path(file).resolve())) :]}:{found['line']}"
