"""A report as CSV: its first table; without one, what it says, line by line."""

from collections.abc import Iterator

from allotment.documents.report import Bullets, Fields, Label, Part, Picture, Prose, Report
from allotment.documents.rows_writing import write_rows
from allotment.engine.tables.rows import Rows


def write_csv(report: Report) -> bytes:
    """Return the report as CSV; see the module for what of it."""
    tables = [part.content for part in report.parts if isinstance(part.content, Rows)]
    tables += [part.content.data for part in report.parts if isinstance(part.content, Picture)]
    if tables:
        return write_rows("csv", [column.name for column in tables[0].columns], tables[0].rows)
    return write_rows("csv", ("Part", "Text"), [line for part in report.parts for line in _lines(part)])


def _lines(part: Part) -> Iterator[tuple[str, str]]:
    match part.content:
        case Prose() | Label():
            yield part.title, part.content.text
        case Fields():
            yield from part.content.fields
        case Bullets():
            yield from ((part.title, item) for item in part.content.items)
        case _:
            return
