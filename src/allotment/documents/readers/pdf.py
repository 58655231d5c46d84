"""The text of a PDF, page by page. Runs in a confined child process."""

import io

import msgspec
import pypdf
from pypdf.errors import PyPdfError

from allotment.documents.readers.texts import DocumentText
from allotment.kernel.errors import Invalid, TooLarge

MOST_PAGES = 200
_FEW = 3
"""Characters of a page that is a picture: a page number at most."""


def read(content: bytes) -> bytes:
    """Return a `DocumentText` as JSON."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise Invalid("It is protected by a password.", hint="Choose a file without a password.")
        if len(reader.pages) > MOST_PAGES:
            raise TooLarge(
                f"It has {len(reader.pages):,} pages; {MOST_PAGES} is the most.",
                hint="Choose the part that matters.",
            )
        pages = [page.extract_text().strip() for page in reader.pages]
    except (PyPdfError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        # pypdf lets these through for files that are broken in ways it does not know.
        raise Invalid("It is not a PDF that can be read.", hint="Open it and save it again.") from error
    return msgspec.json.encode(_told(pages))


def _told(pages: list[str]) -> DocumentText:
    pictures = [str(number) for number, text in enumerate(pages, 1) if len(text) < _FEW]
    if len(pictures) == len(pages):
        return DocumentText("", len(pages))
    notes = (f"Not read: page {', '.join(pictures)}, without text (a picture, perhaps scanned).",)
    if len(pages) == 1:
        return DocumentText(pages[0], 1)
    text = "\n\n".join(
        f"[Page {number}]\n{text}" for number, text in enumerate(pages, 1) if len(text) >= _FEW
    )
    return DocumentText(text, len(pages), notes if pictures else ())
