"""What a chart says, in words: for people who do not see it, and below it for everybody else."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from allotment.engine.tables.cells import cell_text, column_texts
from allotment.engine.tables.charting import Drawing
from allotment.engine.tables.columns import TIMES, Column, ColumnKind
from allotment.engine.tables.naming import find
from allotment.engine.tables.rows import Cell, Rows

_WORDS = {
    "bar": "Bar chart",
    "line": "Line chart",
    "area": "Area chart",
    "pie": "Pie chart",
    "scatter": "Scatter plot",
    "histogram": "Histogram",
}
_CLEAR_CHANGE = Decimal("0.02")


def alt_text(drawing: Drawing, rows: Rows) -> str:
    """Return one or two sentences: what is shown, the extremes, and the trend of a time."""
    measured = drawing.y or "the number of rows"
    by = f" for each {drawing.colour}" if drawing.colour else ""
    head = f"{_WORDS[drawing.kind]}: {measured} by {drawing.x}{by}."
    if drawing.kind == "histogram":
        return f"{_WORDS['histogram']} of {drawing.x}. {_spread(drawing, rows)}".strip()
    if drawing.kind == "scatter":
        return f"{_WORDS['scatter']} of {drawing.y} against {drawing.x}, {len(rows.rows):,} dots."
    points = _points(drawing, rows)
    if not points:
        return f"{head} There is nothing to show."
    return f"{head} {_extremes(drawing, points)}{_trend(drawing, rows, points)}".strip()


Point = tuple[str, Decimal]


def _points(drawing: Drawing, rows: Rows) -> list[Point]:
    """Return the sum at each value along the bottom, in the order in which it first comes."""
    x = find(drawing.x, rows.columns)
    if x is None:
        return []
    place = rows.columns.index(x)
    sums: dict[str, Decimal] = {}
    order: dict[str, Cell] = {}
    for row, number in zip(rows.rows, _measures(drawing, rows), strict=True):
        if number is not None and row[place] is not None:
            name = cell_text(row[place], x)
            sums[name] = sums.get(name, Decimal(0)) + number
            order.setdefault(name, row[place])
    if x.kind in TIMES:
        return [(name, sums[name]) for name in sorted(sums, key=lambda one: _instant(order[one]))]
    return list(sums.items())


def _instant(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _measures(drawing: Drawing, rows: Rows) -> Iterable[Decimal | None]:
    if not drawing.y:
        return [Decimal(1)] * len(rows.rows)
    y = find(drawing.y, rows.columns)
    place = rows.columns.index(y) if y is not None else 0
    return [_number(row[place]) for row in rows.rows]


def _number(cell: Cell) -> Decimal | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return None
    return Decimal(str(cell))


def _extremes(drawing: Drawing, points: list[Point]) -> str:
    most, least = max(points, key=lambda one: one[1]), min(points, key=lambda one: one[1])
    if len(points) == 1:
        return f"{most[0]}: {_figure(drawing, most[1])}."
    return f"Largest: {most[0]} ({_figure(drawing, most[1])}); smallest: {least[0]} ({_figure(drawing, least[1])})."


def _figure(drawing: Drawing, number: Decimal) -> str:
    column = Column(drawing.y or "rows", ColumnKind.NUMBER)
    return column_texts(Rows((column,), [(number,)]), 0)[0]


def _trend(drawing: Drawing, rows: Rows, points: list[Point]) -> str:
    x = find(drawing.x, rows.columns)
    if x is None or x.kind not in TIMES or len(points) < 3:  # noqa: PLR2004 - two points are no trend
        return ""
    first, last = points[0][1], points[-1][1]
    change = abs(last - first)
    if change <= abs(first) * _CLEAR_CHANGE:
        return " About the same at the end as at the beginning."
    return f" {'Higher' if last > first else 'Lower'} at the end than at the beginning."


def _spread(drawing: Drawing, rows: Rows) -> str:
    x = find(drawing.x, rows.columns)
    place = rows.columns.index(x) if x is not None else 0
    numbers = sorted(number for row in rows.rows if (number := _number(row[place])) is not None)
    if not numbers:
        return "There is nothing to show."
    middle = numbers[len(numbers) // 2]
    low, high, half = (_figure(drawing, round(one, 2)) for one in (numbers[0], numbers[-1], middle))
    return f"{len(numbers):,} values from {low} to {high}; half of them up to {half}."
