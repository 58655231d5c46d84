"""The text of a Word document: paragraphs and tables in their order. Runs in a confined child process.

Macros and embedded objects are never looked at: only the text of the main part is.
"""

import io
import zipfile
from collections.abc import Iterator

import docx
import msgspec
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table

from allotment.documents.readers.texts import DocumentText
from allotment.kernel.errors import Invalid, TooLarge

_MOST_UNPACKED_BYTES = 50 * 1024 * 1024
_MOST_PARTS = 2_000


def read(content: bytes) -> bytes:
    """Return a `DocumentText` as JSON."""
    try:
        _check(content)
        document = docx.Document(io.BytesIO(content))
        text = "\n".join(_lines(document))
    except (
        zipfile.BadZipFile,
        PackageNotFoundError,
        SyntaxError,
        KeyError,
        ValueError,
        RecursionError,
    ) as error:
        # python-docx lets these through: broken XML (lxml calls it a syntax error), packages that lack what they name.
        raise Invalid("It is not a Word file that can be read.", hint="Save it as .docx again.") from error
    return msgspec.json.encode(DocumentText(text.strip()))


def _check(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED_BYTES:
            raise TooLarge("It unpacks to too much.", hint="Choose a smaller file.")
        for part in parts:
            if (
                part.filename.endswith((".xml", ".rels"))
                and b"<!DOCTYPE" in archive.read(part)[:4096].upper()
            ):
                raise Invalid(
                    "It defines XML entities, as no Word file does.", hint="Save it as .docx again."
                )


def _lines(document: Document) -> Iterator[str]:
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield "\t".join(cell.text.replace("\n", " ") for cell in row.cells)
        else:
            yield block.text
