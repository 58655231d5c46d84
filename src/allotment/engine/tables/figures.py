"""Finds numbers in prose that no shown table bears out.

Invariant: a number passes only if a cell, the total of a shown column, or the number of rows of a table says it, to
the digits that were written; or if it counts nothing (a date, a year that the tables know, an ordinal, the number of
a list). Differences and ratios of two cells do not pass: those a plan computes. Refuses to judge words: whether the
number stands for the right thing, only a reader knows.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from allotment.engine.tables.columns import NUMBERS
from allotment.engine.tables.prose_numbers import Written, written_numbers
from allotment.engine.tables.rows import Cell, Rows

_HUNDRED = Decimal(100)
_DIGITS_IN_TEXT = re.compile(r"\d+(?:[.,]\d+)*")
_SMALL_TEXT = 300


@dataclass(frozen=True)
class Number:
    """A number that nothing bears out, and where it stands in the text."""

    start: int
    end: int
    text: str


@dataclass
class _Known:
    """What the tables say: exact values, sorted to find those near a rounded one, and the figures inside texts."""

    values: set[Decimal] = field(default_factory=set)
    shares: set[Decimal] = field(default_factory=set)
    """Values from -1 to 1 that a text may give as percent."""
    years: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    """Runs of digits inside cells of text and heads of columns: “Q3”, “Product 500”."""

    def add_number(self, number: Decimal) -> None:
        self.values.add(abs(number))
        if abs(number) <= 1:
            self.shares.add(abs(number) * _HUNDRED)

    def add_text(self, text: str) -> None:
        self.names.update(_DIGITS_IN_TEXT.findall(text[:_SMALL_TEXT]))


def unsupported(text: str, tables: Iterable[Rows]) -> tuple[Number, ...]:
    """Return the numbers in prose that nothing in the tables bears out, in the order of the text."""
    known = _known(tables)
    values, shares = sorted(known.values), sorted(known.values | known.shares)
    missing = []
    for number in written_numbers(text):
        near = shares if number.is_percent else values
        if not (
            _is_named(number, known) or any(_is_near(value, unit, near) for value, unit in number.readings)
        ):
            missing.append(Number(number.start, number.end, text[number.start : number.end]))
    return tuple(missing)


def _is_named(number: Written, known: _Known) -> bool:
    digits = number.digits
    is_year = digits.isdecimal() and len(digits) == len("2026") and int(digits) in known.years
    return digits in known.names or (is_year and not number.is_percent)


def _is_near(value: Decimal, unit: Decimal, known: list[Decimal]) -> bool:
    """Whether a known value is the written one, rounded (or cut) to its last digit."""
    place = bisect_left(known, value - unit)
    while place < len(known) and known[place] < value + unit:
        candidate = known[place]
        rounded = (candidate / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit
        if rounded == value or abs(candidate - value) * 2 <= unit:
            return True
        place += 1
    return False


def _known(tables: Iterable[Rows]) -> _Known:
    known = _Known()
    for table in tables:
        known.values.update({Decimal(len(table.rows)), Decimal(table.rows_in_all or len(table.rows))})
        for place, column in enumerate(table.columns):
            known.add_text(column.name)
            cells = [row[place] for row in table.rows]
            if column.kind in NUMBERS:
                _add_numbers(known, cells)
            else:
                _add_others(known, cells)
    return known


def _add_numbers(known: _Known, cells: Iterable[Cell]) -> None:
    total = Decimal(0)
    for number in _numbers(cells):
        known.add_number(number)
        total += number
        if number == number.to_integral_value() and _is_year(number):
            known.years.add(int(number))
    known.values.add(abs(total))


def _add_others(known: _Known, cells: Iterable[Cell]) -> None:
    for cell in cells:
        if isinstance(cell, date):
            known.years.add(cell.year)
        elif isinstance(cell, str):
            known.add_text(cell)


def _numbers(cells: Iterable[Cell]) -> Iterator[Decimal]:
    for cell in cells:
        if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
            continue
        if isinstance(cell, Decimal) or isfinite(cell):
            yield cell if isinstance(cell, Decimal) else Decimal(str(cell))


def _is_year(number: Decimal) -> bool:
    return 1900 <= number <= 2100  # noqa: PLR2004
