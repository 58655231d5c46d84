"""Files as people bring them: read with every cell as it was, or refused in words with nothing left behind."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.computing import Source, rows
from allotment.tables.engine import open_engine
from allotment.tables.files import Choice, FileRead, read_file
from allotment.tables.kinds import guess

Cells = list[tuple[str | None, ...]]


def _read(
    folder: Path, content: bytes | str, choice: Choice | None = None, name: str = "orders.csv"
) -> tuple[FileRead, Cells]:
    path, out = folder / "upload", folder / "table.parquet"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    read = read_file(name, path, out, choice or Choice())
    with open_engine([out]) as engine:
        return read, engine.rows("SELECT * FROM read_parquet($file)", {"file": str(out)})


TWO = [("Ada", "36"), ("Grace", "85")]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    str.strip
)


@given(
    table=st.lists(st.tuples(CELL, CELL | st.just(""), CELL), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    end=st.sampled_from(("\n", "\r\n")),
)
def test_every_cell_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, table: Cells, delimiter: str, quoting: int, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows((("alpha", "beta", "gamma"), *table))
    choice = Choice(delimiter=delimiter, header_row=1)
    _, cells = _read(tmp_path_factory.mktemp("files"), text.getvalue(), choice)
    assert cells == [(first, second or None, third) for first, second, third in table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_dialect_is_read(tmp_path: Path, delimiter: str, end: str) -> None:
    text = end.join(delimiter.join(row) for row in (("Name", "Age"), *TWO))
    read, cells = _read(tmp_path, text)
    assert (read.columns, read.rows, cells) == (("Name", "Age"), 2, TWO)
    assert read.facts.delimiter == delimiter


@pytest.mark.parametrize(
    ("encoding", "city"),
    [
        ("utf-8", "Łódź"),
        ("utf-8-sig", "Łódź"),
        ("utf-16", "Łódź"),
        ("utf-16-le", "Köln"),
        ("cp1252", "München, Größe, über"),
        ("cp1251", "Санкт-Петербург"),
        ("cp1253", "Θεσσαλονίκη"),
        ("shift_jis", "大阪市の日本語"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, city: str) -> None:
    text = "city;amount\n" + "\n".join(f"{city};{n}" for n in range(9))
    assert _read(tmp_path, text.encode(encoding))[1][0] == (city, "0")


def test_a_character_of_another_encoding_far_down_is_found(tmp_path: Path) -> None:
    _, cells = _read(tmp_path, b"name,n\n" + b"plain,1\n" * 100_000 + "café,2\n".encode("cp1252"))
    assert cells[-1] == ("café", "2")


def test_titles_and_blank_rows_above_the_headings_are_skipped(tmp_path: Path) -> None:
    read, cells = _read(
        tmp_path,
        '"Sales\nreport"\n\nCreated by,Ada\n\nRegion,Amount,When\n\nNorth,1,2026-01-01\n,,\nSouth,2,\n',
    )
    assert read.columns == ("Region", "Amount", "When")
    assert cells == [("North", "1", "2026-01-01"), ("South", "2", None)]
    assert read.facts.notes == ("2 lines above the headings left out.",)


def test_a_first_line_that_tells_the_separator_is_believed(tmp_path: Path) -> None:
    read, cells = _read(tmp_path, "sep=;\na;b\n1,5;2,5\n")
    assert (read.columns, cells) == (("a", "b"), [("1,5", "2,5")])


def test_blank_merged_and_repeated_headings_get_names(tmp_path: Path) -> None:
    assert _read(tmp_path, "Amount,,amount,\n1,2,3,4\n")[0].columns == (
        "Amount",
        "Column 2",
        "amount (2)",
        "Column 4",
    )


GROUPED = ("Region,2024,,2025,", ",Units,Revenue,Units,Revenue", "North,1,2.5,3,4", "South,2,3.5,4,5")
BOTH = ("Region", "2024 Units", "2024 Revenue", "2025 Units", "2025 Revenue")


@pytest.mark.parametrize("above", [(), ("Sales of both years,,,,",), ("Sales,,,,", ",,,,", "as of June,,,,")])
def test_headings_in_two_rows_become_one(tmp_path: Path, above: tuple[str, ...]) -> None:
    read, cells = _read(tmp_path, "\n".join((*above, *GROUPED)))
    assert (read.columns, read.facts.header_row) == (BOTH, len(above) + 2)
    assert cells[0] == ("North", "1", "2.5", "3", "4")
    assert "The headings take two rows; each column is called by both." in read.facts.notes


@pytest.mark.parametrize(
    "text", ["Name,,Age\nAnn,Lee,\nBob,Ray,31\n", "A,B,C\nx,y,z\n1,2,3\n", "A,,B\n1,2,3\n4,5,6\n"]
)
def test_a_row_of_data_is_no_second_row_of_headings(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text)[0].facts.header_row == 1


def test_a_file_without_headings_says_so(tmp_path: Path) -> None:
    read, cells = _read(tmp_path, "1,2.5,2026-01-01\n2,3.5,2026-02-01\n")
    assert (read.columns, len(cells), read.facts.header_row) == (("Column 1", "Column 2", "Column 3"), 2, 0)
    assert read.facts.notes


@pytest.mark.parametrize("before", [0, 1000])
def test_ragged_rows_lose_nothing(tmp_path: Path, before: int) -> None:
    read, cells = _read(tmp_path, "a,b,c\n" + "1,2,3\n" * before + "1,2\n1,2,3,4,5\n1,2,3,,\n")
    assert read.columns == ("a", "b", "c", "Column 4", "Column 5")
    assert cells[before:] == [
        ("1", "2", None, None, None),
        ("1", "2", "3", "4", "5"),
        ("1", "2", "3", None, None),
    ]
    assert "1 row has more cells than there are headings; the rest is in “Column 4”" in read.facts.notes[0]


def test_quotation_marks_of_every_sort_are_read(tmp_path: Path) -> None:
    cells = _read(tmp_path, 'a,b\n5" pipe,2\n"x ""y"", z",3\n"two\nlines",4\n')[1]
    assert cells == [('5" pipe', "2"), ('x "y", z', "3"), ("two\nlines", "4")]


def test_words_for_nothing_stay_words(tmp_path: Path) -> None:
    assert _read(tmp_path, "a,b\nNULL,\\N\nNA,nan\n")[1] == [("NULL", "\\N"), ("NA", "nan")]


def test_a_choice_decides(tmp_path: Path) -> None:
    text = "x;y\na,1;b\nc,2;d\n"
    assert _read(tmp_path, text, Choice(delimiter=","))[0].columns == ("a", "1;b")
    assert _read(tmp_path, text, Choice(header_row=2))[0].columns == ("a,1", "b")
    assert _read(tmp_path, text, Choice(header_row=0))[0].rows == 3
    assert _read(tmp_path, "a\né\n", Choice(encoding="cp1252"))[1] == [("Ã©",)]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(encoding="klingon"), "encoding"),
        (Choice(encoding="hex"), "encoding"),
        (Choice(encoding="utf-16"), "utf-16"),
        (Choice(delimiter="x"), "separator"),
        (Choice(header_row=9), "row 9"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(tmp_path: Path, choice: Choice, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        _read(tmp_path, "a,b\n1,2\n", choice)


HOSTILE = '"; drop table x; --'


def test_a_column_named_like_an_attack_is_a_column(tmp_path: Path) -> None:
    read, _ = _read(tmp_path, '"""; drop table x; --",read_csv\n=1+1,2\n')
    found = rows(Source(tmp_path / "table.parquet", guess(tmp_path / "table.parquet", read.columns)))
    assert [column.name for column in found.columns] == [HOSTILE, "read_csv"]
    assert found.rows == (("=1+1", 2),)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"a,b\n1,\0\n", "NUL"),
        ("a.csv", b"\0\1\2\3" * 100, "NUL"),
        ("a.csv", b"PK\x03\x04" + b"x" * 100, "ZIP archive"),
        ("a.csv", b"%PDF-1.7 x", "PDF"),
        ("a.exe", b"a,b\n1,2\n", "not a table"),
        ("a.csv", b"a,b\n", "no rows below"),
        ("a.csv", b"\n\n,,\n", "no rows"),
        ("a.csv", ",".join(f"c{n}" for n in range(20_000)).encode() + b"\n1", "20,000 columns"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 500 + b"," * 20_000 + b"x\n", "20,001 cells"),
        ("a.csv", b'a,b\n1,"' + b"x" * 1_500_000 + b'"\n', "Line 2 has a cell of more than 1,000,000"),
        ("a.csv", b'a,b\n1,"x\n' + b"1,2\n" * 500_000, "more than 1,000,000"),
    ],
)
def test_what_is_no_table_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises((Invalid, TooLarge), match=words) as refused:
        _read(tmp_path, content, name=name)
    assert refused.value.hint
    assert [file.name for file in tmp_path.iterdir()] == ["upload"]
