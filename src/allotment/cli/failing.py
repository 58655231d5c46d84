"""How the command line says that something did not work."""

import sys

import click

from allotment.kernel.errors import AllotmentError

_USAGE_STATUSES = frozenset({404, 409, 413, 422})


def explain(error: AllotmentError) -> int:
    """Print message and hint to standard error; return 2 for a mistake in what was given, else 1."""
    click.secho(error.message, fg="red", err=True)
    for problem in getattr(error, "problems", ()) or ():
        click.echo(f"  {problem}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)
    sys.stderr.flush()
    return 2 if error.status in _USAGE_STATUSES else 1
