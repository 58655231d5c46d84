"""Text files with a table in them: CSV in any usual dialect and encoding.

DuckDB reads them. A file it refuses (rows of different lengths, stray quotation marks) is first written anew, row by
row, in the one dialect that it cannot refuse.
Invariant: no cell is lost: cells beyond the headings get columns of their own, and a note says how many rows have them.
"""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb

from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.encodings import OFFERED, UTF_8, encoding_of
from allotment.tables.headings import column_names, heading_of, too_many_columns
from allotment.tables.reading import delimiter_of
from allotment.tables.receiving import MOST_CELL, MOST_COLUMNS, Choice, Facts, FileRead
from allotment.tables.text_parquet import Dialect, write_text_parquet

_HEAD = 1024 * 1024
_ROWS_LOOKED_AT = 200
_CHUNK = 4 * 1024**2
_LONGEST_LINE = 10_000_000
_SEPARATORS = frozenset(",;\t|:^~ ")


def read_text_file(name: str, path: Path, out: Path, choice: Choice) -> FileRead:
    """Read a text file into Parquet at `out`; raises `Invalid` and `TooLarge` with words."""
    found = encoding_of(name, path)
    encoding = _known(choice.encoding) or found
    with tempfile.TemporaryDirectory(prefix="text-", dir=out.parent) as folder:
        plain = _plain(path, Path(folder) / "plain.csv", encoding)
        layout = _layout(name, plain, choice)
        try:
            rows = write_text_parquet(plain, out, layout.columns, layout.dialect)
            notes = layout.notes
        except duckdb.Error:
            # Not the file of one clean dialect that it looked like; the slow way takes every one.
            anew = _written_anew(plain, Path(folder) / "anew.csv", layout)
            rows, notes = write_text_parquet(anew.path, out, anew.columns, anew.dialect), anew.notes
            layout = replace(layout, columns=anew.columns)
    if not rows:
        raise Invalid(
            f"“{name}” has no rows below its headings.", hint="Choose a file with at least one row of data."
        )
    label = UTF_8 if encoding == "utf-8-sig" else encoding
    facts = Facts(label, layout.dialect.delimiter, header_row=layout.header_row, notes=notes)
    return FileRead(layout.columns, rows, facts)


@dataclass(frozen=True)
class _Layout:
    """Where the table is in the text."""

    columns: tuple[str, ...]
    headed: int
    """How many of them the row of headings has."""
    dialect: Dialect
    """Skips every row up to the headings."""
    header_row: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Anew:
    path: Path
    columns: tuple[str, ...]
    dialect: Dialect
    notes: tuple[str, ...]


def _known(encoding: str) -> str:
    if not encoding:
        return ""
    if encoding not in OFFERED:
        raise Invalid(f"“{encoding}” is no encoding known here.", hint="Choose one from the list.")
    return encoding


def _plain(path: Path, target: Path, encoding: str) -> Path:
    """Return the file in UTF-8 with usual line ends: itself, or else a copy."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if encoding == UTF_8 and (b"\n" in head or b"\r" not in head):
        return path
    with (
        path.open(encoding=encoding, errors="replace", newline=None) as source,
        target.open("w", encoding=UTF_8, newline="\n") as copy,
    ):
        try:
            while text := source.read(_CHUNK):
                copy.write(text.removeprefix("\ufeff"))
        except UnicodeError as error:
            raise Invalid(
                f"This file cannot be read as {encoding}.", hint="Choose another encoding, or none."
            ) from error
    return target


def _layout(name: str, plain: Path, choice: Choice) -> _Layout:
    with plain.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read(_HEAD)
    told = _told_separator(text)
    delimiter = _separator(choice.delimiter) or told or delimiter_of(_without_titles(text))
    rows = _first_rows(text, delimiter, is_whole=len(text) < _HEAD)
    if told:
        rows[:1] = [[]]
    if not any(rows):
        raise Invalid(f"“{name}” has no rows.", hint="Choose a file with headings and rows of data.")
    heading = heading_of(name, rows, choice.header_row)
    head, skip = heading.names, heading.rows
    width = max((len(head), *map(len, rows[skip:])))
    too_many_columns(name, width)
    return _Layout(
        columns=column_names(head, width),
        headed=len(head) or width,
        dialect=Dialect(delimiter, skip),
        header_row=skip,
        notes=heading.notes,
    )


def _told_separator(text: str) -> str:
    """Return the separator that a first line `sep=;` names, as Excel writes it."""
    first = text.partition("\n")[0].strip().strip('"').lower()
    if not first.startswith("sep=") or len(text.partition("\n")[0].strip('\r\n"')) != len("sep=") + 1:
        return ""
    return text.partition("\n")[0].strip('\r\n"')[-1]


def _separator(chosen: str) -> str:
    if chosen and chosen not in _SEPARATORS:
        raise Invalid("This separator cannot be used.", hint="Choose one from the list.")
    return chosen


def _without_titles(text: str) -> str:
    """Return the first lines for judging, without the first few that may be titles, where there are enough."""
    lines = text.splitlines()[:_ROWS_LOOKED_AT]
    return "\n".join(lines[6:] if len(lines) > 20 else lines)  # noqa: PLR2004 - titles are few


def _first_rows(text: str, delimiter: str, *, is_whole: bool) -> list[list[str]]:
    """Return the first rows; blank ones are empty."""
    csv.field_size_limit(MOST_CELL)
    rows: list[list[str]] = []
    with suppress(csv.Error):  # told when the whole file is read
        for row in islice(csv.reader(io.StringIO(text), delimiter=delimiter), _ROWS_LOOKED_AT):
            rows.append(row if any(map(str.strip, row)) else [])  # noqa: PERF401 - kept up to the error
        if not is_whole and 1 < len(rows) < _ROWS_LOOKED_AT:
            rows.pop()
    return rows


def _written_anew(plain: Path, target: Path, layout: _Layout) -> _Anew:
    """Write the rows of a table again, all as wide as the widest and every cell quoted."""
    known = layout.headed
    width, longest, ragged = known, 0, 0
    for row in _rows(plain, layout.dialect):
        if len(row) > known:
            filled = max(place for place, cell in enumerate(row, 1) if cell.strip())
            width = max(width, filled)
            ragged += filled > known
    if width > MOST_COLUMNS:
        raise TooLarge(
            f"A row has {width:,} cells; {MOST_COLUMNS:,} is the most.",
            hint="Look for a row that holds too many separators, or choose another separator.",
        )
    with target.open("w", encoding=UTF_8, newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in _rows(plain, layout.dialect):
            longest = max(longest, writer.writerow((*row[:width], *("",) * (width - len(row)))))
    if longest > _LONGEST_LINE:
        raise TooLarge(
            f"A row has {longest:,} characters; {_LONGEST_LINE:,} is the most.", hint="Shorten its cells."
        )
    columns = column_names(layout.columns[:known], width)
    note = (
        f"{ragged:,} row{'s have' if ragged > 1 else ' has'} more cells than there are headings; "
        f"the rest is in “{columns[known]}”{' and the columns behind it' if width > known + 1 else ''}."
        if ragged
        else ""
    )
    notes = (*layout.notes, note) if note else layout.notes
    return _Anew(target, columns, Dialect(",", 0, longest_line=4 * longest + 1024), notes)


def _rows(plain: Path, dialect: Dialect) -> Iterator[list[str]]:
    csv.field_size_limit(MOST_CELL)
    with plain.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter)
        try:
            for row in islice(reader, dialect.skip, None):
                if any(map(str.strip, row)):
                    yield row
        except csv.Error as error:
            raise TooLarge(
                f"Line {reader.line_num:,} has a cell of more than {MOST_CELL:,} characters.",
                hint="Shorten it, or look for a quotation mark that is never closed.",
            ) from error
