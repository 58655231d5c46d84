"""Phone numbers: international ones by the numbering plan, national ones by shape or the word beside them.

Invariant: a bare run of digits counts only right after a word for a phone. Refuses: guessing the country of a
national number, so none of those is certain.
"""

from collections.abc import Iterator

import phonenumbers

from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import compiled, digits, hint, stands_alone, words

_CANDIDATE = compiled(r"(?:\+|\(\+?)?\d(?:(?: ?[()] ?|[ ./-]| - )?\d){5,16}")
HINT = hint([_CANDIDATE])
"""Every finding of this module holds this; see `matching.hint`."""
_EXTENSION = compiled(r"x\d{1,6}")
_FEWEST_DIGITS = 6
_MOST_DIGITS = 15  # ITU-T E.164 §6.2.1
_FEWEST_INTERNATIONAL = 8
_NOT_A_PHONE = compiled(
    r"(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}.*"  # 2026-11-23
    r"|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d(?: .*)?"  # 23.11.2026
    r"|\d{1,3}(?:\.\d{1,3}){3}"  # an address of a machine
    r"|\d+\.\d+|\d{4}[-/ ]\d{4}|\d{3}-\d{2}-\d{4}"  # 3.14159, 2025-2026, a social security number
    r"|\d{4}(?:[ -]\d{4}){2,3}|(?:19|20)\d\d(?:[ ./-]+(?:19|20)\d\d)+"
)
_GROUPED_AMOUNT = compiled(r"\d{1,3}(?:[ .]\d{3})+")  # 1.250.000
_NATIONAL_SHAPE = compiled(
    r"\(\d{2,5}\)[ .-]?\d{2,4}(?:[ .-]?\d{2,4}){1,3}"  # (08) 8747 6301
    r"|(?:1[ .-])?\d{3}([.-])\d{3}[.-]\d{4}|\d{3} \d{3} \d{4}"  # 984-182-0190
    r"|0\d{1,4}(?:[ ./-]\d{2,4}){2,4}|0\d{2,4}[ /-]\d{5,8}"  # 0496 46 46 70, 0341 8387176
    r"|0\d(?:[ .]\d\d){4}"  # 06 12 34 56 78
)
_PHONE_WORDS = words(
    r"(?:tele)?phones?|tel|mobile?|cell|fax|whats ?app|desk|landline|handy|telefon[a-z]*|rufnummer|mobil"
    r"|t.l.phone|t.l|portable|tel.fono|m.vil|telefoon|cellulare|telefone|celular|telem.vel",
    adjacent=True,
)
_CALLING_WORDS = words(
    r"call(?:ed|ing)?(?: (?:me|us|him|her|them|back))?|dial|ring|sms|text(?: me)?|reach(?:ed)?|answering"
    r"|contact|messages?",
    adjacent=True,
)


def find(view: bytes) -> Iterator[Finding]:
    """Yield the phone numbers in a flat view."""
    for match in _CANDIDATE.finditer(view):
        start, end = match.span()
        number = match.group()
        if number.startswith(b"(") and b")" not in number:
            start, number = start + 1, number[1:]
        if not _FEWEST_DIGITS <= len(digits(number)) <= _MOST_DIGITS or not _is_free(view, start, end):
            continue
        finding = _international(number, start, end) or _national(view, number, start, end)
        if finding:
            yield finding


def _is_free(view: bytes, start: int, end: int) -> bool:
    """Tell whether the number is not a part of a longer one, of an amount or of an identifier."""
    extension = _EXTENSION.match(view, end)
    end = extension.span()[1] if extension else end
    before, after = view[max(0, start - 2) : start], view[end : end + 2]
    glued_before = before[-1:] in {b"#", b"$"} or (
        before[-1:] in {b"-", b".", b",", b"/"} and before[:1].isalnum()
    )
    glued_after = after[:1] in {b"-", b",", b"%"} and after[1:].isdigit()
    return stands_alone(view, start, end) and not glued_before and not glued_after


def _international(number: bytes, start: int, end: int) -> Finding | None:
    written = number.decode("latin-1").lstrip("(")
    if not written.startswith("+") or len(digits(number)) < _FEWEST_INTERNATIONAL:
        return None
    try:
        parsed = phonenumbers.parse(written.replace("(0)", ""))
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(parsed):
        return Finding(Detected.PHONE, start, end, "phone-e164", certain=True)
    return Finding(Detected.PHONE, start, end, "phone-international", certain=False)


def _national(view: bytes, number: bytes, start: int, end: int) -> Finding | None:
    if _NOT_A_PHONE.fullmatch(number):
        return None
    if _NATIONAL_SHAPE.fullmatch(number):
        return Finding(Detected.PHONE, start, end, "phone-shape", certain=False)
    if _PHONE_WORDS.before(view, start) or (
        not (number.isdigit() or _GROUPED_AMOUNT.fullmatch(number)) and _CALLING_WORDS.before(view, start)
    ):
        return Finding(Detected.PHONE, start, end, "phone-named", certain=False)
    return None
