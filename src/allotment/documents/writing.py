"""Writing a report as a file.

Invariant: what people or models wrote is data in every format: no markup, no formula, no code comes out of it.
"""

from collections.abc import Callable, Mapping

from allotment.documents.docx_writing import write_docx
from allotment.documents.flat_writing import write_csv
from allotment.documents.markdown_writing import write_markdown
from allotment.documents.pdf_writing import write_pdf
from allotment.documents.report import Format, Picture, Report
from allotment.documents.workbook_writing import write_workbook

MEDIA_TYPES: Mapping[Format, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "png": "image/png",
}


def formats_of(report: Report) -> tuple[Format, ...]:
    """Return the formats a report comes in; a picture only where it has one."""
    return ("pdf", "docx", "xlsx", "csv", "md", *(("png",) if _pictures(report) else ()))


def write(report: Report, kind: Format) -> bytes:
    """Return the report as a file of this format."""
    return _WRITERS[kind](report)


def _pictures(report: Report) -> list[Picture]:
    return [part.content for part in report.parts if isinstance(part.content, Picture)]


_WRITERS: Mapping[Format, Callable[[Report], bytes]] = {
    "pdf": write_pdf,
    "docx": write_docx,
    "xlsx": write_workbook,
    "csv": write_csv,
    "md": write_markdown,
    "png": lambda report: _pictures(report)[0].png,
}
