"""Text from documents that people hand over: PDF, Word, web pages, e-mail, plain text.

Invariant: formats with parsers that others wrote are read in a confined child process. Pages keep their numbers, and
what is not there is said: pages that are pictures, files that came with a mail. Refuses: files that are not what their
name says, and files beyond the limits.
"""

from pathlib import PurePath

import msgspec

from allotment.documents.readers.texts import DocumentText, decoded, html_text, mail_text
from allotment.kernel.confined import Confines, run_confined
from allotment.kernel.errors import Invalid, TooLarge

MOST_BYTES = 5 * 1024 * 1024
MOST_CHARACTERS = 200_000
ENDINGS = ("pdf", "docx", "txt", "md", "html", "htm", "eml")
_CONFINED = {"pdf": "allotment.documents.readers.pdf:read", "docx": "allotment.documents.readers.word:read"}
_STARTS = {"pdf": b"%PDF-", "docx": b"PK\x03\x04"}
_SCANNED_WHEN_SHORTER = 3


def read_document(name: str, content: bytes) -> DocumentText:
    """Return the text of a document; raises `Invalid` and `TooLarge` with words."""
    if len(content) > MOST_BYTES:
        raise TooLarge(
            f"“{name}” has {len(content) / 1024**2:.1f} MB; {MOST_BYTES // 1024**2} MB is the most.",
            hint="Choose a smaller file, or the part that matters.",
        )
    ending = PurePath(name).suffix.removeprefix(".").lower()
    found = _read(name, ending, content)
    if len(found.text.strip()) < _SCANNED_WHEN_SHORTER:
        raise Invalid(
            f"“{name}” holds no text; it may be a scanned picture.",
            hint="Choose a file with text in it, or paste the text.",
        )
    if len(found.text) > MOST_CHARACTERS:
        raise TooLarge(
            f"“{name}” has {len(found.text):,} characters; {MOST_CHARACTERS:,} is the most.",
            hint="Choose a shorter file, or the part that matters.",
        )
    return found


def _read(name: str, ending: str, content: bytes) -> DocumentText:
    match ending:
        case "pdf" | "docx":
            return _confined(name, ending, content)
        case "txt" | "md":
            return DocumentText(decoded(name, content).strip())
        case "html" | "htm":
            return html_text(decoded(name, content))
        case "eml":
            return mail_text(content)
    raise Invalid(
        f"“{name}” is not a file that can be read here.",
        hint="Choose a PDF, DOCX, TXT, MD, HTML or EML file.",
    )


def _confined(name: str, ending: str, content: bytes) -> DocumentText:
    if not content.lstrip()[:5].startswith(_STARTS[ending][:5]):
        raise Invalid(
            f"“{name}” is not a {ending.upper()} file, whatever its name says.",
            hint="Open it with the program it was made with and save it again.",
        )
    try:
        told = run_confined(_CONFINED[ending], content, Confines(memory_mib=768, seconds=30))
    except (Invalid, TooLarge) as error:
        error.message = f"“{name}”: {error.message}"
        raise
    return msgspec.json.decode(told, type=DocumentText)
