"""Whatever the plan and the table, our result is the one that polars computes: same cells, same order."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from math import isclose
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from allotment.engine.tables.checking import check
from allotment.engine.tables.columns import NUMBERS, TIMES, Column, ColumnKind
from allotment.engine.tables.plan import (
    Compare,
    Compute,
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
    Pivot,
    Sort,
    Top,
    Where,
)
from allotment.engine.tables.suiting import FIGURE_SUITS, TEST_SUITS, part_suits
from allotment.tables.computing import Source, compute
from tests.tables.judge import columns_of, judge

TEXTS = (
    "North",
    "north",
    " NORTH ",
    "Süd",
    "sud",
    "100%",
    "a_b",
    "a'b",
    '"; drop',
    "ß",
    "East",
    "Zürich",
    "é",
    "É",
)
DAYS = (
    date(1969, 12, 31),
    date(1899, 1, 1),
    date(2020, 2, 29),
    date(2020, 12, 28),
    date(2021, 1, 3),
    date(2021, 1, 4),
    date(2024, 12, 30),
    date(2025, 1, 1),
    date(2025, 2, 1),
    date(2025, 3, 31),
    date(2025, 4, 1),
    date(9999, 12, 31),
    date(1, 1, 1),
)
HALF = 0.5
HOURS = ((0, 0), (23, 59), (12, 30))
MOMENTS = tuple(datetime(day.year, day.month, day.day, *hour) for day in DAYS for hour in HOURS)
LITERALS = {
    ColumnKind.TEXT: TEXTS,
    ColumnKind.WHOLE_NUMBER: ("0", "2", "-1", "1.5"),
    ColumnKind.NUMBER: ("0", "2", "0.1", "-1.25", "12.345"),
    ColumnKind.DATE: ("2021-01-03", "2025-01-01", "1969-12-31"),
    ColumnKind.MOMENT: ("2021-01-03", "2025-01-01 12:30", "1969-12-31 23:59"),
    ColumnKind.YES_NO: ("yes", "no"),
}
SCHEMA: dict[str, tuple[Any, Callable[[Random], Any]]] = {
    "Region": (pl.String, lambda random: random.choice(TEXTS)),
    "Team": (pl.String, lambda random: random.choice(TEXTS[:4])),
    "Amount": (pl.Decimal(18, 2), lambda random: Decimal(random.randint(-100_000, 100_000)) / 100),
    "Score": (pl.Float64, lambda random: random.choice((0.5, -1.25, 3.0, 1e-3, 0.0, 7.1))),
    "Units": (pl.Int64, lambda random: random.randint(-5, 5)),
    "Day": (pl.Date, lambda random: random.choice(DAYS)),
    "At": (pl.Datetime("us"), lambda random: random.choice(MOMENTS)),
    "Done": (pl.Boolean, lambda random: random.random() < HALF),
}


def tables(most_rows: int = 25) -> st.SearchStrategy[pl.DataFrame]:
    """Tables from a seed: drawing each cell by itself would take most of the test's time."""
    return st.builds(_table, st.integers(0, most_rows), st.integers(0, 1_000_000))


def _table(height: int, seed: int) -> pl.DataFrame:
    random = Random(seed)  # noqa: S311
    empty = random.choice((0, 0.2, 1))
    return pl.DataFrame(
        [
            pl.Series(
                name, [None if random.random() < empty else cell(random) for _ in range(height)], dtype=kind
            )
            for name, (kind, cell) in SCHEMA.items()
        ]
    )


class Planner:
    """Draws operations that fit the columns there are."""

    def __init__(self, draw: st.DrawFn, columns: tuple[Column, ...]) -> None:
        self.draw = draw
        self.columns = columns

    def pick(self, *kinds: ColumnKind) -> Column:
        fitting = [column for column in self.columns if not kinds or column.kind in kinds]
        assume(fitting)
        return self.draw(st.sampled_from(fitting))

    def key(self) -> Key:
        column = self.pick()
        parts = [
            part
            for part in ("year", "quarter", "month", "week", "day", "weekday", "hour")
            if column.kind in part_suits(part)
        ]
        return Key(column=column.name, part=self.draw(st.sampled_from(("", *parts))))

    def figure(self) -> Figure:
        aggregate = self.draw(st.sampled_from(tuple(FIGURE_SUITS)))
        if aggregate == "count" and self.draw(st.booleans()):
            return Figure(figure="count")
        return Figure(figure=aggregate, column=self.pick(*FIGURE_SUITS[aggregate]).name)

    def several(self, one: Any, most: int) -> tuple[Any, ...]:
        return tuple(one() for _ in range(self.draw(st.integers(1, most))))

    def where(self) -> Where:
        column = self.pick()
        test = self.draw(
            st.sampled_from([test for test, kinds in TEST_SUITS.items() if column.kind in kinds])
        )
        return Where(column=column.name, is_=test, to=self.draw(st.sampled_from(LITERALS[column.kind])))

    def filter(self) -> Operation:
        return Filter(where=self.several(self.where, 3), match=self.draw(st.sampled_from(("all", "any"))))

    def group(self) -> Operation:
        by = self.several(self.key, 2) if self.draw(st.booleans()) else ()
        return Group(by=by, figures=self.several(self.figure, 3))

    def compute(self) -> Operation:
        if self.draw(st.integers(0, 3)) == 0:
            right = (
                self.draw(st.sampled_from(("=2025-01-01", "=2021-01-03 12:00")))
                if self.draw(st.booleans())
                else self.pick(*TIMES).name
            )
            return Compute(name="made", left=self.pick(*TIMES).name, by="days since", right=right)
        by = self.draw(st.sampled_from(("plus", "minus", "times", "divided by", "as percent of")))
        right = (
            self.draw(st.sampled_from(("=2", "=0.1", "=-3.0", "=0")))
            if self.draw(st.booleans())
            else self.pick(*NUMBERS).name
        )
        return Compute(name="made", left=self.pick(*NUMBERS).name, by=by, right=right)

    def sort(self) -> Operation:
        return Sort(
            by=self.several(lambda: Order(column=self.pick().name, largest_first=self.draw(st.booleans())), 3)
        )

    def top(self) -> Operation:
        per = self.pick().name if self.draw(st.booleans()) else ""
        rows, smallest = self.draw(st.integers(1, 5)), self.draw(st.booleans())
        return Top(rows=rows, by=self.pick().name, smallest_first=smallest, per=per)

    def pivot(self) -> Operation:
        return Pivot(rows=self.several(self.key, 2), across=self.key(), figure=self.figure())

    def compare(self) -> Operation:
        period = self.draw(st.sampled_from(("year", "quarter", "month", "week", "day")))
        by = self.several(self.key, 2) if self.draw(st.booleans()) else ()
        return Compare(date=self.pick(*TIMES).name, period=period, figure=self.figure(), by=by)

    def keep(self) -> Operation:
        picked = self.several(self.pick, 4)
        names = self.draw(st.permutations(["a", "b", "C ", '"; drop table x; --'.strip()]))
        return Keep(
            columns=tuple(
                Kept(column=one.name, name=name.strip()) for one, name in zip(picked, names, strict=False)
            )
        )

    def join(self) -> Operation:
        names = [name for name in SCHEMA if name in {column.name for column in self.columns}]
        assume(names)
        on = tuple(
            On(left=name)
            for name in self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
        )
        return Join(table="form.other", on=on, keep=self.draw(st.sampled_from(("all", "matching"))))


KINDS = ("filter", "group", "compute", "sort", "top", "pivot", "compare", "keep", "join")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judged")


def agree(folder: Path, table: pl.DataFrame, other: pl.DataFrame, plan: tuple[Operation, ...]) -> None:
    table.write_parquet(folder / "table.parquet")
    other.write_parquet(folder / "other.parquet")
    computed = compute(
        plan, Source(folder / "table.parquet"), {"form.other": Source(folder / "other.parquet")}
    )
    expected = judge(plan, table, {"form.other": other})
    assert [column.name for column in computed.columns] == expected.columns
    assert computed.rows == expected.height
    for ours, theirs in zip(computed.first.rows, expected.rows(), strict=True):
        assert all(map(same, ours, theirs)), (plan, ours, theirs)


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and theirs is not None:
        return isclose(ours, float(theirs), rel_tol=1e-9, abs_tol=1e-9)
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


def plans(draw: st.DrawFn, table: pl.DataFrame, other: pl.DataFrame, kinds: list[str]) -> Iterator[Operation]:
    columns = columns_of(table)
    for number, kind in enumerate(kinds):
        operation = getattr(Planner(draw, columns), kind)()
        assume(not check((operation,), columns, {"form.other": columns_of(other)}).problems)
        yield operation
        if number < len(kinds) - 1:
            columns = columns_of(judge((operation,), table, {"form.other": other}))
            table = judge((operation,), table, {"form.other": other})


FAST = settings(
    derandomize=True,  # the same plans on every machine: a red run is about a change, not about luck
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", KINDS)
@FAST
@given(data=st.data(), table=tables(), other=tables(most_rows=6))
def test_each_operation_computes_what_polars_computes(
    kind: str, folder: Path, data: st.DataObject, table: pl.DataFrame, other: pl.DataFrame
) -> None:
    plan = tuple(plans(data.draw, table, other, [kind]))
    agree(folder, table, other, plan)


@settings(FAST, max_examples=60)
@given(
    data=st.data(),
    table=tables(),
    other=tables(most_rows=4),
    kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=4),
)
def test_plans_of_several_operations_compute_what_polars_computes(
    folder: Path, data: st.DataObject, table: pl.DataFrame, other: pl.DataFrame, kinds: list[str]
) -> None:
    assume(kinds.count("compute") <= 1)
    plan = tuple(plans(data.draw, table, other, kinds))
    agree(folder, table, other, plan)


def test_sums_of_decimals_are_exact(folder: Path) -> None:
    table = pl.DataFrame({"Amount": pl.Series([Decimal("0.10")] * 1000 + [Decimal("99999999999999.99")])})
    table.write_parquet(folder / "exact.parquet")
    computed = compute(
        (Group(figures=(Figure(figure="sum", column="Amount"),)),), Source(folder / "exact.parquet")
    )
    assert computed.first.rows[0] == (Decimal("100000000000099.99"),)
