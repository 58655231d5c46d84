"""Receipts of rows: made when they are first asked for, checked offline, the same ever after."""

import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client

from allotment.journal import proving, sequencing
from allotment.journal.bodies import read_body
from allotment.journal.models import JournalEntry
from allotment.kernel.errors import NotFound
from allotment.kernel.settings import settings
from allotment.people.erasing import erase
from allotment.runs.batches.models import BatchRow
from allotment.runs.batches.row_receipts import row_receipt_for
from allotment.runs.receipts import receipt_file
from tests.conftest import MakePerson, SignIn, Somebody
from tests.runs.batches.test_batches import begin, over, results, rows_of
from tests.runs.conftest import Verify


@pytest.fixture
def batch(app: UUID, colleague: Somebody) -> UUID:
    """A batch of two rows that were answered, and one that was not asked."""
    return over(colleague, begin(colleague, app, rows_of(2) + "3;;banking\n")).id


def file_of(who: Somebody, batch: UUID, number: int) -> dict[str, Any]:
    issued = row_receipt_for(who.actor, batch, number)
    sequencing.sequence_now()
    file: dict[str, Any] = json.loads(receipt_file(issued))
    return file


def test_a_row_has_a_receipt_with_its_answer_that_is_proved_offline(
    batch: UUID, colleague: Somebody, verify: Verify
) -> None:
    file = file_of(colleague, batch, 2)
    assert "card number 2" in json.dumps(file["result"])
    status, words = verify(file)
    assert (status, words[:35]) == (0, "PROVED: the receipt with its result")
    receipt = file["receipt"]
    assert (receipt["row"], receipt["run"], receipt["state"], receipt["app"]["version"]) == (
        2,
        str(batch),
        "done",
        1,
    )
    assert [line["template"] for line in receipt["steps"]] == ["sort-into-topics@1", "customer-reply@1"]
    for line in receipt["steps"]:
        body = read_body(proving.prove(line["entry"]).body)
        assert (body.action, body.run, body.details["row"]) == ("models.ask", batch, 2)
    assert "card" not in json.dumps({name: file[name] for name in ("receipt", "entry")})


def test_it_is_made_once_and_stays_the_same(batch: UUID, colleague: Somebody, person: MakePerson) -> None:
    first = file_of(colleague, batch, 1)
    again = file_of(colleague, batch, 1)
    other = file_of(person(roles=["officer"]), batch, 1)
    assert first["entry"] == again["entry"] == other["entry"]
    assert (first["result"], first["salt"]) == (again["result"], again["salt"])
    assert JournalEntry.objects.filter(action="runs.receipt", run=batch).count() == 1


def test_a_changed_answer_is_caught(batch: UUID, colleague: Somebody, verify: Verify) -> None:
    file = file_of(colleague, batch, 1)
    result = [{**file["result"][0], "value": "Another answer"}, *file["result"][1:]]
    assert verify(file | {"result": result})[0] == 1
    assert verify(file | {"receipt": file["receipt"] | {"row": 2}})[0] == 1


def test_who_oversees_sees_it_without_the_answer(
    batch: UUID, maker: Somebody, person: MakePerson, verify: Verify
) -> None:
    for who in (maker, person(roles=["officer"])):
        file = file_of(who, batch, 1)
        assert ("result" in file, "salt" in file, verify(file)[0]) == (False, False, 0)
    assert "result" in file_of(person(roles=["auditor"]), batch, 1)


def test_somebody_else_gets_none_and_makes_none(batch: UUID, person: MakePerson) -> None:
    for roles in (["maker"], ["administrator"], ["colleague"]):
        with pytest.raises(NotFound):
            row_receipt_for(person(roles=roles, spaces=["Service desk"]).actor, batch, 1)
    assert not JournalEntry.objects.filter(action="runs.receipt", run=batch).exists()


def test_a_row_without_an_answer_has_none(batch: UUID, colleague: Somebody) -> None:
    with pytest.raises(NotFound, match="Row 3 has no receipt"):
        row_receipt_for(colleague.actor, batch, 3)
    with pytest.raises(NotFound, match="no such row"):
        row_receipt_for(colleague.actor, batch, 4)


def test_after_erasure_it_verifies_without_the_answer(
    batch: UUID, colleague: Somebody, person: MakePerson, verify: Verify
) -> None:
    before = file_of(colleague, batch, 1)
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    auditor = person(roles=["auditor"])
    after = file_of(auditor, batch, 1)
    assert (after["receipt"], "result" in after, "salt" in after) == (before["receipt"], False, False)
    assert verify(after)[0] == 0
    assert verify(file_of(auditor, batch, 2))[0] == 0


def test_a_row_filled_in_alike_has_the_answer_of_the_one_that_was_asked(
    batch: UUID, colleague: Somebody, verify: Verify, client: Client, signed_in: SignIn
) -> None:
    BatchRow.objects.filter(batch=batch, number=2).update(
        same_as=1, result=b"", entry=None, cost_nanodollars=0
    )
    first, second = file_of(colleague, batch, 1), file_of(colleague, batch, 2)
    assert first["result"] == second["result"]
    assert first["receipt"]["steps"] == second["receipt"]["steps"]
    assert (second["receipt"]["row"], second["receipt"]["cost_nanodollars"]) == (2, 0)
    assert first["salt"] != second["salt"]
    assert verify(second)[0] == 0
    signed_in(client, colleague)
    page = client.get(f"/batches/{batch}/rows/").content.decode()
    assert "filled in like row 1" in page
    assert page.count("card number 1") == 2


def test_the_pages_lead_from_the_batch_to_the_file(
    batch: UUID, colleague: Somebody, client: Client, signed_in: SignIn, verify: Verify
) -> None:
    signed_in(client, colleague)
    assert f"/batches/{batch}/rows/" in client.get(f"/batches/{batch}/").content.decode()
    page = client.get(f"/batches/{batch}/rows/").content.decode()
    assert f"/batches/{batch}/rows/2/receipt/" in page
    assert f"/batches/{batch}/rows/3/receipt/" not in page
    assert "card number 2" in page
    address = f"/batches/{batch}/rows/2/receipt/"
    assert client.get(address).status_code == 200
    sequencing.sequence_now()
    page = client.get(address).content.decode()
    for words in (
        "What was asked about row 2",
        "Reply to a customer, version 1",
        "Customer reply",
        "in the file",
    ):
        assert words in page
    answer = client.get(address + "file/")
    assert answer["Content-Disposition"].endswith('-row-2.json"')
    assert verify(answer.json())[0] == 0


def test_the_results_file_names_the_receipt_of_each_answered_row(
    batch: UUID, colleague: Somebody, client: Client, signed_in: SignIn
) -> None:
    addresses = [row["Receipt"] for row in results(colleague, batch)]
    assert addresses[2] == ""
    assert addresses[1].endswith(f"/batches/{batch}/rows/2/receipt/")
    assert addresses[1].startswith(settings().public_url)
    signed_in(client, colleague)
    assert client.get(urlsplit(addresses[1]).path).status_code == 200


def test_no_place_names_a_receipt_where_there_is_none(
    batch: UUID, colleague: Somebody, client: Client, signed_in: SignIn
) -> None:
    """Row 2 took the answer of row 1, which an earlier version answered without keeping its entry."""
    BatchRow.objects.filter(batch=batch, number=1).update(entry=None)
    BatchRow.objects.filter(batch=batch, number=2).update(same_as=1, result=b"", entry=None)
    found = results(colleague, batch)
    assert [row["How it went"] for row in found] == ["done", "done", "not asked"]
    assert [row["Receipt"] for row in found] == ["", "", ""]
    signed_in(client, colleague)
    assert "/receipt/" not in client.get(f"/batches/{batch}/rows/").content.decode()


def test_the_list_is_cut_into_pages(
    batch: UUID, colleague: Somebody, client: Client, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("listing_rows", "row_pages"):
        monkeypatch.setattr(f"allotment.runs.batches.{module}.PAGE_LENGTH", 2)
    signed_in(client, colleague)
    first = client.get(f"/batches/{batch}/rows/").content.decode()
    assert "?start=3" in first
    assert f"/batches/{batch}/rows/2/receipt/" in first
    later = client.get(f"/batches/{batch}/rows/?start=3").content.decode()
    assert f"/batches/{batch}/rows/2/receipt/" not in later
    assert "?start=1" in later


def test_an_auditor_comes_to_it_from_the_journal(
    batch: UUID, colleague: Somebody, client: Client, signed_in: SignIn
) -> None:
    issued = row_receipt_for(colleague.actor, batch, 1)
    signed_in(client, roles=["auditor"])
    page = client.get(f"/journal/{issued.entry}/").content.decode()
    assert f"/batches/{batch}/rows/1/receipt/" in page
    assert client.get(f"/batches/{batch}/rows/1/receipt/").status_code == 200
    assert client.get(f"/batches/{batch}/rows/").status_code in (403, 404)


def test_pages_of_rows_are_not_there_for_somebody_else(
    batch: UUID, client: Client, signed_in: SignIn
) -> None:
    signed_in(client, roles=["colleague"], spaces=["Service desk"])
    for address in ("rows/", "rows/1/receipt/", "rows/1/receipt/file/"):
        assert client.get(f"/batches/{batch}/{address}").status_code == 404
