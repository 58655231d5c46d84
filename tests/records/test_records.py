"""What apps save: one collection for the team, sealed, searchable, to be corrected and taken out."""

import io
from collections.abc import Mapping, Sequence
from uuid import UUID

import openpyxl
import pytest
from django.test import Client

from allotment.engine.principals import Role
from allotment.journal.models import JournalEntry
from allotment.kernel.errors import TooLarge
from allotment.kernel.ids import new_id
from allotment.microapps.making import make_from_starter
from allotment.records import queries, saving
from allotment.records.models import Record
from allotment.records.saving import save_records
from tests.conftest import MakePerson, SignIn, Somebody

pytestmark = pytest.mark.django_db

COMPLAINTS = ({"Customer": "Ada", "Wish": "a refund"}, {"Customer": "Grace", "Wish": "=HYPERLINK(1)"})


@pytest.fixture
def maker(client: Client, signed_in: SignIn) -> Somebody:
    return signed_in(client, roles=(Role.MAKER,), spaces=("Service desk",))


@pytest.fixture
def slug(maker: Somebody) -> str:
    return make_from_starter(maker.actor, "reply-to-a-customer").slug


def _save(
    maker: Somebody, records: Sequence[Mapping[str, str]] = COMPLAINTS, run: UUID | None = None
) -> UUID:
    app = UUID(str(_app_id(maker)))
    step = run or new_id()
    save_records(app=app, collection="complaints", records=records, person=maker.id, run=step, step="keep")
    return step


def _app_id(maker: Somebody) -> UUID:
    from allotment.microapps.models import MicroApp

    return MicroApp.objects.values_list("id", flat=True).get(owner_id=maker.id)


def _page(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_one_collection_of_an_app_opens_with_its_records(
    client: Client, maker: Somebody, slug: str
) -> None:
    _save(maker)
    page = _page(client, f"/apps/{slug}/records/")
    assert "Ada" in page
    assert "a refund" in page
    assert "2 records" in page


def test_an_app_that_saved_nothing_says_so_and_shows_no_tab(
    client: Client, maker: Somebody, slug: str
) -> None:
    assert "Nothing saved yet" in _page(client, f"/apps/{slug}/records/")
    assert f"/apps/{slug}/records/" not in _page(client, f"/apps/{slug}/about/")


def test_a_search_finds_words_in_any_column(client: Client, maker: Somebody, slug: str) -> None:
    _save(maker)
    page = _page(client, f"/apps/{slug}/records/complaints/?search=REFUND ada")
    assert "Ada" in page
    assert "Grace" not in page
    assert "No record holds these words" in _page(
        client, f"/apps/{slug}/records/complaints/?search=refund+grace"
    )


def test_the_next_page_of_a_search_is_of_the_same_search(
    client: Client, maker: Somebody, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _save(maker)
    _save(maker)
    monkeypatch.setattr(queries, "PAGE_LENGTH", 1)
    first = _page(client, f"/apps/{slug}/records/complaints/?search=a+refund")
    assert "?search=a%20refund&amp;start=1" in first
    second = _page(client, f"/apps/{slug}/records/complaints/?search=a+refund&start=1")
    assert "?search=a%20refund&amp;start=0" in second


def test_a_correction_is_kept_and_noted_without_its_words(client: Client, maker: Somebody, slug: str) -> None:
    _save(maker, COMPLAINTS[:1])
    record = Record.objects.get()
    answer = client.post(
        f"/apps/{slug}/records/{record.id}/correct/", {"field0": "Ada L.", "field1": "a refund"}
    )
    assert answer.status_code == 302
    assert "Ada L." in _page(client, f"/apps/{slug}/records/complaints/")
    bodies = "".join(JournalEntry.objects.values_list("body", flat=True))
    assert '"corrected":1' in bodies
    assert "Ada L." not in bodies


def test_a_record_can_be_removed_for_good(client: Client, maker: Somebody, slug: str) -> None:
    _save(maker, COMPLAINTS[:1])
    client.post(f"/apps/{slug}/records/{Record.objects.get().id}/remove/")
    assert not Record.objects.exists()


def test_files_hold_every_record_with_formulas_neutralised(
    client: Client, maker: Somebody, slug: str
) -> None:
    _save(maker)
    csv = client.get(f"/apps/{slug}/records/complaints/file/csv/").content.decode("utf-8-sig")
    assert csv.splitlines()[0] == "Customer,Wish,Saved,Saved by"
    assert "Grace,'=HYPERLINK(1)," in csv
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/apps/{slug}/records/complaints/file/xlsx/").content)
    )
    assert [cell.value for cell in book.active[3]][:2] == ["Grace", "'=HYPERLINK(1)"]
    assert client.get(f"/apps/{slug}/records/complaints/file/exe/").status_code == 404


def test_a_step_that_is_done_again_saves_nothing_twice(maker: Somebody, slug: str) -> None:
    run = _save(maker)
    _save(maker, run=run)
    assert Record.objects.count() == len(COMPLAINTS)


def test_a_full_collection_takes_no_part_of_what_does_not_fit(
    maker: Somebody, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "MOST_RECORDS", 1)
    with pytest.raises(TooLarge, match="“Complaints” has 0 records; 2 more do not fit"):
        _save(maker)
    assert not Record.objects.exists()


def test_nothing_of_a_record_is_readable_in_the_database(maker: Somebody, slug: str) -> None:
    _save(maker)
    assert all(b"Ada" not in bytes(content) for content in Record.objects.values_list("content", flat=True))


def test_records_of_an_app_that_is_not_shared_stay_with_its_maker(
    client: Client, maker: Somebody, slug: str, person: MakePerson, signed_in: SignIn
) -> None:
    _save(maker)
    record = Record.objects.get(row=0).id
    signed_in(client, roles=(Role.COLLEAGUE, Role.MAKER))
    assert client.get(f"/apps/{slug}/records/complaints/").status_code == 404
    assert client.get(f"/apps/{slug}/records/complaints/file/csv/").status_code == 404
    assert client.post(f"/apps/{slug}/records/{record}/remove/").status_code == 404
    assert Record.objects.count() == len(COMPLAINTS)


def test_auditors_see_records_and_cannot_change_them(
    client: Client, maker: Somebody, slug: str, signed_in: SignIn
) -> None:
    _save(maker)
    record = Record.objects.get(row=0).id
    signed_in(client, roles=(Role.AUDITOR,))
    assert "Ada" in _page(client, f"/apps/{slug}/records/complaints/")
    assert client.post(f"/apps/{slug}/records/{record}/remove/").status_code == 403
