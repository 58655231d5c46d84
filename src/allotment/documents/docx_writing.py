"""A report as a Word document: real headings, real tables, pictures with their words."""

import io
from collections.abc import Sequence
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_UNDERLINE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from allotment.documents.prose import paragraphs
from allotment.documents.report import Bullets, Fields, Label, Picture, Prose, Report
from allotment.engine.tables.cells import column_texts, is_number
from allotment.engine.tables.rows import Rows

_SOFT = RGBColor(0x5C, 0x66, 0x5F)
_LEAF = RGBColor(0x1F, 0x7A, 0x4A)
_WIDTH = Cm(16)
_MOST_TITLE = 255
"""Of a property of a Word file."""


def write_docx(report: Report) -> bytes:
    """Return the report as .docx."""
    document = docx.Document()
    _page(document)
    document.core_properties.title = _clean(report.title)[:_MOST_TITLE]
    document.core_properties.author = "Allotment"
    document.add_heading(_clean(report.title), level=0)
    facts = document.add_paragraph()
    _small(facts.add_run(" · ".join(f"{name} {value}" for name, value in map(_pair, report.facts))))
    for part in report.parts:
        if part.title:
            document.add_heading(_clean(part.title), level=1)
        _content(document, part.content)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10.5)
    for name in ("Title", "Heading 1"):
        document.styles[name].font.color.rgb = _LEAF


def _content(document: Any, content: Prose | Label | Fields | Bullets | Rows | Picture) -> None:
    match content:
        case Prose():
            _prose(document, content)
        case Label():
            document.add_paragraph().add_run(_clean(content.text)).bold = True
        case Fields():
            _table(document, None, [list(_pair(field)) for field in content.fields], [False, False])
        case Bullets():
            for item in content.items:
                document.add_paragraph(_clean(item), style="List Bullet")
        case Picture():
            document.add_picture(io.BytesIO(content.png), width=_WIDTH)
            properties = document.inline_shapes[-1]._inline.docPr  # noqa: SLF001 - python-docx has no way to say it
            properties.set("descr", _clean(content.alt))
            _small(document.add_paragraph().add_run(_clean(content.alt)))
        case Rows():
            _rows(document, content)


def _prose(document: Any, prose: Prose) -> None:
    for pieces in paragraphs(prose):
        paragraph = document.add_paragraph()
        for piece in pieces:
            run = paragraph.add_run(_clean(piece.text))
            if piece.is_unsupported:
                run.font.underline = WD_UNDERLINE.DOTTED
    if prose.unsupported:
        _small(
            document.add_paragraph().add_run("Dotted numbers are in none of the computed tables. Check them.")
        )


def _rows(document: Any, rows: Rows) -> None:
    numbers = [is_number(column) for column in rows.columns]
    texts = [column_texts(rows, place) for place in range(len(rows.columns))]
    head = [_clean(column.name) for column in rows.columns]
    _table(document, head, [[_clean(cell) for cell in row] for row in zip(*texts, strict=True)], numbers)
    in_all = rows.rows_in_all or len(rows.rows)
    if in_all > len(rows.rows):
        _small(document.add_paragraph().add_run(f"The first {len(rows.rows):,} of {in_all:,} rows."))


def _table(
    document: Any, head: Sequence[str] | None, rows: Sequence[Sequence[str]], numbers: Sequence[bool]
) -> None:
    lines = [*([head] if head else []), *rows]
    if not lines:
        return
    table = document.add_table(rows=len(lines), cols=len(numbers), style="Table Grid")
    table.autofit = True
    # Cells are taken row by row: asking python-docx for each cell by place looks at the whole table every time.
    for place, (line, row) in enumerate(zip(lines, table.rows, strict=True)):
        for text, cell, number in zip(line, row.cells, numbers, strict=True):
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(text)
            run.font.size = Pt(9)
            run.bold = bool(head) and place == 0
            if number:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if head:
        _repeat(table.rows[0])
    document.add_paragraph()


def _repeat(row: Any) -> None:
    """Let the heading come again on each page."""
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no way to say it
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    properties.append(mark)


def _small(run: Any) -> None:
    run.font.size, run.font.color.rgb = Pt(8.5), _SOFT


def _pair(pair: tuple[str, str]) -> tuple[str, str]:
    return _clean(pair[0]), _clean(pair[1])


def _clean(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() and c not in "\ufffe\uffff"))
