"""The builder's editors of steps that work with tables, by plain forms as a browser without JavaScript sends them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allotment.engine.spec.app import Chart, ForEach, Save, Table
from allotment.engine.spec.reading import from_plain
from allotment.engine.spec.validation import problems
from allotment.microapps.making import make_from_plain, make_from_starter
from allotment.microapps.models import MicroApp
from allotment.microapps.starters import all_starters
from allotment.prompts.starting import plant_library
from tests.conftest import Somebody
from tests.microapps.browsing import form_to

pytestmark = pytest.mark.django_db

WITH_TABLES = [one for one in all_starters() if any(isinstance(step, Table) for step in one.app.steps)]
STEPS = [
    (one.name, step.step)
    for one in WITH_TABLES
    for step in one.app.steps
    if isinstance(step, Table | Chart | Save | ForEach)
]
ROWS = "Day;Region;Revenue\n2026-01-03;North;10,50\n2026-01-09;South;3,25\n2026-02-02;North;2,00\n"
BLANK = {
    "allotment": 1,
    "name": "figures",
    "title": "Figures",
    "purpose": "Figures from rows.",
    "form": [{"field": "rows", "label": "Rows", "kind": "table"}],
}


class Building:
    """One app in the builder."""

    def __init__(self, client: Client, slug: str) -> None:
        self.client, self.slug = client, slug

    def address(self, name: str, *arguments: str) -> str:
        return reverse(f"microapps:{name}", args=[self.slug, *arguments])

    @property
    def plain(self) -> dict[str, Any]:
        return MicroApp.objects.get(slug=self.slug).working_spec

    def step(self, name: str) -> dict[str, Any]:
        return next(step for step in self.plain["steps"] if step["step"] == name)

    def edit(self, url: str, do: str = "save", **changes: str) -> Any:
        typed = form_to(self.client.get(url).content.decode(), url).values
        return self.client.post(
            url, {**typed, **{key.replace("__", "-"): value for key, value in changes.items()}, "do": do}
        )

    def add(self, kind: str) -> Any:
        url = self.address("build_add")
        revision = MicroApp.objects.get(slug=self.slug).working_revision
        return self.client.post(url, {"kind": kind, "revision": revision})


@pytest.fixture
def blank(mira_in: Client, mira: Somebody) -> Building:
    """An app with a table in its form and rows as its example."""
    building = Building(mira_in, make_from_plain(mira.actor, BLANK).slug)
    building.edit(building.address("build_part", "sample"), sample__rows=ROWS)
    return building


@pytest.fixture
def whole_library(db: None) -> int:
    return plant_library()


@pytest.mark.parametrize(("starter", "step"), STEPS)
def test_opening_and_saving_a_step_unchanged_changes_nothing(
    whole_library: int, mira_in: Client, mira: Somebody, starter: str, step: str
) -> None:
    building = Building(mira_in, make_from_starter(mira.actor, starter).slug)
    before = from_plain(building.plain)
    assert building.edit(building.address("build_step", step)).status_code == 302
    assert from_plain(building.plain) == before


@pytest.mark.parametrize("starter", [one.name for one in WITH_TABLES])
def test_a_form_that_is_saved_keeps_the_columns_its_table_needs(
    mira_in: Client, mira: Somebody, starter: str
) -> None:
    building = Building(mira_in, make_from_starter(mira.actor, starter).slug)
    before = from_plain(building.plain)
    building.edit(building.address("build_part", "form"))
    building.edit(building.address("build_part", "sample"))
    assert from_plain(building.plain) == before


def test_example_rows_tell_which_columns_there_are(blank: Building) -> None:
    assert blank.plain["form"][0]["columns"] == [
        {"column": "Day", "kind": "date"},
        {"column": "Region"},
        {"column": "Revenue", "kind": "number"},
    ]


def test_a_table_is_computed_from_a_sentence(blank: Building) -> None:
    blank.add("table")
    url = blank.address("build_step", "figures")
    blank.edit(url, "sentence", sentence="monthly revenue per region, largest first")
    plan = blank.step("figures")["plan"]
    assert [operation["do"] for operation in plan] == ["group", "sort"]
    page = blank.client.get(url).content.decode()
    assert "10.50" in page
    assert "2026-01" in page
    assert list(problems(from_plain(blank.plain))) == []


def test_a_sentence_that_is_not_understood_changes_nothing_and_says_what_to_do(blank: Building) -> None:
    blank.add("table")
    answer = blank.edit(blank.address("build_step", "figures"), "sentence", sentence="make it nice")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "make it nice" in page
    assert "Name the columns (Day, Region, Revenue)" in page
    assert "plan" not in blank.step("figures")


@pytest.mark.parametrize("kind", ["filter", "group", "compute", "sort", "top", "compare", "pivot", "keep"])
def test_each_operation_can_be_clicked_together(blank: Building, kind: str) -> None:
    blank.add("table")
    url = blank.address("build_step", "figures")
    assert blank.edit(url, f"add:{kind}").status_code == 302
    assert [operation["do"] for operation in blank.step("figures")["plan"]] == [kind]
    before = blank.step("figures")
    assert blank.edit(url).status_code == 302
    assert blank.step("figures") == before


def test_an_operation_is_changed_moved_and_removed(blank: Building) -> None:
    blank.add("table")
    url = blank.address("build_step", "figures")
    blank.edit(url, "add:group")
    blank.edit(url, operation__0__key0="Region", operation__0__figure0="sum", operation__0__of0="Revenue")
    blank.edit(url, "add:sort")
    blank.edit(url, operation__1__column0="sum of Revenue", operation__1__way0="largest")
    assert blank.step("figures")["plan"] == [
        {"do": "group", "by": [{"column": "Region"}], "figures": [{"figure": "sum", "column": "Revenue"}]},
        {"do": "sort", "by": [{"column": "sum of Revenue", "largest_first": True}]},
    ]
    blank.edit(url, "up:1")
    assert [operation["do"] for operation in blank.step("figures")["plan"]] == ["sort", "group"]
    blank.edit(url, "remove:0")
    assert [operation["do"] for operation in blank.step("figures")["plan"]] == ["group"]


def test_another_table_can_be_joined(mira_in: Client, mira: Somebody) -> None:
    form = [*BLANK["form"], {"field": "targets", "label": "Targets", "kind": "table"}]
    building = Building(mira_in, make_from_plain(mira.actor, {**BLANK, "form": form}).slug)
    sample = building.address("build_part", "sample")
    building.edit(sample, sample__rows=ROWS, sample__targets="Region;Target\nNorth;5\nSouth;6\n")
    building.add("table")
    url = building.address("build_step", "figures")
    building.edit(url, "add:join")
    building.edit(url, operation__0__left="Region")
    (join,) = building.step("figures")["plan"]
    assert (join["table"], join["on"]) == ("form.targets", [{"left": "Region"}])
    assert "Target" in building.client.get(url).content.decode()


def test_a_chart_and_a_collection_follow_the_table(blank: Building) -> None:
    blank.add("table")
    blank.add("chart")
    blank.edit(
        blank.address("build_step", "picture"), kind="bar", x="Region", y="Revenue", title="Per region"
    )
    blank.add("save")
    blank.edit(blank.address("build_step", "keep"), collection="Regions")
    assert blank.step("picture") == {
        "step": "picture",
        "do": "chart",
        "from": "steps.figures",
        "kind": "bar",
        "x": "Region",
        "y": "Revenue",
        "title": "Per region",
    }
    assert blank.step("keep")["collection"] == "regions"
    shown = [(part["show"], part["from"]) for part in blank.plain["result"]]
    assert shown == [("table", "steps.figures"), ("chart", "steps.picture")]


def test_a_question_about_each_row_takes_the_column_with_texts(whole_library: int, blank: Building) -> None:
    assert blank.add("for each").status_code == 302
    step = blank.step("label")
    assert (step["rows"], step["with"]) == ("form.rows", {"text": "row.Region"})
    assert step["answer"]["choice"]
    assert blank.plain["result"] == [{"show": "table", "from": "steps.label"}]
    assert list(problems(from_plain(blank.plain))) == []


def test_a_question_about_each_row_is_changed_and_its_column_named(
    whole_library: int, blank: Building
) -> None:
    blank.add("for each")
    url = blank.address("build_step", "label")
    page = blank.client.get(url).content.decode()
    assert "From the row" in page
    blank.edit(
        url, answer__words="Part of town", answer__labels="centre\nsuburb", slot__text__source="row.Day"
    )
    step = blank.step("part_town")
    assert (step["column"], step["with"]) == ("Part of town", {"text": "row.Day"})
    assert step["answer"] == {"choice": ["centre", "suburb"]}
    assert blank.plain["result"] == [{"show": "table", "from": "steps.part_town"}]
    blank.add("table")
    assert blank.step("figures")["from"] == "steps.part_town"
    figures = blank.address("build_step", "figures")
    blank.edit(figures, "add:group")
    assert "Part of town" in blank.client.get(figures).content.decode()


def test_a_question_about_rows_gets_another_template_and_keeps_its_row(
    whole_library: int, blank: Building
) -> None:
    blank.add("for each")
    url = blank.address("build_step", "label")
    blank.edit(url, "template:sort-by-sentiment@1")
    (step,) = blank.plain["steps"]
    assert (step["do"], step["template"]) == ("for each", "sort-by-sentiment@1")
    assert list(step["with"].values()) == ["row.Region"]
    assert blank.plain["result"] == [{"show": "table", "from": f"steps.{step['step']}"}]


def test_a_question_about_rows_without_an_example_says_what_is_missing(
    whole_library: int, mira_in: Client, mira: Somebody
) -> None:
    building = Building(mira_in, make_from_plain(mira.actor, {**BLANK, "form": []}).slug)
    building.add("for each")
    assert building.plain["form"][0]["kind"] == "table"
    page = building.client.get(building.address("build_step", "label")).content.decode()
    assert "Nobody knows the columns of this table yet" in page


def test_a_renamed_table_is_followed_wherever_it_is_used(blank: Building) -> None:
    blank.add("table")
    blank.add("chart")
    blank.edit(blank.address("build_step", "figures"), words="per region")
    assert blank.step("picture")["from"] == "steps.per_region"
    assert blank.plain["result"][0]["from"] == "steps.per_region"


def test_one_record_of_values_can_be_saved(mira_in: Client, mira: Somebody) -> None:
    form = [{"field": "customer", "label": "Customer"}, {"field": "wish", "label": "Wish"}]
    building = Building(mira_in, make_from_plain(mira.actor, {**BLANK, "form": form}).slug)
    building.add("save")
    url = building.address("build_step", "keep")
    assert building.step("keep")["values"] == {"customer": "form.customer", "wish": "form.wish"}
    building.edit(url, "add")
    assert len(building.step("keep")["values"]) == 3
    added = next(name for name in building.step("keep")["values"] if name not in {"customer", "wish"})
    building.edit(url, f"remove:{list(building.step('keep')['values']).index(added)}")
    # PostgreSQL keeps the values, but not the order in which they were written.
    place = list(building.step("keep")["values"]).index("customer")
    building.edit(url, **{f"value__{place}__words": "Who"})
    assert building.step("keep")["values"] == {"who": "form.customer", "wish": "form.wish"}


def test_alike_rows_may_be_answered_once_if_the_maker_says_so(blank: Building) -> None:
    url = blank.address("build_part", "about")
    blank.edit(url, same_once="on")
    assert blank.plain["batch"] == {"same_once": True}
    typed = form_to(blank.client.get(url).content.decode(), url).values
    assert typed.pop("same_once")
    blank.client.post(url, {**typed, "do": "save"})
    assert "batch" not in blank.plain
