"""`labkit check`: judge a history in a file."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from labkit.check.consistency import IMPLIES, consistency, consistent
from labkit.check.history import History
from labkit.check.models import MODELS
from labkit.check.verdict import HOLDS, UNKNOWN, VIOLATED
from labkit.errors import LabkitError

WORKLOADS = ("list-append", "rw-register")  # of transactions
LEVELS = ("read-uncommitted", "read-committed", "snapshot-isolation", "serializable", "strong-session-serializable",
          "strict-serializable")  # fmt: skip
STATUS = {HOLDS: 0, VIOLATED: 1, UNKNOWN: 2}
BAD_INPUT = 3


class Judge(click.Command):
    """A command whose wrong options are bad input too."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            error.exit_code = BAD_INPUT  # type: ignore[misc]
            raise


@click.command(cls=Judge)
@click.argument("file", type=click.Path())
@click.option("--model", required=True, type=click.Choice([*MODELS, *WORKLOADS]), help="What the history is about.")
@click.option(
    "--consistency", "level", type=click.Choice([*IMPLIES, *LEVELS, "all"]),
    help="What it has to keep to: linearizable (for transactions: serializable) if not given; all: a table.",
)  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="S",
              help="Seconds, after which the verdict is unknown.")  # fmt: skip
@click.option("--initial", metavar="JSON", help="What an object holds at first: 0, or [1, 2] for a set or a queue.")
@click.option("--linearizable-keys", is_flag=True, help="rw-register: take each key to be linearizable by itself.")
@click.option("--independent/--plain", default=None, help="Whether values are pairs [key, value]; else found out.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict with its evidence as JSON.")
def check(file: str, model: str, level: str | None, as_json: bool, **options: Any) -> None:
    """Judge the history in FILE: one event a line, in JSON, as Jepsen writes them.

    Exits with 0 if the history keeps to the consistency model, with 1 if not, with 2 if that is unknown, and with 3 if
    the file is no such history.
    """
    try:
        verdict = judge(file, model, level, **options)
    except LabkitError as error:
        click.echo(f"labkit check: {error}", err=True)
        sys.exit(BAD_INPUT)
    if as_json:
        click.echo(json.dumps(verdict.document(), indent=1))
    else:
        click.echo(verdict.text())
    sys.exit(STATUS[verdict.outcome])


def judge(
    file: str,
    model: str,
    level: str | None,
    time_limit: float,
    initial: str | None,
    linearizable_keys: bool,
    independent: bool | None,
) -> Any:
    """The verdict on a file. Raises LabkitError for what cannot be judged."""
    history = History.open(file, independent=independent)
    if not len(history):
        raise LabkitError(f"{file} has no operations, so there is nothing to judge")
    if model in WORKLOADS:
        if level in IMPLIES or level == "all":
            raise LabkitError(f"--model {model} is about transactions: take --consistency {', '.join(LEVELS)}")
        if initial is not None:
            raise LabkitError(f"--initial is not for --model {model}: each key begins as null")
        from labkit.check.transactions import serializable

        return serializable(
            history,
            model,
            consistency=level or "serializable",
            linearizable_keys=linearizable_keys,
            time_limit=time_limit,
        )
    if level in LEVELS:
        raise LabkitError(f"--consistency {level} is about transactions: take --model list-append or rw-register")
    chosen: Any = model if initial is None else _beginning(model, initial)
    if level == "all":
        return consistency(history, chosen, time_limit=time_limit)
    return consistent(history, chosen, level or "linearizable", time_limit=time_limit)


def _beginning(model: str, initial: str) -> Any:
    """The model with an initial value. Raises LabkitError if it can have none, or not this one."""
    from labkit.check.operation import freeze

    if model in ("lock", "mutex"):
        raise LabkitError(f"--initial is not for --model {model}: it begins free")
    try:
        value = freeze(json.loads(initial))
    except ValueError:
        raise LabkitError(f"--initial {initial}: this is not JSON; a string needs its quotes") from None
    if model in ("set", "queue") and not isinstance(value, tuple):
        raise LabkitError(f"--initial {initial}: a {model} begins with a list, such as [1, 2]")
    return MODELS[model](value)
