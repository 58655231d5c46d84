"""SQL for single cells: tests, keys, figures and arithmetic on columns of known kinds.

Invariant: every expression is built from our own words, from internal column names (`c7`) and from placeholders of
parameters. Nothing a person wrote appears in what these functions return.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from allotment.engine.tables.columns import ColumnKind
from allotment.engine.tables.plan import Aggregate, Arithmetic, DatePart
from allotment.tables.engine import text_literal

MOST_SCALE = 6
"""Digits behind the decimal mark that are computed exactly; with more, a number is a DOUBLE."""

_BLANKS = text_literal(" \t\r\n\u00a0\u2007\u202f\u3000")
_WEEKDAYS = "['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']"
_SQL_TYPES: Mapping[ColumnKind, str] = {
    ColumnKind.TEXT: "VARCHAR",
    ColumnKind.WHOLE_NUMBER: "BIGINT",
    ColumnKind.DATE: "DATE",
    ColumnKind.MOMENT: "TIMESTAMP",
    ColumnKind.YES_NO: "BOOLEAN",
}


@dataclass(frozen=True)
class Typed:
    """An expression and what it holds. `scale` is the decimal places of an exact number, None of a DOUBLE."""

    sql: str
    kind: ColumnKind
    scale: int | None = None
    is_weekday: bool = False
    """Whether it is text that names days of the week, so that Monday comes first."""

    @property
    def places(self) -> int | None:
        """Decimal places of an exact number, whole or not; None for a DOUBLE."""
        return 0 if self.kind is ColumnKind.WHOLE_NUMBER else self.scale


def select(what: str, source: str, behind: str = "") -> str:
    """Return a query. The one place where they are put together, always from names of our own and placeholders."""
    return f"SELECT {what} FROM {source} {behind}".rstrip()  # noqa: S608


def sql_type(kind: ColumnKind, scale: int | None) -> str:
    """Return the type that holds cells of this kind."""
    if kind is ColumnKind.NUMBER:
        return "DOUBLE" if scale is None else f"DECIMAL(38, {scale})"
    return _SQL_TYPES[kind]


def plain(text: str) -> str:
    """Return text as it is held against other text: without regard to case and surrounding blanks."""
    return f"lower(trim({text}, {_BLANKS}))"


def finite(number: str) -> str:
    """Return a DOUBLE that is empty where it would be infinite or not a number."""
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def in_years(moment: str) -> str:
    """Return a date or moment that is empty outside the years 1 to 9999, which is all that Python can hold."""
    return f"CASE WHEN year({moment}) BETWEEN 1 AND 9999 THEN {moment} END"


def ordering(column: Typed) -> tuple[str, ...]:
    """Return what to order by, smallest first: text without regard to case and accents, weekdays from Monday."""
    if column.is_weekday:
        return (f"list_position({_WEEKDAYS}, {column.sql})",)
    if column.kind is ColumnKind.TEXT:
        return (f"strip_accents(lower({column.sql}))",)
    return (column.sql,)


def key(column: Typed, part: DatePart) -> Typed:
    """Return what rows are put together by. A weekday is its number here, see `weekday_name`."""
    match part:
        case "":
            return column
        case "weekday":
            return Typed(f"isodow({column.sql})", ColumnKind.WHOLE_NUMBER)
        case "hour":
            return Typed(f"hour({column.sql})", ColumnKind.WHOLE_NUMBER)
        case _:
            return Typed(f"CAST(date_trunc('{part}', {column.sql}) AS DATE)", ColumnKind.DATE)


def weekday_name(number: str) -> str:
    """Return the English name of a weekday from its ISO number."""
    return f"{_WEEKDAYS}[{number}]"


def period_before(day: str, part: DatePart) -> str:
    """Return the first day of the period before the one that begins on `day`."""
    length = "INTERVAL 3 MONTH" if part == "quarter" else f"INTERVAL 1 {part.upper()}"
    return f"CAST({day} - {length} AS DATE)"


def figure(aggregate: Aggregate, column: Typed | None) -> Typed:
    """Return one figure of a group of rows."""
    if column is None:
        return Typed("count(*)", ColumnKind.WHOLE_NUMBER)
    sql = column.sql
    match aggregate:
        case "count":
            return Typed(f"count({sql})", ColumnKind.WHOLE_NUMBER)
        case "different values":
            return Typed(f"count(DISTINCT {sql})", ColumnKind.WHOLE_NUMBER)
        case "smallest":
            return Typed(f"min({sql})", column.kind, column.scale)
        case "largest":
            return Typed(f"max({sql})", column.kind, column.scale)
        case "sum":
            return _sum(column)
        case "average":
            number = f"CAST({sql} AS INTEGER)" if column.kind is ColumnKind.YES_NO else sql
            return Typed(finite(f"avg({number})"), ColumnKind.NUMBER)
        case "median":
            return Typed(finite(f"median(CAST({sql} AS DOUBLE))"), ColumnKind.NUMBER)


def _sum(column: Typed) -> Typed:
    if column.kind is ColumnKind.YES_NO:
        return Typed(f"CAST(sum(CAST({column.sql} AS INTEGER)) AS BIGINT)", ColumnKind.WHOLE_NUMBER)
    if column.kind is ColumnKind.WHOLE_NUMBER:
        return Typed(f"CAST(sum({column.sql}) AS BIGINT)", ColumnKind.WHOLE_NUMBER)
    if column.scale is None:
        return Typed(finite(f"fsum({column.sql})"), ColumnKind.NUMBER)
    return Typed(f"sum({column.sql})", ColumnKind.NUMBER, column.scale)


def arithmetic(by: Arithmetic, left: Typed, right: Typed) -> Typed:
    """Return two cells put together. Exact where both are and the result has few enough decimal places."""
    match by:
        case "days since":
            days = f"date_diff('day', CAST({right.sql} AS DATE), CAST({left.sql} AS DATE))"
            return Typed(days, ColumnKind.WHOLE_NUMBER)
        case "divided by":
            return _ratio(left.sql, right.sql)
        case "as percent of":
            return percent(left.sql, right.sql)
        case "plus" | "minus":
            sign = "+" if by == "plus" else "-"
            places = None if left.places is None or right.places is None else max(left.places, right.places)
            return _exact(sign, left, right, (places, places, places))
        case "times":
            places = None if left.places is None or right.places is None else left.places + right.places
            is_exact = places is not None and places <= MOST_SCALE
            return _exact(
                "*", left, right, (left.places, right.places, places) if is_exact else (None, None, None)
            )


def percent(part: str, whole: str) -> Typed:
    """Return how many percent of the whole the part is; empty for a whole of nothing."""
    return Typed(
        finite(f"100 * CAST({part} AS DOUBLE) / nullif(CAST({whole} AS DOUBLE), 0)"), ColumnKind.NUMBER
    )


def _ratio(left: str, right: str) -> Typed:
    return Typed(finite(f"CAST({left} AS DOUBLE) / nullif(CAST({right} AS DOUBLE), 0)"), ColumnKind.NUMBER)


Places = tuple[int | None, int | None, int | None]
"""Decimal places of the left side, the right side and the result; None where it is a DOUBLE."""


def _exact(sign: str, left: Typed, right: Typed, places: Places) -> Typed:
    if left.kind is right.kind is ColumnKind.WHOLE_NUMBER:
        return Typed(f"{left.sql} {sign} {right.sql}", ColumnKind.WHOLE_NUMBER)
    number = ColumnKind.NUMBER
    of_left, of_right, of_result = (sql_type(number, scale) for scale in places)
    sql = f"CAST(CAST({left.sql} AS {of_left}) {sign} CAST({right.sql} AS {of_right}) AS {of_result})"
    return Typed(sql if places[2] is not None else finite(sql), number, places[2])
