"""Which personal data a column may hold, by its heading and by what is in it.

It is a hint for whoever shares the table, never a reason to refuse: the gate screens what leaves.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from allotment.engine.tables.columns import ColumnKind
from allotment.screening.findings import Detected
from allotment.screening.scanning import scan

_ENOUGH = 0.1
"""Of the values must look like something for which no check digit speaks."""
_BY_VALUE = {
    Detected.EMAIL: "e-mail address",
    Detected.PHONE: "phone number",
    Detected.IBAN: "bank account",
    Detected.CARD: "payment card",
    Detected.NATIONAL_ID: "national id",
    Detected.SECRET: "secret",
}
_SEARCHED = frozenset({ColumnKind.TEXT, ColumnKind.WHOLE_NUMBER})
_WHO = (
    "first|last|full|family|given|middle|maiden|customer|client|employee|contact|person|patient|guest|member|user|"
    "student|tenant|driver"
)
_BY_HEADING: Mapping[str, tuple[str, ...]] = {
    "e-mail address": (r"\bemail\b", r"\bmail address\b"),
    "phone number": (
        r"\b(tele)?phone\b",
        r"\bmobile\b",
        r"\bcell( ?phone| number)\b",
        r"\btel\b",
        r"\btelefon",
        r"\bfax\b",
    ),
    "name": (
        rf"\b({_WHO}) names?\b",
        r"^names?$",
        r"\bsur ?name\b",
        r"\b(vor|nach)name\b",
        r"^(employee|patient|tenant|driver)s?$",
    ),
    "address": (
        r"\b(?<!mail )(?<!ip )(?<!web )address\b",
        r"\bstreet\b",
        r"\bpost(al)? ?code\b",
        r"\bzip\b",
        r"\badresse\b",
    ),
    "date of birth": (r"\bbirth", r"\bdob\b", r"\bgeburt"),
    "bank account": (r"\biban\b", r"\bbank account\b", r"\baccount number\b"),
    "payment card": (r"\b(credit|payment|debit) ?card\b", r"\bcard number\b"),
    "national id": (r"\bssn\b", r"\bnational id\b", r"\bpassport\b", r"\btax id\b", r"\bsocial security\b"),
    "salary": (r"\bsalary\b", r"\bwages?\b", r"\bgehalt\b"),
    "health": (r"\bdiagnosis\b", r"\bsick\b", r"\bdisability\b", r"\bblood\b"),
}
_PATTERNS = {kind: re.compile("|".join(patterns)) for kind, patterns in _BY_HEADING.items()}


def personal_in(heading: str, kind: ColumnKind, values: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of personal data that a column of these values may hold."""
    words = " ".join(
        re.sub(r"[_.\-/]+", " ", heading.replace("E-", "e").replace("e-", "e")).casefold().split()
    )
    found = {name for name, pattern in _PATTERNS.items() if pattern.search(words)}
    if kind in _SEARCHED:
        found.update(_in_values(values))
    return tuple(sorted(found))


def _in_values(values: Sequence[str]) -> Iterator[str]:
    certain: set[Detected] = set()
    counts = dict.fromkeys(Detected, 0)
    for value in values:
        for finding in scan(value):
            counts[finding.kind] += 1
            if finding.certain:
                certain.add(finding.kind)
    for kind, count in counts.items():
        if count and (kind is Detected.EMAIL or kind in certain or count >= len(values) * _ENOUGH):
            yield _BY_VALUE[kind]
