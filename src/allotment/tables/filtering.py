"""SQL for the tests of a filter. The fixed values of people become parameters, never SQL."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from allotment.engine.tables.columns import NUMBERS, ColumnKind
from allotment.engine.tables.literals import Literal, read_literal
from allotment.engine.tables.plan import Test
from allotment.kernel.errors import Invalid
from allotment.tables.expressions import Typed, plain, sql_type

Parameter = Callable[[str], str]
"""Takes a value as text, returns its placeholder."""

_COMPARISONS: Mapping[Test, str] = {
    "is": "=",
    "is not": "IS DISTINCT FROM",
    "is more than": ">",
    "is less than": "<",
    "is at least": ">=",
    "is at most": "<=",
}


def condition(column: Typed, is_: Test, to: str, parameter: Parameter) -> str:
    """Return the SQL of one test; an empty cell passes “is empty” and “is not” alone."""
    if is_ == "is empty":
        return f"{column.sql} IS NULL"
    if is_ == "is not empty":
        return f"{column.sql} IS NOT NULL"
    value = read_literal(to, column.kind)
    if value is None:
        raise Invalid(f"“{to}” cannot be held against a column of {column.kind}.", hint="Correct the plan.")
    if is_ == "contains":
        return f"contains(lower({column.sql}), lower({parameter(str(value))}))"
    if is_ == "begins with":
        return f"starts_with({plain(column.sql)}, {plain(parameter(str(value)))})"
    left, right = _sides(column, value, parameter)
    return f"{left} {_COMPARISONS[is_]} {right}"


def _sides(column: Typed, value: Literal, parameter: Parameter) -> tuple[str, str]:
    if column.kind is ColumnKind.TEXT:
        return plain(column.sql), plain(parameter(str(value)))
    if column.kind in NUMBERS:
        return _numbers(column, Decimal(str(value)), parameter)
    if column.kind is ColumnKind.MOMENT and not isinstance(value, datetime):
        # A date beside moments stands for the whole day.
        return f"CAST({column.sql} AS DATE)", f"CAST({parameter(str(value))} AS DATE)"
    return column.sql, f"CAST({parameter(str(value))} AS {sql_type(column.kind, None)})"


def _numbers(column: Typed, value: Decimal, parameter: Parameter) -> tuple[str, str]:
    if column.places is None:
        return column.sql, f"CAST({parameter(str(value))} AS DOUBLE)"
    places = decimal_places(value)
    right = f"CAST({parameter(f'{value:f}')} AS DECIMAL(38, {max(places, column.places)}))"
    if places <= column.places and column.kind is ColumnKind.NUMBER:
        return column.sql, right
    return f"CAST({column.sql} AS DECIMAL(38, {max(places, column.places)}))", right


def decimal_places(value: Decimal) -> int:
    """Return how many digits stand behind the decimal mark."""
    return max(0, -int(value.as_tuple().exponent))
