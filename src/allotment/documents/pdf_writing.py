"""A report as PDF, set by Typst.

Invariant: the template is ours and fixed; everything else reaches it as JSON and is set as text, never read as markup.
The compiler has no packages and no files but the template.
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst

from allotment.documents.prose import paragraphs
from allotment.documents.report import Bullets, Fields, Label, Part, Picture, Prose, Report
from allotment.engine.tables.cells import column_texts, is_number
from allotment.engine.tables.columns import ColumnKind
from allotment.engine.tables.rows import Rows

_TEMPLATE = Path(__file__).with_name("report.typ")
_LONGEST_CELL = 400
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Equal reports are equal files; when it was made is among the facts."""


def write_pdf(report: Report) -> bytes:
    """Return the report as PDF: A4, tagged, with page numbers."""
    data = {
        "title": _clean(report.title),
        "language": report.language,
        "facts": [[_clean(name), _clean(value)] for name, value in report.facts],
        "parts": [{"title": _clean(part.title), **_content(part)} for part in report.parts],
    }
    inputs = {"report": msgspec.json.encode(data).decode()}
    made = typst.compile(_template(), sys_inputs=inputs, format="pdf", timestamp=_NO_TIME)
    return bytes(made)


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def _content(part: Part) -> dict[str, Any]:
    match part.content:
        case Prose():
            pieces = [
                [[_clean(piece.text), piece.is_unsupported] for piece in paragraph]
                for paragraph in paragraphs(part.content)
            ]
            return {"kind": "prose", "paragraphs": pieces, "marked": bool(part.content.unsupported)}
        case Label():
            return {"kind": "label", "text": _clean(part.content.text)}
        case Fields():
            return {
                "kind": "fields",
                "fields": [[_clean(name), _clean(value)] for name, value in part.content.fields],
            }
        case Bullets():
            return {"kind": "list", "items": [_clean(item) for item in part.content.items]}
        case Picture():
            return {"kind": "picture", "svg": part.content.svg, "alt": _clean(part.content.alt)}
        case Rows():
            return _table(part.content)


def _table(rows: Rows) -> dict[str, Any]:
    columns = [column_texts(rows, place) for place in range(len(rows.columns))]
    in_all = rows.rows_in_all or len(rows.rows)
    more = f"The first {len(rows.rows):,} of {in_all:,} rows." if in_all > len(rows.rows) else ""
    return {
        "kind": "table",
        "head": [_clean(column.name) for column in rows.columns],
        "narrow": [column.kind is not ColumnKind.TEXT for column in rows.columns],
        "numbers": [is_number(column) for column in rows.columns],
        "rows": [[_clean(cell)[:_LONGEST_CELL] for cell in row] for row in zip(*columns, strict=True)],
        "more": more,
    }


def _clean(text: str) -> str:
    """Return text without the characters that no page can show."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t").replace("\t", " ")
