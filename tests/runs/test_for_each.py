"""A model asked for each row of a table within a run: its answers as columns, whatever happens on the way."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from allotment.journal.queries import Wanted, recent
from allotment.microapps.exchanging import push
from allotment.runs import cancelling, starting
from allotment.runs.batches import finishing, for_each, foreman, queries
from allotment.runs.batches.models import Batch, BatchRow, BatchState
from allotment.runs.batches.row_receipts import row_receipt_for
from allotment.runs.events import after
from allotment.runs.queries import run_for
from allotment.runs.receipts import receipt_for
from tests.conftest import Somebody
from tests.runs.test_running import finished

SPEC = """
allotment: 1
name: comments
title: Comments
purpose: Sort comments.
form:
  - {field: comments, label: Comments, kind: table, required: true, columns: [{column: Comment}]}
  - {field: house, label: House, kind: short text}
steps:
  - step: topic
    do: for each
    rows: form.comments
    template: sort-into-topics@1
    with: {text: row.Comment}
    answer: {choice: [price, staff]}
  - {step: counts, do: table, from: steps.topic, plan: [{do: group, by: [{column: Topic}], figures: [{figure: count}]}]}
result:
  - {show: table, from: steps.counts, title: Topics}
  - {show: table, from: steps.topic, title: All}
"""
SCRIPT = """[
{"when": "dear", "answer": "price"}, {"when": "kind", "answer": "staff"}, {"when": "", "answer": "none of them"}
]"""
ROWS = "No,Comment\n1,Too dear\n2,So kind\n3,Much too dear\n"


@pytest.fixture
def sorting(installation: None, maker: Somebody, script: Callable[..., None], tmp_path: Path) -> UUID:
    rules = tmp_path / "script.json"
    rules.write_text(SCRIPT)
    script(script=str(rules))
    return push(maker.actor, SPEC).app.id


def begin(who: Somebody, app: UUID, rows: str = ROWS) -> UUID:
    return starting.start(app, who.actor, {"comments": rows, "house": "North"}, trial=True)


def table(run: Any, title: str) -> list[list[str]]:
    part = next(part for part in run.parts if part.title == title)
    return [[cell.text for cell in row] for row in part.table.rows]


def test_answers_stand_beside_their_rows_and_later_steps_count_them(sorting: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, begin(maker, sorting))
    assert (run.state, run.message) == ("done", "")
    assert table(run, "All") == [
        ["1", "Too dear", "price"],
        ["2", "So kind", "staff"],
        ["3", "Much too dear", "price"],
    ]
    assert table(run, "Topics") == [["price", "2"], ["staff", "1"]]


def test_the_receipt_and_the_journal_tell_every_question(sorting: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, begin(maker, sorting, "Comment\ndear a@example.com\nkind\n"))
    step = next(step for step in run.steps if step.step == "topic")
    assert (step.model, step.template_title, step.masked) == ("Scripted", "Sort into topics", {"email": 1})
    assert step.tokens_in > 0
    assert step.milliseconds > 0
    assert run.tokens_in == step.tokens_in
    assert run.masked == 1
    entries = recent(Wanted(run=run.id), limit=50).entries
    told = [(entry.action, entry.outcome) for entry in entries]
    assert told.count(("models.ask", "done")) == 2
    batch = Batch.objects.get(run=run.id)
    assert step.entry == batch.entry is not None


def test_the_receipt_of_a_row_names_the_app_that_was_approved(sorting: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, begin(maker, sorting))
    batch = Batch.objects.get(run=run.id)
    row, whole = row_receipt_for(maker.actor, batch.id, 1), receipt_for(maker.actor, run.id)
    assert (row.receipt.run, row.receipt.app) == (whole.receipt.run, whole.receipt.app)
    assert row_receipt_for(maker.actor, batch.id, 1).entry == row.entry


def test_a_row_without_an_answer_is_told_and_the_others_go_on(sorting: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, begin(maker, sorting, "No,Comment\n1,dear\n2,\n3,neither\n"))
    assert run.state == "done"
    assert [row[-1] for row in table(run, "All")] == ["price", "", ""]
    assert len(run.warnings) == 2
    assert run.warnings[0] == "1 of 3 rows have no “Topic”; the first is row 3."
    (trouble, _) = queries.troubles(Batch.objects.get(run=run.id).id)[::-1]
    assert "The model answered “none of them”" in trouble.message
    assert "1 of 3 rows were not asked" in run.warnings[1]


def test_answers_are_read_without_opening_why_others_have_none(
    sorting: UUID, maker: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(maker.actor, begin(maker, sorting, "No,Comment\n1,dear\n2,\n3,neither\n"))
    monkeypatch.setattr(queries, "row_told", lambda _: pytest.fail("opened for nothing"))
    batch = Batch.objects.get(run=run.id)
    assert list(for_each.answers(batch)) == [{"topic": "price"}, {}, {}]


def test_a_run_without_any_answer_fails_with_the_reason(sorting: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, begin(maker, sorting, "Comment\nneither\n"))
    assert run.state == "failed"
    assert "Not one row was answered. Row 1: The model answered “none of them”" in run.message


def test_a_table_without_rows_asks_nothing(sorting: UUID, maker: Somebody) -> None:
    plan = "[{do: filter, where: [{column: Comment, is: is, to: no}]}]"
    none = f"  - {{step: none, do: table, from: form.comments, plan: {plan}}}\n"
    spec = SPEC.replace("steps:\n", "steps:\n" + none).replace("rows: form.comments", "rows: steps.none")
    empty = push(maker.actor, spec.replace("name: comments", "name: none")).app.id
    run = finished(maker.actor, begin(maker, empty))
    assert (run.state, run.message) == ("done", "")
    assert table(run, "All") == []


def test_too_many_rows_are_refused_before_any_is_asked(
    sorting: UUID, maker: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(for_each, "MOST_ROWS", 2)
    run = finished(maker.actor, begin(maker, sorting))
    assert run.state == "failed"
    assert "3 rows; 2 is the most" in run.message
    assert not BatchRow.objects.exists()


def test_cancelling_the_run_stops_its_rows(
    sorting: UUID, maker: Somebody, script: Callable[..., None]
) -> None:
    script(delay_milliseconds="300")
    run = begin(maker, sorting, "Comment\n" + "dear\n" * 200)
    until(lambda: Batch.objects.filter(run=run, done__gt=0).exists())
    assert cancelling.cancel(run, maker.actor)
    assert finished(maker.actor, run).state == "cancelled"
    until(lambda: Batch.objects.get(run=run).worker is None)
    assert Batch.objects.get(run=run).state == BatchState.CANCELLED
    asked = BatchRow.objects.filter(batch__run=run, state="done").count()
    time.sleep(1)
    assert BatchRow.objects.filter(batch__run=run, state="done").count() == asked < 200


def test_a_paused_step_goes_on_from_its_page(
    sorting: UUID, maker: Somebody, script: Callable[..., None], client: Client, tmp_path: Path
) -> None:
    script(script=str(tmp_path / "script.json"), delay_milliseconds="300")
    run = begin(maker, sorting, "Comment\n" + "dear\n" * 30)
    until(lambda: Batch.objects.filter(run=run, done__gt=0).exists())
    batch = Batch.objects.get(run=run)
    assert finishing.pause(batch.id, "The budget is used up.", "Ask an administrator.")
    foreman.nudge()
    until(lambda: any("paused: The budget is used up." in str(event.payload) for event in after(run, 0)))
    client.force_login(maker.row)
    address = reverse("batches:of_run", args=[run])
    assert address in client.get(reverse("runs:detail", args=[run])).content.decode()
    page = client.get(address, follow=True).content.decode()
    assert "The budget is used up." in page
    assert reverse("runs:detail", args=[run]) in page
    script(script=str(tmp_path / "script.json"))
    client.post(reverse("batches:act", args=[batch.id, "resume"]))
    until(lambda: run_for(maker.actor, run).is_over)
    ended = run_for(maker.actor, run)
    assert (ended.state, table(ended, "Topics")) == ("done", [["price", "30"]])


def test_failed_rows_of_a_run_that_went_on_are_not_asked_again(sorting: UUID, maker: Somebody) -> None:
    run = finished(maker.actor, begin(maker, sorting, "Comment\ndear\nneither\n"))
    batch = Batch.objects.get(run=run.id)
    assert finishing.retry(batch.id, maker.id) == 0


def test_somebody_else_finds_no_rows(
    sorting: UUID, maker: Somebody, colleague: Somebody, client: Client
) -> None:
    run = finished(maker.actor, begin(maker, sorting))
    client.force_login(colleague.row)
    assert client.get(reverse("batches:of_run", args=[run.id])).status_code == 404
    assert client.get(reverse("batches:detail", args=[Batch.objects.get(run=run.id).id])).status_code == 404


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
