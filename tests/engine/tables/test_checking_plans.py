"""Plans are checked against columns, told in sentences, and read from sentences."""

from typing import Any

import msgspec
import pytest

from allotment.engine.tables.asking import Proposal, plan_from_sentence, plan_schema
from allotment.engine.tables.checking import Checked, check
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.plan import Plan
from allotment.engine.tables.sentences import plan_text

SALES = (
    Column("Order Date", ColumnKind.DATE),
    Column("Region", ColumnKind.TEXT),
    Column("Customer", ColumnKind.TEXT),
    Column("Revenue", ColumnKind.NUMBER),
    Column("Units", ColumnKind.WHOLE_NUMBER),
)
TICKETS = (
    Column("Opened", ColumnKind.MOMENT),
    Column("Category", ColumnKind.TEXT),
    Column("Status", ColumnKind.TEXT),
    Column("Team", ColumnKind.TEXT),
    Column("Score", ColumnKind.NUMBER),
    Column("Urgent", ColumnKind.YES_NO),
)
VALUES = {"Status": ("Open", "Closed"), "Team": ("Red", "Blue")}
MONTHLY = {
    "do": "group",
    "by": [{"column": "Order Date", "part": "month"}],
    "figures": [{"figure": "sum", "column": "Revenue"}],
}


def checked(*operations: Any, tables: dict[str, tuple[Column, ...]] | None = None) -> Checked:
    return check(msgspec.convert(operations, Plan), SALES, tables or {})


def test_a_fitting_plan_has_no_problems_and_says_what_it_leaves() -> None:
    result = checked(MONTHLY, {"do": "sort", "by": [{"column": "SUM OF revenue", "largest_first": True}]})
    assert result.problems == ()
    assert result.last(SALES) == (
        Column("month of Order Date", ColumnKind.DATE),
        Column("sum of Revenue", ColumnKind.NUMBER),
    )


@pytest.mark.parametrize(
    ("operation", "part", "words"),
    [
        ({"do": "sort", "by": [{"column": "Regon"}]}, "by.0.column", "Did you mean “Region”?"),
        (
            {"do": "filter", "where": [{"column": "Revenue", "is": "contains", "to": "1"}]},
            "where.0.is",
            "cannot test",
        ),
        (
            {"do": "filter", "where": [{"column": "Units", "is": "is", "to": "many"}]},
            "where.0.to",
            "Write a number",
        ),
        ({"do": "filter", "where": [{"column": "Region", "is": "is"}]}, "where.0.to", "Nothing is given"),
        (
            {"do": "group", "figures": [{"figure": "sum", "column": "Region"}]},
            "figures.0.figure",
            "has no sum",
        ),
        ({"do": "group", "figures": [{"figure": "sum"}]}, "figures.0.column", "needs a column"),
        (
            {"do": "group", "by": [{"column": "Region", "part": "month"}], "figures": [{"figure": "count"}]},
            "by.0.part",
            "no month",
        ),
        (
            {
                "do": "group",
                "by": [{"column": "Order Date", "part": "hour"}],
                "figures": [{"figure": "count"}],
            },
            "by.0.part",
            "no hour",
        ),
        (
            {
                "do": "group",
                "by": [{"column": "Region"}, {"column": "region"}],
                "figures": [{"figure": "count"}],
            },
            "",
            "Two",
        ),
        (
            {"do": "compute", "name": "region", "left": "Units", "by": "plus", "right": "=1"},
            "name",
            "already",
        ),
        (
            {"do": "compute", "name": "x", "left": "Region", "by": "plus", "right": "=1"},
            "left",
            "is for numbers",
        ),
        (
            {"do": "compute", "name": "x", "left": "Units", "by": "plus", "right": "=one"},
            "right",
            "fixed value",
        ),
        (
            {"do": "compute", "name": "x", "left": "Units", "by": "days since", "right": "Units"},
            "left",
            "for dates",
        ),
        ({"do": "join", "table": "form.targts", "on": [{"left": "Region"}]}, "table", "“form.targets”"),
        (
            {"do": "join", "table": "form.targets", "on": [{"left": "Region", "right": "Units"}]},
            "on.0",
            "never agree",
        ),
        (
            {"do": "compare", "date": "Region", "period": "month", "figure": {"figure": "count"}},
            "date",
            "no month",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_the_way_to_mend_it(operation: Any, part: str, words: str) -> None:
    problems = checked(operation, tables={"form.targets": SALES}).problems
    assert [problem.part for problem in problems][:1] == [part]
    assert words in str(problems[0])


def test_nothing_is_said_after_a_table_that_nobody_knows() -> None:
    join = {"do": "join", "table": "form.x", "on": [{"left": "Region"}]}
    assert len(checked(join, {"do": "sort", "by": [{"column": "Target"}]}).problems) == 1


def test_joined_names_that_are_taken_get_a_number() -> None:
    left = checked({"do": "join", "table": "t", "on": [{"left": "Region"}]}, tables={"t": SALES}).last(SALES)
    assert [column.name for column in left][5:] == [
        "Order Date (2)",
        "Customer (2)",
        "Revenue (2)",
        "Units (2)",
    ]


def test_a_plan_reads_as_a_sentence() -> None:
    operations = [
        {"do": "filter", "where": [{"column": "Region", "is": "is", "to": "North"}]},
        MONTHLY,
        {"do": "sort", "by": [{"column": "sum of Revenue", "largest_first": True}]},
    ]
    text = plan_text(msgspec.convert(operations, Plan))
    assert (
        text == "Keep rows where Region is North; for each month of Order Date: sum of Revenue; largest first"
    )


@pytest.mark.parametrize(
    ("sentence", "columns", "told"),
    [
        (
            "monthly revenue per region, largest first",
            SALES,
            "For each month of Order Date and Region: sum of Revenue; largest first",
        ),
        (
            "top 5 customers by revenue",
            SALES,
            "For each Customer: sum of Revenue; keep the 5 rows with the largest sum of Revenue",
        ),
        ("average score by team", TICKETS, "For each Team: average of Score"),
        (
            "only open tickets per week",
            TICKETS,
            "Keep rows where Status is Open; for each week of Opened: number of rows",
        ),
        (
            "revenue this month compared with last",
            SALES,
            (
                "Sum of Revenue for each month of Order Date beside the month before; "
                "keep the row with the largest month of Order Date"
            ),
        ),
        (
            "how many tickets per category and month",
            TICKETS,
            "For each Category and month of Opened: number of rows",
        ),
        ("how many customers per region", SALES, "For each Region: number of different values of Customer"),
        (
            "only urgent tickets by weekday",
            TICKETS,
            "Keep rows where Urgent is yes; for each weekday of Opened: number of rows",
        ),
        (
            "revenue where units is more than 10 per region",
            SALES,
            "Keep rows where Units is more than 10; for each Region: sum of Revenue",
        ),
        (
            "top 3 customers per region by revenue",
            SALES,
            (
                "For each Customer and Region: sum of Revenue; "
                "for each Region keep the 3 rows with the largest sum of Revenue"
            ),
        ),
    ],
)
def test_a_sentence_becomes_the_plan_it_asks_for(
    sentence: str, columns: tuple[Column, ...], told: str
) -> None:
    plan = plan_from_sentence(sentence, columns, VALUES if columns is TICKETS else {})
    assert plan is not None
    assert plan_text(plan) == told


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "profit per region",
        "revenue per employee",
        "delete everything",
        "why did revenue fall?",
        "forecast revenue per month",
        "revenue last month by region",
        "revenue per region without north",
        "customers by revenue",
        "revenue per region in asia",
    ],
)
def test_a_sentence_with_an_unclear_word_becomes_nothing(sentence: str) -> None:
    assert plan_from_sentence(sentence, SALES) is None


def test_the_published_schema_is_an_object_with_a_plan() -> None:
    schema = plan_schema()
    assert schema["type"] == "object"
    assert set(schema["properties"]) == {"plan"}
    assert msgspec.json.decode(b'{"plan": []}', type=Proposal).plan == ()
