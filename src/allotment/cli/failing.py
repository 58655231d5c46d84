"""How the command line says that something did not work."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from allotment.kernel.errors import AllotmentError

_USAGE_STATUSES = frozenset({404, 409, 413, 422})


def explain(error: AllotmentError) -> int:
    """Print message and hint to standard error; return 2 for a mistake in what was given, else 1."""
    click.secho(error.message, fg="red", err=True)
    for sentence in _sentences(getattr(error, "problems", ())):
        click.echo(f"  {sentence}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)
    sys.stderr.flush()
    return 2 if error.status in _USAGE_STATUSES else 1


def _sentences(problems: Any) -> list[str]:
    """Return a sentence for each problem an error lists; problems of a form come by field."""
    if isinstance(problems, Mapping):
        return [f"{field}: {sentence}" for field, sentence in problems.items()]
    return [str(problem) for problem in problems]
