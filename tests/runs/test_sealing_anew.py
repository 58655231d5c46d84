"""Names and words that earlier installations kept in the clear: brought under the keys of their people, or gone."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from allotment.kernel.crypto import vault
from allotment.kernel.ids import new_id
from allotment.keys.erasing import destroy
from allotment.microapps.making import make_from_starter
from allotment.runs.batches.models import Batch, BatchRow
from allotment.runs.batches.sealed import row_told
from allotment.runs.batches.sealed import told_of as batch_told
from allotment.runs.models import Run
from allotment.runs.telling import Told, told_of
from allotment.sheets.models import Sheet
from allotment.sheets.queries import sheet_for
from allotment.sheets.receiving import receive
from tests.conftest import MakePerson, Somebody

BEFORE = [("sheets", "0001_initial"), ("batches", "0003_keep_order"), ("runs", "0005_keep_order")]
WORDS = {"message": "It was refused.", "remedy": "It said: “Xanthippe”"}


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Callable[[], Any]]:
    """Return `earlier()`, which makes the tables as they were and returns the models of then."""
    yield _before
    _now()


def _before() -> Any:
    MigrationExecutor(connection).migrate(BEFORE)
    return MigrationExecutor(connection).loader.project_state(BEFORE).apps


def _now() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def _run_of(then: Any, who: Somebody, app: UUID) -> UUID:
    run = new_id()
    row = {"id": run, "app_id": app, "person_id": who.id, "spec": {}, "form": b"", "state": "failed"}
    then.get_model("runs", "Run").objects.create(**row, **WORDS)
    return run


def test_words_about_the_end_are_sealed_and_gone_for_somebody_erased(
    earlier: Callable[[], Any], person: MakePerson
) -> None:
    ann, bo = person(roles=["maker"], spaces=["Service desk"]), person()
    app = make_from_starter(ann.actor, "reply-to-a-customer").id
    then = earlier()
    of_ann, of_bo = (_run_of(then, who, app) for who in (ann, bo))
    destroy(bo.id)
    _now()
    assert told_of(Run.objects.get(id=of_ann)) == Told(**WORDS)
    assert bytes(Run.objects.get(id=of_bo).told) == b""


def test_words_about_rows_are_sealed_once_for_rows_filled_in_alike(
    earlier: Callable[[], Any], person: MakePerson
) -> None:
    ann = person(roles=["maker"], spaces=["Service desk"])
    app = make_from_starter(ann.actor, "reply-to-a-customer").id
    batch = {"id": new_id(), "app_id": app, "person_id": ann.id, "spec": {}, "about": b"", "rows_expected": 2}
    then = earlier()
    made = then.get_model("batches", "Batch").objects.create(**batch, **WORDS)
    rows = then.get_model("batches", "BatchRow").objects
    rows.create(id=new_id(), batch=made, number=1, state="failed", given=b"", **WORDS)
    rows.create(id=new_id(), batch=made, number=2, state="failed", given=b"", same_as=1, **WORDS)
    _now()
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
    _now()
    assert sheet_for(ann.actor, sheet).name == "orders of Xanthippe.csv"


@pytest.mark.sqlite
def test_the_words_are_in_no_file_of_the_database_afterwards(
    earlier: Callable[[], Any], person: MakePerson
) -> None:
    ann = person(roles=["maker"], spaces=["Service desk"])
    app = make_from_starter(ann.actor, "reply-to-a-customer").id
    _run_of(earlier(), ann, app)
    assert b"Xanthippe" in _files()
    _now()
    assert b"Xanthippe" not in _files()


def _files() -> bytes:
    """Return the bytes of the database, its write-ahead log moved into it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    name = Path(connection.settings_dict["NAME"])
    return b"".join(path.read_bytes() for path in name.parent.glob(f"{name.name}*"))
