"""The same plans, computed independently with polars: the judge of our results. Written for clarity, not speed."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count, groupby
from typing import Any

import polars as pl

from allotment.engine.tables.checking import figure_name, key_name
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.literals import read_literal
from allotment.engine.tables.plan import (
    Compare,
    Compute,
    Figure,
    Filter,
    Group,
    Join,
    Keep,
    Key,
    Pivot,
    Plan,
    Sort,
    Top,
    Where,
)
from allotment.tables.pivoting import value_name

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
TYPES = {
    ColumnKind.TEXT: pl.String,
    ColumnKind.WHOLE_NUMBER: pl.Int64,
    ColumnKind.DATE: pl.Date,
    ColumnKind.MOMENT: pl.Datetime("us"),
    ColumnKind.YES_NO: pl.Boolean,
}


def folded(text: str | None) -> str | None:
    """Text as it is sorted: without case and accents."""
    if text is None:
        return None
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(one for one in apart if not unicodedata.combining(one))


def judge(plan: Plan, table: pl.DataFrame, others: Mapping[str, pl.DataFrame]) -> pl.DataFrame:  # noqa: C901
    """Return what the plan makes of a table."""
    for operation in plan:
        match operation:
            case Filter():
                tests = [passes(where, table) for where in operation.where]
                how = all if operation.match == "all" else any
                table = table.filter(
                    pl.Series([how(row) for row in zip(*tests, strict=True)], dtype=pl.Boolean)
                )
            case Compute():
                table = table.with_columns(computed(operation, table))
            case Sort():
                table = ordered(table, [(order.column, order.largest_first) for order in operation.by])
            case Top():
                table = top(operation, table)
            case Keep():
                table = table.select(
                    [pl.col(one.column).alias(one.name or one.column) for one in operation.columns]
                )
            case Group():
                table = named(operation.by, grouped(operation.by, operation.figures, table))
            case Join():
                table = joined(operation, table, others[operation.table])
            case Pivot():
                table = pivoted(operation, table)
            case Compare():
                table = compared(operation, table)
    return table


def passes(where: Where, table: pl.DataFrame) -> list[bool]:
    column = table[where.column]
    kind = kind_of(column.dtype)
    cells = column.to_list()
    if where.is_ in {"is empty", "is not empty"}:
        return [(cell is None) == (where.is_ == "is empty") for cell in cells]
    to: Any = read_literal(where.to, kind)
    if kind is ColumnKind.MOMENT and not isinstance(to, datetime):
        cells = [cell and cell.date() for cell in cells]
    if column.dtype == pl.Float64:
        to = float(to)
    if kind is ColumnKind.TEXT:
        clean: Callable[[str], str] = (
            str.lower if where.is_ == "contains" else lambda text: text.strip().lower()
        )
        cells, to = [None if cell is None else clean(cell) for cell in cells], clean(to)
    tests: Mapping[str, Callable[[Any], bool]] = {
        "is": lambda cell: cell == to,
        "contains": lambda cell: to in cell,
        "begins with": lambda cell: cell.startswith(to),
        "is more than": lambda cell: cell > to,
        "is less than": lambda cell: cell < to,
        "is at least": lambda cell: cell >= to,
        "is at most": lambda cell: cell <= to,
    }
    if where.is_ == "is not":
        return [cell is None or cell != to for cell in cells]
    return [cell is not None and tests[where.is_](cell) for cell in cells]


def computed(operation: Compute, table: pl.DataFrame) -> pl.Series:
    left = table[operation.left].to_list()
    if operation.right.startswith("="):
        kind = ColumnKind.MOMENT if operation.by == "days since" else ColumnKind.NUMBER
        right: list[Any] = [read_literal(operation.right[1:], kind)] * len(left)
    else:
        right = table[operation.right].to_list()
    cells = [
        None if a is None or b is None else put_together(operation.by, a, b)
        for a, b in zip(left, right, strict=True)
    ]
    return series(operation.name, cells)


def series(name: str, cells: Sequence[Any]) -> pl.Series:
    """Put cells into a column; decimals keep all their places."""
    filled = [cell for cell in cells if cell is not None]
    if any(isinstance(cell, float) for cell in filled):
        return pl.Series(name, [None if cell is None else float(cell) for cell in cells], dtype=pl.Float64)
    if any(isinstance(cell, Decimal) for cell in filled):
        return pl.Series(
            name, [None if cell is None else Decimal(cell) for cell in cells], dtype=pl.Decimal(38, 6)
        )
    return pl.Series(name, cells)


def put_together(by: str, left: Any, right: Any) -> Any:
    match by:
        case "days since":
            return (day_of(left) - day_of(right)).days
        case "divided by":
            return float(left) / float(right) if right else None
        case "as percent of":
            return 100 * float(left) / float(right) if right else None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return left + right if by == "plus" else left - right if by == "minus" else left * right


def day_of(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def ordered(table: pl.DataFrame, by: Sequence[tuple[str, bool]], *, exactly: bool = False) -> pl.DataFrame:
    """Sort stably, empty cells last; `exactly` also tells texts apart that fold alike."""
    keys, descending = [], []
    for number, (name, largest_first) in enumerate(by):
        cells = table[name]
        if cells.dtype == pl.String:
            is_weekday = set(cells.drop_nulls()) <= set(WEEKDAYS)
            rank = WEEKDAYS.index if is_weekday else folded
            new = pl.Series(f"\0{number}", [None if cell is None else rank(cell) for cell in cells.to_list()])
            if len(new.drop_nulls()) == 0:
                new = new.cast(pl.String)
            table = table.with_columns(new)
            keys.append(f"\0{number}")
            descending.append(largest_first)
            if not exactly:
                continue
        keys.append(name)
        descending.append(largest_first)
    table = table.sort(keys, descending=descending, nulls_last=True, maintain_order=True)
    return table.drop([name for name in table.columns if name.startswith("\0")])


def top(operation: Top, table: pl.DataFrame) -> pl.DataFrame:
    by = [(operation.by, not operation.smallest_first)]
    if not operation.per:
        return ordered(table, by).head(operation.rows)
    best = ordered(table, by).group_by(operation.per, maintain_order=True).head(operation.rows)
    return ordered(ordered(best.select(table.columns), by), [(operation.per, False)], exactly=True)


def key_values(key: Key, table: pl.DataFrame) -> pl.Series:
    column = table[key.column]
    if not key.part:
        return column
    day = column.cast(pl.Date)
    match key.part:
        case "hour":
            return column.dt.hour().cast(pl.Int64)
        case "weekday":
            return day.dt.weekday().cast(pl.Int64)
        case _:
            every = {"year": "1y", "quarter": "1q", "month": "1mo", "week": "1w", "day": "1d"}[key.part]
            return day.dt.truncate(every)


def aggregate(figure: Figure, name: str) -> pl.Expr:
    if not figure.column:
        return pl.len().cast(pl.Int64)
    cells = pl.col(name)
    match figure.figure:
        case "count":
            return cells.count().cast(pl.Int64)
        case "different values":
            return cells.drop_nulls().n_unique().cast(pl.Int64)
        case "sum":
            return pl.when(cells.count() > 0).then(cells.sum())
        case "average":
            return cells.cast(pl.Float64).mean()
        case "median":
            return cells.cast(pl.Float64).median()
        case "smallest":
            return cells.min()
        case "largest":
            return cells.max()


def grouped(by: Sequence[Key], figures: Sequence[Figure], table: pl.DataFrame) -> pl.DataFrame:
    keys = {f"k{n}": key_values(key, table) for n, key in enumerate(by)}
    values = {f"v{n}": table[figure.column] for n, figure in enumerate(figures) if figure.column}
    rows = pl.DataFrame(
        [pl.Series("row", range(table.height)), *(s.alias(n) for n, s in {**keys, **values}.items())]
    )
    makes = [aggregate(figure, f"v{n}").alias(figure_name(figure)) for n, figure in enumerate(figures)]
    if not by:
        return rows.select(makes)
    result = rows.group_by(list(keys), maintain_order=True).agg(makes)
    result = ordered(result, [(name, False) for name in keys], exactly=True)
    for name, key in zip(keys, by, strict=True):
        if key.part == "weekday":
            names = [None if day is None else WEEKDAYS[day - 1] for day in result[name]]
            result = result.with_columns(pl.Series(name, names, dtype=pl.String))
    return result


def named(by: Sequence[Key], table: pl.DataFrame) -> pl.DataFrame:
    """Call the keys of a grouped table what plans call them."""
    return table.rename({f"k{number}": key_name(key) for number, key in enumerate(by)})


def joined(operation: Join, table: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    def plain(cell: Any) -> Any:
        return cell.strip().lower() if isinstance(cell, str) else cell

    pairs = [(on.left, on.right or on.left) for on in operation.on]
    added = [name for name in other.columns if name not in [right for _, right in pairs]]
    rows = []
    for row in table.iter_rows(named=True):
        partners = [
            partner
            for partner in other.iter_rows(named=True)
            if all(row[a] is not None and plain(row[a]) == plain(partner[b]) for a, b in pairs)
        ]
        if not partners and operation.keep == "all":
            partners = [dict.fromkeys(added)]
        rows += [[*row.values(), *(partner[name] for name in added)] for partner in partners]
    names = [*table.columns]
    for name in added:
        names.append(free(name, names))
    types = [*table.dtypes, *(other[name].dtype for name in added)]
    return pl.DataFrame(rows, schema=list(zip(names, types, strict=True)), orient="row")


def free(name: str, taken: Sequence[str]) -> str:
    if name not in taken:
        return name
    return next(other for number in count(2) if (other := f"{name} ({number})") not in taken)


def pivoted(operation: Pivot, table: pl.DataFrame) -> pl.DataFrame:
    long = grouped((*operation.rows, operation.across), (operation.figure,), table)
    *rows, across, value = long.columns
    order = ordered(long.select(across).unique(maintain_order=True), [(across, False)], exactly=True)
    missing = 0 if operation.figure.figure in {"count", "different values"} else None
    heads = order[across].to_list()
    result = []
    for row, cells in groupby(long.iter_rows(), key=lambda row: row[: len(rows)]):
        found = {cell[-2]: cell[-1] for cell in cells}
        result.append((*row, *(found.get(head, missing) for head in heads)))
    names = [key_name(key) for key in operation.rows]
    for head in heads:
        name = value_name(head, operation.across.part).strip()
        number, free = 2, name
        while free.strip().casefold() in [one.casefold() for one in names]:
            number, free = number + 1, f"{name} ({number})"
        names.append(free)
    types = [*long.dtypes[: len(rows)], *([long[value].dtype] * len(heads))]
    return pl.DataFrame(result, schema=list(zip(names, types, strict=True)), orient="row")


def compared(operation: Compare, table: pl.DataFrame) -> pl.DataFrame:
    period = Key(column=operation.date, part=operation.period)
    dated = table.filter(pl.col(operation.date).is_not_null())
    keys = (*operation.by, period)
    long = named(keys, grouped(keys, (operation.figure,), dated))
    figures = {row[:-1]: row[-1] for row in long.iter_rows()}
    before, change, percent = [], [], []
    for *keys, day, now in long.iter_rows():
        is_first = day.year == date.min.year  # nothing is before the first year there is
        last = None if is_first else figures.get((*keys, period_before(day, operation.period)))
        difference = None if now is None or last is None else now - last
        before.append(last)
        change.append(difference)
        percent.append(
            100 * float(difference) / abs(float(last)) if difference is not None and last else None
        )
    dtype = long[long.columns[-1]].dtype
    kind = pl.Int64() if dtype.is_integer() else dtype  # a change may be less than nothing
    return long.with_columns(
        pl.Series("before", before, dtype=kind),
        pl.Series("change", change, dtype=kind),
        pl.Series("change %", percent, dtype=pl.Float64),
    )


def period_before(day: date, period: str) -> date | None:
    if day.year == 1 and day < date(1, 1, 8):
        return None
    match period:
        case "day":
            return day - timedelta(days=1)
        case "week":
            return day - timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def kind_of(kind: pl.DataType) -> ColumnKind:
    return next((name for name, one in TYPES.items() if one == kind), ColumnKind.NUMBER)


def columns_of(table: pl.DataFrame) -> tuple[Column, ...]:
    return tuple(Column(name, kind_of(kind)) for name, kind in table.schema.items())
