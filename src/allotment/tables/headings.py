"""Which row of a file holds the headings, and what the columns are called.

Invariant: every column gets a name, none twice. Rows above the headings (titles, blank lines) are no part of the table.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from allotment.engine.tables.naming import free_name
from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.receiving import MOST_COLUMNS

_MOST_NAME = 120
_LEAST_FILLED, _LEAST_WIDTH = 0.5, 0.75
"""Of the width of a usual row must be filled and reached by a row of headings; a title fills one or two cells."""
_LEAST_GROUPS = 2
"""Cells that span columns in a row that groups headings; a title is one, and one gap in a heading is no group."""
_DATA = re.compile(r"[-+]?[\d.,'\s]*\d[\d.,'\s]*[%€$£]?|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T][\d:.]+)?")
_YEAR = re.compile(r"(19|20)\d\d")


def column_names(head: Sequence[str], width: int) -> tuple[str, ...]:
    """Return a name for each column: its heading in one line, or its number; none twice."""
    names: list[str] = []
    for place in range(width):
        heading = " ".join(
            "".join(c if c.isprintable() else " " for c in (head[place] if place < len(head) else "")).split()
        )
        names.append(free_name(heading[:_MOST_NAME] or f"Column {place + 1}", names))
    return tuple(names)


def too_many_columns(name: str, width: int) -> None:
    """Refuse a table that is too wide."""
    if width > MOST_COLUMNS:
        raise TooLarge(
            f"“{name}” has {width:,} columns; {MOST_COLUMNS:,} is the most.",
            hint="Leave out the columns you do not need.",
        )


@dataclass(frozen=True)
class Heading:
    """Where the headings of a file are, and what they say."""

    names: tuple[str, ...] = ()
    """As written, column by column; of two rows, both: “Q1 Revenue”."""
    rows: int = 0
    """How many rows of the file come before the first row of data; 0 when there are no headings."""
    notes: tuple[str, ...] = ()


def heading_of(name: str, rows: Sequence[Sequence[str]], wanted: int | None) -> Heading:
    """Return the headings of a file from its first rows.

    `wanted` is the number of a row that a person chose, if any. Raises `Invalid` when there is no such row.
    """
    if wanted is None:
        place = heading_place(rows)
        if is_data(rows[place]):
            return Heading(notes=("The first row looks like data, so the columns go by number.",))
    elif not wanted:
        return Heading()
    else:
        place = wanted - 1
        if not 0 <= place < len(rows):
            raise Invalid(
                f"“{name}” has no row {wanted} among its first {len(rows)}.",
                hint="Choose the row in which the headings are.",
            )
    first, last = _group_rows(rows, place)
    above = sum(1 for row in rows[:first] if row)
    lines = "line" if above == 1 else "lines"
    notes = [f"{above} {lines} above the headings left out."] if above else []
    if first == last:
        return Heading(tuple(rows[place]), place + 1, tuple(notes))
    notes.append("The headings take two rows; each column is called by both.")
    return Heading(_in_one(rows[first], rows[last]), last + 1, tuple(notes))


def _group_rows(rows: Sequence[Sequence[str]], place: int) -> tuple[int, int]:
    """Return the first and the last row of the headings: two where cells of the first span columns of the second."""
    for first, last in ((place - 1, place), (place, place + 1)):
        if first >= 0 and last + 1 < len(rows) and _spans(rows[first], rows[last], rows[last + 1 :]):
            return first, last
    return place, place


def _spans(top: Sequence[str], below: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether `top` groups the headings `below`: each column is named by one of them, and only data looks like data."""
    width = max(_width(top), _width(below))
    named = [(bool(_cell(top, at)), bool(_cell(below, at))) for at in range(width)]
    if not all(upper or lower for upper, lower in named):
        return False
    # A cell of the upper row that spans has a heading below it, and another one beside that has nothing above.
    groups = [at for at in range(width - 1) if all(named[at]) and named[at + 1] == (False, True)]
    return len(groups) >= _LEAST_GROUPS and not _has_data(below) and any(_has_data(row) for row in data)


def _in_one(top: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    names, group = [], ""
    for at in range(max(len(top), len(below))):
        upper, lower = _cell(top, at), _cell(below, at)
        if upper:
            group = upper if lower else ""  # one that has nothing below it spans rows, not columns
        names.append(f"{upper or group} {lower}".strip())
    return tuple(names)


def spread(names: Sequence[str], merged: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return headings with those that span columns (from, to) repeated in each of them."""
    cells = list(names)
    for first, last in merged:
        for at in range(first + 1, min(last + 1, len(cells))):
            cells[at] = cells[at] or cells[first]
    return tuple(cells)


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _has_data(row: Sequence[str]) -> bool:
    return any(
        _DATA.fullmatch(cell.strip()) and not _YEAR.fullmatch(cell.strip()) for cell in row if cell.strip()
    )


def heading_place(rows: Sequence[Sequence[str]]) -> int:
    """Return which of the first rows of a file holds the headings: the first as wide as the rows that follow."""
    widths = [_width(row) for row in rows]
    filled = [width for width in widths if width]
    if not filled:
        return 0
    wide = [width for width in filled if width > 1] or filled
    usual = max(set(wide), key=lambda width: (wide.count(width), width))
    if usual == 1:
        return next(place for place, width in enumerate(widths) if width)
    place = next(
        place
        for place, row in enumerate(rows)
        if _filled(row) >= max(2, usual * _LEAST_FILLED) and widths[place] >= usual * _LEAST_WIDTH
    )
    return _above(rows, place) if is_data(rows[place]) else place


def is_data(row: Sequence[str]) -> bool:
    """Whether a row can hold no headings: nothing but numbers and dates, and not only years."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(map(_DATA.fullmatch, cells)) and not all(map(_YEAR.fullmatch, cells))


def _above(rows: Sequence[Sequence[str]], place: int) -> int:
    """Return the row right above the first data when it names several columns, though fewer than there are."""
    before = next((above for above in range(place - 1, -1, -1) if _filled(rows[above])), place)
    return before if _filled(rows[before]) > 1 else place


def _width(row: Sequence[str]) -> int:
    return max((place for place, cell in enumerate(row, 1) if cell.strip()), default=0)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())
