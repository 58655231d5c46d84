"""Writes what became of many rows by one statement.

SQL by hand: while a model is asked from a busy event loop, each statement of another thread waits for the interpreter;
two for each row took a third of a batch's time (`benchmarks.batches`). Tables and columns come from the models; values
are parameters only.
Invariant: only a row that still waits, at the try it was read at, is written. Call inside a transaction.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models

from allotment.runs.batches.models import BatchRow, RowState

MOST_ROWS = 64
"""In one statement; SQLite keeps 128 of them prepared."""


@dataclass(frozen=True)
class RowChange:
    """What to write into one row. None leaves what is there; what was used is added to it."""

    id: UUID
    tries: int
    """At which the row was read."""
    state: str = RowState.WAITING.value
    told: bytes = b""
    progress: bytes | None = None
    result: bytes | None = None
    entry: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_nanodollars: int = 0


_NAMES = tuple(field.name for field in fields(RowChange))
_KEYS = ("id", "tries")
_LEFT_ALONE = ("progress", "result", "entry")
_ADDED = ("tokens_in", "tokens_out", "cost_nanodollars")


def write_rows(changes: Sequence[RowChange]) -> frozenset[UUID]:
    """Write rows, and return which were written: those that nobody else had ended meanwhile."""
    connection = connections[DEFAULT_DB_ALIAS]
    columns = [_column(name) for name in _NAMES]
    written: set[UUID] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(changes), MOST_ROWS):
            some = [astuple(change) for change in changes[start : start + MOST_ROWS]]
            values = [
                [
                    column.get_db_prep_save(value, connection)
                    for column, value in zip(columns, row, strict=True)
                ]
                for row in some
            ]
            cursor.execute(_update(len(some)), [*chain.from_iterable(values), RowState.WAITING.value])
            written.update(UUID(str(found)) for (found,) in cursor.fetchall())
    return frozenset(written)


@cache
def _update(count: int) -> str:
    """Return the statement for so many rows."""
    connection = connections[DEFAULT_DB_ALIAS]
    quote, table = connection.ops.quote_name, connection.ops.quote_name(BatchRow._meta.db_table)  # noqa: SLF001 - Django's documented API
    row = ", ".join(_placeholder(name) for name in _NAMES)
    given = f"given({', '.join(map(quote, _NAMES))})"
    rows = ", ".join(f"({row})" for _ in range(count))
    sets = ", ".join(_set(name, quote(name), table) for name in _NAMES if name not in _KEYS)
    mine = " AND ".join(f"{table}.{quote(name)} = given.{quote(name)}" for name in _KEYS)
    waits = f"{table}.{quote('state')} = %s"
    return (
        f"WITH {given} AS (VALUES {rows}) UPDATE {table} SET {sets} FROM given "  # noqa: S608 - our own names
        f"WHERE {mine} AND {waits} RETURNING {table}.{quote('id')}"
    )


def _set(name: str, column: str, table: str) -> str:
    if name in _LEFT_ALONE:
        return f"{column} = COALESCE(given.{column}, {table}.{column})"
    return f"{column} = {table}.{column} + given.{column}" if name in _ADDED else f"{column} = given.{column}"


def _placeholder(name: str) -> str:
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        return "%s"
    return f"%s::{_column(name).cast_db_type(connection)}"


@cache
def _column(name: str) -> "models.Field[Any, Any]":
    return next(one for one in BatchRow._meta.local_fields if one.name == name)  # noqa: SLF001 - documented API
