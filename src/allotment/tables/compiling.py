"""A plan as SQL, one common table expression for each operation.

Invariant: inside, columns are called `c1`, `c2`, … and the order of the rows `o`; the names that people gave appear
only where a file is read and where the result is written, quoted. Every operation is stable: rows that it does not
tell apart stay in the order they had.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.literals import read_literal
from allotment.engine.tables.naming import find, folded
from allotment.engine.tables.plan import (
    Compare,
    Compute,
    Figure,
    Filter,
    Group,
    Join,
    Keep,
    Key,
    Operation,
    Pivot,
    Sort,
    Top,
)
from allotment.kernel.errors import Invalid
from allotment.tables.engine import identifier
from allotment.tables.expressions import (
    Typed,
    arithmetic,
    figure,
    key,
    ordering,
    percent,
    period_before,
    plain,
    select,
    sql_type,
    weekday_name,
)
from allotment.tables.filtering import condition, decimal_places


@dataclass(frozen=True)
class Held:
    """A column of a relation: what people call it, and the expression that holds it inside."""

    name: str
    typed: Typed

    @property
    def column(self) -> Column:
        """The column as people know it."""
        return Column(self.name, self.typed.kind)


@dataclass(frozen=True)
class Relation:
    """A table on its way through a plan: the expressions so far, the last one's name, and what it holds."""

    name: str
    held: tuple[Held, ...]
    expressions: tuple[str, ...]
    is_in_order: bool = True
    """Whether the rows come out in order by themselves."""

    def of(self, name: str) -> Typed:
        """Return the column of this name."""
        column = find(name, (held.column for held in self.held))
        if column is None:
            raise Invalid(f"There is no column “{name}” here.", hint="Correct the plan.")
        return next(held.typed for held in self.held if held.name == column.name)


@dataclass
class Compiler:
    """Names and parameters of one computation."""

    parameters: dict[str, object] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def fresh(self, letter: str = "c") -> str:
        """Return an internal name that was never used."""
        return f"{letter}{next(self._numbers)}"

    def parameter(self, value: str) -> str:
        """Keep a value as a parameter and return its placeholder."""
        name = self.fresh("p")
        self.parameters[name] = value
        return f"${name}"

    def after(self, operation: Operation, relation: Relation, columns: Sequence[Column]) -> Relation:
        """Return the relation behind an operation that needs no other table. `columns` are what it leaves."""
        match operation:
            case Filter():
                return self._filter(operation, relation)
            case Compute():
                return self._compute(operation, relation, columns[-1])
            case Sort():
                orders = tuple(
                    o
                    for order in operation.by
                    for o in _order(relation.of(order.column), order.largest_first)
                )
                return self._then(relation, f"* REPLACE ({_rank((*orders, 'o'))} AS o)")
            case Top():
                return self._top(operation, relation)
            case Keep():
                pairs = zip(operation.columns, columns, strict=True)
                held = tuple(Held(column.name, relation.of(kept.column)) for kept, column in pairs)
                return replace(relation, held=held)
            case Group():
                return self.group(operation.by, operation.figures, relation, columns)
            case Compare():
                return self._compare(operation, relation, columns)
            case _:
                raise TypeError(type(operation))

    def _filter(self, operation: Filter, relation: Relation) -> Relation:
        tests = (
            condition(relation.of(where.column), where.is_, where.to, self.parameter)
            for where in operation.where
        )
        joined = (" AND " if operation.match == "all" else " OR ").join(f"({one})" for one in tests)
        return self._then(relation, "*", f"WHERE {joined}", is_in_order=relation.is_in_order)

    def _compute(self, operation: Compute, relation: Relation, column: Column) -> Relation:
        left = relation.of(operation.left)
        is_fixed = operation.right.startswith("=")
        right = self._fixed(operation.right[1:], left) if is_fixed else relation.of(operation.right)
        made = arithmetic(operation.by, left, right)
        new = Held(column.name, replace(made, sql=self.fresh()))
        after = self._then(relation, f"*, {made.sql} AS {new.typed.sql}", is_in_order=relation.is_in_order)
        return replace(after, held=(*relation.held, new))

    def _fixed(self, text: str, beside: Typed) -> Typed:
        is_time = beside.kind in {ColumnKind.DATE, ColumnKind.MOMENT}
        value = read_literal(text, ColumnKind.MOMENT if is_time else ColumnKind.NUMBER)
        if value is None:
            raise Invalid(f"“{text}” is not a fixed value.", hint="Correct the plan.")
        if is_time:
            return Typed(f"CAST({self.parameter(str(value))} AS TIMESTAMP)", ColumnKind.MOMENT)
        number = Decimal(str(value))
        places = 0 if number == number.to_integral_value() else decimal_places(number)
        kind = ColumnKind.NUMBER if places else ColumnKind.WHOLE_NUMBER
        return Typed(
            f"CAST({self.parameter(f'{number:f}')} AS {sql_type(kind, places)})", kind, places or None
        )

    def _top(self, operation: Top, relation: Relation) -> Relation:
        by = _order(relation.of(operation.by), not operation.smallest_first)
        order = ", ".join((*by, "o"))
        if not operation.per:
            first = self._then(relation, "*", f"ORDER BY {order} LIMIT {operation.rows:d}")
            return self._then(first, f"* REPLACE ({_rank((*by, 'o'))} AS o)")
        per = relation.of(operation.per)
        place = f"row_number() OVER (PARTITION BY {per.sql} ORDER BY {order})"
        first = self._then(relation, "*", f"QUALIFY {place} <= {operation.rows:d}")
        return self._then(first, f"* REPLACE ({_rank((*_key_order(per), *by, 'o'))} AS o)")

    def group(
        self, by: Sequence[Key], figures: Sequence[Figure], relation: Relation, columns: Sequence[Column]
    ) -> Relation:
        """Return one row for each combination of keys, in their order."""
        keys = tuple(key(relation.of(one.column), one.part) for one in by)
        made = tuple(figure(one.figure, relation.of(one.column) if one.column else None) for one in figures)
        inner = tuple(replace(typed, sql=self.fresh()) for typed in (*keys, *made))
        selected = ", ".join(
            f"{typed.sql} AS {into.sql}" for typed, into in zip((*keys, *made), inner, strict=True)
        )
        grouping = f"GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
        grouped = self._then(relation, selected, grouping)
        order = tuple(o for typed in inner[: len(keys)] for o in _key_order(typed))
        names = {
            inner[n].sql: Typed(self.fresh(), ColumnKind.TEXT, is_weekday=True)
            for n, one in enumerate(by)
            if one.part == "weekday"
        }
        named = "".join(f", {weekday_name(number)} AS {name.sql}" for number, name in names.items())
        ordered = self._then(grouped, f"*, {_rank(order)} AS o{named}")
        held = zip(columns, inner, strict=True)
        return replace(
            ordered, held=tuple(Held(column.name, names.get(typed.sql, typed)) for column, typed in held)
        )

    def _compare(self, operation: Compare, relation: Relation, columns: Sequence[Column]) -> Relation:
        period = Key(column=operation.date, part=operation.period)
        dated = self._then(relation, "*", f"WHERE {relation.of(operation.date).sql} IS NOT NULL")
        grouped = self.group((*operation.by, period), (operation.figure,), dated, columns[:-3])
        *keys, day, now = (held.typed for held in grouped.held)
        partition = f"PARTITION BY {', '.join(one.sql for one in keys)} " if keys else ""
        window = f"({partition}ORDER BY {day.sql})"
        before = replace(now, sql=self.fresh())
        is_next = f"lag({day.sql}) OVER {window} = {period_before(day.sql, operation.period)}"
        lagged = self._then(
            grouped,
            f"*, CASE WHEN {is_next} THEN lag({now.sql}) OVER {window} END AS {before.sql}",
        )
        change = arithmetic("minus", now, before)
        # Against the size of what was before, so that the sign says up or down also below zero.
        relative = percent(change.sql, f"abs({before.sql})")
        added = tuple(replace(typed, sql=self.fresh()) for typed in (change, relative))
        both = f"{change.sql} AS {added[0].sql}, {relative.sql} AS {added[1].sql}"
        after = self._then(lagged, f"*, {both}")
        new = zip(columns[-3:], (before, *added), strict=True)
        return replace(after, held=(*grouped.held, *(Held(column.name, typed) for column, typed in new)))

    def join(
        self, operation: Join, relation: Relation, other: Relation, columns: Sequence[Column]
    ) -> Relation:
        """Return the rows with those of the other table that agree. `columns` are what the join leaves."""
        agreements = []
        for on in operation.on:
            left, right = relation.of(on.left), other.of(on.right or on.left)
            is_text = left.kind is ColumnKind.TEXT
            agreements.append(
                f"{plain(left.sql)} = {plain(right.sql)}" if is_text else f"{left.sql} = {right.sql}"
            )
        matched = {folded(on.right or on.left) for on in operation.on}
        added = [held for held in other.held if folded(held.name) not in matched]
        new = tuple(
            Held(column.name, replace(held.typed, sql=self.fresh()))
            for held, column in zip(added, columns[len(columns) - len(added) :], strict=True)
        )
        selected = "".join(
            f", r.{held.typed.sql} AS {into.typed.sql}" for held, into in zip(added, new, strict=True)
        )
        kind = "JOIN" if operation.keep == "matching" else "LEFT JOIN"
        both = replace(relation, expressions=(*relation.expressions, *other.expressions))
        what = f"l.* REPLACE (row_number() OVER (ORDER BY l.o, r.o) AS o){selected}"
        behind = f"l {kind} {other.name} r ON {' AND '.join(agreements)}"
        return replace(self._then(both, what, behind), held=(*relation.held, *new))

    def across(self, operation: Pivot, relation: Relation, columns: Sequence[Column]) -> Relation:
        """Return the figures of a pivot, one row each, with the number of their column as last column (`n`)."""
        keys = (*operation.rows, operation.across)
        across = Column("across", ColumnKind.TEXT)
        made = Column("figure", ColumnKind.NUMBER)
        grouped = self.group(keys, (operation.figure,), relation, (*columns, across, made))
        value = grouped.held[-2].typed
        order = ", ".join(_key_order(value))
        return self._then(grouped, f"*, dense_rank() OVER (ORDER BY {order}) AS n")

    def pivoted(self, operation: Pivot, figures: Relation, names: Sequence[str]) -> Relation:
        """Return the pivot from its figures; `names` are those of the columns, in their order."""
        rows, value = figures.held[:-2], figures.held[-1].typed
        is_count = operation.figure.figure in {"count", "different values"}
        new = tuple(Held(name, replace(value, sql=self.fresh())) for name in names)
        cells = []
        for number, held in enumerate(new, start=1):
            cell = f"any_value({value.sql}) FILTER (WHERE n = {number})"
            cells.append(f"{f'coalesce({cell}, 0)' if is_count else cell} AS {held.typed.sql}")
        keys = ", ".join(held.typed.sql for held in rows)
        what = ", ".join((keys, *cells, "min(o) AS o"))
        return replace(self._then(figures, what, f"GROUP BY {keys}"), held=(*rows, *new))

    def _then(
        self, relation: Relation, what: str, behind: str = "", *, is_in_order: bool = False
    ) -> Relation:
        name = self.fresh("t")
        expression = f"{name} AS ({select(what, relation.name, behind)})"
        return Relation(name, relation.held, (*relation.expressions, expression), is_in_order)


def statement(relation: Relation, what: str = "*", behind: str = "") -> str:
    """Return a whole statement over a relation."""
    return f"WITH {', '.join(relation.expressions)} {select(what, relation.name, behind)}"


def result(relation: Relation, most_rows: int | None = None) -> str:
    """Return the statement whose rows are the result: named as people name it, in order."""
    what = ", ".join(f"{held.typed.sql} AS {identifier(held.name)}" for held in relation.held)
    order = "" if relation.is_in_order else "ORDER BY o"
    return statement(relation, what, f"{order} LIMIT {most_rows:d}" if most_rows else order)


def _order(column: Typed, largest_first: bool = False) -> tuple[str, ...]:
    direction = "DESC" if largest_first else "ASC"
    return tuple(f"{sql} {direction} NULLS LAST" for sql in ordering(column))


def _key_order(column: Typed) -> tuple[str, ...]:
    """Return the order of keys: as columns are sorted, and then apart whatever tells them apart."""
    exact = f"{column.sql} ASC NULLS LAST"
    is_text = column.kind is ColumnKind.TEXT
    return (*_order(column), exact) if is_text else (exact,)


def _rank(order: Sequence[str]) -> str:
    return f"row_number() OVER (ORDER BY {', '.join(order)})" if order else "1"
