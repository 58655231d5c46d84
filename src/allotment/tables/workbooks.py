"""One sheet of a workbook as CSV. Runs in a confined child process, because workbooks may be hostile.

Invariant: cells come out as people read them: dates and moments in ISO, whole numbers without `.0`, true and false as
yes and no. Formulas come out as the values they had when the file was saved; macros are never run.
"""

import csv
import errno
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import msgspec
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    WorksheetNotFound,
)

from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.headings import column_names, heading_of, spread, too_many_columns
from allotment.tables.receiving import MOST_CELL, MOST_ROWS, Choice, Facts

WORKBOOK, WANTED = "workbook", "wanted.json"
"""The files in the folder that the child is given."""

_MOST_UNPACKED = 1024**3
_MOST_PARTS = 10_000
_ROWS_LOOKED_AT = 200
_MOST_EXACT = 1e15
_SMALLEST, _LARGEST = 1e-12, 1e30
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"

_Cell = int | float | str | bool | time | date | datetime | timedelta


class Wanted(msgspec.Struct, frozen=True):
    """What the child is asked for."""

    name: str
    choice: Choice


class Written(msgspec.Struct, frozen=True):
    """What the child wrote."""

    columns: tuple[str, ...]
    longest: int
    """Characters of the longest line."""
    facts: Facts


def write_as_csv(folder: Path, out: Path) -> bytes:
    """Write the wanted sheet to `out`, every cell quoted, without headings; return `Written` as JSON."""
    wanted = msgspec.json.decode((folder / WANTED).read_bytes(), type=Wanted)
    file = folder / WORKBOOK
    notes = _looked_into(wanted.name, file)
    try:
        with file.open("rb") as opened:
            book = CalamineWorkbook.from_filelike(opened)
            sheet = _chosen(book, wanted)
            written = _write(wanted, sheet, out)
    except PasswordError as error:
        raise Invalid(
            f"“{wanted.name}” is protected by a password.",
            hint="Save it without a password and choose it again.",
        ) from error
    except CalamineError as error:
        raise _unreadable(wanted.name) from error
    facts = msgspec.structs.replace(
        written.facts, sheet=sheet.name, sheets=tuple(_sheets(book)), notes=(*written.facts.notes, *notes)
    )
    return msgspec.json.encode(msgspec.structs.replace(written, facts=facts))


def _looked_into(name: str, file: Path) -> tuple[str, ...]:
    """Refuse what is no workbook or unpacks to too much; return what to say about the rest."""
    with file.open("rb") as opened:
        start = opened.read(8)
    if start.startswith(_OLD_OFFICE):
        return ()
    if not start.startswith(_ZIP):
        raise Invalid(
            f"“{name}” is not a spreadsheet as its name says.",
            hint="If it is text, give it the ending .csv; else open it and save it as XLSX.",
        )
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable(name) from error
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise TooLarge(
            f"“{name}” unpacks to more than {_MOST_UNPACKED // 1024**3} GB.",
            hint="Leave out sheets and rows you do not need, or save them as CSV.",
        )
    has_macros = any(part.filename.endswith("vbaProject.bin") for part in parts)
    return ("The file has macros. They were not run.",) if has_macros else ()


def _unreadable(name: str) -> Invalid:
    return Invalid(
        f"“{name}” is not a spreadsheet that can be read here; it may be damaged.",
        hint="Open it in a spreadsheet program, save it as XLSX and choose it again.",
    )


def _sheets(book: CalamineWorkbook) -> Iterator[str]:
    for sheet in book.sheets_metadata:
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible:
            yield sheet.name


def _chosen(book: CalamineWorkbook, wanted: Wanted) -> CalamineSheet:
    """Return the sheet that is wanted, or the first that can hold a table."""
    if wanted.choice.sheet:
        try:
            return book.get_sheet_by_name(wanted.choice.sheet)
        except WorksheetNotFound as error:
            raise Invalid(
                f"“{wanted.name}” has no sheet “{wanted.choice.sheet}”.", hint="Choose one from the list."
            ) from error
    first: CalamineSheet | None = None
    for name in _sheets(book):
        sheet = book.get_sheet_by_name(name)
        if sheet.height > 1 and sheet.width > 1:
            return sheet
        first = first or (sheet if sheet.height else None)
    if first is None:
        raise Invalid(f"“{wanted.name}” has no rows.", hint="Choose a file with headings and rows of data.")
    return first


@dataclass(frozen=True)
class _Extent:
    """How far a table reaches, and which of its columns hold times of day."""

    width: int
    with_time: frozenset[int]


def _write(wanted: Wanted, sheet: CalamineSheet, out: Path) -> Written:
    if sheet.height > MOST_ROWS:
        raise TooLarge(f"There are {sheet.height:,} rows; {MOST_ROWS:,} is the most.", hint="Split the file.")
    head = [
        [_text(cell, has_time=True) for cell in row] for row in islice(sheet.iter_rows(), _ROWS_LOOKED_AT)
    ]
    head = [row if any(map(str.strip, row)) else [] for row in head]
    heading = heading_of(wanted.name, head, wanted.choice.header_row)
    skip, names = heading.rows, spread(heading.names, _merged_in_row(sheet, heading.rows - 1))
    extent = _extent(islice(sheet.iter_rows(), skip, None))
    width = max(extent.width, max((at for at, cell in enumerate(names, 1) if cell.strip()), default=0))
    too_many_columns(wanted.name, width)
    longest = _write_rows(out, islice(sheet.iter_rows(), skip, None), width, extent.with_time)
    return Written(column_names(names, width), longest, Facts(header_row=skip, notes=heading.notes))


def _merged_in_row(sheet: CalamineSheet, row: int) -> list[tuple[int, int]]:
    """Return the columns, from and to, that cells of this row of the table span; rows count from 0."""
    top, left = sheet.start or (0, 0)
    return [
        (first[1] - left, last[1] - left)
        for first, last in sheet.merged_cell_ranges or ()
        if first[0] - top <= row <= last[0] - top and first[1] >= left and last[1] > first[1]
    ]


def _extent(rows: Iterable[Sequence[_Cell]]) -> _Extent:
    width, with_time = 0, set()
    for row in rows:
        for place, cell in enumerate(row):
            if cell != "":
                width = max(width, place + 1)
                if isinstance(cell, datetime) and cell.time() != time():
                    with_time.add(place)
    return _Extent(width, frozenset(with_time))


def _write_rows(out: Path, rows: Iterable[Sequence[_Cell]], width: int, with_time: frozenset[int]) -> int:
    longest = 0
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for row in rows:
                cells = [_text(cell, has_time=place in with_time) for place, cell in enumerate(row[:width])]
                longest = max(longest, writer.writerow((*cells, *("",) * (width - len(cells)))))
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise TooLarge(
            "This sheet holds more text than can be read here.",
            hint="Leave out columns or rows you do not need.",
        ) from error
    return longest


def _text(cell: _Cell, *, has_time: bool) -> str:
    """Return a cell as people read it. `has_time`: whether its column holds times of day."""
    match cell:
        case str():
            if len(cell) > MOST_CELL:
                raise TooLarge(f"A cell has more than {MOST_CELL:,} characters.", hint="Shorten it.")
            return cell
        case bool():
            return "yes" if cell else "no"
        case float():
            return _number(cell)
        case datetime():
            rounded = cell + timedelta(microseconds=500_000)  # spreadsheets store fractions of days
            whole = rounded.replace(microsecond=0)
            return whole.isoformat(sep=" ") if has_time else whole.date().isoformat()
        case date():
            return f"{cell.isoformat()} 00:00:00" if has_time else cell.isoformat()
        case time():
            return cell.replace(microsecond=0).isoformat()
        case _:
            return str(cell)


def _number(value: float) -> str:
    """Return a number in plain digits, as exact as spreadsheets show it."""
    if value.is_integer() and abs(value) < _MOST_EXACT:
        return str(int(value))
    shown = f"{value:.15g}"
    return f"{Decimal(shown):f}" if "e" in shown and _SMALLEST < abs(value) < _LARGEST else shown
