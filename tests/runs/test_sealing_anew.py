"""Names and words that earlier installations kept in the clear: brought under the keys of their people, or gone."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from allotment.kernel.canonical import canonical_bytes
from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.kernel.ids import new_id
from allotment.keys.erasing import destroy
from allotment.microapps.making import make_from_starter
from allotment.people.erasing import erase
from allotment.runs.batches.models import Batch, BatchRow
from allotment.runs.batches.sealed import row_told
from allotment.runs.batches.sealed import told_of as batch_told
from allotment.runs.models import Run, RunReceipt, RunStep
from allotment.runs.receipts import FORMAT, Receipt, ReceiptApp, ReceiptLine, receipt_for
from allotment.runs.telling import Told, told_of
from allotment.sheets.models import Sheet
from allotment.sheets.queries import sheet_for
from allotment.sheets.receiving import receive
from tests.conftest import MakePerson, SignIn, Somebody
from tests.earlier import BEFORE, WORDS, tables_of_before, tables_of_now

WHY = "1 of 3 rows have no “topic”. Row 2: the answer “Xanthippe”\nis none of the choices."
BUDGET = "The budget of the space is nearly used up."


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Callable[[], Any]]:
    """Return `earlier()`, which makes the tables as they were and returns the models of then."""
    yield tables_of_before
    tables_of_now()


@pytest.fixture
def app(earlier: Callable[[], Any], person: MakePerson) -> UUID:
    """An app of somebody else."""
    return make_from_starter(person(roles=["maker"], spaces=["Service desk"]).actor, "reply-to-a-customer").id


def _run_of(then: Any, who: Somebody, app: UUID) -> UUID:
    run = new_id()
    row = {"id": run, "app_id": app, "person_id": who.id, "spec": {}, "form": b"", "state": "failed"}
    then.get_model("runs", "Run").objects.create(**row, **WORDS)
    return run


def test_words_about_the_end_are_sealed_and_gone_for_somebody_erased(
    earlier: Callable[[], Any], app: UUID, person: MakePerson
) -> None:
    ann, bo = person(), person()
    then = earlier()
    of_ann, of_bo = (_run_of(then, who, app) for who in (ann, bo))
    destroy(bo.id)
    tables_of_now()
    assert told_of(Run.objects.get(id=of_ann)) == Told(**WORDS)
    assert bytes(Run.objects.get(id=of_bo).told) == b""


def test_words_about_rows_are_sealed_once_for_rows_filled_in_alike(
    earlier: Callable[[], Any], app: UUID, person: MakePerson
) -> None:
    ann = person()
    batch = {"id": new_id(), "app_id": app, "person_id": ann.id, "spec": {}, "about": b"", "rows_expected": 2}
    then = earlier()
    made = then.get_model("batches", "Batch").objects.create(**batch, **WORDS)
    rows = then.get_model("batches", "BatchRow").objects
    rows.create(id=new_id(), batch=made, number=1, state="failed", given=b"", **WORDS)
    rows.create(id=new_id(), batch=made, number=2, state="failed", given=b"", same_as=1, **WORDS)
    tables_of_now()
    assert batch_told(Batch.objects.get()) == Told(**WORDS)
    first, second = BatchRow.objects.order_by("number")
    assert row_told(first) == Told(**WORDS)
    assert bytes(second.told) == b""


def test_the_name_of_a_sheet_is_sealed_with_what_is_known_about_it(
    earlier: Callable[[], Any], person: MakePerson
) -> None:
    ann = person()
    sheet = receive(ann.actor, "orders.csv", io.BytesIO(b"Region,Revenue\nNorth,1\n")).id
    row, context = Sheet.objects.values().get(), f"sheets.about:{sheet}"
    about = msgspec.json.decode(vault().open(bytes(row["about"]), context=context))
    del about["name"]
    row["about"] = vault().seal(msgspec.json.encode(about), context=context, subject=ann.id)
    Sheet.objects.all().delete()
    earlier().get_model("sheets", "Sheet").objects.create(**row, name="orders of Xanthippe.csv")
    tables_of_now()
    assert sheet_for(ann.actor, sheet).name == "orders of Xanthippe.csv"


def test_a_sheet_of_somebody_erased_is_forgotten_with_them(
    earlier: Callable[[], Any], person: MakePerson
) -> None:
    """Another process may have stored it in the second in which it still used the key."""
    ann = person()
    receive(ann.actor, "orders.csv", io.BytesIO(b"Region,Revenue\nNorth,1\n"))
    row = Sheet.objects.values().get()
    Sheet.objects.all().delete()
    earlier().get_model("sheets", "Sheet").objects.create(**row, name="orders.csv")
    destroy(ann.id)
    tables_of_now()
    assert not Sheet.objects.exists()


def _receipt_of(then: Any, who: Somebody, app: UUID, warning: str) -> UUID:
    """Make a run that ended under the earlier version, with one step and its receipt."""
    run = _run_of(then, who, app)
    then.get_model("runs", "RunStep").objects.create(
        run_id=run, step="topic", warnings=[BUDGET, warning], outcome=b""
    )
    line = ReceiptLine("topic", "", "", False, 0, 0, 0, 0, {}, {}, [BUDGET, warning], None)
    at, about = "2026-11-01T08:00:00Z", ReceiptApp(app, "Reply", 1, "sha256:0")
    receipt = Receipt(FORMAT, run, about, "failed", at, at, who.id, None, [line], 0, None)
    text = canonical_bytes(msgspec.to_builtins(receipt)).decode()
    then.get_model("runs", "RunReceipt").objects.create(run_id=run, text=text, entry=1)
    return run


def test_a_warning_does_not_quote_any_more_and_a_receipt_that_does_goes_with_the_person(
    earlier: Callable[[], Any], app: UUID, person: MakePerson, signed_in: SignIn, client: Client
) -> None:
    ann, auditor = person(), person(roles=["auditor", "administrator"])
    then = earlier()
    quoting, other = _receipt_of(then, ann, app, WHY), _receipt_of(then, ann, app, "Nothing to quote.")
    before = then.get_model("runs", "RunReceipt").objects.get(run_id=quoting).text
    tables_of_now()
    assert RunStep.objects.get(run=quoting).warnings == [
        BUDGET,
        "1 of 3 rows have no “topic”; the first is row 2.",
    ]
    assert "Xanthippe" not in str(list(RunReceipt.objects.values()))
    assert receipt_for(auditor.actor, quoting).text == before  # as the journal has its digest
    erase(None, ann.id, "request 2026-14")
    with pytest.raises(Erased):
        receipt_for(auditor.actor, quoting)
    assert receipt_for(auditor.actor, other).receipt.steps[0].warnings == [BUDGET, "Nothing to quote."]
    signed_in(client, auditor)
    page = client.get(f"/runs/{quoting}/receipt/")
    assert (page.status_code, "Erased on request" in page.content.decode()) == (410, True)


def test_a_receipt_that_quotes_is_gone_at_once_where_the_person_was_erased_before(
    earlier: Callable[[], Any], app: UUID, person: MakePerson
) -> None:
    ann = person()
    run = _receipt_of(earlier(), ann, app, WHY)
    destroy(ann.id)
    tables_of_now()
    stored = RunReceipt.objects.get(run=run)
    assert (stored.text, bytes(stored.sealed)) == ("", b"")
    with pytest.raises(Erased):
        receipt_for(person(roles=["auditor"]).actor, run)


@pytest.mark.parametrize("target", BEFORE)
def test_there_is_no_way_back(transactional_db: None, target: tuple[str, str]) -> None:
    with pytest.raises(IrreversibleError):
        MigrationExecutor(connection).migrate([target])
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
