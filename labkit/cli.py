"""The `labkit` command. Each subcommand lives in the room it belongs to and is imported only when it is called."""

import importlib
import importlib.util
import sys
from typing import Any

import click

# name: (where the click command is, its line in `labkit --help`)
COMMANDS = {
    "call": ("labkit.transport.command:call", "Ask a node that runs in another process, and print its answer."),
    "certificates": ("labkit.transport.command:certificates", "Make certificates for nodes that talk TLS."),
    "check": ("labkit.check.command:check", "Judge a history: linearizable, serializable, causal, ..."),
    "doctor": ("labkit.cli:doctor", "Check this computer: what is missing, and the command that gets it."),
    "explore": ("labkit.explore.command:explore", "Search for the run that breaks a program."),
    "grade": ("labkit.grade.command:grade", "Grade a folder of notebooks."),
    "maelstrom": ("labkit.maelstrom.command:maelstrom", "Test node programs in any language, or be one."),
    "node": ("labkit.transport.command:node", "Run one node as a process of its own, on a real network."),
    "release": ("labkit.course.release:command", "Make the exercises from their solutions."),
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
def doctor(**options: Any) -> None:
    """Check this computer: what is missing, and the command that gets it.

    Exits with 0 if labkit can be used, else with 1.
    """
    from labkit.doctor import main as examine_and_print

    sys.exit(examine_and_print(**options))


if __name__ == "__main__":
    main()
