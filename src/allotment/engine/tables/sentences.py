"""A plan told in sentences: one phrase for each operation.

Invariant: every sentence is a phrase from the tables below, so that pages can translate all of them. Phrases begin
small, to stand after one another: “keep rows where Region is North; for each month of Date: sum of Revenue”.
"""

from collections.abc import Iterable, Mapping

from allotment.engine.phrases import Filling, Phrase, Piece, Translate
from allotment.engine.tables.naming import figure_name, folded
from allotment.engine.tables.plan import (
    Aggregate,
    Arithmetic,
    Compare,
    Compute,
    DatePart,
    Figure,
    Filter,
    Group,
    Join,
    Keep,
    Kept,
    Key,
    On,
    Operation,
    Order,
    Period,
    Pivot,
    Plan,
    Sort,
    Test,
    Top,
    Where,
)

KEEPS_ALL = "keep rows where {tests}"
KEEPS_ANY = "keep rows where any of these holds: {tests}"
TESTS: Mapping[Test, str] = {
    "is": "{column} is {to}",
    "is not": "{column} is not {to}",
    "contains": "{column} contains {to}",
    "begins with": "{column} begins with {to}",
    "is empty": "{column} is empty",
    "is not empty": "{column} is not empty",
    "is more than": "{column} is more than {to}",
    "is less than": "{column} is less than {to}",
    "is at least": "{column} is at least {to}",
    "is at most": "{column} is at most {to}",
}
GROUPS = "for each {keys}: {figures}"
GROUPS_EVERYTHING = "over all rows: {figures}"
KEYS: Mapping[DatePart, str] = {
    "": "{column}",
    "year": "year of {column}",
    "quarter": "quarter of {column}",
    "month": "month of {column}",
    "week": "week of {column}",
    "day": "day of {column}",
    "weekday": "weekday of {column}",
    "hour": "hour of {column}",
}
FIGURES: Mapping[Aggregate, str] = {
    "count": "number of filled cells in {column}",
    "sum": "sum of {column}",
    "average": "average of {column}",
    "median": "median of {column}",
    "smallest": "smallest {column}",
    "largest": "largest {column}",
    "different values": "number of different values of {column}",
}
COUNTS_ROWS = "number of rows"
CALLED = "{what} (called {name})"
COMPUTES: Mapping[Arithmetic, str] = {
    "plus": "{name} is {left} plus {right}",
    "minus": "{name} is {left} minus {right}",
    "times": "{name} is {left} times {right}",
    "divided by": "{name} is {left} divided by {right}",
    "as percent of": "{name} is {left} as percent of {right}",
    "days since": "{name} is the days from {right} to {left}",
}
JOINS_ALL = "add the columns of {table} where {agreements}"
JOINS_MATCHING = "add the columns of {table} where {agreements}, and drop rows without a partner"
AGREES = "{column} agrees"
AGREE = "{left} agrees with its {right}"
SORTS = "sort by {orders}"
ORDERS = {True: "{column}, largest first", False: "{column}, smallest first"}
ORDERS_THE_FIGURE = {True: "largest first", False: "smallest first"}
TOPS = {
    False: "keep the {rows} with the largest {column}",
    True: "keep the {rows} with the smallest {column}",
}
TOPS_PER = {
    False: "for each {per} keep the {rows} with the largest {column}",
    True: "for each {per} keep the {rows} with the smallest {column}",
}
ONE_ROW = "row"
SOME_ROWS = "{number} rows"
PIVOTS = "a row for each {rows}, a column for each {across}: {figure}"
COMPARES: Mapping[Period, str] = {
    "year": "{figure} for each year of {date} beside the year before",
    "quarter": "{figure} for each quarter of {date} beside the quarter before",
    "month": "{figure} for each month of {date} beside the month before",
    "week": "{figure} for each week of {date} beside the week before",
    "day": "{figure} for each day of {date} beside the day before",
}
COMPARES_WITHIN = "for each {keys}: {comparison}"
KEEPS_COLUMNS = "keep the columns {columns}"

Gaps = Mapping[str, Filling]
Titles = Mapping[str, str]
"""What other tables are called, by the path that names them."""


def plan_sentence(plan: Plan, titles: Titles | None = None) -> tuple[Phrase, ...]:
    """Return a phrase for each operation."""
    phrases = []
    before: Operation | None = None
    for operation in plan:
        phrases.append(_short_sort(operation, before) or _phrase(operation, titles or {}))
        before = operation
    return tuple(phrases)


def plan_text(plan: Plan, titles: Titles | None = None, translate: Translate = str) -> str:
    """Return the whole plan as one sentence, with a capital and without a full stop."""
    phrases = plan_sentence(plan, titles)
    text = "; ".join("".join(piece.text for piece in phrase.pieces(translate)) for phrase in phrases)
    return text[:1].upper() + text[1:]


def _phrase(operation: Operation, titles: Titles) -> Phrase:
    match operation:
        case Filter():
            tests = tuple(_test(where) for where in operation.where)
            is_any = operation.match == "any" and len(tests) > 1
            return Phrase(KEEPS_ANY if is_any else KEEPS_ALL, {"tests": tests})
        case Compute():
            texts = {
                "name": operation.name,
                "left": operation.left,
                "right": operation.right.removeprefix("=").strip(),
            }
            return Phrase(COMPUTES[operation.by], {gap: _slot(text) for gap, text in texts.items()})
        case Join():
            return _join(operation, titles)
        case Sort():
            return Phrase(SORTS, {"orders": tuple(_order(order) for order in operation.by)})
        case Top():
            return _top(operation)
        case Keep():
            return Phrase(KEEPS_COLUMNS, {"columns": tuple(_kept(kept) for kept in operation.columns)})
        case _:
            return _figures(operation)


def _figures(operation: Group | Pivot | Compare) -> Phrase:
    match operation:
        case Group():
            figures = tuple(_figure(figure) for figure in operation.figures)
            if not operation.by:
                return Phrase(GROUPS_EVERYTHING, {"figures": figures})
            return Phrase(GROUPS, {"keys": _keys(operation.by), "figures": figures})
        case Pivot():
            gaps: Gaps = {
                "rows": _keys(operation.rows),
                "across": _key(operation.across),
                "figure": _figure(operation.figure),
            }
            return Phrase(PIVOTS, gaps)
        case Compare():
            gaps = {"figure": _figure(operation.figure), "date": _slot(operation.date)}
            comparison = Phrase(COMPARES[operation.period], gaps)
            if not operation.by:
                return comparison
            return Phrase(COMPARES_WITHIN, {"keys": _keys(operation.by), "comparison": comparison})


def _short_sort(operation: Operation, before: Operation | None) -> Phrase | None:
    """Sorting by the only figure of the group just made needs no column: “largest first”."""
    if not (isinstance(operation, Sort) and isinstance(before, Group)):
        return None
    is_by_figure = len(operation.by) == len(before.figures) == 1 and folded(operation.by[0].column) == folded(
        figure_name(before.figures[0])
    )
    return Phrase(ORDERS_THE_FIGURE[operation.by[0].largest_first]) if is_by_figure else None


def _test(where: Where) -> Phrase:
    return Phrase(TESTS[where.is_], {"column": _slot(where.column), "to": _slot(where.to)})


def _keys(keys: Iterable[Key]) -> tuple[Phrase, ...]:
    return tuple(_key(key) for key in keys)


def _key(key: Key) -> Phrase:
    return Phrase(KEYS[key.part], {"column": _slot(key.column)})


def _figure(figure: Figure) -> Phrase:
    what = (
        Phrase(FIGURES[figure.figure], {"column": _slot(figure.column)})
        if figure.column
        else Phrase(COUNTS_ROWS)
    )
    return Phrase(CALLED, {"what": what, "name": _slot(figure.name)}) if figure.name else what


def _join(operation: Join, titles: Titles) -> Phrase:
    spoken = operation.table.rpartition(".")[2].replace("_", " ").replace("-", " ")
    gaps: Gaps = {
        "table": Piece(titles.get(operation.table, spoken), is_slot=True, ref=operation.table),
        "agreements": tuple(_agreement(on) for on in operation.on),
    }
    return Phrase(JOINS_MATCHING if operation.keep == "matching" else JOINS_ALL, gaps)


def _agreement(on: On) -> Phrase:
    if not on.right or folded(on.left) == folded(on.right):
        return Phrase(AGREES, {"column": _slot(on.left)})
    return Phrase(AGREE, {"left": _slot(on.left), "right": _slot(on.right)})


def _order(order: Order) -> Phrase:
    return Phrase(ORDERS[order.largest_first], {"column": _slot(order.column)})


def _top(operation: Top) -> Phrase:
    number = Piece(f"{operation.rows:,}")
    gaps: Gaps = {
        "rows": Phrase(ONE_ROW) if operation.rows == 1 else Phrase(SOME_ROWS, {"number": number}),
        "column": _slot(operation.by),
        "per": _slot(operation.per),
    }
    return Phrase((TOPS_PER if operation.per else TOPS)[operation.smallest_first], gaps)


def _kept(kept: Kept) -> Piece | Phrase:
    column = _slot(kept.column)
    is_renamed = kept.name and kept.name != kept.column
    return Phrase(CALLED, {"what": column, "name": _slot(kept.name)}) if is_renamed else column


def _slot(text: str) -> Piece:
    return Piece(text, is_slot=True)
