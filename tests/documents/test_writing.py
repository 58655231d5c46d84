"""Reports as files: everything that people wrote stays text, in every format."""

import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import docx
import openpyxl
import pypdf
import pytest

from allotment.documents.report import Bullets, Fields, Format, Label, Part, Picture, Prose, Report
from allotment.documents.writing import formats_of, write
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.rows import Rows

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
HOSTILE = (
    '#eval("1+1")',
    "$x^2$ *bold* _low_ `code`",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.org")',
    "\x00\x07\x1b[31m",
    "שלום \u202e abc 😀",
    "a" * 400,
    "| pipe | \\ # [x](y)",
    "",
)
COLUMNS = (Column("Day", ColumnKind.DATE), Column("Name", ColumnKind.TEXT), Column("Sum", ColumnKind.NUMBER))
ROWS = Rows(COLUMNS, [(date(2026, 1, day), f"Name {day}", Decimal(day) / 4) for day in range(1, 29)], 2340)


def report(*parts: Part, title: str = "Sales") -> Report:
    return Report(title, (("By", "Person 1"), ("App", "Sales, version 2")), parts)


WHOLE = report(
    Part("In short", Prose("Revenue was 12.\n\nThe best made 4711.", ("4711",))),
    Part("Topic", Label("card")),
    Part("Details", Fields((("Customer", "Mira"),))),
    Part("To do", Bullets(("First", "Second"))),
    Part("Picture", Picture(SVG, PNG, "Bar chart: two bars.", ROWS)),
    Part("Rows", ROWS),
)


def _texts(kind: Format, content: bytes) -> str:
    match kind:
        case "pdf":
            pages = pypdf.PdfReader(io.BytesIO(content)).pages
            return "\n".join(page.extract_text() for page in pages)
        case "docx":
            document = docx.Document(io.BytesIO(content))
            cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
            return "\n".join([*(one.text for one in document.paragraphs), *cells])
        case "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content))
            return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row)
        case _:
            return content.decode("utf-8-sig")


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx", "md"])
def test_a_whole_report_is_told_in_every_format(kind: Format) -> None:
    told = _texts(kind, write(WHOLE, kind))
    for words in (
        "Sales",
        "Person 1",
        "Revenue was",
        "4711",
        "card",
        "Mira",
        "Second",
        "two bars",
        "Name 28",
    ):
        assert words in told


def test_the_first_table_comes_as_csv() -> None:
    lines = write(WHOLE, "csv").decode("utf-8-sig").splitlines()
    assert lines[0] == "Day,Name,Sum"
    assert lines[1] == "2026-01-01,Name 1,0.25"
    assert len(lines) == 29


def test_a_report_without_a_picture_comes_as_no_picture() -> None:
    assert "png" in formats_of(WHOLE)
    assert "png" not in formats_of(report())
    assert write(WHOLE, "png") == PNG


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx", "csv", "md"])
def test_an_empty_report_is_a_file_too(kind: Format) -> None:
    assert write(report(), kind)
    assert write(report(Part("", Rows(COLUMNS, [])), Part("", Fields(())), Part("", Bullets(()))), kind)


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx", "csv", "md"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(kind: Format, text: str) -> None:
    rows = Rows((Column(text or "Name", ColumnKind.TEXT),), [(text,)])
    made = report(
        Part(text, Prose(text, (text,) if text else ())),
        Part(text, Label(text)),
        Part(text, Fields(((text, text),))),
        Part(text, Bullets((text,))),
        Part(text, Picture(SVG, PNG, text, rows)),
        Part(text, rows),
        title=text,
    )
    assert write(made, kind)


def test_what_typst_could_run_is_set_as_it_was_written() -> None:
    told = _texts("pdf", write(report(Part("", Prose('#eval("1+1") and $x$ and *b*'))), "pdf"))
    assert '#eval("1+1") and $x$ and *b*' in told


def test_formulas_are_marked_as_text() -> None:
    made = report(
        Part("=1+1", Prose("=cmd|' /C calc'!A0")), Part("Rows", Rows((COLUMNS[1],), [("@SUM(A1)",)]))
    )
    book = openpyxl.load_workbook(io.BytesIO(write(made, "xlsx")))
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert not any(cell.data_type == "f" for cell in cells)
    assert {"'=cmd|' /C calc'!A0", "'@SUM(A1)"} <= {cell.value for cell in cells}


def test_a_long_table_repeats_its_heading_and_says_what_is_missing() -> None:
    long = Rows(COLUMNS, [(date(2026, 1, 1), f"Name {n}", Decimal(n)) for n in range(150)], 2340)
    content = write(report(Part("Rows", long)), "pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    assert len(pages) > 2
    assert all("Name" in page and f"Page {number}" in page for number, page in enumerate(pages, 1))
    assert "The first 150 of 2,340 rows." in pages[-1]
    with zipfile.ZipFile(io.BytesIO(write(report(Part("Rows", long)), "docx"))) as archive:
        assert b"w:tblHeader" in archive.read("word/document.xml")


def test_numbers_are_numbers_in_a_workbook() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(report(Part("Rows", ROWS)), "xlsx")))
    day, name, amount = next(book["Rows"].iter_rows(min_row=2, max_row=2, values_only=True))
    assert (day.date(), name, amount) == (date(2026, 1, 1), "Name 1", 0.25)


def test_sheets_of_one_name_are_told_apart() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(report(*(Part("Rows", ROWS),) * 3), "xlsx")))
    assert book.sheetnames == ["Report", "Rows", "Rows 2", "Rows 3"]


def test_unsupported_numbers_are_marked() -> None:
    assert "4711 (?)" in write(WHOLE, "md").decode()
    assert "Dotted numbers" in _texts("docx", write(WHOLE, "docx"))
    assert "Dotted numbers" in re.sub(r"\s+", " ", _texts("pdf", write(WHOLE, "pdf")))
