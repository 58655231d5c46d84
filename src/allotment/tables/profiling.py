"""What is in a table: for each column its range, gaps, different values, what does not read as its kind, what may be
personal; for the table its rows and how many of them are there twice.

Invariant: every figure is of the whole table and exact. (Rows are the same when their 64-bit hashes are.) What may be
personal is a guess, from the headings and from some of the values.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from allotment.engine.tables.columns import NUMBERS, ColumnKind
from allotment.tables.engine import Engine, Limits, identifier, open_engine, text_literal
from allotment.tables.expressions import in_years, select
from allotment.tables.kinds import ReadAs, Reading, cast_expression
from allotment.tables.personal import personal_in

MOST_FREQUENT = 5
MOST_UNREAD = 3
_SHOWN = 200
"""Characters of a value that a profile holds."""
_SCREENED, _SCREENED_ROWS, _SCREENED_CELLS = 200, 5_000, 500_000
_AT_ONCE = 50
"""Columns in one pass."""
_LIMITS = Limits(memory_mib=1024, seconds=120)


class Frequent(msgspec.Struct, frozen=True):
    """A value and how many cells hold it."""

    value: str
    count: int


class ColumnProfile(msgspec.Struct, frozen=True):
    """What is in one column. Values are as they are written; empty where there are none."""

    name: str
    kind: ColumnKind
    filled: int
    gaps: int
    different: int
    smallest: str = ""
    largest: str = ""
    mean: float | None = None
    frequent: tuple[Frequent, ...] = ()
    unread: int = 0
    """Filled cells that do not read as the kind, and so count as empty."""
    unread_examples: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    """Kinds of personal data that the column may hold."""


class Profile(msgspec.Struct, frozen=True):
    """What is in a table."""

    rows: int
    duplicate_rows: int
    columns: tuple[ColumnProfile, ...]


def profile(parquet: Path, reading: Reading) -> Profile:
    """Return what is in a file of text that is read so. Raises `TooLarge`."""
    with open_engine([parquet], _LIMITS) as engine:
        source = f"read_parquet({text_literal(str(parquet.resolve()))})"
        if len(reading) > _AT_ONCE:  # the file's list of columns is read with each pass over it
            engine.run(f"CREATE TEMP TABLE wide AS {select('*', source)}")
            source = "wide"
        cells = ", ".join(identifier(column.name) for column in reading)
        rows, different = engine.rows(select(f"count(*), count(DISTINCT hash({cells}))", source))[0]
        columns = tuple(
            column
            for start in range(0, len(reading), _AT_ONCE)
            for column in _profiles(engine, source, reading[start : start + _AT_ONCE], rows, len(reading))
        )
    return Profile(rows, rows - different, columns)


def _profiles(
    engine: Engine, source: str, columns: Sequence[ReadAs], rows: int, width: int
) -> Iterator[ColumnProfile]:
    measured = _measured(engine, source, columns)
    screened = _screened(engine, source, columns, width)
    for column, values in zip(columns, screened, strict=True):
        filled, different, frequent = _counted(engine, source, column)
        read, smallest, largest, mean = measured.get(column.name, (filled, None, None, None))
        unread = filled - read
        yield ColumnProfile(
            name=column.name,
            kind=column.kind,
            filled=filled,
            gaps=rows - filled,
            different=different,
            smallest=_shown(smallest, column.kind),
            largest=_shown(largest, column.kind),
            mean=mean,
            frequent=frequent,
            unread=unread,
            unread_examples=_unread(engine, source, column) if unread else (),
            personal=personal_in(column.name, column.kind, values),
        )


def _measured(engine: Engine, source: str, columns: Sequence[ReadAs]) -> dict[str, tuple[Any, ...]]:
    """Return how many cells of each column that is no text read as its kind, the smallest, the largest, the mean."""
    typed = [column for column in columns if column.kind is not ColumnKind.TEXT]
    if not typed:
        return {}
    cells, measures = [], []
    for place, column in enumerate(typed):
        cells.append(f"{_value(column)} AS v{place}")
        mean = f"avg(v{place})" if column.kind in NUMBERS else "NULL"
        measures.append(f"count(v{place}), min(v{place}), max(v{place}), {mean}")
    inner = f"({select(', '.join(cells), source)})"
    found = iter(engine.rows(select(", ".join(measures), inner))[0])
    return dict(zip((column.name for column in typed), zip(*[found] * 4, strict=True), strict=True))


def _value(column: ReadAs) -> str:
    cell = cast_expression(column)
    match column.kind:
        case ColumnKind.NUMBER:
            return f"TRY_CAST({cell} AS DOUBLE)"
        case ColumnKind.DATE | ColumnKind.MOMENT:
            return in_years(cell)
        case _:
            return cell


def _counted(engine: Engine, source: str, column: ReadAs) -> tuple[int, int, tuple[Frequent, ...]]:
    """Return how many cells of a column are filled, how many different values it has, and the most frequent."""
    cell = identifier(column.name)
    filled, different, is_padded, frequent = _grouped(engine, source, cell)
    if is_padded:  # rare, and slower by half
        filled, different, _, frequent = _grouped(engine, source, f"trim({cell})")
    return filled, different, frequent


def _grouped(engine: Engine, source: str, cell: str) -> tuple[int, int, bool, tuple[Frequent, ...]]:
    groups = select(f"{cell} AS v, count(*) AS n", source, f"WHERE {cell} <> '' GROUP BY 1")
    figures = select("count(*), sum(n), bool_or(v <> trim(v))", "g")
    first = select("left(v, $shown), n", "g", "ORDER BY n DESC, v LIMIT $most")
    found = engine.rows(
        f"WITH g AS MATERIALIZED ({groups}) SELECT * FROM ({figures}), ({first})",  # noqa: S608 - our own words, names quoted
        {"shown": _SHOWN, "most": MOST_FREQUENT},
    )
    if not found:
        return 0, 0, False, ()
    different, filled, is_padded = found[0][:3]
    frequent = tuple(Frequent(value, count) for *_, value, count in found)
    return int(filled), different, is_padded, frequent


def _unread(engine: Engine, source: str, column: ReadAs) -> tuple[str, ...]:
    cell = f"trim({identifier(column.name)})"
    behind = f"WHERE {cell} <> '' AND ({_value(column)}) IS NULL LIMIT {MOST_UNREAD}"
    found = engine.rows(select(f"DISTINCT left({cell}, {_SHOWN})", source, behind))
    return tuple(value for (value,) in found)


def _screened(engine: Engine, source: str, columns: Sequence[ReadAs], width: int) -> Iterator[Sequence[str]]:
    """Yield some different values of each column, from the first rows."""
    rows = max(_SCREENED, min(_SCREENED_ROWS, _SCREENED_CELLS // width))
    lists = ", ".join(
        f"(list(DISTINCT left({identifier(column.name)}, {_SHOWN})))[:{_SCREENED}]" for column in columns
    )
    names = ", ".join(identifier(column.name) for column in columns)
    first = f"({select(names, source, f'LIMIT {rows}')})"
    for values in engine.rows(select(lists, first))[0]:
        yield [value for value in values or () if value]


def _shown(value: object, kind: ColumnKind) -> str:
    """Return a value as people write it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    if kind is ColumnKind.YES_NO:
        return "yes" if value else "no"
    return str(value)
