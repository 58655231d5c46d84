"""Numbers in prose are held against the tables they are about."""

from datetime import date
from decimal import Decimal

import pytest

from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.figures import unsupported
from allotment.engine.tables.rows import Rows

TABLE = Rows(
    (
        Column("month of Date", ColumnKind.DATE),
        Column("Region", ColumnKind.TEXT),
        Column("sum of Revenue", ColumnKind.NUMBER),
        Column("share", ColumnKind.NUMBER),
        Column("count", ColumnKind.WHOLE_NUMBER),
    ),
    (
        (date(2026, 1, 1), "North", Decimal("1234.50"), 0.4567, 12),
        (date(2026, 2, 1), "South", Decimal("2345678.91"), 0.1, 7),
        (date(2026, 3, 1), "Shop 24", Decimal("-98.2"), 0.4433, 1900),
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "North had 1,234.50 in January 2026.",
        "Im Januar waren es 1.234,50 €.",
        "En janvier : 1 234,50 €",
        "CHF 1'234.50",
        "North made 1234.5, about 1.2 thousand or €1.2k; 1,235 units.",
        "2.3 million, 2,3 Mio. Euro, 2.35m, $2,345,678.91 and 2 345 679",
        "45.67%, 46 %, 45,7 Prozent, 0.46 of it, 10 percent",
        "It fell by 98.2, to -98.",
        "In total 2,346,815.21 and 1 919 orders.",
        "The 3 regions: 12 orders and 7 others; 1,900 in March.",
        "On 3 March 2026, 2026-03-01, 01.03.2026 and March 3, 2026, the 2nd region",
        "1. First\n2. Second\n- the top 5, page 3, Q3, at 14:30",
        "Shop 24 was best in 2026.",
        "A 12-month review under ISO-9001, v1.2",
    ],
)
def test_what_the_tables_say_is_not_marked(text: str) -> None:
    assert unsupported(text, [TABLE]) == ()


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("North had 1,235.50", "1,235.50"),
        ("about 2.4 million", "2.4 million"),
        ("a share of 46.1%", "46.1%"),
        ("nearly 1,300", "1,300"),
        ("es waren 1.234,60 €", "1.234,60"),
        ("in 2031 it was best", "2031"),
        ("50 percent of all", "50 percent"),
        ("there were 13 orders", "13"),
        ("it rose by 5%", "5%"),
        ("costs of $3k", "3k"),
        ("share was 45.67", "45.67"),
        ("the difference is 2,344,444.41", "2,344,444.41"),
        ("may 12,500 be right", "12,500"),
    ],
)
def test_what_the_tables_do_not_say_is_marked_where_it_stands(text: str, marked: str) -> None:
    (found,) = unsupported(text, [TABLE])
    assert text[found.start : found.end] == found.text == marked


def test_without_tables_every_figure_is_marked() -> None:
    assert [number.text for number in unsupported("12 of 100", ())] == ["12", "100"]
