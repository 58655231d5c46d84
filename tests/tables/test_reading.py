"""Rows as people paste them: any usual dialect, every cell as it was, hostile text refused in words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.tables.columns import ColumnKind
from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.computing import Source, rows
from allotment.tables.kinds import guess
from allotment.tables.reading import MOST_COLUMNS, read_text, write_parquet

CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    str.strip
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_usual_delimiter_is_found(delimiter: str) -> None:
    table = read_text(
        "\n".join(delimiter.join(row) for row in (("Name", "Age"), ("Ada", "36"), ("Grace", "85")))
    )
    assert table.columns == ("Name", "Age")
    assert table.rows == (("Ada", "36"), ("Grace", "85"))


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=5))
def test_quoted_cells_come_back_as_they_were(cells: list[tuple[str, str, str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    assert read_text("a,b,c\n" + "\n".join(quoted)).rows == tuple(cells)


def test_ragged_rows_blank_lines_and_headings_are_mended() -> None:
    table = read_text("Amount,,amount\n1\n\n1,2,3,4\n")
    assert table.columns == ("Amount", "Column 2", "amount (2)", "Column 4")
    assert table.rows == (("1", "", "", ""), ("1", "2", "3", "4"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no rows below a heading"),
        ("Only a heading", "no rows below a heading"),
        ("a,b\n1\0,2", "not text"),
        (",".join(str(n) for n in range(MOST_COLUMNS + 1)) + "\n1", "columns"),
        ('a,b\n1,"' + "x" * 120_000, "characters"),
    ],
)
def test_what_is_no_table_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises((Invalid, TooLarge), match=words) as refused:
        read_text(text)
    assert refused.value.hint


HOSTILE = '"; drop table x; --'


def test_a_column_named_like_an_attack_is_a_column(tmp_path: Path) -> None:
    table = read_text('"""; drop table x; --",read_csv\n1,2\n')
    write_parquet(table, tmp_path / "t.parquet")
    read = rows(Source(tmp_path / "t.parquet", guess(tmp_path / "t.parquet", table.columns)))
    assert [column.name for column in read.columns] == [HOSTILE, "read_csv"]
    assert read.rows == ((1, 2),)
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize(
    ("cells", "kind", "format_"),
    [
        (("1", "-20", "3,000"), ColumnKind.WHOLE_NUMBER, "."),
        (("1.50", "2", "1,234.5"), ColumnKind.NUMBER, "."),
        (("1.7000000000000002", "1.5e-07", "-2E+22"), ColumnKind.NUMBER, "."),
        (("1E05", "2E07", "3E11"), ColumnKind.TEXT, ""),
        (("1,50", "2.000,25 €", "EUR 7"), ColumnKind.NUMBER, ","),
        (("INC20331", "INC20332"), ColumnKind.TEXT, ""),
        (("00123", "04711"), ColumnKind.TEXT, ""),
        (("2026-11-03", "2026-01-31"), ColumnKind.DATE, "%Y-%m-%d"),
        (("31.12.2026", "01.02.2026"), ColumnKind.DATE, "%d.%m.%Y"),
        (("12/31/2026", "01/02/2026"), ColumnKind.DATE, "%m/%d/%Y"),
        (("2026-11-03 14:05", "2026-01-31 00:00"), ColumnKind.MOMENT, "%Y-%m-%d %H:%M"),
        (("yes", "No", ""), ColumnKind.YES_NO, ""),
        (("north", "12"), ColumnKind.TEXT, ""),
    ],
)
def test_a_column_is_read_as_nearly_all_its_cells_are(
    tmp_path: Path, cells: tuple[str, ...], kind: ColumnKind, format_: str
) -> None:
    write_parquet(read_text("x;y\n" + "\n".join(f"{cell};k" for cell in cells)), tmp_path / "t.parquet")
    found = guess(tmp_path / "t.parquet", ("x",))[0]
    assert (found.kind, found.format) == (kind, format_)
