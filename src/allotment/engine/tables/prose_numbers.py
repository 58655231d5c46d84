"""Reads numbers as people write them in sentences, in several languages.

Invariant: a number keeps every reading it may have (`1.234` is a thousand and some, or one and a bit), each with the
size of its last digit. Left out is what counts nothing: dates, times, versions, ordinals, numbers of a list, page
and step numbers, codes with letters in them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

_SPACE = "\u00a0\u202f\u2009 "
_MONTHS = (
    "jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f[ée]v(?:rier)?|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|abril|may|mai|mayo|"
    "june?|juni|juin|junio|july?|juli|juillet|julio|aug(?:ust)?|août|agosto|sept?(?:ember|embre|iembre)?|"
    "o[ck]t(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?|de[cz](?:ember|embre)?|décembre|diciembre|enero|febrero"
)
_LEFT_OUT = re.compile(
    rf"""
      \b\d{{4}}-\d\d(?:-\d\d)?(?:[ T]\d\d:\d\d(?::\d\d)?)?\b                # 2026-11-03, 2026-11
    | \b\d{{4}}[- ]?[QWT]\d{{1,2}}\b | \b[QWTH]\d{{1,2}}\b                   # 2026-W05, Q3
    | \b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b | \b\d{{1,2}}\.\d{{1,2}}\.(?!\d)   # 3.11.2026, 11/03/2026, 3.11.
    | \b\d{{1,2}}:\d\d(?::\d\d)?\b                                           # 14:30
    | \b\d{{1,2}}(?:st|nd|rd|th|er|e|º|ª|°)?\.?\s+(?:of\s+|de\s+)?(?:{_MONTHS})\b\.?
      (?:,?\s+(?:de\s+)?\d{{4}}\b)?                                         # 3 May 2026
    | \b(?:{_MONTHS})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\s*%|[.,]\d)(?:,?\s+\d{{4}}\b)?   # May 3, 2026
    | \b(?:{_MONTHS})\b\.?,?\s+(?:de\s+)?\d{{4}}\b                           # May 2026
    | \b\d+(?:st|nd|rd|th|er|ère|ème|º|ª)\b                                  # 2nd
    | (?m:^[ \t]*(?:[-*#>]\s*)?\(?\d{{1,3}}[.)](?=\s))                       # 1. of a list
    | \b(?:top|page|step|point|item|no\.|nr\.|figure|table|chart|section|version|seite|platz|week|kw|quarter|rank)
      [ \u00a0]\#?\d{{1,4}}\b(?![.,]?\d|\s*%)                                # page 3, top 5
    | \b[a-z]\w*-\d+\b | \b\d+-[a-z]\w*                                     # ISO-9001, 12-month
    | \#\d+\b | \bv\d+(?:\.\d+)*\b | \b\d+(?:\.\d+){{2,}}\b(?![.,\d])(?<!\.\d{{3}})   # #12, v1.2, 1.2.3
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"""
    (?<![\w.,])
    (?P<digits>
        \d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?
      | \d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?
      | \d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?:[.,]\d+)?
      | \d{{1,3}}(?:['’]\d{{3}})+(?:[.,]\d+)?
      | \d+(?:[.,]\d+)?
    )
    (?:
        [{_SPACE}]?(?P<percent>%|percent\b|per\ cent\b|prozent\b|pour\ cent\b|por\ ciento\b)
      | [{_SPACE}]?(?P<scale>thousand|tausend|mille?|mil
          |millions?|millionen|mio\.?|mn|billions?|milliarden?|milliards?|mrd\.?|bn)(?!\w)
      | (?P<letter>[kKmMbB])(?!\w)
    )?
    (?![\w])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SCALES: Mapping[str, int] = {
    **dict.fromkeys(("thousand", "tausend", "mil", "mille", "k"), 3),
    **dict.fromkeys(("million", "millions", "millionen", "mio", "mn", "m", "mill"), 6),
    **dict.fromkeys(
        ("billion", "billions", "milliarde", "milliarden", "milliard", "milliards", "mrd", "bn", "b"), 9
    ),
}


@dataclass(frozen=True)
class Written:
    """A number in a text."""

    start: int
    end: int
    digits: str
    """As written, without scale and percent sign."""
    readings: tuple[tuple[Decimal, Decimal], ...]
    """What it may mean, each with the size of the last written digit."""
    is_percent: bool


def written_numbers(text: str) -> Iterator[Written]:
    """Yield the numbers in a text that say how much of something there is."""
    left_out = _LEFT_OUT.sub(lambda found: "_" * len(found[0]), text)
    for found in _NUMBER.finditer(left_out):
        digits = found["digits"]
        scale = _SCALES.get((found["scale"] or found["letter"] or "").rstrip(".").casefold(), 0)
        readings = tuple(_scaled(bare, scale) for bare in _readings(digits))
        yield Written(found.start(), found.end(), digits, readings, is_percent=found["percent"] is not None)


def _readings(digits: str) -> Iterator[str]:
    """Yield the digits with a decimal point, for each way to read the marks in them."""
    marks = re.sub(r"\d", "", digits)
    bare = re.sub(rf"[{_SPACE}'’]", "", digits)
    kinds = set(marks)
    if {".", ","} <= kinds:
        last = max(bare.rfind("."), bare.rfind(","))
        yield re.sub("[.,]", "", bare[:last]) + "." + bare[last + 1 :]
        return
    mark = next((one for one in (",", ".") if one in kinds), None)
    if mark is None:
        yield bare
        return
    if bare.count(mark) == 1:
        yield bare.replace(mark, ".")
    if all(len(group) == len("000") for group in bare.split(mark)[1:]) and marks.count(mark) == len(marks):
        yield bare.replace(mark, "")


def _scaled(bare: str, scale: int) -> tuple[Decimal, Decimal]:
    value = Decimal(bare)
    unit = Decimal(1).scaleb(int(value.as_tuple().exponent) + scale)
    return value.scaleb(scale), unit
