"""Answers beside the rows they belong to."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.kernel.errors import Invalid
from allotment.tables.beside import put_beside
from allotment.tables.computing import Source, rows

KINDS = {
    "text": ColumnKind.TEXT,
    "number": ColumnKind.NUMBER,
    "date": ColumnKind.DATE,
    "yes": ColumnKind.YES_NO,
}


def made(folder: Path, count: int) -> Source:
    file = folder / "source.parquet"
    query = f"SELECT range AS No, 't' || range AS Topic FROM range({count})"  # noqa: S608 - a number
    duckdb.connect().execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return Source(file)


def beside(folder: Path, cells: list[tuple[str, ...]], *columns: Column) -> list[tuple[object, ...]]:
    out = folder / "out.parquet"
    put_beside(made(folder, len(cells)), columns, cells, out)
    return [row[2:] for row in rows(Source(out), first=len(cells)).rows]


def test_each_cell_reads_as_its_kind_or_is_empty(tmp_path: Path) -> None:
    columns = [Column(name, kind) for name, kind in KINDS.items()]
    cells = [("a", "1.5", "2026-11-24", "yes"), ("", "about 3", "soon", "perhaps"), ("=1+1", "-2", "", "no")]
    assert beside(tmp_path, cells, *columns) == [
        ("a", Decimal("1.50"), date(2026, 11, 24), True),
        (None, None, None, None),
        ("=1+1", Decimal("-2.00"), None, False),
    ]


def test_a_number_with_more_digits_than_a_decimal_holds_is_rounded(tmp_path: Path) -> None:
    found = beside(tmp_path, [("0.123456789",), ("1e30",)], Column("n", ColumnKind.NUMBER))
    assert [row[0] for row in found] == [pytest.approx(0.123456789), pytest.approx(1e30)]


def test_a_column_of_a_name_that_is_there_gets_another(tmp_path: Path) -> None:
    columns = put_beside(
        made(tmp_path, 1), [Column("topic", ColumnKind.TEXT)], [("x",)], tmp_path / "out.parquet"
    )
    assert [column.name for column in columns] == ["No", "Topic", "topic (2)"]


@pytest.mark.parametrize("count", [2, 4])
def test_answers_of_another_number_of_rows_are_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(Invalid, match="the table has 3"):
        put_beside(
            made(tmp_path, 3), [Column("x", ColumnKind.TEXT)], [("a",)] * count, tmp_path / "out.parquet"
        )


def test_a_table_without_rows_gets_the_columns(tmp_path: Path) -> None:
    assert beside(tmp_path, [], Column("x", ColumnKind.NUMBER)) == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=30))
def test_every_text_comes_back_in_its_row(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    found = beside(
        tmp_path_factory.mktemp("beside"), [(text,) for text in texts], Column("x", ColumnKind.TEXT)
    )
    assert found == [(text or None,) for text in texts]


def test_a_hundred_thousand_rows_stay_in_order(tmp_path: Path) -> None:
    found = beside(tmp_path, [(f"t{n}",) for n in range(100_000)], Column("x", ColumnKind.TEXT))
    assert [row[0] for row in found] == [f"t{n}" for n in range(100_000)]
