"""Checks a plan against the columns it is for, and says what each operation leaves.

Invariant: a plan without problems computes; what a problem says, its remedy mends. The columns that a pivot makes
come from the data, so after one (until something names its columns anew) other names pass here; computing checks
the rest of the plan again once it knows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allotment.engine.nearest import did_you_mean
from allotment.engine.tables.checking_parts import KINDS_IN_WORDS, Part, PlanProblem
from allotment.engine.tables.columns import NUMBERS, TIMES, Column, ColumnKind
from allotment.engine.tables.literals import HOW_TO_WRITE, read_literal
from allotment.engine.tables.naming import COMPARED, figure_name, find, folded, free_name, key_name
from allotment.engine.tables.plan import (
    Compare,
    Compute,
    Figure,
    Filter,
    Group,
    Join,
    Keep,
    Key,
    On,
    Operation,
    Pivot,
    Plan,
    Sort,
    Top,
)
from allotment.engine.tables.suiting import (
    FIGURE_SUITS,
    TEST_SUITS,
    arithmetic_kind,
    arithmetic_suits,
    can_join,
    figure_kind,
    key_kind,
    part_suits,
)

__all__ = ["Checked", "PlanProblem", "check", "figure_name", "key_name"]

Tables = Mapping[str, tuple[Column, ...]]


@dataclass(frozen=True)
class Checked:
    """What a plan leaves, and what is wrong with it."""

    columns: tuple[tuple[Column, ...], ...]
    """After each operation."""
    problems: tuple[PlanProblem, ...]
    open_kind: ColumnKind | None = None
    """After the last operation there are more columns, of this kind, whose names only the data knows."""

    def last(self, before: tuple[Column, ...]) -> tuple[Column, ...]:
        """Return the columns at the end; `before` are those of the table the plan is for."""
        return self.columns[-1] if self.columns else before


def check(plan: Plan, columns: Iterable[Column], tables: Tables) -> Checked:
    """Return the columns after each operation and every problem. `tables` are the ones that `join` can name."""
    part = Part(columns=tuple(columns))
    after = []
    for number, operation in enumerate(plan):
        part = part.at(number)
        part = part.leaving(*_after(operation, part, tables))
        after.append(part.columns)
    return Checked(tuple(after), tuple(part.problems), part.open_kind)


Left = tuple[tuple[Column, ...], ColumnKind | None]
"""The columns that an operation leaves, and the kind of those that only the data knows."""


def _after(operation: Operation, part: Part, tables: Tables) -> Left:
    match operation:
        case Compute():
            return (*part.columns, _compute(operation, part)), part.open_kind
        case Join():
            return (*part.columns, *_join(operation, part, tables)), part.open_kind
        case Filter() | Sort() | Top():
            _rows_only(operation, part)
            return part.columns, part.open_kind
        case _:
            return _anew(operation, part)


def _rows_only(operation: Filter | Sort | Top, part: Part) -> None:
    """Check an operation that leaves the columns as they are."""
    match operation:
        case Filter():
            _filter(operation, part)
        case Sort():
            for number, order in enumerate(operation.by):
                part.column(order.column, f"by.{number}.column")
        case Top():
            part.column(operation.by, "by")
            if operation.per:
                part.column(operation.per, "per")


def _anew(operation: Group | Pivot | Compare | Keep, part: Part) -> Left:
    """Check an operation that names all columns anew."""
    match operation:
        case Group():
            keys = _keys(operation.by, part, "by")
            figures = tuple(_figure(f, part, f"figures.{n}") for n, f in enumerate(operation.figures))
            return _named(part, (*keys, *figures)), None
        case Pivot():
            keys = _keys(operation.rows, part, "rows")
            _key(operation.across, part, "across")
            return _named(part, keys), _figure(operation.figure, part, "figure").kind
        case Compare():
            return _named(part, _compare(operation, part)), None
        case Keep():
            return _named(part, _kept(operation, part)), None


def _filter(operation: Filter, part: Part) -> None:
    for number, where in enumerate(operation.where):
        place = f"where.{number}"
        column = part.column(where.column, f"{place}.column")
        if column is None:
            continue
        if column.kind not in TEST_SUITS[where.is_]:
            part.problem(
                f"{place}.is",
                f"“{column.name}” is {KINDS_IN_WORDS[column.kind]}, so “{where.is_}” cannot test it.",
                _tests_for(column.kind),
            )
        elif where.is_ not in {"is empty", "is not empty"} and read_literal(where.to, column.kind) is None:
            given = f"“{where.to}” is not" if where.to.strip() else "Nothing is given as"
            part.problem(
                f"{place}.to",
                f"{given} a value that “{column.name}”, {KINDS_IN_WORDS[column.kind]}, can be held against.",
                HOW_TO_WRITE[column.kind],
            )


def _tests_for(kind: ColumnKind) -> str:
    return f"Use one of: {', '.join(test for test, kinds in TEST_SUITS.items() if kind in kinds)}."


def _keys(keys: Iterable[Key], part: Part, place: str) -> tuple[Column, ...]:
    return tuple(_key(key, part, f"{place}.{number}") for number, key in enumerate(keys))


def _key(key: Key, part: Part, place: str) -> Column:
    column = part.column(key.column, f"{place}.column")
    kind = column.kind if column else ColumnKind.TEXT
    if column and kind not in part_suits(key.part):
        without = "time of day" if kind is ColumnKind.DATE else "date"
        part.problem(
            f"{place}.part",
            f"“{column.name}” is {KINDS_IN_WORDS[kind]}: it has no {without}, so no {key.part}.",
            "Leave the part empty, or correct the kind of the column.",
        )
    return Column(key_name(key), key_kind(key.part, kind))


def _figure(figure: Figure, part: Part, place: str) -> Column:
    column = part.column(figure.column, f"{place}.column") if figure.column else None
    if not figure.column and figure.figure != "count":
        part.problem(f"{place}.column", f"The {figure.figure} needs a column.", "Choose what it is of.")
    if column and column.kind not in FIGURE_SUITS[figure.figure]:
        fitting = [name for name, kinds in FIGURE_SUITS.items() if column.kind in kinds]
        part.problem(
            f"{place}.figure",
            f"“{column.name}” is {KINDS_IN_WORDS[column.kind]}, so it has no {figure.figure}.",
            f"Use {' or '.join(fitting)}, or correct the kind of the column.",
        )
    return Column(figure_name(figure), figure_kind(figure.figure, column.kind if column else None))


def _compute(operation: Compute, part: Part) -> Column:
    suits = arithmetic_suits(operation.by)
    left = _operand(operation.left, part, "left", operation)
    right = (
        _fixed(operation, part)
        if operation.right.startswith("=")
        else _operand(operation.right, part, "right", operation)
    )
    part.new_name(operation.name, "name")
    fallback = ColumnKind.DATE if suits == TIMES else ColumnKind.NUMBER
    return Column(operation.name.strip(), arithmetic_kind(operation.by, left or fallback, right or fallback))


def _fixed(operation: Compute, part: Part) -> ColumnKind:
    wanted = ColumnKind.MOMENT if arithmetic_suits(operation.by) == TIMES else ColumnKind.NUMBER
    text = operation.right[1:].strip()
    value = read_literal(text, wanted)
    if value is None:
        part.problem("right", f"“{text}” is not a fixed value for “{operation.by}”.", HOW_TO_WRITE[wanted])
    is_whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return ColumnKind.WHOLE_NUMBER if is_whole else wanted


def _operand(name: str, part: Part, place: str, operation: Compute) -> ColumnKind | None:
    column = part.column(name, place)
    if column is None:
        return None
    suits = arithmetic_suits(operation.by)
    if column.kind not in suits:
        needed = "dates" if suits == TIMES else "numbers"
        part.problem(
            place,
            f"“{column.name}” is {KINDS_IN_WORDS[column.kind]}; “{operation.by}” is for {needed}.",
            f"Choose a column of {needed}, or correct its kind.",
        )
    return column.kind


def _join(operation: Join, part: Part, tables: Tables) -> tuple[Column, ...]:
    other = tables.get(operation.table)
    if other is None:
        part.problem(
            "table", f"There is no table “{operation.table}” here.", did_you_mean(operation.table, tables)
        )
        part.give_up()
        return ()
    for number, on in enumerate(operation.on):
        _agreement(on, part, other, f"on.{number}")
    matched = {folded(on.right or on.left) for on in operation.on}
    added: list[Column] = []
    for column in other:
        if folded(column.name) not in matched:
            taken = [there.name for there in (*part.columns, *added)]
            added.append(Column(free_name(column.name, taken), column.kind))
    return tuple(added)


def _agreement(on: On, part: Part, other: tuple[Column, ...], place: str) -> None:
    left = part.column(on.left, f"{place}.left")
    name = on.right or on.left
    right = find(name, other)
    if right is None:
        part.problem(
            f"{place}.right",
            f"The other table has no column “{name}”.",
            did_you_mean(name, (column.name for column in other)),
        )
    elif left and not can_join(left.kind, right.kind):
        part.problem(
            place,
            f"“{left.name}” is {KINDS_IN_WORDS[left.kind]} and “{right.name}” {KINDS_IN_WORDS[right.kind]}, "
            "so they never agree.",
            "Choose columns of one kind, or correct the kind of one.",
        )


def _compare(operation: Compare, part: Part) -> tuple[Column, ...]:
    keys = _keys(operation.by, part, "by")
    period = Key(column=operation.date, part=operation.period)
    date = part.column(operation.date, "date")
    if date and date.kind not in TIMES:
        part.problem(
            "date",
            f"“{date.name}” is {KINDS_IN_WORDS[date.kind]}, so it has no {operation.period}.",
            "Choose a column of dates, or correct the kind of this one.",
        )
    figure = _figure(operation.figure, part, "figure")
    if figure.kind not in NUMBERS:
        part.problem("figure", "Only numbers can be compared.", "Choose a figure that is a number.")
    before, change, percent = COMPARED
    return (
        *keys,
        Column(key_name(period), ColumnKind.DATE),
        figure,
        Column(before, figure.kind),
        Column(change, figure.kind),
        Column(percent, ColumnKind.NUMBER),
    )


def _kept(operation: Keep, part: Part) -> tuple[Column, ...]:
    columns = []
    for number, kept in enumerate(operation.columns):
        column = part.column(kept.column, f"columns.{number}.column")
        name = kept.name.strip() or (column.name if column else kept.column)
        columns.append(Column(name, column.kind if column else ColumnKind.TEXT))
    return tuple(columns)


def _named(part: Part, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Report names that come twice; the columns stay as they are."""
    seen: set[str] = set()
    for column in columns:
        if folded(column.name) in seen:
            part.problem(
                "", f"Two columns would be called “{column.name}”.", "Give one of them another name."
            )
        seen.add(folded(column.name))
    return columns
