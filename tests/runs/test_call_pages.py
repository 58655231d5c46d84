"""The page of a call's receipt: for the person behind the key, officers and auditors; nobody else."""

import json
from uuid import UUID

import pytest
from django.test import Client

from allotment.engine.recording import Entry, Outcome
from allotment.journal import sequencing
from allotment.journal.calls import call_made
from allotment.journal.recording import record
from allotment.kernel import clock
from allotment.kernel.ids import new_id
from allotment.llms.models import Connection, LanguageModel
from allotment.people.api_keys.issuing import WantedKey, issue
from allotment.people.api_keys.models import ApiKey
from tests.conftest import MakePerson, SignIn, Somebody
from tests.runs.conftest import Verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vera(person: MakePerson) -> Somebody:
    return person(name="Vera Planck", roles=["colleague"])


@pytest.fixture
def key(vera: Somebody) -> UUID:
    return issue(vera.actor, WantedKey("Night report")).id


def asked(vera: Somebody, key: UUID, outcome: Outcome = "done", **details: str | int) -> UUID:
    """Record a call as the gate does."""
    connection = Connection.objects.create(kind="scripted", title="Scripted", runs_here=True)
    model = LanguageModel.objects.create(connection=connection, name="small", title="Small model")
    call = new_id()
    told = {"key": str(key), "step": "", "template": "subject-line@1", "data_class": "internal", **details}
    entry = Entry(
        at=clock.now(),
        action="models.ask",
        outcome=outcome,
        actor=vera.id,
        object_kind="model",
        object_id=str(model.id),
        run=call,
        details=told,
    )
    record(entry)
    sequencing.sequence_now()
    return call


def test_the_holder_reads_it_and_takes_a_file_that_is_proved(
    vera: Somebody, key: UUID, client: Client, signed_in: SignIn, verify: Verify
) -> None:
    call = asked(vera, key, tokens_in=12, tokens_out=1200, milliseconds=2500, **{"masked email": 2})
    signed_in(client, vera)
    page = client.get(f"/calls/{call}/").content.decode()
    for words in (
        "Vera Planck",
        "Night report",
        "Small model",
        "subject-line@1",
        "email masked: 2",
        "2.5 seconds",
    ):
        assert words in page
    answer = client.get(f"/calls/{call}/file/")
    assert answer["Content-Disposition"].startswith('attachment; filename="receipt-')
    status, words = verify(answer.json())
    assert (status, words[:33]) == (0, "PROVED: the entry “models.ask”, r")
    assert json.loads(json.loads(answer.content)["entry"])["run"] == str(call)


def test_a_refused_call_says_what_held_it_back(
    vera: Somebody, key: UUID, client: Client, signed_in: SignIn
) -> None:
    call = asked(vera, key, "refused", stage="limit", rule="person-tokens-day")
    signed_in(client, vera)
    page = client.get(f"/calls/{call}/").content.decode()
    assert "held back by: budgets" in page
    assert "person-tokens-day" in page


@pytest.mark.parametrize("role", ["officer", "auditor"])
def test_who_oversees_sees_it_from_the_entry_in_the_journal(
    role: str, vera: Somebody, key: UUID, client: Client, signed_in: SignIn
) -> None:
    call = asked(vera, key)
    signed_in(client, roles=[role])
    found = call_made(call)
    assert found is not None
    assert f"/calls/{call}/" in client.get(f"/journal/{found.entry}/").content.decode()
    assert client.get(f"/calls/{call}/").status_code == 200
    assert client.get(f"/calls/{call}/file/").status_code == 200


@pytest.mark.parametrize("role", ["colleague", "maker", "steward", "reviewer", "administrator"])
def test_for_everybody_else_it_is_not_there(
    role: str, vera: Somebody, key: UUID, client: Client, signed_in: SignIn
) -> None:
    call = asked(vera, key)
    signed_in(client, roles=[role])
    assert client.get(f"/calls/{call}/").status_code == 404
    assert client.get(f"/calls/{call}/file/").status_code == 404


def test_an_id_of_no_call_is_not_there(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=["auditor"])
    assert client.get(f"/calls/{new_id()}/").status_code == 404


def test_the_list_of_a_keys_calls_leads_to_each_receipt(
    vera: Somebody, key: UUID, client: Client, signed_in: SignIn
) -> None:
    call = asked(vera, key)
    ApiKey.objects.filter(id=key).update(last_used_at=clock.now())
    signed_in(client, vera)
    assert f"/account/api-keys/{key}/calls/" in client.get("/account/api-keys/").content.decode()
    page = client.get(f"/account/api-keys/{key}/calls/").content.decode()
    assert f"/calls/{call}/" in page
    assert "Small model" in page
    assert client.get(f"/account/api-keys/{key}/calls/?before=none").status_code == 200


def test_nobody_lists_the_calls_of_anothers_key(key: UUID, client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=["officer", "administrator"])
    assert client.get(f"/account/api-keys/{key}/calls/").status_code == 403
