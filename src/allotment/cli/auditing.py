"""Which module serves `allotment journal …`: a witness has no installation, so its command starts nothing."""

import importlib
from typing import Any

import click

from allotment.site.starting import start_django

_WITNESS = "witness"


class _Journal(click.Group):
    """The commands of `allotment.cli.journal`, and that of `allotment.cli.witness`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands, by name."""
        return sorted([*_features().list_commands(ctx), _WITNESS])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name == _WITNESS:
            found: Any = importlib.import_module("allotment.cli.witness").witness
            return found  # type: ignore[no-any-return]
        return _features().get_command(ctx, name)


def _features() -> click.Group:
    start_django()
    found: Any = importlib.import_module("allotment.cli.journal").journal
    return found  # type: ignore[no-any-return]


@click.group(cls=_Journal)
def journal() -> None:
    """Verify and prove what was recorded."""
