"""Charts: what is chosen from the columns, what is refused, and that nothing but a picture comes out."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest
from lxml import etree
from vega_datasets import local_data

from allotment.charts.drawing import draw
from allotment.charts.specifying import MOST_BARS, NARROW, specification
from allotment.engine.tables.charting import MOST_SLICES, Wanted, choose
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.rows import Cell, Rows
from allotment.kernel.errors import Invalid

TEXT, NUMBER, WHOLE, DATE = ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.WHOLE_NUMBER, ColumnKind.DATE
SVG = "{http://www.w3.org/2000/svg}"


def table(columns: Sequence[tuple[str, ColumnKind]], *rows: tuple[Cell, ...]) -> Rows:
    return Rows(tuple(Column(name, kind) for name, kind in columns), rows)


REGIONS = table([("Region", TEXT), ("Revenue", NUMBER)], ("North", Decimal(12)), ("South", Decimal(-3)))
MONTHS = table(
    [("month of Date", DATE), ("Revenue", NUMBER)],
    *((date(2026, month, 1), Decimal(month * 10)) for month in range(1, 7)),
)
TWO_NUMBERS = table([("Weight", NUMBER), ("Miles", NUMBER)], *((1.0 * n, 2.5 * n) for n in range(20)))
ONE_NUMBER = table([("Age", WHOLE)], *((n,) for n in range(30)))
COUNTED = table([("Status", TEXT)], ("open",), ("open",), ("closed",))


@pytest.mark.parametrize(
    ("rows", "kind", "title"),
    [
        (REGIONS, "bar", "Revenue by Region"),
        (MONTHS, "line", "Revenue by month of Date"),
        (TWO_NUMBERS, "scatter", "Miles against Weight"),
        (ONE_NUMBER, "histogram", "How Age is spread"),
        (COUNTED, "bar", "Number of rows by Status"),
    ],
)
def test_a_fitting_chart_is_chosen_when_nobody_chooses(rows: Rows, kind: str, title: str) -> None:
    drawing = choose(rows, Wanted())
    assert (drawing.kind, drawing.title) == (kind, title)


def test_a_second_column_of_names_becomes_the_colour_when_rows_would_fall_together() -> None:
    months = [date(2026, 1, 1), date(2026, 2, 1)]
    columns = [("month", DATE), ("Region", TEXT), ("Revenue", NUMBER)]
    rows = table(columns, *((month, region, Decimal(5)) for month in months for region in ("North", "South")))
    assert choose(rows, Wanted()).colour == "Region"


@pytest.mark.parametrize("kind", ["bar", "line", "area", "pie", "histogram"])
@pytest.mark.parametrize("rows", [REGIONS, MONTHS, ONE_NUMBER])
def test_what_is_wanted_is_drawn(rows: Rows, kind: str) -> None:
    assert draw(rows, Wanted(kind=kind)).svg("light").startswith("<svg")


@pytest.mark.parametrize(
    ("wanted", "words", "hint"),
    [
        (Wanted(x="Regoin"), "no column “Regoin”", "Did you mean “Region”"),
        (Wanted(y="Region"), "holds no numbers", "Revenue"),
        (Wanted(kind="scatter", x="Revenue"), "two columns of numbers", "bars"),
    ],
)
def test_what_cannot_be_drawn_is_told_with_its_remedy(wanted: Wanted, words: str, hint: str) -> None:
    with pytest.raises(Invalid, match=words) as told:
        choose(REGIONS, wanted)
    assert hint in told.value.hint


@pytest.mark.parametrize(
    "name", ['"; drop table', "<script>alert(1)</script>", "datum.x", "a[0].b", "{{7*7}}", "\\"]
)
@pytest.mark.parametrize("look", ["light", "dark", "print"])
def test_names_are_never_code(name: str, look: str) -> None:
    rows = table([(name, TEXT), (f"{name} 2", NUMBER)], (name, Decimal(1)), ("plain", Decimal(2)))
    tree = etree.fromstring(draw(rows, Wanted()).svg(look).encode())
    tags = {element.tag for element in tree.iter()}
    assert tags <= {
        f"{SVG}{tag}" for tag in ("svg", "g", "rect", "path", "text", "line", "title", "defs", "clipPath")
    }
    assert not any("href" in key or key.startswith("on") for element in tree.iter() for key in element.attrib)


def test_no_column_name_becomes_a_field() -> None:
    rows = table([("a.b", TEXT), ("c[0]", NUMBER)], ("x", Decimal(1)))
    plan = specification(choose(rows, Wanted()), rows, "light")
    assert plan["data"]["values"] == [{"c0": "x", "c1": 1.0}]


def test_empty_tables_and_empty_cells_are_drawn() -> None:
    columns = [("Region", TEXT), ("Revenue", NUMBER)]
    for rows in (table(columns), table(columns, (None, None)), table(columns, ("North", None))):
        assert draw(rows, Wanted()).svg("light").startswith("<svg")
        assert draw(rows, Wanted()).alt


@pytest.mark.parametrize(("kind", "most"), [("bar", MOST_BARS), ("pie", MOST_SLICES)])
def test_too_many_names_end_in_one_for_the_rest(kind: str, most: int) -> None:
    rows = table([("Name", TEXT), ("Sum", NUMBER)], *((f"name {n}", Decimal(n)) for n in range(200)))
    values = specification(choose(rows, Wanted(kind=kind)), rows, "light")["data"]["values"]
    assert len({value["c0"] for value in values}) == most
    assert values[-1]["c0"] == "Other"
    assert sum(value["c1"] for value in values) == sum(range(200))


def test_the_words_say_what_the_picture_shows() -> None:
    assert draw(MONTHS, Wanted()).alt == (
        "Line chart: Revenue by month of Date. Largest: 2026-06 (60); smallest: 2026-01 (10)."
        " Higher at the end than at the beginning."
    )
    assert draw(REGIONS, Wanted()).alt == (
        "Bar chart: Revenue by Region. Largest: North (12); smallest: South (-3)."
    )


def test_a_picture_for_phones_is_narrow() -> None:
    width = float(etree.fromstring(draw(REGIONS, Wanted()).svg("light", NARROW).encode()).attrib["width"])
    assert width < 450
    assert draw(REGIONS, Wanted()).png.startswith(b"\x89PNG")


def _cells(frame: object, most: int = 400) -> Iterator[tuple[Cell, ...]]:
    for row in frame.head(most).itertuples(index=False):
        yield tuple(_cell(value) for value in row)


def _cell(value: object) -> Cell:
    if value is None or value != value:  # noqa: PLR0124 - what pandas holds for an empty cell is not itself
        return None
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime().replace(tzinfo=None)
    if isinstance(value, bool | int | float | str | datetime):
        return value
    return value.item() if hasattr(value, "item") else str(value)


def _kind(cells: Sequence[Cell]) -> ColumnKind:
    filled = [cell for cell in cells if cell is not None]
    if filled and all(isinstance(cell, datetime) for cell in filled):
        return ColumnKind.MOMENT
    if filled and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in filled):
        return NUMBER
    return TEXT


@pytest.mark.parametrize(
    "name", sorted(set(local_data.list_datasets()) - {"earthquakes", "us_10m", "world_110m"})
)
@pytest.mark.filterwarnings("ignore:The .convert_dates. keyword")
def test_tables_that_nobody_here_made_are_drawn(name: str) -> None:
    rows = list(_cells(getattr(local_data, name.replace("-", "_"))()))
    heads = list(getattr(local_data, name.replace("-", "_"))().columns)
    kinds = [_kind([row[place] for row in rows]) for place in range(len(heads))]
    cells = [
        tuple(
            str(cell) if kind is TEXT and cell is not None else cell
            for cell, kind in zip(row, kinds, strict=True)
        )
        for row in rows
    ]
    chart = draw(
        table([(str(head), kind) for head, kind in zip(heads, kinds, strict=True)], *cells), Wanted()
    )
    assert chart.svg("light").startswith("<svg")
    assert chart.alt
