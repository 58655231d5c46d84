"""Computing plans from files of text and of types, and what hostile tables cannot do."""

import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import polars as pl
import pytest

from allotment.engine.tables.columns import ColumnKind
from allotment.engine.tables.plan import Plan
from allotment.kernel.errors import AllotmentError, Conflict, Invalid, TooLarge
from allotment.tables.computing import BrokenPlan, Source, columns_of, compute, count, rows
from allotment.tables.engine import Limits, identifier, open_engine
from allotment.tables.kinds import ReadAs

NASTY_NAMES = (
    '"; drop table x; --',
    "select",
    "read_csv('/etc/passwd')",
    "o",
    "c1",
    "file_row_number",
    "count(*)",
    "$p1",
    "a.b",
)
SUM_OF_A = [{"do": "group", "figures": [{"figure": "sum", "column": "a"}]}]


def plan(operations: Sequence[Any]) -> Plan:
    return msgspec.convert(operations, Plan)


def typed(tmp_path: Path, columns: dict[str, Any], name: str = "typed.parquet") -> Source:
    pl.DataFrame(columns).write_parquet(tmp_path / name)
    return Source(tmp_path / name)


def text(
    tmp_path: Path, columns: dict[str, list[str | None]], kinds: dict[str, ColumnKind], name: str = "text"
) -> Source:
    pl.DataFrame(columns).write_parquet(tmp_path / f"{name}.parquet")
    return Source(tmp_path / f"{name}.parquet", tuple(ReadAs(column, kind) for column, kind in kinds.items()))


def results(
    source: Source, *operations: Any, others: dict[str, Source] | None = None
) -> list[tuple[Any, ...]]:
    return list(compute(plan(operations), source, others).first.rows)


def test_text_is_read_as_its_kinds_and_summed_exactly(tmp_path: Path) -> None:
    source = text(
        tmp_path,
        {"region": ["North", "South", "North", ""], "amount": ["0.10", "+0.2", "0.2", "nonsense"]},
        {"region": ColumnKind.TEXT, "amount": ColumnKind.NUMBER},
    )
    group = {"do": "group", "by": [{"column": "Region"}], "figures": [{"figure": "sum", "column": "AMOUNT"}]}
    assert results(source, group) == [("North", Decimal("0.30")), ("South", Decimal("0.20")), (None, None)]


def test_numbers_with_many_decimal_places_are_not_exact_but_whole(tmp_path: Path) -> None:
    source = text(tmp_path, {"a": ["0.12345678", "1"]}, {"a": ColumnKind.NUMBER})
    assert results(source, *SUM_OF_A) == [(pytest.approx(1.12345678),)]


@pytest.mark.parametrize("written", ["1.500000000", "1,5 EUR 0.00.000000001", "v1.2345678901"])
def test_what_only_looks_like_many_decimal_places_leaves_numbers_exact(tmp_path: Path, written: str) -> None:
    source = text(tmp_path, {"a": [written, "0.1", "0.2"]}, {"a": ColumnKind.NUMBER})
    (found,) = results(source, *SUM_OF_A)
    assert found in {(Decimal("1.8"),), (Decimal("0.3"),)}


def test_results_are_written_typed_and_read_again(tmp_path: Path) -> None:
    source = typed(tmp_path, {"Day": [date(2025, 1, 1), None], "Amount": [Decimal("1.50"), Decimal("2.25")]})
    out = tmp_path / "out.parquet"
    computed = compute(plan([{"do": "sort", "by": [{"column": "Day"}]}]), source, out=out)
    assert (computed.rows, count(Source(out))) == (2, 2)
    assert columns_of(Source(out)) == computed.columns
    assert list(rows(Source(out), first=1).rows) == [(date(2025, 1, 1), Decimal("1.50"))]


def test_a_result_replaces_the_one_before(tmp_path: Path) -> None:
    source, out = typed(tmp_path, {"a": [1]}), tmp_path / "out.parquet"
    for _ in range(2):
        assert compute((), source, out=out).rows == 1
    assert [path.name for path in tmp_path.glob("*out*")] == ["out.parquet"]


def test_a_plan_with_problems_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BrokenPlan, match="There is no column “b” here") as refused:
        results(typed(tmp_path, {"a": [1]}), {"do": "sort", "by": [{"column": "b"}]})
    assert "“a”" in refused.value.hint or "a" in refused.value.hint


def test_columns_of_a_pivot_are_checked_once_the_data_names_them(tmp_path: Path) -> None:
    source = typed(tmp_path, {"a": ["x", "y"], "b": ["p", "q"], "n": [1, 2]})
    pivot = {
        "do": "pivot",
        "rows": [{"column": "a"}],
        "across": {"column": "b"},
        "figure": {"figure": "sum", "column": "n"},
    }
    assert results(source, pivot, {"do": "top", "rows": 1, "by": "q"}) == [("y", None, 2)]
    with pytest.raises(BrokenPlan, match="“z”") as refused:
        results(source, pivot, {"do": "top", "rows": 1, "by": "z"})
    assert refused.value.problems[0].operation == 1


def test_a_pivot_over_too_many_values_is_refused(tmp_path: Path) -> None:
    source = typed(tmp_path, {"a": list(range(60)), "b": list(range(60))})
    pivot = {
        "do": "pivot",
        "rows": [{"column": "a"}],
        "across": {"column": "b"},
        "figure": {"figure": "count"},
    }
    with pytest.raises(TooLarge, match="more than 50 different values"):
        results(source, pivot)


def test_weeks_and_weekdays_are_those_of_iso_8601(tmp_path: Path) -> None:
    source = typed(
        tmp_path, {"d": [date(2021, 1, 3), date(2021, 1, 4), date(1969, 12, 31), date(9999, 12, 31)]}
    )
    weeks = {"do": "group", "by": [{"column": "d", "part": "week"}], "figures": [{"figure": "count"}]}
    assert [row[0] for row in results(source, weeks)] == [
        date(1969, 12, 29),
        date(2020, 12, 28),
        date(2021, 1, 4),
        date(9999, 12, 27),
    ]
    days = {"do": "group", "by": [{"column": "d", "part": "weekday"}], "figures": [{"figure": "count"}]}
    assert [row[0] for row in results(source, days)] == ["Monday", "Wednesday", "Friday", "Sunday"]


def test_division_by_nothing_and_infinity_are_empty(tmp_path: Path) -> None:
    source = typed(tmp_path, {"a": [1.0, 1e308, float("nan")], "b": [0.0, 1e-308, 1.0]})
    divided = {"do": "compute", "name": "c", "left": "a", "by": "divided by", "right": "b"}
    assert [row[2] for row in results(source, divided)] == [None, None, None]


@pytest.mark.parametrize("kind", ["sum", "times"])
def test_numbers_that_grow_too_large_are_refused_in_words(tmp_path: Path, kind: str) -> None:
    source = typed(tmp_path, {"a": [2**62, 2**62, 2**62]})
    times = {"do": "compute", "name": "b", "left": "a", "by": "times", "right": "a"}
    with pytest.raises(Invalid, match="too large to compute"):
        results(source, *(SUM_OF_A if kind == "sum" else [times]))


def test_empty_cells_never_agree_in_a_join(tmp_path: Path) -> None:
    left, right = (
        typed(tmp_path, {"k": ["A ", None]}),
        typed(tmp_path, {"K": [" a", None], "v": [1, 2]}, "r.parquet"),
    )
    join = {"do": "join", "table": "form.r", "on": [{"left": "k"}]}
    assert results(left, join, others={"form.r": right}) == [("A ", 1), (None, None)]


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_names_of_columns_are_only_names(tmp_path: Path, name: str) -> None:
    source = text(
        tmp_path, {name: ["1", "2"], "other": ["x", "y"]}, {name: ColumnKind.NUMBER, "other": ColumnKind.TEXT}
    )
    group = {"do": "group", "by": [{"column": name}], "figures": [{"figure": "sum", "column": name}]}
    assert results(source, group) == [(Decimal(1), Decimal(1)), (Decimal(2), Decimal(2))]
    assert results(source, {"do": "keep", "columns": [{"column": "other", "name": name}]}) == [("x",), ("y",)]
    across = {
        "do": "pivot",
        "rows": [{"column": "other"}],
        "across": {"column": name},
        "figure": {"figure": "count"},
    }
    assert len(results(source, across)) == 2


@pytest.mark.parametrize("value", ["%", "_", "' OR 1=1 --", "$p1", "\\", ".*", '"'])
def test_values_are_only_values(tmp_path: Path, value: str) -> None:
    source = typed(tmp_path, {"a": [f"x{value}y", "plain"]})
    for test in ("contains", "begins with", "is"):
        to = {"contains": value, "begins with": f"x{value}", "is": f"X{value}Y"}[test]
        found = results(source, {"do": "filter", "where": [{"column": "a", "is": test, "to": to}]})
        assert found == [(f"x{value}y",)]


def test_a_join_that_explodes_ends_in_words(tmp_path: Path) -> None:
    many = typed(tmp_path, {"k": ["same"] * 30_000, "n": list(range(30_000))})
    join = {"do": "join", "table": "form.m", "on": [{"left": "k"}]}
    begun = time.monotonic()
    with pytest.raises(TooLarge):
        compute(plan([join]), many, {"form.m": many}, limits=Limits(seconds=1))
    assert time.monotonic() - begun < 60
    assert not list(tmp_path.glob("spill-*"))


def test_whoever_waits_can_stop(tmp_path: Path) -> None:
    many = typed(tmp_path, {"k": ["same"] * 30_000})
    join = {"do": "join", "table": "form.m", "on": [{"left": "k"}]}
    with pytest.raises(Conflict, match="stopped"):
        compute(plan([join]), many, {"form.m": many}, limits=Limits(is_stopped=lambda: True))


def test_half_written_results_do_not_stay(tmp_path: Path) -> None:
    source, out = typed(tmp_path, {"a": [2**62, 2**62, 2**62]}), tmp_path / "out.parquet"
    with pytest.raises(Invalid):
        compute(plan(SUM_OF_A), source, out=out)
    assert not out.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_parquet('https://example.org/a.parquet')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO '/tmp/never-written.csv'",
        "ATTACH '/tmp/never-written.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET memory_limit",
        "SET allowed_paths = ['/etc/passwd']",
    ],
)
def test_an_engine_reaches_nothing_but_its_files(tmp_path: Path, statement: str) -> None:
    with open_engine([typed(tmp_path, {"a": [1]}).parquet]) as engine, pytest.raises(duckdb.Error):
        engine.run(statement)


def test_variables_of_ours_are_no_tables() -> None:
    with open_engine() as engine:
        secret = pl.DataFrame({"a": [1]})
        with pytest.raises(duckdb.Error):
            engine.run("SELECT * FROM secret")
        assert secret.height == 1


def test_memory_is_bounded() -> None:
    with open_engine((), Limits(memory_mib=64)) as engine, pytest.raises((AllotmentError, duckdb.Error)):
        engine.run("SELECT list(i) FROM range(200_000_000) t(i)")


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_sql_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="no name that can be used"):
        identifier(name)
