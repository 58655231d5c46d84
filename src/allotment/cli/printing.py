"""Printing results: for people as aligned columns, for programs as JSON."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

import click
import msgspec

F = TypeVar("F", bound=Callable[..., Any])


def json_option(function: F) -> F:
    """Add `--json` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(function)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def as_json(value: Any) -> None:
    """Print any value of ours as indented JSON."""
    encoded = msgspec.json.format(msgspec.json.encode(_plain(value), enc_hook=str), indent=2)
    click.echo(encoded.decode())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print rows in aligned columns, or the sentence `empty`."""
    if not rows:
        click.echo(empty)
        return
    widths = [max(len(cell) for cell in column) for column in zip(headings, *rows, strict=True)]
    click.secho("  ".join(h.ljust(w) for h, w in zip(headings, widths, strict=True)).rstrip(), bold=True)
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
