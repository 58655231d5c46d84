"""Files that people bring: a CSV file or a spreadsheet becomes one Parquet file in which every column is text.

Invariant: every cell arrives as the text it was; what it means is decided later, by a `kinds.Reading`. What was
guessed (encoding, separator, sheet, row of headings) is told in `Facts`, and a `Choice` decides it instead.
Refuses: files that are not what their name says, and files beyond the limits.
"""

from collections.abc import Callable
from pathlib import Path

from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.reading_text import read_text_file
from allotment.tables.reading_workbooks import read_workbook_file
from allotment.tables.receiving import MOST_BYTES, Choice, Facts, FileRead

__all__ = ["ENDINGS", "MOST_BYTES", "Choice", "Facts", "FileRead", "read_file"]

_TEXT = ("csv", "tsv", "txt")
_WORKBOOKS = ("xlsx", "xlsm", "xls", "ods")
ENDINGS = (*_TEXT, *_WORKBOOKS)
_NO_CHOICE = Choice()


def read_file(name: str, path: Path, out: Path, choice: Choice = _NO_CHOICE) -> FileRead:
    """Read the file at `path`, which its person calls `name`, into Parquet at `out`.

    Raises `Invalid` and `TooLarge` with words; then there is nothing at `out`.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise TooLarge(
            f"“{name}” has {size / 1024**2:,.0f} MB; {MOST_BYTES // 1024**2} MB is the most.",
            hint="Leave out columns or rows you do not need, or split the file.",
        )
    if not size:
        raise Invalid(f"“{name}” is empty.", hint="Choose the file with the table in it.")
    is_read = False
    try:
        read = _reader(name)(name, path, out, choice)
        is_read = True
    finally:
        if not is_read:
            out.unlink(missing_ok=True)
    return read


def _reader(name: str) -> Callable[[str, Path, Path, Choice], FileRead]:
    ending = name.rpartition(".")[2].lower()
    if ending in _TEXT:
        return read_text_file
    if ending in _WORKBOOKS:
        return read_workbook_file
    raise Invalid(
        f"“{name}” is not a table that can be read here.",
        hint="Choose a CSV, TSV, TXT, XLSX, XLSM, XLS or ODS file.",
    )
