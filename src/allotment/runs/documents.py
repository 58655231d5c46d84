"""Documents handed to a run: stored sealed, turned into text within limits.

Refuses: files that are not what their name says, and files that unpack to more than the limits (bombs).
"""

import io
import zipfile
from collections.abc import Callable
from uuid import UUID

import docx
import pypdf
from pypdf.errors import PdfReadError

from allotment.kernel.errors import Invalid, NotFound, TooLarge
from allotment.runs.models import RunDocument
from allotment.runs.sealing import unseal_bytes

MOST_CHARACTERS = 200_000
_MOST_PAGES = 200
_MOST_UNPACKED_BYTES = 50 * 1024 * 1024


def text_of(run: UUID, field: str) -> str:
    """Return the text of the document in `field` of this run."""
    row = RunDocument.objects.filter(run=run, field=field).first()
    if row is None:
        raise NotFound(f"No document was chosen in “{field}”.", hint="Choose a file and run again.")
    return read_text(row.name, unseal_bytes(row.content, column=f"document.{field}", run=run))


def read_text(name: str, content: bytes) -> str:
    """Return the text of a PDF, DOCX, TXT or MD file."""
    ending = name.rsplit(".", 1)[-1].lower()
    reader = _READERS.get(ending)
    if reader is None:
        raise Invalid(
            f"“{name}” is not a file that can be read here.", hint="Choose a PDF, DOCX, TXT or MD file."
        )
    text = reader(name, content).strip()
    if not text:
        raise Invalid(
            f"“{name}” holds no text; it may be a scanned picture.",
            hint="Choose a file with text in it, or paste the text.",
        )
    if len(text) > MOST_CHARACTERS:
        raise TooLarge(
            f"“{name}” has {len(text):,} characters; {MOST_CHARACTERS:,} is the most.",
            hint="Choose a shorter file, or the part that matters.",
        )
    return text


def _plain(name: str, content: bytes) -> str:
    for encoding in (
        ("utf-8-sig", "utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    ):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(f"“{name}” is not a text file.", hint="Save it as UTF-8 text and choose it again.")


def _pdf(name: str, content: bytes) -> str:
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise Invalid(f"“{name}” is protected by a password.", hint="Choose a file without a password.")
        pages = reader.pages[:_MOST_PAGES]
        return "\n\n".join(page.extract_text() for page in pages)
    except PdfReadError as error:
        raise Invalid(
            f"“{name}” is not a PDF that can be read.", hint="Open it and save it again."
        ) from error


def _docx(name: str, content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED_BYTES:
                raise TooLarge(f"“{name}” unpacks to too much.", hint="Choose a smaller file.")
        document = docx.Document(io.BytesIO(content))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Invalid(
            f"“{name}” is not a Word file that can be read.", hint="Save it as .docx again."
        ) from error
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


_READERS: dict[str, Callable[[str, bytes], str]] = {"pdf": _pdf, "docx": _docx, "txt": _plain, "md": _plain}
