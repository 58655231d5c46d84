"""Names of the columns that a pivot makes from values."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from allotment.engine.tables.naming import free_name
from allotment.engine.tables.plan import MOST_COLUMNS, DatePart, Pivot
from allotment.engine.tables.rows import Cell
from allotment.kernel.errors import TooLarge
from allotment.tables.compiling import Relation
from allotment.tables.engine import Engine
from allotment.tables.expressions import select

EMPTY = "(empty)"


def pivot_names(engine: Engine, operation: Pivot, figures: Relation, taken: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns in their order, each once, without those that are taken."""
    value = figures.held[-2].typed.sql
    behind = f"GROUP BY n ORDER BY n LIMIT {MOST_COLUMNS + 1}"
    found = engine.rows(select(f"n, any_value({value})", figures.name, behind))
    if len(found) > MOST_COLUMNS:
        raise TooLarge(
            f"“{operation.across.column}” has more than {MOST_COLUMNS} different values, too many for a column each.",
            hint="Group by it instead, take a longer period, or keep fewer rows first.",
        )
    names: list[str] = []
    for _, cell in found:
        names.append(free_name(value_name(cell, operation.across.part), (*taken, *names)))
    return tuple(names)


def value_name(cell: Cell, part: DatePart) -> str:
    """Return a value as the head of a column: `2026-03` for a month, `2026-W05` for a week, `2026 Q1`."""
    match cell:
        case None:
            return EMPTY
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat(sep=" ", timespec="minutes")
        case date():
            return _period_name(cell, part)
        case Decimal():
            return f"{cell.normalize():f}"
        case _:
            return str(cell)


def _period_name(day: date, part: DatePart) -> str:
    match part:
        case "year":
            return f"{day.year:04}"
        case "quarter":
            return f"{day.year:04} Q{(day.month + 2) // 3}"
        case "month":
            return f"{day.year:04}-{day.month:02}"
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case _:
            return day.isoformat()
