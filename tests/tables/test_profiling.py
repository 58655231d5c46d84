"""What a table holds: exact figures, what does not read, what may be personal."""

from pathlib import Path

import pytest

from allotment.engine.tables.columns import ColumnKind
from allotment.tables.kinds import ReadAs, guess
from allotment.tables.personal import personal_in
from allotment.tables.profiling import ColumnProfile, Frequent, Profile, profile
from allotment.tables.reading import read_text, write_parquet

TABLE = """Region;Amount;When;Paid;E-mail
North;1,50;31.01.2026;yes;ada@example.org
North ;2.000,25;01.02.2026;no;grace@example.org
South;n/a;13.02.2026;;
South;3;13.02.2026;yes;
South;3;13.02.2026;yes;
"""


def _profile(folder: Path, text: str, *changed: ReadAs) -> Profile:
    table = read_text(text)
    write_parquet(table, folder / "t.parquet")
    reading = guess(folder / "t.parquet", table.columns)
    by_name = {column.name: column for column in changed}
    return profile(folder / "t.parquet", tuple(by_name.get(column.name, column) for column in reading))


def test_each_column_is_counted_as_its_kind(tmp_path: Path) -> None:
    found = _profile(tmp_path, TABLE, ReadAs("Amount", ColumnKind.NUMBER, ","))
    region, amount, when, paid, mail = found.columns
    assert (found.rows, found.duplicate_rows) == (5, 1)
    assert region.frequent == (Frequent("South", 3), Frequent("North", 2))
    assert (region.different, region.gaps, region.smallest) == (2, 0, "")
    assert amount == ColumnProfile(
        name="Amount",
        kind=ColumnKind.NUMBER,
        filled=5,
        gaps=0,
        different=4,
        smallest="1.5",
        largest="2000.25",
        mean=501.9375,
        frequent=amount.frequent,
        unread=1,
        unread_examples=("n/a",),
    )
    assert (when.smallest, when.largest) == ("2026-01-31", "2026-02-13")
    assert (paid.smallest, paid.largest, paid.gaps) == ("no", "yes", 1)
    assert (mail.personal, mail.filled, mail.gaps) == (("e-mail address",), 2, 3)


def test_a_column_without_a_filled_cell_is_text_with_gaps_only(tmp_path: Path) -> None:
    empty = _profile(tmp_path, "a;b\n;1\n ;2\n").columns[0]
    assert (empty.kind, empty.filled, empty.gaps, empty.different, empty.frequent) == (
        ColumnKind.TEXT,
        0,
        2,
        0,
        (),
    )


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("E-Mail", "e-mail address"),
        ("e_mail_address", "e-mail address"),
        ("Customer name", "name"),
        ("Name", "name"),
        ("Product name", ""),
        ("Mobile", "phone number"),
        ("IP address", ""),
        ("Street", "address"),
        ("birth_date", "date of birth"),
        ("IBAN", "bank account"),
        ("Region", ""),
    ],
)
def test_headings_tell_what_may_be_personal(heading: str, found: str) -> None:
    assert personal_in(heading, ColumnKind.TEXT, ()) == ((found,) if found else ())


def test_values_tell_what_may_be_personal() -> None:
    assert personal_in("Note", ColumnKind.TEXT, ["call", "write to ada@example.org"]) == ("e-mail address",)
    assert personal_in("To", ColumnKind.TEXT, ["GB82 WEST 1234 5698 7654 32"]) == ("bank account",)
    assert personal_in("Region", ColumnKind.TEXT, ["North", "South"]) == ()


@pytest.mark.parametrize(
    ("cells", "kind", "format_"),
    [
        (["01/02/2026"] * 30 + ["12/31/2026"], ColumnKind.DATE, "%m/%d/%Y"),
        (["1.234"] * 30 + ["1.234,50"], ColumnKind.NUMBER, ","),
        (["3"] * 99 + ["2.5"], ColumnKind.NUMBER, "."),
        (["5"] * 30_000 + ["007"], ColumnKind.TEXT, ""),
        ([""] * 30_000 + ["12"], ColumnKind.WHOLE_NUMBER, "."),
        (["$1,234.50", "EUR 7", "-€3"], ColumnKind.NUMBER, "."),
    ],
)
def test_all_cells_decide_the_kind(tmp_path: Path, cells: list[str], kind: ColumnKind, format_: str) -> None:
    write_parquet(read_text("x;y\n" + "\n".join(f"{cell};k" for cell in cells)), tmp_path / "t.parquet")
    assert guess(tmp_path / "t.parquet", ("x",)) == (ReadAs("x", kind, format_),)
