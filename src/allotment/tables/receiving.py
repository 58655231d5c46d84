"""What is said about a file that is read: how to read it, and how it was read. The limits of all kinds of files."""

import msgspec

MOST_BYTES = 200 * 1024**2
MOST_COLUMNS = 2_000
MOST_ROWS = 5_000_000
MOST_CELL = 1_000_000
"""Characters."""


class Choice(msgspec.Struct, frozen=True):
    """How a person wants a file read; what is empty is found out."""

    sheet: str = ""
    header_row: int | None = None
    """Which row of the file holds the headings, counted from 1; 0 for none."""
    delimiter: str = ""
    encoding: str = ""


class Facts(msgspec.Struct, frozen=True):
    """How a file was read."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    header_row: int = 1
    """0 when there are no headings."""
    notes: tuple[str, ...] = ()
    """What is worth knowing, in sentences."""


class FileRead(msgspec.Struct, frozen=True):
    """A file that was read."""

    columns: tuple[str, ...]
    rows: int
    facts: Facts
