"""Tables that people bring: received, read again, corrected, opened, and nobody else's."""

import io
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from allotment.engine.principals import Role
from allotment.engine.tables.columns import ColumnKind
from allotment.journal.queries import Wanted, recent
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotFound, TooLarge
from allotment.kernel.ids import new_id
from allotment.kernel.settings import settings
from allotment.people.erasing import erase
from allotment.sheets import receiving, sealing
from allotment.sheets.correcting import correct
from allotment.sheets.forgetting import forget_unused
from allotment.sheets.models import PartKind, Sheet, SheetPart
from allotment.sheets.opening import keep, opened
from allotment.sheets.queries import first_rows, sheet_for
from allotment.sheets.receiving import read_again, receive
from allotment.sheets.values import SheetView
from allotment.tables.computing import rows
from allotment.tables.files import Choice
from tests.conftest import MakePerson, SignIn, Somebody

pytestmark = pytest.mark.django_db

ORDERS = """Sales report;;;
;;;
Region;When;Amount;E-mail
North;01/02/2026;1.234,50;ada@example.org
South;03/02/2026;20,00;grace@example.org
South;03/02/2026;20,00;grace@example.org
East;05/02/2026;n/a;
"""


@pytest.fixture
def ada(person: MakePerson) -> Somebody:
    return person(name="Ada")


@pytest.fixture
def sheet(ada: Somebody) -> SheetView:
    return _receive(ada)


def _receive(
    who: Somebody, text: str = ORDERS, name: str = "orders.csv", choice: Choice | None = None
) -> SheetView:
    return receive(who.actor, name, io.BytesIO(text.encode()), choice or Choice())


def _left_open() -> list[Path]:
    return list((settings().home / "open").iterdir())


def test_a_file_becomes_a_sheet(ada: Somebody, sheet: SheetView) -> None:
    assert (sheet.name, sheet.rows, sheet.facts.header_row) == ("orders.csv", 4, 3)
    assert [(column.name, column.kind, column.format) for column in sheet.reading] == [
        ("Region", ColumnKind.TEXT, ""),
        ("When", ColumnKind.DATE, "%d/%m/%Y"),
        ("Amount", ColumnKind.TEXT, ""),
        ("E-mail", ColumnKind.TEXT, ""),
    ]
    assert sheet.profile.duplicate_rows == 1
    assert sheet_for(ada.actor, sheet.id) == sheet
    assert first_rows(ada.actor, sheet.id, 1) == (("North", "01/02/2026", "1.234,50", "ada@example.org"),)
    assert _left_open() == []


def test_the_journal_knows_that_a_table_was_brought_and_nothing_it_says(
    ada: Somebody, sheet: SheetView
) -> None:
    entries = recent(Wanted(actor=ada.id), limit=5).entries
    (entry,) = [one for one in entries if one.object_id == str(sheet.id)]
    assert (entry.action, entry.object_kind) == ("apps.run", "table")
    assert str(sheet.rows) in str(entry.details)
    assert sheet.name not in str(entry)


def test_a_correction_is_read_and_profiled_anew(ada: Somebody, sheet: SheetView) -> None:
    after = correct(
        ada.actor, sheet.id, {"Amount": (ColumnKind.NUMBER, ""), "When": (ColumnKind.DATE, "%m/%d/%Y")}
    )
    assert [column.format for column in after.reading] == ["", "%m/%d/%Y", ",", ""]
    amount = after.profile.columns[2]
    assert (amount.largest, amount.unread, amount.unread_examples) == ("1234.5", 1, ("n/a",))
    assert sheet_for(ada.actor, sheet.id) == after


def test_an_opened_sheet_computes_as_it_is_read(ada: Somebody, sheet: SheetView) -> None:
    correct(ada.actor, sheet.id, {"Amount": (ColumnKind.NUMBER, "")})
    with opened(sheet.id, ada.id) as source:
        found = rows(source)
        assert [str(row[2]) for row in found.rows] == ["1234.50", "20.00", "20.00", "None"]
    assert _left_open() == []


def test_a_file_is_read_again_differently(ada: Somebody, sheet: SheetView) -> None:
    after = read_again(ada.actor, sheet.id, Choice(header_row=0))
    assert (after.id, after.rows, after.columns[0]) == (sheet.id, 6, "Column 1")
    assert after.choice == Choice(header_row=0)
    with opened(sheet.id, ada.id) as source:
        assert rows(source).rows_in_all == 6


def test_a_file_of_several_parts_comes_back_whole(ada: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "PART_BYTES", 100)
    sheet = _receive(ada)
    assert SheetPart.objects.filter(sheet_id=sheet.id, kind=PartKind.TABLE).count() > 3
    assert read_again(ada.actor, sheet.id, Choice()).rows == 4
    with opened(sheet.id, ada.id) as source:
        assert rows(source).rows_in_all == 4


def test_nothing_of_a_sheet_is_readable_in_the_database(sheet: SheetView) -> None:
    row = Sheet.objects.get(id=sheet.id)
    stored = [bytes(row.about), *(bytes(part.content) for part in row.parts.all())]
    assert all(b"ada@example" not in content and b"Region" not in content for content in stored)


def test_a_sheet_of_somebody_else_is_not_there(sheet: SheetView, person: MakePerson) -> None:
    other = person()
    with pytest.raises(NotFound):
        sheet_for(other.actor, sheet.id)
    with pytest.raises(NotFound):
        read_again(other.actor, sheet.id, Choice())
    with pytest.raises(NotFound):
        correct(other.actor, sheet.id, {})
    with pytest.raises(NotFound), opened(sheet.id, other.id):
        pass
    with pytest.raises(NotFound):
        keep(sheet.id, other.id)


def test_a_used_sheet_stays_as_it_is(ada: Somebody, sheet: SheetView) -> None:
    keep(sheet.id, ada.id)
    assert sheet_for(ada.actor, sheet.id).is_used
    with pytest.raises(Conflict, match="stays as it is"):
        read_again(ada.actor, sheet.id, Choice())
    with pytest.raises(Conflict):
        correct(ada.actor, sheet.id, {"Amount": (ColumnKind.NUMBER, "")})


@pytest.mark.parametrize("kinds", [{"Colour": (ColumnKind.TEXT, "")}, {"When": (ColumnKind.DATE, "x" * 99)}])
def test_a_correction_that_cannot_be_is_refused(
    ada: Somebody, sheet: SheetView, kinds: dict[str, tuple[ColumnKind, str]]
) -> None:
    with pytest.raises(Invalid):
        correct(ada.actor, sheet.id, kinds)


def test_a_file_that_is_refused_leaves_nothing(ada: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid):
        _receive(ada, "a,b\n1,\0\n")
    monkeypatch.setattr(receiving, "MOST_BYTES", 10)
    with pytest.raises(TooLarge):
        _receive(ada)
    assert not Sheet.objects.exists()
    assert _left_open() == []


def test_what_nobody_uses_is_forgotten_after_a_day(ada: Somebody) -> None:
    unused, used, fresh = _receive(ada), _receive(ada), _receive(ada)
    keep(used.id, ada.id)
    Sheet.objects.exclude(id=fresh.id).update(created_at=clock.now() - timedelta(days=2))
    forget_unused()
    assert set(Sheet.objects.values_list("id", flat=True)) == {used.id, fresh.id}
    assert {part.kind for part in SheetPart.objects.filter(sheet_id=used.id)} == {PartKind.TABLE}
    with pytest.raises(NotFound):
        sheet_for(ada.actor, unused.id)


def test_an_erased_person_leaves_no_sheet(ada: Somebody, sheet: SheetView, person: MakePerson) -> None:
    administrator = person(roles=(Role.ADMINISTRATOR,))
    assert erase(administrator.actor, ada.id, "request 14")
    assert not Sheet.objects.filter(id=sheet.id).exists()


def _upload(text: str = ORDERS, name: str = "orders.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def _only() -> UUID:
    return Sheet.objects.values_list("id", flat=True).get()


def test_a_dropped_file_is_shown_and_taken_back_to_its_form(client: Client, signed_in: SignIn) -> None:
    signed_in(client)
    answer = client.post(
        "/sheets/", {"file": _upload(), "next": "sales-summary", "field": "orders"}, follow=True
    )
    page = answer.content.decode()
    preview = f"/sheets/{_only()}/?next=sales-summary&field=orders"
    assert answer.redirect_chain == [(preview, 302)]
    for words in (
        "4 rows and 4 columns",
        "1 row is there twice",
        "May be personal: e-mail address",
        "1.234,50",
    ):
        assert words in page
    answer = client.post(
        f"/sheets/{_only()}/kinds/",
        {"kind-2": "number", "then": "use", "next": "sales-summary", "field": "orders"},
    )
    assert answer["Location"] == f"/apps/sales-summary/?orders=sheet:{_only()}"


def test_kinds_and_ways_of_reading_are_corrected_on_the_page(client: Client, signed_in: SignIn) -> None:
    signed_in(client)
    client.post("/sheets/", {"file": _upload()})
    page = client.post(
        f"/sheets/{_only()}/kinds/", {"kind-1": "date|%m/%d/%Y", "kind-2": "number"}, follow=True
    )
    assert "1 cell does not read: “n/a”" in page.content.decode()
    assert "The columns are read as you said." in page.content.decode()
    page = client.post(
        f"/sheets/{_only()}/read/", {"header_row": "0", "delimiter": ";", "encoding": ""}, follow=True
    )
    assert "6 rows and 4 columns" in page.content.decode()
    page = client.post(f"/sheets/{_only()}/read/", {"header_row": "150"}, follow=True)
    assert "has no row 150" in page.content.decode()


@pytest.mark.parametrize(
    "back",
    [
        {"next": "//evil.example", "field": "orders"},
        {"next": "https://evil.example/", "field": "orders"},
        {"next": "sales", "field": "x&y=z"},
        {"next": "../people", "field": "orders"},
    ],
)
def test_the_way_back_is_never_an_address_of_the_request(
    client: Client, signed_in: SignIn, back: dict[str, str]
) -> None:
    signed_in(client)
    assert client.post("/sheets/", {"file": _upload(), **back})["Location"] == f"/sheets/{_only()}/"
    answer = client.post(f"/sheets/{_only()}/kinds/", {"then": "use", **back})
    assert answer["Location"] == f"/sheets/{_only()}/"


def test_a_file_that_cannot_be_read_is_refused_on_the_page(client: Client, signed_in: SignIn) -> None:
    signed_in(client)
    answer = client.post("/sheets/", {"file": _upload("PK\x03\x04…", "orders.csv")})
    assert (answer.status_code, Sheet.objects.count()) == (422, 0)
    assert "not a text file as its name says" in answer.content.decode()
    assert "Choose a file first." in client.post("/sheets/", {}).content.decode()


def test_pages_of_somebody_elses_sheet_are_not_there(
    client: Client, signed_in: SignIn, sheet: SheetView
) -> None:
    signed_in(client)
    assert client.get(f"/sheets/{sheet.id}/").status_code == 404
    assert client.get(f"/sheets/{new_id()}/").status_code == 404
    assert client.post(f"/sheets/{sheet.id}/kinds/", {"kind-0": "number"}).status_code == 404
    assert client.post(f"/sheets/{sheet.id}/read/").status_code == 404


def test_another_sheet_of_a_workbook_can_be_chosen(client: Client, signed_in: SignIn) -> None:
    book = openpyxl.Workbook()
    for name in ("North", "South"):
        sheet = book.create_sheet(name)
        sheet.append(("Region", "Amount"))
        sheet.append((name, 12))
    content = io.BytesIO()
    book.save(content)
    signed_in(client)
    client.post("/sheets/", {"file": SimpleUploadedFile("orders.xlsx", content.getvalue())})
    assert "Read from the sheet “North”" in client.get(f"/sheets/{_only()}/").content.decode()
    page = client.post(f"/sheets/{_only()}/read/", {"sheet": "South", "header_row": ""}, follow=True)
    assert "<td>South</td>" in page.content.decode()
