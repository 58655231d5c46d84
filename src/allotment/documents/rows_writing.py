"""Rows into a spreadsheet file, one after the other, so that many need no more memory than a few.

Invariant: every text is neutralised (`neutral`); numbers, dates and yes/no are written as such.
Refuses nothing: what a cell cannot hold (control characters, more text than a cell takes) is left out or cut.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from allotment.documents.neutral import neutral
from allotment.engine.tables.rows import Cell

RowsFormat = Literal["xlsx", "csv"]
MEDIA_TYPES: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
MOST_CELL_CHARACTERS = 32_767
"""Of an Excel cell."""
_MOST_TITLE = 31
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_WIDTH = 18


def write_rows(kind: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str = "") -> bytes:
    """Return a file of `kind` (a `RowsFormat`) with these rows."""
    target = io.BytesIO()
    write_rows_to(target, kind, head, rows, title=title)
    return target.getvalue()


def write_rows_to(
    target: BinaryIO, kind: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str = ""
) -> None:
    """Write a file of `kind` to an open binary file. CSV is UTF-8 with a mark, which Excel needs to see that."""
    if kind == "csv":
        _write_csv(target, head, rows)
    else:
        _write_xlsx(target, head, rows, title)


def sheet_title(title: str) -> str:
    """Return a title that a spreadsheet program takes for a sheet."""
    printable = "".join(c for c in title.translate(_NOT_IN_TITLES) if c.isprintable())
    return printable.strip()[:_MOST_TITLE] or "Rows"


def _write_csv(target: BinaryIO, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([neutral(name) for name in head])
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return neutral(cell)
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case date():
            return cell.isoformat()
        case _:
            return format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def _write_xlsx(target: BinaryIO, head: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(title))
    sheet.freeze_panes = "A2"
    for place in range(1, len(head) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    sheet.append([_heading(sheet, name) for name in head])
    for row in rows:
        sheet.append([xlsx_cell(cell) for cell in row])
    book.save(target)


def _heading(sheet: WriteOnlyWorksheet, name: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=xlsx_cell(name))
    cell.font = Font(bold=True)
    return cell


def xlsx_cell(cell: Cell) -> Cell:
    """Return a cell as a workbook takes it: a text neutralised and cut, yes or no as words."""
    if isinstance(cell, str):
        return neutral(ILLEGAL_CHARACTERS_RE.sub("", cell))[:MOST_CELL_CHARACTERS]
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell
