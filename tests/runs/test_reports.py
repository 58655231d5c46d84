"""Reports: rows in; tables, charts, text with checked numbers and files out."""

import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from allotment.journal.queries import Wanted, recent
from allotment.kernel.errors import NotFound
from allotment.kernel.settings import settings
from allotment.microapps.exchanging import push
from allotment.microapps.making import make_from_starter
from allotment.microapps.models import MicroApp
from allotment.microapps.publishing import publish
from allotment.microapps.releasing import WantedReach
from allotment.microapps.saving import save_version
from allotment.microapps.starters import all_starters
from allotment.microapps.states import Audience
from allotment.records.models import Record
from allotment.runs import starting
from allotment.runs.models import Run, RunTable
from allotment.runs.taking_out import report_file, table_file
from allotment.sheets.models import Sheet
from allotment.sheets.receiving import receive
from tests.conftest import Somebody
from tests.runs.test_running import finished

REPORTS = [one.name for one in all_starters() if any(field.kind == "table" for field in one.app.form)]
ROWS = "Region;Revenue\nNorth;10,50\nSouth;3,25\nNorth;2,00\n"


@pytest.fixture
def sales(installation: None, maker: Somebody) -> UUID:
    return make_from_starter(maker.actor, "sales-summary").id


def _run(maker: Somebody, app: UUID, name: str) -> UUID:
    sample = next(one.app.sample for one in all_starters() if one.name == name)
    return starting.start(app, maker.actor, dict(sample), trial=True)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_starter_runs_on_its_sample(installation: None, maker: Somebody, name: str) -> None:
    app = make_from_starter(maker.actor, name)
    run = finished(maker.actor, _run(maker, app.id, name))
    assert (run.state, run.message) == ("done", "")
    assert all(part.table.rows for part in run.parts if part.table is not None)
    assert all(part.alt for part in run.parts if part.show == "chart")


def test_tables_are_kept_sealed_and_leave_nothing_on_the_disk(sales: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, _run(maker, sales, "sales-summary"))
    kept = RunTable.objects.filter(run=run.id)
    assert {row.path for row in kept} == {"steps.months", "steps.regions", "steps.products"}
    assert not any(b"North" in bytes(row.content) or b"PAR1" in bytes(row.content) for row in kept)
    assert list((settings().home / "open").iterdir()) == []


def test_a_number_that_no_table_has_is_marked(
    sales: UUID, maker: Somebody, script: Callable[..., None], tmp_path: Path
) -> None:
    rules = tmp_path / "script.json"
    rules.write_text('[{"answer": "The regions made 123456 this year, North the most."}]')
    script(script=str(rules))
    run = finished(maker.actor, _run(maker, sales, "sales-summary"))
    text = next(part for part in run.parts if part.show == "text")
    assert [piece.text for piece in text.pieces if piece.is_unsupported] == ["123456"]


def test_somebody_else_gets_no_file_and_no_picture(sales: UUID, maker: Somebody, colleague: Somebody) -> None:
    run = finished(maker.actor, _run(maker, sales, "sales-summary"))
    with pytest.raises(NotFound):
        report_file(colleague.actor, run.id, "pdf")
    with pytest.raises(NotFound):
        table_file(colleague.actor, run.id, 2, "csv")


@pytest.mark.parametrize(
    ("kind", "start"),
    [("pdf", b"%PDF-"), ("docx", b"PK"), ("xlsx", b"PK"), ("md", b"#"), ("csv", b"\xef\xbb\xbf")],
)
def test_a_result_comes_as_a_file_and_the_journal_knows(
    sales: UUID, maker: Somebody, kind: str, start: bytes
) -> None:
    run = finished(maker.actor, _run(maker, sales, "sales-summary"))
    taken = report_file(maker.actor, run.id, kind)
    assert taken.content.startswith(start)
    assert taken.name.endswith(f".{kind}")
    assert recent(Wanted(run=run.id), limit=1).entries[0].action == "runs.see"


def test_a_table_file_has_every_row_as_numbers(sales: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, _run(maker, sales, "sales-summary"))
    place = next(part.place for part in run.parts if part.title == "Best products")
    taken = table_file(maker.actor, run.id, place, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(taken.content)).active
    head, *rows = sheet.iter_rows(values_only=True)
    assert head == ("Product", "Revenue", "Units")
    assert len(rows) == 5
    assert all(isinstance(row[1], int | float) for row in rows)


@pytest.mark.parametrize(
    ("look", "start"), [("light", b"<svg"), ("dark", b"<svg"), ("dark-narrow", b"<svg"), ("png", b"\x89PNG")]
)
def test_charts_are_pictures(sales: UUID, maker: Somebody, client: Client, look: str, start: bytes) -> None:
    run = finished(maker.actor, _run(maker, sales, "sales-summary"))
    place = next(part.place for part in run.parts if part.show == "chart")
    client.force_login(maker.row)
    got = client.get(reverse("runs:chart", args=[run.id, place, look]))
    assert got.status_code == 200
    assert got.content.startswith(start)
    assert client.get(reverse("runs:chart", args=[run.id, 99, look])).status_code == 404


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ("hello", "no rows below a heading"),
        (ROWS, "The table has no column “Date”, “Product”, “Units”. It has “Region”, “Revenue”."),
        ("sheet:nonsense", "This is not a table."),
        ("sheet:00000000-0000-7000-8000-000000000000", "no longer here"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_before_anything_runs(
    sales: UUID, maker: Somebody, orders: str, words: str
) -> None:
    with pytest.raises(starting.FormProblems) as refused:
        starting.start(sales, maker.actor, {"orders": orders}, trial=True)
    assert words in refused.value.problems["orders"]
    assert not Run.objects.exists()


def _orders(name: str) -> str:
    return next(one.app.sample["orders"] for one in all_starters() if one.name == name)


def _page(app: UUID) -> str:
    return reverse("runs:trial", args=[MicroApp.objects.get(id=app).slug])


def test_a_file_is_dropped_and_runs_at_once(sales: UUID, maker: Somebody, client: Client) -> None:
    client.force_login(maker.row)
    file = SimpleUploadedFile("orders.csv", _orders("sales-summary").encode())
    answer = client.post(_page(sales), {"orders": file})
    assert answer.status_code == 302
    run = finished(maker.actor, UUID(answer["Location"].rstrip("/").rpartition("/")[2]))
    assert (run.state, run.message) == ("done", "")
    assert Sheet.objects.get().used_at is not None


def test_a_file_is_looked_at_first_and_nothing_runs(sales: UUID, maker: Somebody, client: Client) -> None:
    client.force_login(maker.row)
    file = SimpleUploadedFile("orders.csv", _orders("sales-summary").encode())
    page = client.post(_page(sales), {"orders": file, "look": "orders"}).content.decode()
    assert not Run.objects.exists()
    sheet = Sheet.objects.get()
    assert f"sheet:{sheet.id}" in page
    assert "Wheelbarrow" in page
    # The second, empty one is what a browser sends for the file input beside it.
    answer = client.post(_page(sales), {"orders": [f"sheet:{sheet.id}", ""]})
    assert answer.status_code == 302


def test_columns_of_another_name_are_matched_by_hand(sales: UUID, maker: Somebody, client: Client) -> None:
    client.force_login(maker.row)
    rows = _orders("sales-summary").replace("Revenue", "Turnover", 1)
    page = client.post(_page(sales), {"orders": SimpleUploadedFile("orders.csv", rows.encode())})
    assert page.status_code == 422
    assert "Which column is “Revenue”?" in page.content.decode()
    sheet = Sheet.objects.get()
    answer = client.post(_page(sales), {"orders": f"sheet:{sheet.id}", "orders:column:Revenue": "Turnover"})
    assert answer.status_code == 302
    run = finished(maker.actor, UUID(answer["Location"].rstrip("/").rpartition("/")[2]))
    assert (run.state, run.message) == ("done", "")
    assert run.form["orders"] == f"sheet:{sheet.id}\nRevenue=Turnover"


def test_nobody_runs_with_the_sheet_of_another(
    sales: UUID, maker: Somebody, colleague: Somebody, client: Client
) -> None:
    sheet = receive(colleague.actor, "orders.csv", io.BytesIO(_orders("sales-summary").encode()))
    with pytest.raises(starting.FormProblems):
        starting.start(sales, maker.actor, {"orders": sheet.text}, trial=True)
    client.force_login(maker.row)
    assert "Wheelbarrow" not in client.get(_page(sales), {"orders": sheet.text}).content.decode()


def test_a_file_that_is_no_table_is_refused_with_words(sales: UUID, maker: Somebody, client: Client) -> None:
    client.force_login(maker.row)
    page = client.post(_page(sales), {"orders": SimpleUploadedFile("orders.csv", b"\x00\x01\x02" * 90)})
    assert page.status_code == 422
    assert not Sheet.objects.exists()


SAVING = """
allotment: 1
name: regions
title: Regions
purpose: Keep the revenue of each region.
form:
  - field: rows
    label: Rows
    kind: table
    required: true
    columns: [{column: Region}, {column: Revenue, kind: number}]
steps:
  - step: totals
    do: table
    from: form.rows
    plan: [{do: group, by: [{column: Region}], figures: [{figure: sum, column: Revenue, name: Revenue}]}]
  - {step: keep, do: save, collection: regions, from: steps.totals}
result: [{show: table, from: steps.totals}]
"""


@pytest.fixture
def saving(installation: None, maker: Somebody) -> UUID:
    made = push(maker.actor, SAVING).app.id
    save_version(made, maker.actor)
    publish(made, maker.actor, WantedReach(Audience.ME))
    return made


def test_a_run_saves_each_row_once(saving: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, starting.start(saving, maker.actor, {"rows": ROWS}))
    assert (run.state, run.message) == ("done", "")
    records = Record.objects.filter(app_id=saving, run=run.id)
    assert sorted(record.row for record in records) == [0, 1]
    assert not any(b"North" in bytes(record.content) for record in records)
    (table,) = run.parts
    assert table.table is not None
    assert [[cell.text for cell in row] for row in table.table.rows] == [
        ["North", "12.50"],
        ["South", "3.25"],
    ]


def test_a_trial_saves_nothing(saving: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, starting.start(saving, maker.actor, {"rows": ROWS}, trial=True))
    assert run.state == "done"
    assert not Record.objects.filter(app_id=saving).exists()
