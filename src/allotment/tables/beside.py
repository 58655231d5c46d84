"""Puts further columns beside a table: the same rows in the same order, each with its new cells.

Invariant: row for row. A table of another length than the cells is refused, so that no answer can ever stand beside
somebody else's row. A cell that does not read as the kind of its column is empty.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.naming import free_name
from allotment.kernel.errors import Invalid
from allotment.tables.computing import AS_PARQUET, columns_of, compute, count
from allotment.tables.engine import identifier, open_engine, text_literal
from allotment.tables.expressions import MOST_SCALE, sql_type
from allotment.tables.opening import Source

_DIGITS = 38
"""As many as a decimal of the engine holds."""


def put_beside(
    source: Source, columns: Sequence[Column], cells: Iterable[Sequence[str]], out: Path
) -> tuple[Column, ...]:
    """Write a table with further columns as typed Parquet to `out`; returns all its columns.

    `cells` yields, for each row of the table in its order, one text for each of `columns`; empty for no value. A
    column whose name the table has gets another one. Works with files beside `out`.
    """
    typed, added = out.with_suffix(".typed"), out.with_suffix(".cells")
    compute((), source, out=typed)
    rows, places = _write(added, len(columns), cells)
    if rows != (expected := count(Source(typed))):
        raise Invalid(
            f"There are answers for {rows:,} rows, but the table has {expected:,}.", hint="Run it again."
        )
    before = columns_of(Source(typed))
    named = list(before)
    for column in columns:
        named.append(Column(free_name(column.name, (other.name for other in named)), column.kind))
    made = named[len(before) :]
    selected = [f"t.{identifier(column.name)}" for column in before]
    selected += [_cell(number, column, places[number]) for number, column in enumerate(made)]
    shape = ", ".join(f"c{number}: 'VARCHAR'" for number in range(len(made)))
    added_rows = f"read_json({_path(added)}, format = 'newline_delimited', columns = {{{shape}}})"
    query = f"SELECT {', '.join(selected)} FROM read_parquet({_path(typed)}) t POSITIONAL JOIN {added_rows} a"  # noqa: S608 - names quoted by `identifier`, the rest is ours
    with open_engine([typed, added, out]) as engine:
        engine.run(f"COPY ({query}) TO {_path(out)} {AS_PARQUET}")
    return tuple(named)


def _path(file: Path) -> str:
    return text_literal(str(file.resolve()))


def _write(file: Path, width: int, cells: Iterable[Sequence[str]]) -> tuple[int, list[int | None]]:
    """Write the cells as lines of JSON; returns how many lines, and the decimal places of each column's numbers."""
    rows, places = 0, [0 for _ in range(width)]
    is_exact = [True for _ in range(width)]
    encoder = msgspec.json.Encoder()
    with file.open("wb") as lines:
        for row in cells:
            rows += 1
            for number, text in enumerate(row):
                behind = _places(text)
                places[number] = max(places[number], behind or 0)
                is_exact[number] = is_exact[number] and (behind or 0) <= MOST_SCALE
            lines.write(encoder.encode({f"c{number}": text or None for number, text in enumerate(row)}))
            lines.write(b"\n")
    return rows, [place if exact else None for place, exact in zip(places, is_exact, strict=True)]


def _places(text: str) -> int | None:
    """Return the decimal places of a number; more than there may be for one with too many digits, None for text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return None
    places = max(0, -exponent)
    return places if number.adjusted() + 1 + MOST_SCALE <= _DIGITS else MOST_SCALE + 1


def _cell(number: int, column: Column, places: int | None) -> str:
    name = identifier(column.name)
    if column.kind is ColumnKind.TEXT:
        return f"a.c{number} AS {name}"
    if column.kind is ColumnKind.YES_NO:
        return f"CASE a.c{number} WHEN 'yes' THEN true WHEN 'no' THEN false END AS {name}"
    return f"TRY_CAST(a.c{number} AS {sql_type(column.kind, places)}) AS {name}"
