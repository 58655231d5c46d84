"""Rows as they are stored in a result: plain data that canonical JSON takes, without losing a digit."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.rows import Cell, Rows

ROWS_SHOWN = 100
ROWS_DRAWN = 5_000
_ROUNDED = "rounded"
"""Marks a column of numbers that could not be computed exactly: averages, shares."""


def plain_rows(rows: Rows) -> dict[str, Any]:
    """Return rows as plain data. Numbers go as text, so that no digit is lost on the way."""
    return {
        "columns": [_plain_column(rows, place) for place in range(len(rows.columns))],
        "rows": [[_plain_cell(cell) for cell in row] for row in rows.rows],
        "rows_in_all": rows.rows_in_all or len(rows.rows),
    }


def rows_of(stored: Mapping[str, Any]) -> Rows:
    """Return what `plain_rows` wrote down."""
    columns = tuple(Column(name, ColumnKind(kind)) for name, kind, *_rounded in stored["columns"])
    is_rounded = [_ROUNDED in column for column in stored["columns"]]
    cells = [
        tuple(
            float(text) if rounded and text is not None else _cell(text, column.kind)
            for text, column, rounded in zip(row, columns, is_rounded, strict=True)
        )
        for row in stored["rows"]
    ]
    return Rows(columns, cells, stored["rows_in_all"])


def _plain_column(rows: Rows, place: int) -> list[str]:
    column = rows.columns[place]
    rounded = any(isinstance(row[place], float) for row in rows.rows)
    return [column.name, column.kind.value, *([_ROUNDED] if rounded else [])]


def _plain_cell(cell: Cell) -> str | None:
    match cell:
        case None:
            return None
        case bool():
            return "yes" if cell else "no"
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _cell(text: str | None, kind: ColumnKind) -> Cell:
    if text is None:
        return None
    match kind:
        case ColumnKind.WHOLE_NUMBER:
            return int(text)
        case ColumnKind.NUMBER:
            return Decimal(text)
        case ColumnKind.DATE:
            return date.fromisoformat(text)
        case ColumnKind.MOMENT:
            return datetime.fromisoformat(text)
        case ColumnKind.YES_NO:
            return text == "yes"
        case ColumnKind.TEXT:
            return text
