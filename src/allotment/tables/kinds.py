"""What the text in a column means: its kind, and how this file writes that kind.

Invariant: a cell that does not read as its column's kind is empty, never something else. What is guessed is guessed
from the cells alone, and only when nearly all of them agree; everything else stays text.

Guessing looks at a few cells with every candidate, and at all cells only with those that fit half of the few.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from allotment.engine.tables.columns import NUMBERS, ColumnKind
from allotment.tables.engine import Engine, Limits, identifier, open_engine, text_literal
from allotment.tables.expressions import select

_ENOUGH = 0.95
"""Of the filled cells must read as a kind for a column to be of it."""
_PROMISING = 0.5
"""Of the few cells looked at first must fit for a candidate to be held against all."""
_FEW, _FEW_IN_ALL = 100, 20_000
_FIRST_ROWS, _FIRST_CELLS = 5_000, 2_000_000
_LONGEST = 100
"""Characters of a cell that are looked at first; whatever is longer is text."""
_AT_ONCE = 100
"""Columns in one pass."""
_LIMITS = Limits(memory_mib=1024, seconds=60)
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
_PLAIN = r"[+-]?[0-9]{1,30}([.][0-9]{1,40})?"
_WITH_POWER = r"[+-]?[0-9]([.][0-9]{1,20})?[eE][+-][0-2][0-9]"
"""As programs write very small and large numbers: `1.5e-07`, of at most 30 digits. With a sign: `1E05` is a code."""
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
            plain, read = (f"regexp_full_match({one}, {text_literal(_WHOLE)})" for one in (cell, number))
            return (
                f"CASE WHEN {plain} THEN TRY_CAST({cell} AS BIGINT) "
                f"WHEN {read} THEN TRY_CAST({number} AS BIGINT) END"
            )
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
    """Return how to read each column of a file of text, from all its cells."""
    with open_engine([parquet], _LIMITS) as engine:
        source = f"read_parquet({text_literal(str(parquet.resolve()))})"
        return tuple(_held_against_all(engine, source, _promising(engine, source, names)))


def guess_as(parquet: Path, wanted: Mapping[str, ColumnKind]) -> Reading:
    """Return how to read columns that somebody says are of these kinds: as a look at a few cells suggests."""
    with open_engine([parquet], _LIMITS) as engine:
        source = f"read_parquet({text_literal(str(parquet.resolve()))})"
        few = _few_cells(engine, source, tuple(wanted), len(wanted)) if wanted else []
        return tuple(
            _suggested(engine, name, kind, cells)
            for (name, kind), cells in zip(wanted.items(), few, strict=True)
        )


def _suggested(engine: Engine, name: str, kind: ColumnKind, cells: Sequence[str]) -> ReadAs:
    ways = [one for one in _candidates("cell") if one.kind is kind]
    if not ways:
        return ReadAs(name, kind)
    counts = ", ".join(f"count({cast_expression(one)})" for one in ways)
    found = engine.rows(
        select(counts, f"({select('unnest($cells) AS cell', '(VALUES (1))')})"), {"cells": cells}
    )
    best = max(zip(ways, found[0], strict=True), key=lambda pair: pair[1])[0]
    return replace(best, name=name)


@dataclass(frozen=True)
class _Promising:
    """The candidates for a column that a look at few cells leaves, the strictest first."""

    name: str
    candidates: tuple[ReadAs, ...]


def _promising(engine: Engine, source: str, names: Sequence[str]) -> list[_Promising]:
    few = [
        cells
        for start in range(0, len(names), _AT_ONCE)
        for cells in _few_cells(engine, source, names[start : start + _AT_ONCE], len(names))
    ]
    cells = [(place, cell) for place, some in enumerate(few) for cell in some]
    tried = tuple(_candidates("cell"))
    counts = ", ".join(f"count({cast_expression(one)}){_worth_trying(one)}" for one in tried)
    unnested = f"({select('unnest($places) AS place, unnest($cells) AS cell', '(VALUES (1))')})"
    found = engine.rows(
        select(f"place, count(*), {counts}", unnested, "GROUP BY place"),
        {"places": [place for place, _ in cells], "cells": [cell for _, cell in cells]},
    )
    kept: dict[int, list[ReadAs]] = {}
    for place, filled, *fitting in found:
        kept[place] = [one for one, count in zip(tried, fitting, strict=True) if count >= filled * _PROMISING]
    return [
        _Promising(name, tuple(replace(one, name=name) for one in kept.get(place, ())))
        for place, name in enumerate(names)
    ]


def _worth_trying(way: ReadAs) -> str:
    """Return what spares most cells the many ways to write a moment."""
    return " FILTER (WHERE contains(cell, ':'))" if way.kind is ColumnKind.MOMENT else ""


def _few_cells(engine: Engine, source: str, names: Sequence[str], width: int) -> list[list[str]]:
    """Return a few filled cells of each column: of the first rows, or else from anywhere."""
    few = max(8, min(_FEW, _FEW_IN_ALL // width))
    rows = max(few, min(_FIRST_ROWS, _FIRST_CELLS // width))
    cells = [f"left(trim({identifier(name)}), {_LONGEST})" for name in names]
    lists = ", ".join(f"(list({cell}) FILTER (WHERE {cell} <> ''))[:{few}]" for cell in cells)
    wanted = ", ".join(map(identifier, names))
    first = f"({select(wanted, source, f'LIMIT {rows}')})"
    found = [list(one or ()) for one in engine.rows(select(lists, first))[0]]
    if blank := [place for place, one in enumerate(found) if not one]:
        ends = ", ".join(f"max({cells[place]})" for place in blank)
        for place, largest in zip(blank, engine.rows(select(ends, source))[0], strict=True):
            found[place] = [largest] if largest else []
    return found


@dataclass(frozen=True)
class _Fitting:
    """How many cells of a column are filled, begin with a needless zero, and fit each candidate."""

    filled: int
    with_zeros: int
    counts: tuple[int, ...]


def _held_against_all(engine: Engine, source: str, columns: Sequence[_Promising]) -> Iterator[ReadAs]:
    """Yield how to read each column: as the strictest candidate that nearly all its cells fit."""
    fitting = _side_by_side if len(columns) <= _AT_ONCE else _one_below_the_other
    found = fitting(engine, source, [column for column in columns if column.candidates])
    for column in columns:
        chosen = _chosen(column, found[column.name]) if column.candidates else None
        yield chosen or ReadAs(column.name, ColumnKind.TEXT)


def _side_by_side(engine: Engine, source: str, columns: Sequence[_Promising]) -> dict[str, _Fitting]:
    """Count in one pass over the columns as they are: fast for many rows."""
    if not columns:
        return {}
    measures = [m for one in columns for m in _measures(one.candidates, identifier(one.name))]
    found = iter(engine.rows(select(", ".join(measures), source))[0])
    return {
        one.name: _Fitting(next(found), next(found), tuple(islice(found, len(one.candidates))))
        for one in columns
    }


def _one_below_the_other(engine: Engine, source: str, columns: Sequence[_Promising]) -> dict[str, _Fitting]:
    """Count columns with the same candidates as one long column: fast for many columns."""
    alike: dict[tuple[ReadAs, ...], list[str]] = {}
    for column in columns:
        ways = tuple(replace(one, name="cell") for one in column.candidates)
        alike.setdefault(ways, []).append(column.name)
    fitting = {}
    for ways, names in alike.items():
        cells = ", ".join(map(identifier, names))
        long = f"({select(f'unnest([{cells}]) AS cell, unnest(range({len(names)})) AS place', source)})"
        measures = ", ".join(_measures(ways, "cell"))
        for place, filled, zeros, *counts in engine.rows(
            select(f"place, {measures}", long, "GROUP BY place")
        ):
            fitting[names[place]] = _Fitting(filled, zeros, tuple(counts))
    return fitting


def _measures(ways: Sequence[ReadAs], cell: str) -> list[str]:
    """Return the SQL of what a `_Fitting` holds."""
    zeros = "0"
    if any(one.kind in NUMBERS for one in ways):
        is_zero = f"starts_with(trim({cell}), '0') AND {_is('0[0-9]+', f'trim({cell})')}"
        zeros = f"count(*) FILTER (WHERE {is_zero})"
    filled = f"count(*) FILTER (WHERE trim({cell}) <> '')"
    return [filled, zeros, *(f"count({cast_expression(one)})" for one in ways)]


def _chosen(column: _Promising, fitting: _Fitting) -> ReadAs | None:
    """Return the strictest candidate that fits enough cells, or one alike that fits more: `13/01/2026` decides."""
    enough = [
        (one, count)
        for one, count in zip(column.candidates, fitting.counts, strict=True)
        if fitting.filled
        and count >= fitting.filled * _ENOUGH
        and not (fitting.with_zeros and one.kind in NUMBERS)
    ]
    if not enough:
        return None
    alike = NUMBERS if enough[0][0].kind in NUMBERS else {enough[0][0].kind}
    return max((pair for pair in enough if pair[0].kind in alike), key=lambda pair: pair[1])[0]


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
    """Return SQL for a number in plain digits; plain and grouped ones take the short way, those with marks the long."""
    mark = mark or "."
    bare = f"regexp_replace({cell}, {text_literal(_MARKS)}, '', 'g')"
    # Where a point groups thousands, `1.234` is no plain number.
    plain = _PLAIN if mark == "." else "[+-]?[0-9]{1,30}"
    return (
        f"CASE WHEN {_is(plain, cell)} THEN {cell} "
        f"WHEN {_is(_GROUPED[mark], cell)} THEN {_ungrouped(cell, mark)} "
        f"{_powers(cell) if mark == '.' else ''}"
        f"WHEN {_is(f'{plain}|{_GROUPED[mark]}', bare)} THEN {_ungrouped(bare, mark)} END"
    )


def _powers(cell: str) -> str:
    return f"WHEN {_is(_WITH_POWER, cell)} THEN printf('%.30f', TRY_CAST({cell} AS DOUBLE)) "


def _ungrouped(number: str, mark: str) -> str:
    group = "," if mark == "." else "."
    return f"replace(replace({number}, {text_literal(group)}, ''), {text_literal(mark)}, '.')"


def _is(pattern: str, cell: str) -> str:
    return f"regexp_full_match({cell}, {text_literal(pattern)})"
