"""National identity numbers of people, by country: shape, check digits, and the words that name them.

Invariant: a shape that other numbers share (a bare run of digits, a check of one in ten) counts only beside
a word that names it. Refuses: numbers of companies and documents (VAT, passports, driving licences): they
have no check worth the false alarms.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from allotment.screening.check_digits import iso7064_mod_11_10, luhn, verhoeff, weighted
from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import Hints, Pattern, Words, compiled, hint, stands_alone, words

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
# Decreto Ministeriale 23 dicembre 1976: what a character counts in an odd place, for 0-9 and for A-Z.
_FISCAL_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_LONGEST_TRIPLE = 3


@dataclass(frozen=True)
class _Document:
    detector: str
    shape: Pattern
    valid: Callable[[str], bool]
    named: Words
    needs_name: Literal["never", "if bare", "always"] = "never"
    """Whether it counts only beside its name; bare is a run of digits that nothing separates."""
    certain: Literal["always", "if named", "never"] = "always"
    """What proves it: its check digits; without any, its name and the issuer's rules; or nothing."""


def _anything(_value: str) -> bool:
    """Accept a number that was never issued: a typing error in a real one still gives the person away."""
    return True


def _is_day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31  # noqa: PLR2004 - months and days


def _ssn(value: str) -> bool:
    """Social Security Administration, POMS RM 10201.035: never issued areas, groups and serials."""
    area, group, serial = value[:3], value[3:5], value[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _nino(value: str) -> bool:
    """HMRC manual NIM39110: prefixes that are never used."""
    return value[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _steuer_id(value: str) -> bool:
    """§ 139b AO and its check: one of the first ten digits comes twice or thrice, no other repeats."""
    repeated = [count for count in Counter(value[:10]).values() if count > 1]
    return len(repeated) == 1 and repeated[0] <= _LONGEST_TRIPLE and iso7064_mod_11_10(value)


def _nir(value: str) -> bool:
    """INSEE: 97 minus the number modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    number = value[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(number) % 97 == int(value[13:])


def _dni(value: str) -> bool:
    """Ministerio del Interior: the letter is the number modulo 23; X, Y, Z of a NIE count as 0, 1, 2."""
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(number) % 23] == value[-1]


def _codice_fiscale(value: str) -> bool:
    ranks = [int(character, 36) - (10 if character.isalpha() else 0) for character in value]
    total = sum(_FISCAL_ODD[rank] for rank in ranks[:15:2]) + sum(ranks[1:15:2])
    return total % 26 == ranks[15]


def _bsn(value: str) -> bool:
    """The Dutch eleven-test."""
    number = value.zfill(9)
    return int(number) > 0 and weighted(number, _BSN_WEIGHTS) % 11 == 0


def _rijksregister(value: str) -> bool:
    """Belgian Royal Decree of 3 April 1984: 97 minus the number modulo 97; born from 2000, a 2 before it."""
    number, check = value[:9], int(value[9:])
    return _is_day(value[2:4], value[4:6]) and check in {
        97 - int(century + number) % 97 for century in ("", "2")
    }


def _pesel(value: str) -> bool:
    """Polish ministry: the century is added to the month in steps of twenty."""
    return _is_day(str(int(value[2:4]) % 20), value[4:6]) and weighted(value, _PESEL_WEIGHTS) % 10 == 0


def _personnummer(value: str) -> bool:
    """Skatteverket SKV 704: Luhn over the ten digits; a co-ordination number adds 60 to the day."""
    short = value[-10:]
    return _is_day(short[2:4], str(int(short[4:6]) % 60)) and luhn(short)


def _cpf(value: str) -> bool:
    """Receita Federal: two check digits, each ten times a weighted sum modulo 11."""
    if len(set(value)) == 1:
        return False
    return all(
        weighted(value[:length], range(length + 1, 1, -1)) * 10 % 11 % 10 == int(value[length])
        for length in (9, 10)
    )


_PERSONNUMMER = words(r"person(?:nummer|nr)|personal (?:identity )?number|samordningsnummer")
_SSN = words(r"ssn|social[ -]security(?: number)?")

_DOCUMENTS = (
    _Document(
        "us-ssn", compiled(r"\b\d{3}-\d{2}-\d{4}\b"), _ssn, _SSN, certain="if named",
    ),
    _Document(
        "us-ssn", compiled(r"\b\d{3} ?\d{2} ?\d{4}\b"), _ssn,
        _SSN, needs_name="always", certain="if named",
    ),
    _Document(
        "us-ssn-shape", compiled(r"\b\d{3}-\d{2}-\d{4}\b"), _anything, _SSN,
        needs_name="always", certain="never",
    ),
    _Document(
        "uk-nino", compiled(r"(?i)\b[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]\b"), _nino,
        words(r"ni|nino|national insurance"), certain="if named",
    ),
    _Document(
        "de-steuer-id", compiled(r"\b[1-9]\d ?\d{3} ?\d{3} ?\d{3}\b"), _steuer_id,
        words(r"steuer[a-z]*(?:[ -]?(?:id|nr|nummer)[a-z]*)?|id-?nr|tax (?:id|number)|tin"),
        needs_name="if bare",
    ),
    _Document(
        "fr-nir", compiled(r"(?i)\b[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d\b"), _nir,
        words(r"nir|s.curit. sociale|insee|num.ro de s.cu"),
    ),
    _Document("es-dni", compiled(r"(?i)\b\d{8}[ -]?[A-HJ-NP-TV-Z]\b"), _dni, words(r"dni|nif")),
    _Document("es-nie", compiled(r"(?i)\b[XYZ]-?\d{7}[ -]?[A-HJ-NP-TV-Z]\b"), _dni, words(r"nie")),
    _Document(
        "it-codice-fiscale",
        compiled(r"(?i)\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]\b"),
        _codice_fiscale, words(r"codice fiscale|c\.?f\.?"),
    ),
    _Document(
        "nl-bsn", compiled(r"\b(?:\d{8,9}|\d{4}\.\d{2}\.\d{3}|\d{3} \d{3} \d{3})\b"), _bsn,
        words(r"bsn|burgerservicenummer|sofi(?:nummer)?"), needs_name="always",
    ),
    _Document(
        "be-rijksregister", compiled(r"\b\d\d[. -]?\d\d[. -]?\d\d[. -]?\d{3}[. -]?\d\d\b"), _rijksregister,
        words(r"rijksregister[a-z]*|registre national|insz|niss"),
    ),
    _Document("pl-pesel", compiled(r"\b\d{11}\b"), _pesel, words(r"pesel"), needs_name="always"),
    _Document("se-personnummer", compiled(r"\b\d{6}[-+]\d{4}\b"), _personnummer, _PERSONNUMMER),
    _Document(
        "se-personnummer", compiled(r"\b(?:(?:19|20)\d{6}-?\d{4}|\d{10})\b"), _personnummer, _PERSONNUMMER,
        needs_name="always",
    ),
    _Document(
        "br-cpf", compiled(r"\b(?:\d{3}\.\d{3}\.\d{3}-\d\d|\d{11})\b"), _cpf, words(r"cpf"),
        needs_name="if bare",
    ),
    _Document(
        "in-aadhaar", compiled(r"\b[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}\b"), verhoeff,
        words(r"aadhaar|aadhar|uidai|uid"), needs_name="always",
    ),
)  # fmt: skip


HINT = hint(document.shape for document in _DOCUMENTS)
"""Every finding of this module holds this; see `matching.hint`."""
_SHAPES = Hints(*(hint([document.shape]) for document in _DOCUMENTS))
"""By the numbers of the documents: one search leaves out most of them."""


def find(view: bytes) -> Iterator[Finding]:
    """Yield the national identity numbers in a flat view, in no particular order; they may overlap."""
    for number in _SHAPES.held_by(view):
        document = _DOCUMENTS[number]
        for match in document.shape.finditer(view):
            start, end = match.span()
            if not stands_alone(view, start, end):
                continue
            written = match.group()
            value = "".join(filter(str.isalnum, written.decode("latin-1"))).upper()
            if not document.valid(value):
                continue
            named = document.named.before(view, start)
            if (
                named
                or document.needs_name == "never"
                or (document.needs_name == "if bare" and not written.isdigit())
            ):
                certain = document.certain == "always" or (named and document.certain == "if named")
                yield Finding(Detected.NATIONAL_ID, start, end, document.detector, certain)
