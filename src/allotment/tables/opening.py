"""Opens a table in a file as a relation: text by its reading, typed Parquet by its own types.

Invariant: only the columns that a plan mentions are read, unless all of them are in the result.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.naming import folded
from allotment.engine.tables.plan import Compare, Group, Keep, Pivot, Plan
from allotment.kernel.errors import Invalid
from allotment.tables.compiling import Compiler, Held, Relation
from allotment.tables.engine import Engine, identifier, text_literal
from allotment.tables.expressions import MOST_SCALE, Typed, finite, in_years, select, sql_type
from allotment.tables.kinds import ReadAs, Reading, cast_expression

_ROW_NUMBER = "file_row_number"
_SQL_KINDS = {
    "VARCHAR": ColumnKind.TEXT,
    "TINYINT": ColumnKind.WHOLE_NUMBER,
    "SMALLINT": ColumnKind.WHOLE_NUMBER,
    "INTEGER": ColumnKind.WHOLE_NUMBER,
    "BIGINT": ColumnKind.WHOLE_NUMBER,
    "FLOAT": ColumnKind.NUMBER,
    "DOUBLE": ColumnKind.NUMBER,
    "DATE": ColumnKind.DATE,
    "TIMESTAMP": ColumnKind.MOMENT,
    "BOOLEAN": ColumnKind.YES_NO,
}


@dataclass(frozen=True)
class Source:
    """A table in a Parquet file: all text with the reading of it, or (without one) typed by an earlier step."""

    parquet: Path
    reading: Reading | None = None


def columns_in(engine: Engine, source: Source) -> tuple[Column, ...]:
    """Return the columns of a table."""
    if source.reading is not None:
        return tuple(Column(column.name, column.kind) for column in source.reading)
    return tuple(Column(name, typed.kind) for name, typed in _typed(engine, source))


def relation_of(engine: Engine, compiler: Compiler, source: Source, plan: Plan = ()) -> Relation:
    """Return the table as a relation that holds what the plan needs, or everything when it has no plan."""
    needed = _mentioned(plan)
    read = [
        (name, typed)
        for name, typed in (
            _typed(engine, source) if source.reading is None else _read(engine, source, needed)
        )
        if needed is None or folded(name) in needed
    ]
    held = tuple(Held(name, Typed(compiler.fresh(), typed.kind, typed.scale)) for name, typed in read)
    cells = "".join(f"{typed.sql} AS {into.typed.sql}, " for (_, typed), into in zip(read, held, strict=True))
    name, file = compiler.fresh("t"), compiler.parameter(str(source.parquet.resolve()))
    # A file may itself have a column of the name that DuckDB gives its row numbers.
    is_taken = any(folded(column.name) == _ROW_NUMBER for column in columns_in(engine, source))
    number = "row_number() OVER ()" if is_taken else _ROW_NUMBER
    behind = "" if is_taken else f", {_ROW_NUMBER} = true"
    query = select(f"{cells}{number} AS o", f"read_parquet({file}{behind})")
    return Relation(name, held, (f"{name} AS ({query})",))


def _typed(engine: Engine, source: Source) -> Iterator[tuple[str, Typed]]:
    """Yield the columns of a typed file by their types."""
    described = engine.rows(
        "DESCRIBE SELECT * FROM read_parquet($file)", {"file": str(source.parquet.resolve())}
    )
    for name, kind, *_ in described:
        if kind.startswith("DECIMAL"):
            scale = int(kind.rstrip(")").rpartition(",")[2])
            yield name, Typed(identifier(name), ColumnKind.NUMBER, scale)
        elif kind in _SQL_KINDS:
            yield name, Typed(identifier(name), _SQL_KINDS[kind])
        else:
            raise Invalid(f"“{name}” holds {kind}, which is no kind of column.", hint="Read the file again.")


def _read(engine: Engine, source: Source, needed: frozenset[str] | None) -> Iterator[tuple[str, Typed]]:
    """Yield the columns of a file of text by its reading."""
    reading = [one for one in source.reading or () if needed is None or folded(one.name) in needed]
    scales = _scales(engine, source, [one for one in reading if one.kind is ColumnKind.NUMBER])
    for one in reading:
        cell = cast_expression(one)
        match one.kind:
            case ColumnKind.NUMBER:
                scale = scales[one]
                exact = f"CAST({cell} AS {sql_type(one.kind, scale)})"
                yield one.name, Typed(finite(exact) if scale is None else exact, one.kind, scale)
            case ColumnKind.DATE | ColumnKind.MOMENT:
                yield one.name, Typed(in_years(cell), one.kind)
            case _:
                yield one.name, Typed(cell, one.kind)


def _scales(engine: Engine, source: Source, numbers: list[ReadAs]) -> dict[ReadAs, int | None]:
    """Return the decimal places that hold each number exactly; None for those that need a DOUBLE.

    The digits behind the mark are a bound that is quick to find; only where it is too large are the numbers read.
    """
    bounds = _places(engine, source, {one: _digits_behind_mark(one) for one in numbers})
    unclear = {one: _exact_places(one) for one, bound in bounds.items() if bound > MOST_SCALE}
    exact = {**bounds, **_places(engine, source, unclear)}
    return {one: places if places <= MOST_SCALE else None for one, places in exact.items()}


def _places(engine: Engine, source: Source, measures: dict[ReadAs, str]) -> dict[ReadAs, int]:
    if not measures:
        return {}
    largest = ", ".join(f"coalesce(max({measure}), 0)" for measure in measures.values())
    (found,) = engine.rows(select(largest, "read_parquet($file)"), {"file": str(source.parquet.resolve())})
    return dict(zip(measures, map(int, found), strict=True))


def _digits_behind_mark(number: ReadAs) -> str:
    behind = f"split_part({identifier(number.name)}, {text_literal(number.format or '.')}, 2)"
    return f"length({behind}) - length(translate({behind}, '0123456789', ''))"


def _exact_places(number: ReadAs) -> str:
    digits = f"CAST({cast_expression(number)} AS VARCHAR)"
    return f"length(rtrim(split_part({digits}, '.', 2), '0'))"


def _mentioned(plan: Plan) -> frozenset[str] | None:
    """Return the names that a plan mentions, when they are all it needs; None when it keeps every column."""
    if not any(isinstance(operation, Group | Pivot | Compare | Keep) for operation in plan):
        return None
    return frozenset(folded(text) for text in _texts(msgspec.to_builtins(plan)))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
