"""Run many: rows in, answers beside them, whatever happens on the way."""

import csv
import io
import time
from collections.abc import Callable
from uuid import UUID

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from allotment.journal.queries import Wanted, recent
from allotment.kernel.errors import Invalid, NotFound
from allotment.microapps.queries import runnable
from allotment.runs.batches import finishing, foreman, queries, starting, taking_out
from allotment.runs.batches.models import Batch, BatchRow
from allotment.runs.batches.queries import BatchView
from allotment.sheets.receiving import receive
from tests.conftest import Somebody

MATCHING = {"customer_query": "Question", "industry": "Branch"}
PATIENCE_SECONDS = 60


def rows_of(count: int) -> str:
    lines = ["No;Question;Branch", *(f"{n};Where is card number {n}?;banking" for n in range(1, count + 1))]
    return "\n".join(lines) + "\n"


def begin(who: Somebody, app: UUID, text: str, matching: dict[str, str] | None = None, **how: bool) -> UUID:
    sheet = receive(who.actor, "questions.csv", io.BytesIO(text.encode()))
    return starting.start(who.actor, runnable(app, who.actor), sheet.id, matching or MATCHING, **how)


def until(who: Somebody, batch: UUID, holds: Callable[[BatchView], bool]) -> BatchView:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := queries.batch_for(who.actor, batch)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def over(who: Somebody, batch: UUID) -> BatchView:
    return until(who, batch, lambda found: found.is_over)


def results(who: Somebody, batch: UUID) -> list[dict[str, str]]:
    with taking_out.results_file(who.actor, batch, "csv").file as file:
        return list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"))))


def test_every_row_is_answered_beside_its_own_columns(app: UUID, colleague: Somebody) -> None:
    batch = over(colleague, begin(colleague, app, rows_of(12)))
    assert (batch.state, batch.done, batch.failed, batch.message) == ("done", 12, 0, "")
    found = results(colleague, batch.id)
    assert [row["No"] for row in found] == [str(n) for n in range(1, 13)]
    assert list(found[0])[:3] == ["No", "Question", "Branch"]
    assert all(row["How it went"] == "done" for row in found)
    assert "card number 7" in found[6]["Reply"]
    assert {row["Topic"] for row in found} == {"card"}


def test_nothing_of_a_batch_lies_in_the_clear(app: UUID, colleague: Somebody) -> None:
    batch = over(colleague, begin(colleague, app, rows_of(2)))
    row = Batch.objects.get(id=batch.id)
    sealed = [bytes(row.about)]
    for one in BatchRow.objects.filter(batch=row):
        sealed += [bytes(one.given), bytes(one.progress), bytes(one.result)]
    assert not any(b"card" in one or b"Question" in one for one in sealed)


def test_the_journal_knows_the_beginning_the_end_and_every_question(app: UUID, colleague: Somebody) -> None:
    batch = over(colleague, begin(colleague, app, rows_of(3)))
    entries = recent(Wanted(run=batch.id), limit=50).entries
    actions = [(entry.action, entry.outcome) for entry in entries]
    assert actions.count(("models.ask", "done")) == 6
    assert actions.count(("apps.run", "allowed")) == 1
    assert actions.count(("apps.run", "done")) == 1


def test_a_row_that_does_not_fit_is_left_out_with_the_reason(app: UUID, colleague: Somebody) -> None:
    text = rows_of(2) + "3;;banking\n4;Where is it?;fishing\n"
    batch = over(colleague, begin(colleague, app, text))
    assert (batch.state, batch.done, batch.unfit) == ("done", 2, 2)
    found = results(colleague, batch.id)
    assert found[2]["How it went"] == "not asked"
    assert "This is needed" in found[2]["Why"]
    assert "Choose from" in found[3]["Why"]
    assert [one.number for one in queries.troubles(batch.id)] == [3, 4]


def test_rows_that_fail_are_tried_again_alone(
    app: UUID, colleague: Somebody, script: Callable[..., None]
) -> None:
    script(failure="400")
    batch = over(colleague, begin(colleague, app, rows_of(3)))
    assert (batch.done, batch.failed) == (0, 3)
    script(failure="")
    assert finishing.retry(batch.id, colleague.id) == 3
    foreman.nudge()
    again = over(colleague, batch.id)
    assert (again.state, again.done, again.failed) == ("done", 3, 0)


def test_a_batch_is_paused_goes_on_and_loses_nothing(
    app: UUID, colleague: Somebody, script: Callable[..., None]
) -> None:
    script(delay_milliseconds="400")
    batch = begin(colleague, app, rows_of(25))
    until(colleague, batch, lambda found: found.done > 3)
    assert finishing.pause(batch, "", "", actor=colleague.id)
    foreman.nudge()
    until(colleague, batch, lambda _: Batch.objects.get(id=batch).worker is None)
    paused = queries.batch_for(colleague.actor, batch).done
    time.sleep(1.0)
    assert queries.batch_for(colleague.actor, batch).done == paused < 25
    script()
    assert finishing.resume(batch, colleague.id)
    foreman.nudge()
    assert over(colleague, batch).done == 25


def test_a_cancelled_batch_keeps_what_is_done(
    app: UUID, colleague: Somebody, script: Callable[..., None]
) -> None:
    script(delay_milliseconds="200")
    batch = begin(colleague, app, rows_of(60))
    until(colleague, batch, lambda found: found.done > 3)
    assert finishing.cancel(batch, colleague.id)
    foreman.nudge()
    found = over(colleague, batch)
    assert found.state == "cancelled"
    assert 3 < len([row for row in results(colleague, batch) if row["How it went"] == "done"]) < 60
    assert not finishing.resume(batch, colleague.id)


def test_two_batches_of_two_people_stay_apart(app: UUID, colleague: Somebody, maker: Somebody) -> None:
    first, second = begin(colleague, app, rows_of(8)), begin(maker, app, rows_of(5))
    assert over(colleague, first).done == 8
    assert over(maker, second).done == 5
    for who, other in ((colleague, second), (maker, first)):
        with pytest.raises(NotFound):
            queries.batch_for(who.actor, other)
        with pytest.raises(NotFound):
            taking_out.results_file(who.actor, other, "csv")


def test_formulas_of_a_file_are_text_in_the_results(app: UUID, colleague: Somebody) -> None:
    text = 'No;Question;Branch\n"=HYPERLINK(""http://x"")";Where is it?;banking\n'
    batch = over(colleague, begin(colleague, app, text))
    with taking_out.results_file(colleague.actor, batch.id, "xlsx").file as file:
        cells = [cell for row in openpyxl.load_workbook(file).active for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert cells[len(cells) // 2].value.startswith("'=")


@pytest.mark.parametrize(
    ("matching", "words"),
    [({"industry": "Branch"}, "Nothing fills"), ({**MATCHING, "industry": "Nope"}, "no column “Nope”")],
)
def test_a_batch_that_cannot_work_is_refused_before_it_starts(
    app: UUID, colleague: Somebody, matching: dict[str, str], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        begin(colleague, app, rows_of(2), matching)
    assert not Batch.objects.exists()


def test_columns_are_matched_by_name(app: UUID, colleague: Somebody) -> None:
    spec = runnable(app, colleague.actor).spec
    assert starting.guessed_matching(spec, ("No", "What did the customer write", "INDUSTRY")) == {
        "customer_query": "What did the customer write",
        "industry": "INDUSTRY",
    }


def test_the_whole_way_through_the_pages(app: UUID, colleague: Somebody, client: Client) -> None:
    client.force_login(colleague.row)
    many = reverse("batches:many", args=["customer-reply"])
    assert "Run many" in client.get(reverse("runs:run", args=["customer-reply"])).content.decode()
    template = client.get(reverse("batches:template", args=["customer-reply", "csv"])).content.decode(
        "utf-8-sig"
    )
    assert template.startswith("What did the customer write?")
    brought = client.post(many, {"file": SimpleUploadedFile("mine.csv", rows_of(4).encode())})
    assert brought.status_code == 302
    page = client.get(brought["Location"]).content.decode()
    assert "Where is card number 3?" not in page
    chosen = {"field-customer_query": "Question", "field-industry": "Branch"}
    page = client.post(brought["Location"], {**chosen, "do": "look"}).content.decode()
    assert "Where is card number 3?" in page
    assert "Where is card number 4?" not in page
    started = client.post(brought["Location"], {**chosen, "do": "start"})
    assert started.status_code == 302
    batch = UUID(started["Location"].rstrip("/").rpartition("/")[2])
    over(colleague, batch)
    page = client.get(started["Location"]).content.decode()
    assert "of 4 rows answered" in page
    assert started["Location"] in client.get(many).content.decode()
    got = client.get(reverse("batches:results", args=[batch, "xlsx"]))
    assert b"".join(got.streaming_content).startswith(b"PK")


def test_a_file_that_is_no_table_is_said_on_the_page(app: UUID, colleague: Somebody, client: Client) -> None:
    client.force_login(colleague.row)
    many = reverse("batches:many", args=["customer-reply"])
    page = client.post(many, {"file": SimpleUploadedFile("a.csv", b"\x00\x01" * 300)})
    assert page.status_code == 422
    assert client.post(many, {}).status_code == 422
