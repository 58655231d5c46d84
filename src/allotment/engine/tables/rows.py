"""Rows of a table in memory: few enough to show, draw or write to a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from allotment.engine.tables.columns import Column

Cell = str | int | float | Decimal | bool | date | datetime | None
"""None is an empty cell; whole numbers are int, numbers Decimal or float, moments datetime without a zone."""


@dataclass(frozen=True)
class Rows:
    """A table in memory: each row has a cell for each column."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    rows_in_all: int = 0
    """How many the table has when only its first ones are here; 0 when all are."""
