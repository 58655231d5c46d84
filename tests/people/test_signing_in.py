"""Signing in, staying out, and passwords."""

from typing import Any, NoReturn

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.urls import NoReverseMatch, reverse

from allotment.journal.models import JournalEntry
from allotment.people import inviting, leaving, signing_in
from allotment.people.inviting import Invitation
from allotment.people.models import Person
from tests.conftest import PASSWORD, MakePerson, SignIn, Somebody

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_counted_yet() -> None:
    cache.clear()


@pytest.fixture
def mira(person: MakePerson) -> Somebody:
    return person(name="Mira Holm", email="mira@example.org", roles=("maker",))


def sign_in(client: Client, email: str, password: str) -> str:
    response = client.post("/sign-in/", {"login": email, "password": password})
    return response.headers.get("Location") or response.content.decode()


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_right_password_signs_in_in_any_letter_case_of_the_address(
    client: Client, mira: Somebody
) -> None:
    assert sign_in(client, "Mira@Example.org", PASSWORD) == "/"
    assert is_signed_in(client)


def test_signing_in_is_recorded(client: Client, mira: Somebody) -> None:
    sign_in(client, mira.email, PASSWORD)
    entry = JournalEntry.objects.get(action="account.sign-in")
    assert (entry.actor, entry.outcome) == (mira.id, "done")


def test_signing_in_leads_back_to_where_one_wanted_to_go(client: Client, mira: Somebody) -> None:
    response = client.post("/sign-in/", {"login": mira.email, "password": PASSWORD, "next": "/account/"})
    assert response["Location"] == "/account/"


def test_signing_in_never_leads_to_another_site(client: Client, mira: Somebody) -> None:
    response = client.post(
        "/sign-in/", {"login": mira.email, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response["Location"] == "/"


@pytest.mark.parametrize("email", ["mira@example.org", "nobody@example.org"])
def test_a_wrong_password_says_the_same_whether_or_not_the_account_exists(
    client: Client, mira: Somebody, email: str
) -> None:
    page = sign_in(client, email, "not the password")
    assert "This e-mail address and password do not belong together." in page
    assert not is_signed_in(client)


def test_a_failure_is_recorded_without_the_address_that_was_typed(client: Client, mira: Somebody) -> None:
    sign_in(client, mira.email, "not the password")
    entry = JournalEntry.objects.get(action="account.sign-in")
    assert (entry.actor, entry.outcome, entry.details) == (None, "refused", {})


def test_too_many_failures_are_slowed_down(client: Client, person: MakePerson) -> None:
    tired = person(email="tired@example.org").email
    pages = [sign_in(client, tired, f"guess number {number}") for number in range(6)]
    assert "Too many attempts. Wait five minutes and try again." in pages[-1]


@pytest.mark.parametrize("password", ["", "!"])
def test_an_account_that_is_not_set_up_cannot_be_signed_in_to(client: Client, password: str) -> None:
    inviting.invite(None, Invitation("Aron Lind", "aron@example.org", frozenset()))
    sign_in(client, "aron@example.org", password)
    assert not is_signed_in(client)


def test_a_deactivated_account_is_told_so(client: Client, mira: Somebody) -> None:
    Person.objects.filter(id=mira.id).update(is_active=False)
    location = sign_in(client, mira.email, PASSWORD)
    assert "This account is deactivated." in client.get(location).content.decode()
    assert not is_signed_in(client)


def test_deactivating_ends_the_session_at_once(client: Client, mira: Somebody) -> None:
    sign_in(client, mira.email, PASSWORD)
    leaving.deactivate(None, mira.id)
    assert not is_signed_in(client)


def test_a_session_from_before_does_not_come_back_with_the_account(client: Client, mira: Somebody) -> None:
    sign_in(client, mira.email, PASSWORD)
    leaving.deactivate(None, mira.id)
    leaving.bring_back(None, mira.id)
    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_strangers_cannot_sign_up(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_forms_need_their_protection_token(mira: Somebody) -> None:
    careful = Client(enforce_csrf_checks=True)
    response = careful.post("/sign-in/", {"login": mira.email, "password": PASSWORD})
    assert response.status_code == 403
    assert "it was not sent" in response.content.decode()


def test_signing_out_takes_a_click(client: Client, mira: Somebody) -> None:
    sign_in(client, mira.email, PASSWORD)
    assert "Sign out?" in client.get("/sign-out/").content.decode()
    assert is_signed_in(client)
    client.post("/sign-out/")
    assert not is_signed_in(client)


def test_changing_the_password_keeps_this_session_and_ends_the_others(client: Client, mira: Somebody) -> None:
    other = Client()
    sign_in(other, mira.email, PASSWORD)
    sign_in(client, mira.email, PASSWORD)
    new = "a bench beside the shed"
    response = client.post(
        "/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response["Location"] == "/account/"
    assert "Your password is changed." in client.get("/account/").content.decode()
    assert not is_signed_in(other)
    assert JournalEntry.objects.filter(action="account.manage", actor=mira.id).exists()


def unrecorded(*_: Any, **__: Any) -> NoReturn:
    raise OperationalError("database is locked")


def test_a_session_that_cannot_be_recorded_does_not_begin(
    client: Client, mira: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "note", unrecorded)
    response = client.post("/sign-in/", {"login": mira.email, "password": PASSWORD})
    assert response.status_code == 503
    assert "nothing was saved" in response.content.decode()
    assert mira.row.last_login is None
    assert not Session.objects.exists()
    monkeypatch.undo()
    assert not is_signed_in(client)
    assert sign_in(client, mira.email, PASSWORD) == "/"


def test_a_password_whose_change_cannot_be_recorded_stays(
    client: Client, mira: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, mira.email, PASSWORD)
    monkeypatch.setattr(signing_in, "note", unrecorded)
    new = "a bench beside the shed"
    response = client.post(
        "/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response.status_code == 503
    assert mira.row.check_password(PASSWORD)
    assert is_signed_in(client)


def test_changing_the_password_needs_the_current_one(client: Client, mira: Somebody) -> None:
    sign_in(client, mira.email, PASSWORD)
    new = "a bench beside the shed"
    page = client.post("/account/password/", {"oldpassword": "no", "password1": new, "password2": new})
    assert "This is not your current password." in page.content.decode()


def test_the_account_page_says_in_words_what_one_may_do(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("steward",), spaces=("Service desk",))
    page = client.get("/account/").content.decode()
    assert "Writes prompt templates" in page
    assert "Service desk" in page


def test_a_new_name_is_kept(client: Client, signed_in: SignIn) -> None:
    somebody = signed_in(client)
    client.post("/account/", {"name": " Aron Lind "})
    assert somebody.row.name == "Aron Lind"
