"""`allotment`: the root command. Commands are imported when they are used, so that help is instant."""

import importlib
import sys
from dataclasses import dataclass
from typing import Any

import click

from allotment import __version__
from allotment.cli.failing import explain
from allotment.kernel.errors import AllotmentError
from allotment.site.starting import start_django


@dataclass(frozen=True)
class _Command:
    module: str
    name: str
    help: str
    needs_features: bool = True
    """Whether its module imports features, which need Django started before."""


_COMMANDS = {
    "up": _Command("allotment.cli.up", "up", "Start the server."),
    "run": _Command("allotment.cli.run", "run", "Run an app here, without the server."),
    "apps": _Command("allotment.cli.apps", "apps", "List, pull, push and validate apps."),
    "templates": _Command(
        "allotment.cli.templates", "templates", "List, import and export prompt templates."
    ),
    "people": _Command("allotment.cli.people", "people", "List, invite and erase people."),
    "models": _Command("allotment.cli.models", "models", "List models, fetch the practice model."),
    "journal": _Command("allotment.cli.journal", "journal", "Verify and prove what was recorded."),
    "keys": _Command("allotment.cli.keys", "keys", "Show and rotate the keys of what is stored."),
    "doctor": _Command("allotment.cli.doctor", "doctor", "Check this installation and say what to mend."),
    "schema": _Command(
        "allotment.cli.schema", "schema", "Print the JSON Schema of an app.", needs_features=False
    ),
    "demo": _Command("allotment.cli.demo", "demo", "Fill an installation with a believable organisation."),
    "completion": _Command(
        "allotment.cli.completion",
        "completion",
        "Print the completion script of a shell.",
        needs_features=False,
    ),
}


_ALONE = {
    ("journal", "witness"): _Command(
        "allotment.cli.witness", "witness", "Remember another's journal.", needs_features=False
    ),
}
"""Commands of a group that run on machines without an installation, past their group, which would make one."""


class LazyGroup(click.Group):
    """A group whose commands are imported on use; the list of commands needs no import at all."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the commands in the order people need them."""
        return list(_COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        command = _COMMANDS.get(name)
        return None if command is None else self._imported(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name, and the arguments that are left to it."""
        alone = _ALONE.get((args[0], args[1])) if len(args) > 1 else None
        if alone is None:
            return super().resolve_command(ctx, args)
        return " ".join(args[:2]), self._imported(alone), args[2:]

    def _imported(self, command: _Command) -> click.Command:
        if command.needs_features:
            start_django()
        found: Any = getattr(importlib.import_module(command.module), command.name)
        if not isinstance(found, click.Command):
            raise TypeError(f"{command.module}.{command.name} is not a command")
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="allotment")
def root() -> None:
    """Small governed LLM apps, made by people who do not write code.

    ALLOTMENT_HOME names the folder of an installation (default: .allotment here).
    """


def main() -> None:
    """Run the command line; errors with words are printed as words."""
    try:
        root(prog_name="allotment")
    except AllotmentError as error:
        sys.exit(explain(error))
