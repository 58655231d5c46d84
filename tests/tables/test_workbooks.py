"""Spreadsheets as people bring them, and as nobody should: read in a confined child, or refused in words."""

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from allotment.kernel.errors import AllotmentError, Invalid, TooLarge
from allotment.tables.engine import open_engine
from allotment.tables.files import Choice, FileRead, read_file

Cells = list[tuple[str | None, ...]]
ROWS = (
    ("Name", "Day", "At", "Amount", "Paid", "Time", None, "name"),
    ("Ada", date(2026, 1, 31), datetime(2026, 1, 31, 14, 5), 12.0, True, time(8, 30), 1, "x"),
    (),
    ("Grace", date(2026, 2, 1), datetime(2026, 2, 1), 0.1 + 0.2, False, None, 2e-7, -1e20),
)


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Cover"
    cover["A1"] = "Hello"
    data = book.create_sheet("Data")
    data["B3"] = "Report"
    for down, row in enumerate(ROWS, 5):
        for along, cell in enumerate(row, 2):
            data.cell(down, along, cell)
    book.create_sheet("Other").append(("a", "b"))
    book.create_sheet("Hidden").sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


BOOK = _workbook()
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
FOOT = b"</sheetData></worksheet>"


def _with_sheet(pieces: Iterable[bytes], **more: bytes) -> bytes:
    """Return the workbook with other XML in the sheet that is read."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(BOOK)) as source,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for name in source.namelist():
            with target.open(name, "w", force_zip64=True) as part:
                part.writelines(pieces if name == "xl/worksheets/sheet2.xml" else [source.read(name)])
        for name, extra in more.items():
            target.writestr(f"xl/{name}.bin", extra)
    return content.getvalue()


def _read(
    folder: Path, content: bytes, choice: Choice | None = None, name: str = "orders.xlsx"
) -> tuple[FileRead, Cells]:
    path, out = folder / "upload", folder / "table.parquet"
    path.write_bytes(content)
    read = read_file(name, path, out, choice or Choice())
    with open_engine([out]) as engine:
        return read, engine.rows("SELECT * FROM read_parquet($file)", {"file": str(out)})


def test_cells_come_out_as_people_read_them(tmp_path: Path) -> None:
    read, cells = _read(tmp_path, BOOK)
    assert read.columns == ("Name", "Day", "At", "Amount", "Paid", "Time", "Column 7", "name (2)")
    assert cells == [
        ("Ada", "2026-01-31", "2026-01-31 14:05:00", "12", "yes", "08:30:00", "1", "x"),
        (
            "Grace",
            "2026-02-01",
            "2026-02-01 00:00:00",
            "0.3",
            "no",
            None,
            "0.0000002",
            "-100000000000000000000",
        ),
    ]
    assert (read.facts.sheet, read.facts.sheets, read.facts.header_row) == (
        "Data",
        ("Cover", "Data", "Other"),
        5,
    )


def test_a_sheet_and_a_row_can_be_chosen(tmp_path: Path) -> None:
    assert _read(tmp_path, BOOK, Choice(header_row=6))[0].columns[:2] == ("Ada", "2026-01-31 00:00:00")
    assert _read(tmp_path, BOOK, Choice(header_row=0))[0].rows == 4
    assert _read(tmp_path, BOOK, Choice(sheet="Other", header_row=0))[1] == [("a", "b")]


def test_macros_are_mentioned_and_never_run(tmp_path: Path) -> None:
    rows = b'<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c><v>1</v></c></row>'
    read, _ = _read(
        tmp_path, _with_sheet([HEAD, rows, FOOT], vbaProject=b"Shell"), Choice(sheet="Data"), "orders.xlsm"
    )
    assert read.facts.notes == ("The file has macros. They were not run.",)


WIDE = b"<row>%b</row>" % (b"<c><v>1</v></c>" * 16_000)
FAR = b'<row><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
CELL = b'<row><c t="inlineStr"><is><t>'
LAUGHING = b'<row><c t="inlineStr"><is><t>&e11;</t></is></c></row>'
ENTITIES = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha") for n in range(12))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n", "not a spreadsheet as its name says"),
        (BOOK[:3000], "may be damaged"),
        (b"PK\x03\x04" + b"x" * 100, "may be damaged"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 5000, "may be damaged"),
        (_with_sheet([HEAD, WIDE * 3, FOOT]), "16,000 columns"),
        (_with_sheet([HEAD, FAR, FOOT]), "program"),
        (_with_sheet([b"<!DOCTYPE x [%b]>" % ENTITIES, HEAD, LAUGHING * 3, FOOT]), "damaged"),
        (_with_sheet([HEAD, *[b" " * 2**20] * 1100, FOOT]), "unpacks to more than 1 GB"),
        (_with_sheet([HEAD, CELL, *[b"x" * 2**20] * 950, b"</t></is></c></row>", FOOT]), "program"),
    ],
    ids=["text", "cut off", "no zip", "no old workbook", "wide", "far cell", "entities", "bomb", "long cell"],
)  # fmt: skip
def test_what_is_hostile_or_broken_is_refused_and_leaves_nothing(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises((Invalid, TooLarge), match=words) as refused:
        _read(tmp_path, content)
    assert refused.value.hint
    assert [file.name for file in tmp_path.iterdir()] == ["upload"]


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AllotmentError, match="no sheet “Sales”"):
        _read(tmp_path, BOOK, Choice(sheet="Sales"))


def _merged(rows: Iterable[Iterable[object]], *ranges: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(tuple(row))
    for one in ranges:
        sheet.merge_cells(one)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("left", ["", "B"])
def test_headings_that_span_columns_name_each_of_them(tmp_path: Path, left: str) -> None:
    before = (None,) if left else ()
    a, b, c, d, e = "BCDEF" if left else "ABCDE"
    two = _merged(
        [
            (*before, "Sales"),
            (*before, "Region", "Q1", None, "Q2", None),
            (*before, None, "Units", "Revenue", "Units", "Revenue"),
            (*before, "North", 1, 2.5, 3, 4),
            (*before, "South", 2, 3.5, 4, 5),
        ],
        f"{a}1:{e}1",
        f"{b}2:{c}2",
        f"{d}2:{e}2",
        f"{a}2:{a}3",
    )
    assert _read(tmp_path, two)[0].columns == ("Region", "Q1 Units", "Q1 Revenue", "Q2 Units", "Q2 Revenue")
    one = _merged([(*before, "Name", None, "Age"), (*before, "Ada", "Lovelace", 36)], f"{a}1:{b}1")
    assert _read(tmp_path, one)[0].columns == ("Name", "Name (2)", "Age")
