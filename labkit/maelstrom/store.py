"""What a test leaves behind, in `store/<workload>/<time>/`.

| file | what |
|---|---|
| results.json | the verdicts and the figures |
| history.jsonl | every operation's invocation and completion, as JSON lines in Jepsen's shape |
| messages.jsonl | every message: when it was sent (with its body), received or dropped |
| node-logs/n1.log | what the node wrote to stderr |

`store/current` is the folder of the test that runs or ran last, `store/latest` that of the last one that was judged.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError
from labkit.maelstrom.options import Options

if TYPE_CHECKING:
    from labkit.maelstrom.runner import Result

Journal = Callable[[dict[str, Any]], None]  # takes what happened to a message


class Files:
    """The folder of one test, with its open files. Raises LabkitError if it cannot be made."""

    def __init__(self, options: Options):
        self.folder = _new_folder(options.store / options.workload)
        self._history = (self.folder / "history.jsonl").open("w", encoding="utf-8")
        self._messages = (self.folder / "messages.jsonl").open("w", encoding="utf-8")
        _point(options.store / "current", self.folder)

    def history(self, event: dict[str, Any]) -> None:
        self._history.write(json.dumps(event) + "\n")

    def message(self, event: dict[str, Any]) -> None:
        self._messages.write(json.dumps(event) + "\n")

    def close(self) -> None:
        self._history.close()
        self._messages.close()


def shown(journal: Journal, options: Options, echo: Callable[[str], None] | None) -> Journal:
    """A journal of messages that also tells `echo` of those that the options want logged."""
    if echo is None or not (options.log_net_send or options.log_net_recv):
        return journal
    on_their_way: dict[int, str] = {}

    def keep_and_show(event: dict[str, Any]) -> None:
        journal(event)
        if event["event"] == "send":
            told = f"{event['src']} -> {event['dest']}  {json.dumps(event['body'])}"
            on_their_way[event["id"]] = told
        else:
            told = on_their_way.pop(event["id"])
        wanted = {"send": options.log_net_send, "receive": options.log_net_recv}
        if wanted.get(event["event"]):
            echo(f"{event['time']:.3f} s  {event['event']:<7}  {told}")

    return keep_and_show


def write_results(result: Result) -> None:
    """Write the results file, and point `latest` to its folder."""
    options = result.options
    data = {
        "valid": {True: True, False: False, None: "unknown"}[result.valid],
        "workload": options.workload,
        "options": {**asdict(options), "store": str(options.store)},
        "verdicts": {name: asdict(verdict) for name, verdict in result.verdicts.items()},
        "figures": result.figures,
        "troubles": [asdict(trouble) for trouble in result.troubles],
    }
    (result.folder / "results.json").write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    _point(options.store / "latest", result.folder)


def _new_folder(parent: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S")
    for attempt in range(1000):
        folder = parent / (stamp if not attempt else f"{stamp}-{attempt}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not parent.is_dir():
                break
        except OSError as error:
            raise LabkitError(
                f"the results cannot be kept in {folder}: {error.strerror}; choose another --store"
            ) from None
    raise LabkitError(f"the results cannot be kept in {parent}; choose another --store")


def _point(link: Path, folder: Path) -> None:
    """Make a symbolic link, where the file system has them."""
    with contextlib.suppress(OSError):
        link.unlink(missing_ok=True)
        link.symlink_to(folder.relative_to(link.parent), target_is_directory=True)
