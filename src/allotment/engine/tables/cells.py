"""Cells as people write them: in a table on a page, in a record, in a question to a model."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from allotment.engine.tables.columns import NUMBERS, Column, ColumnKind
from allotment.engine.tables.rows import Cell, Rows

_MOST_PLACES = 6
_PLACES_OF_FRACTIONS = 2
_YEARS = range(1900, 2101)
_NAMES = frozenset({"year", "id", "number", "no", "no.", "nr", "nr.", "code", "zip", "postcode", "order"})
"""Whole numbers in columns called so are names of things: nothing groups their digits."""
_PERIODS = {"month of ": "%Y-%m", "year of ": "%Y"}


def cell_text(cell: Cell, column: Column) -> str:
    """Return a cell as one would type it: plain digits, ISO dates; nothing for an empty one."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float():
            return _plain(_decimal(cell))
        case Decimal():
            return _plain(cell)
        case datetime():
            return cell.isoformat(sep=" ", timespec="minutes")
        case date():
            return _date(cell, column)
        case _:
            return str(cell)


def column_texts(rows: Rows, place: int) -> tuple[str, ...]:
    """Return one column for reading: numbers in groups of three, and as exact as the most exact of them."""
    column, cells = rows.columns[place], [row[place] for row in rows.rows]
    if column.kind not in NUMBERS or _is_of_names(column, cells):
        return tuple(cell_text(cell, column) for cell in cells)
    places = _places(cells)
    return tuple("" if number is None else f"{number:,.{places}f}" for number in map(_rounded, cells))


def is_number(column: Column) -> bool:
    """Whether the column is read from its right end."""
    return column.kind in NUMBERS


def _rounded(cell: Cell) -> Decimal | None:
    if isinstance(cell, Decimal | int) and not isinstance(cell, bool):
        return Decimal(cell)
    return _decimal(cell) if isinstance(cell, float) else None


def _decimal(number: float) -> Decimal | None:
    """Return a computed fraction to two places, or to two digits when it is smaller than that."""
    if not isfinite(number):
        return None
    exact = Decimal(repr(number))
    if exact and abs(exact) < Decimal(1) / 10**_PLACES_OF_FRACTIONS:
        return Decimal(f"{number:.{_PLACES_OF_FRACTIONS}g}")
    return exact.quantize(Decimal(1) / 10**_PLACES_OF_FRACTIONS, rounding=ROUND_HALF_UP)


def _places(cells: Sequence[Cell]) -> int:
    """Return how many decimal places the column needs; two where it needs one, as for money."""
    needed = 0
    for number in map(_rounded, cells):
        if number is not None:
            exponent = number.normalize().as_tuple().exponent
            needed = max(needed, -exponent if isinstance(exponent, int) else 0)
    return _PLACES_OF_FRACTIONS if needed == 1 else min(needed, _MOST_PLACES)


def _is_of_names(column: Column, cells: Sequence[Cell]) -> bool:
    if column.kind is not ColumnKind.WHOLE_NUMBER:
        return False
    words = column.name.casefold().split()
    return (bool(_NAMES & set(words)) and not words[0].endswith("of")) or all(
        cell in _YEARS for cell in cells if cell is not None
    )


def _plain(number: Decimal | None) -> str:
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date(cell: date, column: Column) -> str:
    name = column.name.casefold()
    pattern = next((pattern for start, pattern in _PERIODS.items() if name.startswith(start)), None)
    return cell.strftime(pattern) if pattern else cell.isoformat()
