"""Which figures, tests and arithmetic suit which kinds of column, and what kind comes out."""

from collections.abc import Mapping

from allotment.engine.tables.columns import NUMBERS, TIMES, ColumnKind
from allotment.engine.tables.plan import Aggregate, Arithmetic, DatePart, Test

ANY = frozenset(ColumnKind)
YES_NO = frozenset({ColumnKind.YES_NO})

FIGURE_SUITS: Mapping[Aggregate, frozenset[ColumnKind]] = {
    "count": ANY,
    "different values": ANY,
    "sum": NUMBERS | YES_NO,
    "average": NUMBERS | YES_NO,
    "median": NUMBERS,
    "smallest": NUMBERS | TIMES,
    "largest": NUMBERS | TIMES,
}
"""The sum of yes/no counts the yes; their average is the share of yes among the answers, from 0 to 1."""

_TEXT = frozenset({ColumnKind.TEXT})
_SIZED = NUMBERS | TIMES
TEST_SUITS: Mapping[Test, frozenset[ColumnKind]] = {
    "is": ANY,
    "is not": ANY,
    "contains": _TEXT,
    "begins with": _TEXT,
    "is empty": ANY,
    "is not empty": ANY,
    "is more than": _SIZED,
    "is less than": _SIZED,
    "is at least": _SIZED,
    "is at most": _SIZED,
}

_EXACT: frozenset[Arithmetic] = frozenset({"plus", "minus", "times"})


def figure_kind(figure: Aggregate, column: ColumnKind | None) -> ColumnKind:
    """Return what kind a figure of such a column is."""
    if figure in {"count", "different values"}:
        return ColumnKind.WHOLE_NUMBER
    if figure in {"smallest", "largest"}:
        return column or ColumnKind.NUMBER
    if figure == "sum" and column is not ColumnKind.NUMBER:
        return ColumnKind.WHOLE_NUMBER
    return ColumnKind.NUMBER


def key_kind(part: DatePart, column: ColumnKind) -> ColumnKind:
    """Return what kind a key is: a period is its first day, a weekday its English name, an hour from 0 to 23."""
    match part:
        case "":
            return column
        case "weekday":
            return ColumnKind.TEXT
        case "hour":
            return ColumnKind.WHOLE_NUMBER
        case _:
            return ColumnKind.DATE


def part_suits(part: DatePart) -> frozenset[ColumnKind]:
    """Return the kinds of column that have this part."""
    if not part:
        return ANY
    return frozenset({ColumnKind.MOMENT}) if part == "hour" else TIMES


def arithmetic_suits(by: Arithmetic) -> frozenset[ColumnKind]:
    """Return the kinds of column that this arithmetic is for, on both sides."""
    return TIMES if by == "days since" else NUMBERS


def arithmetic_kind(by: Arithmetic, left: ColumnKind, right: ColumnKind) -> ColumnKind:
    """Return what kind comes out. Days are counted from date to date, whatever the time of day."""
    are_whole = left is right is ColumnKind.WHOLE_NUMBER
    if by == "days since" or (by in _EXACT and are_whole):
        return ColumnKind.WHOLE_NUMBER
    return ColumnKind.NUMBER


def can_join(left: ColumnKind, right: ColumnKind) -> bool:
    """Whether columns of these kinds can agree."""
    return left is right or {left, right} <= NUMBERS
