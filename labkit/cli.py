"""The `labkit` command. Each subcommand lives in the room it belongs to and is imported only when it is called."""

import importlib
import importlib.util
import sys
from typing import Any

import click

# name: (where the click command is, its line in `labkit --help`)
COMMANDS = {
    "audit": ("labkit.course.audit:command", "Try exercises with right and wrong answers before a class does."),
    "call": ("labkit.transport.command:call", "Ask a node that runs in another process, and print its answer."),
    "certificates": ("labkit.transport.command:certificates", "Make certificates for nodes that talk TLS."),
    "check": ("labkit.check.command:check", "Judge a history: linearizable, serializable, causal, ..."),
    "doctor": ("labkit.cli:doctor", "Check this computer: what is missing, and the command that gets it."),
    "explore": ("labkit.explore.command:explore", "Search for the run that breaks a program."),
    "grade": ("labkit.grade.command:grade", "Grade a folder of notebooks."),
    "maelstrom": ("labkit.maelstrom.command:maelstrom", "Test node programs in any language, or be one."),
    "node": ("labkit.transport.command:node", "Run one node as a process of its own, on a real network."),
    "release": ("labkit.course.release:command", "Make the exercises from their solutions."),
    "trace": ("labkit.view.command:trace", "Look at a recorded run, or convert it: a page, ShiViz."),
}


class LazyGroup(click.Group):
    """A group that prints its help without importing its commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return getattr(importlib.import_module(module), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="labkit")
def main() -> None:
    """labkit: a distributed-systems laboratory in Jupyter."""


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print the report as JSON.")
@click.option("--determinism", "file", metavar="FILE", help="Run a .py or .ipynb file thrice: is it always the same?")
@click.option("--seed", type=int, help="With --determinism: the seed of every cluster, whatever the file says.")
@click.option("--seconds", type=float, help="With --determinism: run every cluster on to this virtual time.")
def doctor(file: str | None, seed: int | None, seconds: float | None, **options: Any) -> None:
    """Check this computer: what is missing, and the command that gets it.

    Exits with 0 if labkit can be used, else with 1.

    With --determinism it examines a program instead: it runs the file in three processes, compares the traces of its
    clusters, and says where they first differ, and why. Exits with 0 if they are the same, 1 if they differ, and 3 if
    the file cannot be examined.
    """
    if file is not None:
        from labkit.determinism.compare import main as compare

        sys.exit(compare(file, seed, seconds))
    if seed is not None or seconds is not None:
        raise click.UsageError("--seed and --seconds go with --determinism FILE")
    from labkit.doctor import main as examine_and_print

    sys.exit(examine_and_print(**options))


if __name__ == "__main__":
    main()
