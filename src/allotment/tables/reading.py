"""Reading rows that somebody pasted or saved as text: CSV in any usual dialect, or copied from a spreadsheet.

Invariant: every cell arrives as the text it was; what it means is decided by a `kinds.Reading`.
Refuses: text without a heading, with too many columns, rows or characters, or with characters no table holds.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.engine import identifier, open_engine, text_literal
from allotment.tables.headings import column_names

MOST_COLUMNS = 500
MOST_ROWS = 200_000
MOST_CELL = 100_000
_DELIMITERS = ("\t", ";", ",", "|")
_LOOKED_AT = 50


@dataclass(frozen=True)
class TextTable:
    """A table as it was written: headings, and rows of as many texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_text(text: str) -> TextTable:
    """Return the table in a text; raises `Invalid` and `TooLarge` with words."""
    if "\0" in text:
        raise Invalid(
            "This is not text but something else.", hint="Copy the rows from the spreadsheet again."
        )
    lines = [row for row in _parsed(text) if any(cell.strip() for cell in row)]
    if len(lines) < 2:  # noqa: PLR2004 - a heading and one row
        raise Invalid(
            "There are no rows below a heading.",
            hint="Begin with a line that names the columns; rows follow.",
        )
    width = max(len(row) for row in lines)
    if width > MOST_COLUMNS:
        raise TooLarge(f"There are {width:,} columns; {MOST_COLUMNS} is the most.", hint="Leave columns out.")
    if len(lines) - 1 > MOST_ROWS:
        raise TooLarge(
            f"There are {len(lines) - 1:,} rows; {MOST_ROWS:,} is the most.", hint="Leave rows out."
        )
    columns = column_names(lines[0], width)
    return TextTable(columns, tuple((*row, *("",) * (width - len(row))) for row in lines[1:]))


def write_parquet(table: TextTable, target: Path) -> None:
    """Write a table of text as Parquet, every column text, for `computing.Source`."""
    source = target.with_suffix(".csv")
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows((table.columns, *table.rows))
    try:
        _convert(source, table.columns, target)
    finally:
        source.unlink(missing_ok=True)


def _convert(source: Path, columns: Sequence[str], target: Path) -> None:
    kinds = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in columns)
    read = (
        f"read_csv({text_literal(str(source.resolve()))}, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"columns = {{{kinds}}}, auto_detect = false, max_line_size = 40000000, new_line = '\\n')"
    )
    cells = ", ".join(identifier(name) for name in columns)
    with open_engine([source, target]) as engine:
        engine.run(
            f"COPY (SELECT {cells} FROM {read}) "  # noqa: S608 - names quoted by `identifier`, the rest is ours
            f"TO {text_literal(str(target.resolve()))} (FORMAT parquet, COMPRESSION zstd)"
        )


def _parsed(text: str) -> Iterator[list[str]]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter_of(text), strict=False)
    try:
        for row in reader:
            if any(len(cell) > MOST_CELL for cell in row):
                raise TooLarge(
                    f"Line {reader.line_num:,} has a cell of more than {MOST_CELL:,} characters.",
                    hint="Shorten it, or look for a quotation mark that is never closed.",
                )
            yield row
    except csv.Error as error:
        raise TooLarge(
            f"Line {reader.line_num:,} has a cell that never ends.",
            hint="Look for a quotation mark that is never closed.",
        ) from error


def delimiter_of(text: str) -> str:
    """Return what separates the cells: the character that splits the first lines into most columns alike."""
    head = "\n".join(text.split("\n", _LOOKED_AT)[:_LOOKED_AT])

    def score(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0)
        usual = max(set(widths), key=widths.count) if widths else 0
        return (widths.count(usual) / len(widths) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=score) if any(score(one)[0] for one in _DELIMITERS) else ","
