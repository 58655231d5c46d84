"""A report as a workbook: what is told on the first sheet, each table on its own."""

import io
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from allotment.documents.report import Bullets, Fields, Label, Part, Picture, Prose, Report
from allotment.documents.rows_writing import sheet_title, xlsx_cell
from allotment.engine.tables.rows import Rows

_MOST_WIDTH, _LEAST_WIDTH = 60, 9
_ROWS_MEASURED = 50
_NUMBERS = "#,##0.######"


def write_workbook(report: Report) -> bytes:
    """Return the report as .xlsx: numbers as numbers, dates as dates, texts neutralised."""
    book = Workbook()
    told = book.active
    told.title = "Report"
    told.append([xlsx_cell(report.title)])
    told["A1"].font = Font(bold=True, size=16)
    for name, value in report.facts:
        told.append([xlsx_cell(name), xlsx_cell(value)])
    taken = {"report"}
    for part in report.parts:
        rows = part.content if isinstance(part.content, Rows) else _behind(part)
        name = "" if rows is None else _free(part.title or "Table", taken)
        for line in ([], [part.title], *_told(part, name)):
            told.append([xlsx_cell(cell) for cell in line])
            if line == [part.title]:
                told.cell(told.max_row, 1).font = Font(bold=True, size=12)
        if rows is not None:
            _table(book.create_sheet(name), rows)
    told.column_dimensions["A"].width = 24
    told.column_dimensions["B"].width = 80
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _behind(part: Part) -> Rows | None:
    return part.content.data if isinstance(part.content, Picture) else None


def _told(part: Part, sheet: str) -> Iterator[list[str]]:
    """Yield the lines of a part on the first sheet."""
    match part.content:
        case Prose():
            yield from ([line] for line in part.content.text.splitlines() if line.strip())
            if part.content.unsupported:
                yield ["In none of the computed tables: " + ", ".join(part.content.unsupported)]
        case Label():
            yield [part.content.text]
        case Fields():
            yield from ([name, value] for name, value in part.content.fields)
        case Bullets():
            yield from ([item] for item in part.content.items)
        case Picture():
            yield from ([part.content.alt], [f"See the sheet “{sheet}”."])
        case Rows():
            yield [f"See the sheet “{sheet}”."]


def _table(sheet: Any, rows: Rows) -> None:
    sheet.append([xlsx_cell(column.name) for column in rows.columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for row in rows.rows:
        sheet.append([xlsx_cell(cell) for cell in row])
    sheet.freeze_panes = "A2"
    if rows.columns:
        sheet.auto_filter.ref = sheet.dimensions
    for place, column in enumerate(rows.columns):
        texts = [column.name, *(str(row[place]) for row in rows.rows[:_ROWS_MEASURED])]
        width = max(len(text) for text in texts) + 2
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(
            _MOST_WIDTH, max(_LEAST_WIDTH, width)
        )


def _free(title: str, taken: set[str]) -> str:
    """Return a name for a sheet that no other has; spreadsheet programs do not tell capitals apart."""
    first = sheet_title(title)
    name, number = first, 2
    while name.casefold() in taken:
        ending = f" {number}"
        name, number = first[: 31 - len(ending)] + ending, number + 1
    taken.add(name.casefold())
    return name
