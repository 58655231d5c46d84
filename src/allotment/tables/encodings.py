"""In which encoding a text file is written.

Invariant: a file that is UTF-8 from its first to its last byte is read as UTF-8.
Refuses: files that are no text, by what they begin with or by the NUL bytes in them.
"""

import codecs
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from allotment.kernel.errors import Invalid

UTF_8 = "utf-8"
OFFERED = (UTF_8, "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso8859-15", "mac_roman", "cp850", "utf-16",
           "shift_jis", "gb18030", "big5", "euc_kr")  # fmt: skip
"""What a person may choose."""

_CHUNK = 4 * 1024**2
_LOOKED_AT = 64 * 1024
_WESTERN = "cp1252"
_LIKELY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "shift_jis",
    "gb18030",
    "big5",
    "euc_kr",
    "koi8_r",
]
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MAGIC = (
    (b"PK\x03\x04", "a spreadsheet or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "a file of an older Office program"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
)


def encoding_of(name: str, path: Path) -> str:
    """Return the encoding of a text file; raises `Invalid` for what is no text."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            raise Invalid(
                f"“{name}” is {kind}, not a text file as its name says.",
                hint="Give it the ending that fits, or save it as CSV and choose that file.",
            )
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        return _utf_16(name, start)
    return _found_by_reading(name, path)


def _utf_16(name: str, start: bytes) -> str:
    """Return which UTF-16 a file without a mark is: text has its NUL bytes at every second place."""
    half = len(start) // 2
    for encoding, nul in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        other = start.count(0) - nul.count(0)
        if nul.count(0) > half * 0.7 and not other:
            return encoding
    raise _no_text(name)


def _found_by_reading(name: str, path: Path) -> str:
    """Return UTF-8 if the whole file is, else what its lines with other characters look like."""
    decoder = codecs.getincrementaldecoder(UTF_8)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                if b"\0" in chunk:
                    raise _no_text(name)
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return _looks_like(b"".join(islice((line for line in file if not line.isascii()), 200)))
    return UTF_8


def _looks_like(lines: bytes) -> str:
    """Return what the lines look like; Western European unless something else fits clearly better."""
    found = from_bytes(lines[:_LOOKED_AT], cp_isolation=_LIKELY, enable_fallback=False)
    best = found.best()
    if best is None:
        return _WESTERN
    western = next((one for one in found if _WESTERN in one.could_be_from_charset), None)
    is_as_good = western is not None and (
        western.chaos <= best.chaos + 0.05 and western.coherence >= best.coherence - 0.1
    )
    return _WESTERN if is_as_good else best.encoding


def _no_text(name: str) -> Invalid:
    return Invalid(
        f"“{name}” holds bytes that no text file has (NUL), so it is something else or it is damaged.",
        hint="Open it in the program it comes from and save it as CSV.",
    )
