"""Records of somebody erased: still there with their time, and nothing they held can be read."""

import io
from importlib import import_module
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from django.apps import apps
from django.test import Client

from allotment.engine.principals import Role
from allotment.journal.models import JournalEntry
from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.kernel.ids import new_id
from allotment.keys.erasing import destroy
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow
from allotment.microapps.making import make_from_starter
from allotment.microapps.queries import app_for
from allotment.people.erasing import erase
from allotment.records import correcting, queries
from allotment.records.models import Record
from allotment.records.saving import save_records
from allotment.records.sealing import unseal
from tests.conftest import MakePerson, SignIn, Somebody

pytestmark = pytest.mark.django_db

PAGE = "/apps/{}/records/complaints/"


@pytest.fixture
def maker(client: Client, signed_in: SignIn) -> Somebody:
    return signed_in(client, roles=(Role.MAKER,), spaces=("Service desk",))


@pytest.fixture
def colleague(person: MakePerson) -> Somebody:
    return person(roles=(Role.COLLEAGUE,), spaces=("Service desk",))


@pytest.fixture
def app(maker: Somebody, person: MakePerson) -> UUID:
    person(roles=(Role.ADMINISTRATOR,))
    return make_from_starter(maker.actor, "reply-to-a-customer").id


@pytest.fixture
def slug(app: UUID, maker: Somebody) -> str:
    return app_for(maker.actor, app).slug


def _save(app: UUID, who: Somebody, customer: str) -> UUID:
    """Save a record as a run of this person does."""
    run = new_id()
    values = {"Customer": customer, "Wish": "a refund"}
    save_records(app=app, collection="complaints", records=(values,), person=who.id, run=run, step="keep")
    return Record.objects.values_list("id", flat=True).get(run=run)


def test_what_the_runs_of_an_erased_person_saved_cannot_be_read(app: UUID, colleague: Somebody) -> None:
    before = bytes(Record.objects.get(id=_save(app, colleague, "Xanthippe")).content)
    erase(None, colleague.id, "request 2026-14")
    row = Record.objects.get()
    assert bytes(row.content) == b""
    for sealed in (before, row.content):  # a copy of the row from before is of no use either
        with pytest.raises(Erased):
            unseal(sealed, row.id)


def test_the_row_stays_with_its_time_and_says_erased(
    app: UUID, slug: str, client: Client, maker: Somebody, colleague: Somebody
) -> None:
    _save(app, colleague, "Xanthippe")
    _save(app, maker, "Grace")
    erase(None, colleague.id, "request 2026-14")
    page = client.get(PAGE.format(slug)).content.decode()
    assert "2 records" in page
    assert "Erased on request" in page
    assert "Erased person" in page
    assert "Grace" in page
    assert "Xanthippe" not in page


def test_a_collection_of_erased_records_only_still_opens(
    app: UUID, slug: str, client: Client, colleague: Somebody
) -> None:
    _save(app, colleague, "Xanthippe")
    erase(None, colleague.id, "request 2026-14")
    page = client.get(PAGE.format(slug))
    assert page.status_code == 200
    assert "1 record" in page.content.decode()
    assert "Erased on request" in page.content.decode()
    lines = client.get(PAGE.format(slug) + "file/csv/").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Record,Saved,Saved by"
    assert lines[1].startswith("erased,")


def test_no_search_finds_an_erased_record(
    app: UUID, slug: str, client: Client, maker: Somebody, colleague: Somebody
) -> None:
    _save(app, colleague, "Xanthippe")
    _save(app, maker, "Grace")
    erase(None, colleague.id, "request 2026-14")
    for word, found in (("refund", 1), ("xanthippe", 0), ("erased", 0)):
        page = queries.records(maker.actor, app_for(maker.actor, app), "complaints", search=word)
        assert page.found == found, word


def test_files_say_erased_in_every_column(
    app: UUID, slug: str, client: Client, maker: Somebody, colleague: Somebody
) -> None:
    _save(app, colleague, "Xanthippe")
    _save(app, maker, "Grace")
    erase(None, colleague.id, "request 2026-14")
    answer = client.get(PAGE.format(slug) + "file/xlsx/")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    head, first, second = sheet.iter_rows(values_only=True)
    assert head == ("Customer", "Wish", "Saved", "Saved by")
    assert (first[:2], first[3]) == (("erased", "erased"), "Erased person")
    assert first[2] is not None
    assert second[:2] == ("Grace", "a refund")


def test_a_correction_by_somebody_else_stays_under_the_key_of_the_first(
    app: UUID, slug: str, client: Client, maker: Somebody, colleague: Somebody
) -> None:
    record = _save(app, colleague, "Xanthippe")
    client.post(f"/apps/{slug}/records/{record}/correct/", {"field0": "Xanthippe L.", "field1": "a refund"})
    assert unseal(Record.objects.get(id=record).content, record)["Customer"] == "Xanthippe L."
    sealed = bytes(Record.objects.get(id=record).content)
    erase(None, colleague.id, "request 2026-14")
    with pytest.raises(Erased):
        unseal(sealed, record)


def test_what_somebody_erased_had_corrected_for_others_stays(
    app: UUID, client: Client, maker: Somebody, person: MakePerson
) -> None:
    second = person(roles=(Role.ADMINISTRATOR, Role.MAKER))
    record = _save(app, maker, "Grace")
    row = Record.objects.get(id=record)
    row.changed_by_id = second.id
    row.save()
    erase(None, second.id, "request 2026-14")
    found = queries.record_for(maker.actor, app_for(maker.actor, app), record)
    assert (found.values["Customer"], found.changed_by) == ("Grace", "Erased person")


def test_an_erased_record_cannot_be_corrected_but_removed(
    app: UUID, slug: str, client: Client, maker: Somebody, colleague: Somebody
) -> None:
    record = _save(app, colleague, "Xanthippe")
    erase(None, colleague.id, "request 2026-14")
    address = f"/apps/{slug}/records/{record}/"
    page = client.get(address + "correct/").content.decode()
    assert "gone for good" in page
    assert "Save the correction" not in page
    assert client.post(address + "correct/").status_code == 410
    with pytest.raises(Erased):
        correcting.correct(maker.actor, app_for(maker.actor, app), record, {"Customer": "x"})
    assert client.post(address + "remove/").status_code == 302
    assert not Record.objects.exists()


def test_a_correction_of_a_record_erased_since_it_was_read_is_refused(
    app: UUID, maker: Somebody, colleague: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _save(app, colleague, "Xanthippe")

    def unsealed(*arguments: Any) -> dict[str, str]:
        found = unseal(*arguments)
        destroy(colleague.id)
        return found

    monkeypatch.setattr(correcting, "unseal", unsealed)
    with pytest.raises(Erased):
        correcting.correct(maker.actor, app_for(maker.actor, app), record, {"Customer": "x"})
    bodies = "".join(JournalEntry.objects.values_list("body", flat=True))
    assert '"corrected"' not in bodies
    assert Record.objects.get(id=record).changed_by_id is None


def test_what_a_run_under_way_still_saves_is_nothing(app: UUID, colleague: Somebody) -> None:
    erase(None, colleague.id, "request 2026-14")
    record = _save(app, colleague, "Xanthippe")
    assert bytes(Record.objects.get(id=record).content) == b""


def test_records_of_earlier_installations_come_under_the_keys_of_their_people(
    app: UUID, maker: Somebody, colleague: Somebody
) -> None:
    kept, gone = _save(app, maker, "Grace"), _save(app, colleague, "Xanthippe")
    erase(None, colleague.id, "request 2026-14")
    for record, name in ((kept, b"Grace"), (gone, b"Xanthippe")):
        content = vault().seal(b'{"Customer":"%s"}' % name, context=f"records.content:{record}")
        Record.objects.filter(id=record).update(content=content)
    assert unseal(Record.objects.get(id=gone).content, gone) == {"Customer": "Xanthippe"}
    import_module("allotment.records.migrations.0002_under_the_persons_key").seal_anew(apps, None)
    assert bytes(Record.objects.get(id=gone).content) == b""
    sealed = Record.objects.get(id=kept).content
    assert unseal(sealed, kept) == {"Customer": "Grace"}
    DataKeyRow.objects.filter(subject=maker.id).update(destroyed_at="2026-01-01T00:00Z", wrapped=b"")
    stored_keys.forget_all()
    with pytest.raises(Erased):
        unseal(sealed, kept)
