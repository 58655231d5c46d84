"""E-mail addresses, IBANs and payment cards.

Invariant: certain when the check digits hold; a number of the right shape that fails its check counts only
beside the word that names it or in its usual groups, and then as uncertain. Refuses: bank account numbers
without a check.
"""

from collections.abc import Iterator
from string import ascii_letters
from string import digits as decimal_digits

from allotment.screening.check_digits import iso7064_mod_97_10, luhn
from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import bounded, compiled, digits, hint, stands_alone, words

_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
_LONGEST_DOMAIN = 255  # RFC 5321 §4.5.3.1.2
_DOMAIN = bounded(r"(?:[a-zA-Z0-9\xc0-\xff-]+\.)+[a-zA-Z\xc0-\xff][\w\xc0-\xff-]*[a-zA-Z0-9\xc0-\xff]")
"""Holds no `@`, and there is one way to read it: looking from every `@` in turn is linear."""
_NOT_FIRST = b"!#$%&'*+/=?^`{|}~.-"
"""Allowed inside a local part, but before it they are punctuation or belong to a link (`?email=…`)."""
_WORD = f"{ascii_letters}{decimal_digits}_".encode() + bytes(range(0xC0, 0x100))
_LAST_OF_LOCAL_PART = _WORD + b"+"
_LOCAL_PART = _WORD + _NOT_FIRST
_LINK_CUTS = (b"=", b"&", b"?", b"/", b"'", b"`", b"|", b"{", b"}")

# SWIFT IBAN registry, release 99: total length by country.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC",
        32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_IBAN = compiled(r"(?i)\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}")
_IBAN_WORDS = words(r"iban")

_CARD = compiled(r"\b\d(?:[ -]?\d){11,18}\b")
_CARD_WORDS = words(
    r"(?:credit|debit|bank|payment)?[ -]?cards?|cc|visa|master ?card|amex|american express|maestro|pan"
    r"|kreditkarte|karte|carte|tarjeta|cart.o|carta"
)
_CARD_GROUPS = compiled(r"\d{4}([ -])\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5}")
# ISO/IEC 7812 issuer ranges as the networks publish them: first prefix, last prefix, lengths.
_ISSUERS = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)), ("2221", "2720", (16,)),
    ("34", "34", (15,)), ("37", "37", (15,)),
    ("6011", "6011", (16, 17, 18, 19)), ("644", "659", (16, 17, 18, 19)),
    ("300", "305", (14, 16)), ("3095", "3095", (14, 16)), ("36", "36", (14, 16)), ("38", "39", (14, 16)),
    ("3528", "3589", (16, 17, 18, 19)), ("1800", "1800", (15,)), ("2131", "2131", (15,)),
    ("50", "50", (12, 13, 14, 15, 16, 17, 18, 19)), ("56", "58", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("63", "63", (12, 13, 14, 15, 16, 17, 18, 19)), ("67", "67", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("62", "62", (16, 17, 18, 19)), ("60", "60", (16,)), ("2200", "2204", (16,)), ("81", "82", (16,)),
)  # fmt: skip
_COMMON_CARD_LENGTH = 14
"""Shorter card numbers look like order and phone numbers: they need grouping or a word."""

EMAIL_HINT = b"@"
"""Every e-mail address holds this."""
NUMBER_HINT = hint([_IBAN, _CARD])
"""Every IBAN and every payment card holds this."""


def find_emails(view: bytes) -> Iterator[Finding]:
    """Yield the e-mail addresses in a flat view."""
    done = at = 0
    while (at := view.find(b"@", at)) >= 0:
        local = view[max(done, at - _LONGEST_LOCAL_PART) : at]
        at += 1
        if not local or local[-1] not in _LAST_OF_LOCAL_PART or not (domain := _DOMAIN.match(view, at)):
            continue
        done = domain.span()[1]
        local = local[len(local.rstrip(_LOCAL_PART)) :]
        local = local[1 + max(map(local.rfind, _LINK_CUTS)) :].lstrip(_NOT_FIRST)
        start = at - 1 - len(local)
        if local and done - at <= _LONGEST_DOMAIN and b".." not in view[start:done]:
            yield Finding(Detected.EMAIL, start, done, "email-rfc5321", True)


def find_numbers(view: bytes) -> Iterator[Finding]:
    """Yield the IBANs and payment cards in a flat view, in no particular order; findings may overlap."""
    yield from _ibans(view)
    yield from _cards(view)


def _ibans(view: bytes) -> Iterator[Finding]:
    for match in _IBAN.finditer(view):
        start, longest = match.span()
        country = view[start : start + 2].decode("latin-1").upper()
        end = _end_of(view, start, longest, _IBAN_LENGTHS.get(country, 0))
        if end and stands_alone(view, start, end):
            compact = view[start:end].replace(b" ", b"").replace(b"-", b"").decode("latin-1")
            if iso7064_mod_97_10(compact[4:] + compact[:4]):
                yield Finding(Detected.IBAN, start, end, "iban-mod97", certain=True)
                continue
        if _IBAN_WORDS.before(view, start):
            end = end or _first_gap(view, start, longest)
            yield Finding(Detected.IBAN, start, end, "iban-named", certain=False)


def _end_of(view: bytes, start: int, longest: int, length: int) -> int:
    """Return where `length` letters and digits from `start` end, or 0 when there are fewer."""
    seen = 0
    for position in range(start, longest):
        seen += view[position : position + 1].isalnum()
        if seen == length:
            return position + 1
    return 0


def _first_gap(view: bytes, start: int, longest: int) -> int:
    gap = view.find(b" ", start, longest)
    return gap if gap > 0 else longest


def _cards(view: bytes) -> Iterator[Finding]:
    for match in _CARD.finditer(view):
        start, end = match.span()
        if not stands_alone(view, start, end):
            continue
        number = digits(match.group())
        issued = _is_issued(number)
        grouped = _CARD_GROUPS.fullmatch(view, start, end) is not None
        named = _CARD_WORDS.before(view, start)
        if luhn(number) and issued and (grouped or named or len(number) >= _COMMON_CARD_LENGTH):
            yield Finding(Detected.CARD, start, end, "card-luhn", certain=True)
        elif (luhn(number) and named) or (
            issued and (grouped or (named and len(number) > _COMMON_CARD_LENGTH))
        ):
            yield Finding(Detected.CARD, start, end, "card-shape", certain=False)


def _is_issued(number: str) -> bool:
    return any(
        first <= number[: len(first)] <= last and len(number) in lengths for first, last, lengths in _ISSUERS
    )
