"""Spreadsheets: one sheet of a workbook becomes Parquet. A confined child reads it; here only its CSV is believed."""

import tempfile
from pathlib import Path

import msgspec

from allotment.kernel.confined import Confines, run_confined_on_file
from allotment.kernel.errors import Invalid
from allotment.tables.receiving import Choice, FileRead
from allotment.tables.text_parquet import Dialect, write_text_parquet
from allotment.tables.workbooks import WANTED, WORKBOOK, Wanted, Written

_CONFINES = Confines(memory_mib=2048, seconds=120, written_mib=1024)
_TASK = "allotment.tables.workbooks:write_as_csv"


def read_workbook_file(name: str, path: Path, out: Path, choice: Choice) -> FileRead:
    """Read one sheet of a workbook into Parquet at `out`; raises `Invalid` and `TooLarge` with words."""
    with tempfile.TemporaryDirectory(prefix="workbook-", dir=out.parent) as made:
        folder, text = Path(made), Path(made) / "sheet.csv"
        (folder / WORKBOOK).symlink_to(path.resolve())
        (folder / WANTED).write_bytes(msgspec.json.encode(Wanted(name, choice)))
        answer = run_confined_on_file(_TASK, folder, text, _CONFINES)
        written = msgspec.json.decode(answer, type=Written)
        # Four bytes at most for each character.
        dialect = Dialect(longest_line=4 * written.longest + 1024)
        rows = write_text_parquet(text, out, written.columns, dialect)
    if not rows:
        raise Invalid(
            f"“{name}” has no rows below its headings.", hint="Choose a sheet with at least one row of data."
        )
    return FileRead(written.columns, rows, written.facts)
