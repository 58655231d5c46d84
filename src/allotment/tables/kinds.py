"""What the text in a column means: its kind, and how this file writes that kind.

Invariant: a cell that does not read as its column's kind is empty, never something else. What is guessed is guessed
from the cells alone, and only when nearly all of them agree; everything else stays text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allotment.engine.tables.columns import ColumnKind
from allotment.tables.engine import Engine, identifier, open_engine, text_literal

_ENOUGH = 0.95
"""Of the filled cells must read as a kind for a column to be of it."""
_SAMPLE_ROWS = 20_000
_DATES = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%d.%m.%y",
    "%d %b %Y",
    "%b %d %Y",
)
_TIMES = (" %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M", " %I:%M %p", "T%H:%M:%S.%f", " %H:%M:%S.%f")
_CODES = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HUF|INR|JPY|NOK|NZD|PLN|RON|SEK|TRY|USD|ZAR"
_MARKS = "[€$£¥₹%\\s'\u00a0\u202f]|^(" + _CODES + ")|(" + _CODES + ")$"
_WHOLE = r"[+-]?(0|[1-9][0-9]{0,17})"
_PLAIN = r"[+-]?[0-9]{1,30}([.][0-9]{1,15})?"
_GROUPED: Mapping[str, str] = {
    ".": r"[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]{1,15})?",
    ",": r"[+-]?[0-9]{1,3}([.][0-9]{3})+(,[0-9]{1,15})?|[+-]?[0-9]{1,30},[0-9]{1,15}",
}
_YES = ("yes", "true")
_NO = ("no", "false")


@dataclass(frozen=True)
class ReadAs:
    """How one column is read. `format`: a pattern of strptime for dates and moments, the decimal mark of numbers."""

    name: str
    kind: ColumnKind
    format: str = ""


Reading = tuple[ReadAs, ...]
"""A whole table: each column once, in the order of the file."""


def cast_expression(column: ReadAs) -> str:
    """Return the SQL that reads a cell of a column of text; NULL for a cell that is blank or reads as nothing.

    A number comes as text in plain digits, so that the caller decides how exact it must be.
    """
    cell = f"trim({identifier(column.name)})"
    match column.kind:
        case ColumnKind.TEXT:
            return f"nullif({cell}, '')"
        case ColumnKind.WHOLE_NUMBER:
            number = _number(cell, column.format)
            is_whole = f"regexp_full_match({number}, {text_literal(_WHOLE)})"
            return f"CASE WHEN {is_whole} THEN TRY_CAST({number} AS BIGINT) END"
        case ColumnKind.NUMBER:
            return _number(cell, column.format)
        case ColumnKind.YES_NO:
            return f"CASE WHEN lower({cell}) IN {_YES} THEN true WHEN lower({cell}) IN {_NO} THEN false END"
        case ColumnKind.DATE:
            return f"CAST(try_strptime({cell}, {text_literal(column.format or _DATES[0])}) AS DATE)"
        case ColumnKind.MOMENT:
            pattern = column.format or _DATES[0] + _TIMES[0]
            return f"CAST(try_strptime({cell}, {text_literal(pattern)}) AS TIMESTAMP)"


def guess(parquet: Path, names: Sequence[str]) -> Reading:
    """Return how to read each column of a file of text, from its first rows."""
    with open_engine([parquet]) as engine:
        return tuple(_guess(engine, parquet, name) for name in names)


def _guess(engine: Engine, parquet: Path, name: str) -> ReadAs:
    tried = tuple(_candidates(name))
    counts = ", ".join(f"count({cast_expression(one)})" for one in tried)
    cell = f"trim({identifier(name)})"
    zeros = f"count(*) FILTER (WHERE regexp_full_match({cell}, '0[0-9]+'))"
    sample = f"(SELECT {identifier(name)} FROM read_parquet($file) LIMIT {_SAMPLE_ROWS})"  # noqa: S608 - our own words, names quoted
    query = f"SELECT count(nullif({cell}, '')), {zeros}, {counts} FROM {sample}"  # noqa: S608 - our own words
    filled, with_zeros, *fitting = engine.rows(query, {"file": str(parquet.resolve())})[0]
    for one, count in zip(tried, fitting, strict=True):
        is_number = one.kind in {ColumnKind.WHOLE_NUMBER, ColumnKind.NUMBER}
        if filled and count >= filled * _ENOUGH and not (is_number and with_zeros):
            return one
    return ReadAs(name, ColumnKind.TEXT)


def _candidates(name: str) -> Iterator[ReadAs]:
    """Yield the ways to read a column, the strictest first. Numbers that begin with a zero are not numbers."""
    yield ReadAs(name, ColumnKind.YES_NO)
    for mark in _GROUPED:
        yield ReadAs(name, ColumnKind.WHOLE_NUMBER, mark)
    for mark in _GROUPED:
        yield ReadAs(name, ColumnKind.NUMBER, mark)
    for date in _DATES:
        yield ReadAs(name, ColumnKind.DATE, date)
    for date in _DATES:
        for time in _TIMES:
            yield ReadAs(name, ColumnKind.MOMENT, date + time)


def _number(cell: str, mark: str) -> str:
    """Return SQL for a number in plain digits; plain ones take the short way."""
    mark = mark or "."
    bare = f"regexp_replace({cell}, {text_literal(_MARKS)}, '', 'g')"
    group = "," if mark == "." else "."
    plain = f"replace(replace({bare}, {text_literal(group)}, ''), {text_literal(mark)}, '.')"
    return (
        f"CASE WHEN regexp_full_match({cell}, {text_literal(_PLAIN)}) AND {_is_plain_for(mark, cell)} THEN {cell} "
        f"WHEN regexp_full_match({bare}, {text_literal(_PLAIN if mark == '.' else '[+-]?[0-9]+')}) THEN {bare} "
        f"WHEN regexp_full_match({bare}, {text_literal(_GROUPED[mark])}) THEN {plain} END"
    )


def _is_plain_for(mark: str, cell: str) -> str:
    """Where a point groups thousands, `1.234` is no plain number."""
    return "true" if mark == "." else f"NOT contains({cell}, '.')"
