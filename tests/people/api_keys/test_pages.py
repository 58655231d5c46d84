"""The pages of keys: one's own, and everybody's for those who oversee."""

import re

import pytest
from django.test import Client

from allotment.people.api_keys import freeing, issuing, queries, revoking
from allotment.people.api_keys.issuing import WantedKey
from allotment.people.api_keys.models import ApiKey, FreeForm
from allotment.people.api_keys.wording import read
from tests.conftest import MakePerson, SignIn, Somebody

pytestmark = pytest.mark.django_db

MINE, NEW, ALL = "/account/api-keys/", "/account/api-keys/new/", "/api-keys/"
REASON = "The nightly report is written by another system."


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def key_of(somebody: Somebody, name: str = "Night report") -> str:
    return str(issuing.issue(somebody.actor, WantedKey(name)).id)


def test_a_key_is_shown_once_with_how_to_use_it(client: Client, signed_in: SignIn) -> None:
    mira = signed_in(client)
    assert "You have no key in use" in text(client, MINE)
    response = client.post(NEW, {"name": "Night report", "data_class": "internal", "days": "90"})
    page = response.content.decode()
    (found,) = re.findall(r"allot-[a-z0-9]{12}-[A-Za-z0-9_-]{43}", page)
    assert "no-store" in response["Cache-Control"]
    assert "/v1/chat/completions" in page
    assert "base_url=" in page
    listed = text(client, MINE)
    assert "Night report" in listed
    assert read(found).public in listed
    assert read(found).secret not in listed
    assert [key.name for key in queries.keys_of(mira.actor)] == ["Night report"]


def test_what_was_typed_wrong_stays_in_the_form(client: Client, signed_in: SignIn) -> None:
    signed_in(client)
    response = client.post(NEW, {"name": "Night report", "data_class": "internal", "days": "9999"})
    assert response.status_code == 422
    assert "Night report" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_a_person_revokes_their_own_key_and_nobody_elses(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    mira = signed_in(client)
    own, other = key_of(mira), key_of(person())
    assert client.post(f"{MINE}{own}/revoke/")["Location"] == MINE
    assert client.post(f"{MINE}{other}/revoke/").status_code == 403
    assert [key.is_over for key in queries.keys([ApiKey.objects.get(id=one).id for one in (own, other)])] == [
        True,
        False,
    ]
    assert "1 key that is over" in text(client, MINE)


@pytest.mark.parametrize("role", ["officer", "administrator"])
def test_officers_and_administrators_revoke_any_key(
    client: Client, signed_in: SignIn, person: MakePerson, role: str
) -> None:
    key = key_of(person())
    signed_in(client, roles=[role])
    assert "Yes, revoke it" in text(client, ALL)
    assert client.post(f"{MINE}{key}/revoke/")["Location"] == ALL


def test_an_auditor_sees_every_key_and_changes_none(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    key = key_of(person(name="Aron Lind"))
    signed_in(client, roles=["auditor"])
    page = text(client, ALL)
    assert "Aron Lind" in page
    assert "Yes, revoke it" not in page
    assert client.post(f"{MINE}{key}/revoke/").status_code == 403
    assert client.post(f"{ALL}{key}/grant/", {"days": "7"}).status_code == 403


def test_an_officer_decides_what_a_holder_asked_for(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    mira = signed_in(client)
    key = key_of(mira)
    assert client.post(f"{MINE}{key}/free-words/", {"reason": "no"}).status_code == 422
    assert client.post(f"{MINE}{key}/free-words/", {"reason": REASON}).status_code == 302
    assert "Asked for" in text(client, MINE)
    signed_in(client, roles=["officer"], name="Olga Ruiz")
    assert REASON in text(client, ALL)
    client.post(f"{ALL}{key}/grant/", {"days": "7"})
    assert "granted by Olga Ruiz" in text(client, ALL)
    client.post(f"{ALL}{key}/withdraw/")
    assert "Taken back" in text(client, ALL)


def test_an_officer_may_decline(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    mira = person()
    key = key_of(mira)
    freeing.ask_for_free_form(mira.actor, ApiKey.objects.get(id=key).id, REASON)
    signed_in(client, roles=["officer"])
    client.post(f"{ALL}{key}/decline/")
    assert ApiKey.objects.get(id=key).free_form == FreeForm.DECLINED


def test_an_officer_does_not_free_a_key_of_their_own(client: Client, signed_in: SignIn) -> None:
    olga = signed_in(client, roles=["officer"])
    key = key_of(olga)
    freeing.ask_for_free_form(olga.actor, ApiKey.objects.get(id=key).id, REASON)
    assert "another officer decides" in text(client, ALL)
    assert client.post(f"{ALL}{key}/grant/", {"days": "7"}).status_code == 403


def test_nobody_asks_for_more_with_the_key_of_others(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    key = key_of(person())
    signed_in(client)
    assert client.post(f"{MINE}{key}/free-words/", {"reason": REASON}).status_code == 403


def test_the_overview_can_be_searched(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    key_of(person(name="Aron Lind"), "Night report")
    key_of(person(name="Dana Petrov"), "Day report")
    revoking.revoke(None, ApiKey.objects.get(name="Day report").id)
    signed_in(client, roles=["officer"])
    page = text(client, f"{ALL}?q=lind")
    assert "Night report" in page
    assert "Day report" not in page
    assert "No key fits" in text(client, f"{ALL}?q=zebra")
